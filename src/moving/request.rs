//! Requests: the command that each intent becomes, once its words are sealed.

use piperoll_events::ids::{
    AreaId, FrameworkId, ImportId, LedgerId, MeasureId, ObjectiveId, PostId, RoleId, StepId,
    TextKeyId,
};
use piperoll_events::text::{Digest, Prose, SealedText};
use piperoll_events::{
    EntityRef, Fact, area, framework, import, ledger, measure as measures, objective, post, role,
    step,
};

use super::intent::Intent;
use crate::commands::{self, Request, SealedWords};

impl Intent {
    /// The words that must be sealed before this can be recorded.
    #[must_use]
    pub const fn words(&self) -> Option<&Prose> {
        match self {
            Self::Submit { words, .. } | Self::Explain { words, .. } => words.as_ref(),
            _ => None,
        }
    }

    /// The command, with its words sealed. A fact that no command makes gives `None`.
    #[must_use]
    pub fn request(&self, sealed: Option<SealedWords>) -> Option<Box<dyn Request>> {
        use commands::submission as to;
        Some(match self.clone() {
            Self::Plain { entity, fact } => return plain(entity, fact),
            Self::Submit { measure, period, cells, rating, .. } => Box::new(to::Submit {
                measure,
                period,
                cells,
                rating_as_reported: rating,
                commentary: sealed,
            }),
            Self::Revise { measure, period, changed, removed, rating, reason } => {
                Box::new(to::Revise {
                    measure,
                    period,
                    content_from: None,
                    changed,
                    removed,
                    rating_as_reported: rating,
                    reason,
                })
            }
            Self::Withdraw { measure, period, reason } => {
                Box::new(to::Withdraw { measure, period, reason })
            }
            Self::Declare { measure, period, state } => Box::new(to::DeclareNoValue {
                measure,
                period,
                state,
                expected_on: None,
                reason: None,
            }),
            Self::Explain { measure, period, .. } => {
                Box::new(to::WriteCommentary { measure, period, text: sealed })
            }
        })
    }
}

fn plain(entity: EntityRef, fact: Fact) -> Option<Box<dyn Request>> {
    let id = entity.id;
    Some(match fact {
        Fact::Ledger(fact) => return of_ledger(LedgerId::new(id), fact),
        Fact::Import(fact) => return Some(of_import(ImportId::new(id), fact)),
        Fact::Measure(fact) => of_measure(MeasureId::new(id), fact),
        Fact::Framework(framework::Framework::Adopted(fact)) => {
            Box::new(commands::framework::Adopt { framework: FrameworkId::new(id), fact })
        }
        Fact::Framework(framework::Framework::RatingRuleSet(fact)) => {
            Box::new(commands::framework::SetRatingRule { framework: FrameworkId::new(id), fact })
        }
        Fact::Framework(framework::Framework::SignOffChainSet(fact)) => {
            Box::new(commands::framework::SetSignOffChain { framework: FrameworkId::new(id), fact })
        }
        Fact::Framework(framework::Framework::DecisionRightSet(fact)) => {
            Box::new(commands::framework::SetDecisionRight {
                framework: FrameworkId::new(id),
                fact,
            })
        }
        Fact::Objective(objective::Objective::Added(fact)) => {
            Box::new(commands::objective::Add { objective: ObjectiveId::new(id), fact })
        }
        Fact::Step(step::Step::Added(fact)) => {
            Box::new(commands::step::Add { step: StepId::new(id), fact })
        }
        Fact::Area(area::Area::Added(fact)) => {
            Box::new(commands::area::Add { area: AreaId::new(id), fact })
        }
        Fact::Post(fact) => of_post(PostId::new(id), fact),
        Fact::Role(fact) => of_role(RoleId::new(id), fact),
        Fact::Submission(_) => return None,
    })
}

fn of_ledger(ledger: LedgerId, fact: ledger::Ledger) -> Option<Box<dyn Request>> {
    use commands::ledger as to;
    Some(match fact {
        ledger::Ledger::Created(fact) => Box::new(to::Create { ledger, fact }),
        ledger::Ledger::KeyAdded(fact) => Box::new(to::AddKey { ledger, fact }),
        ledger::Ledger::Opened(fact) => Box::new(to::Open { ledger, asserted: fact.asserted }),
        ledger::Ledger::ConfigurationObserved(_) => return None,
    })
}

fn of_import(import: ImportId, fact: import::Import) -> Box<dyn Request> {
    use commands::import as to;
    match fact {
        import::Import::Received(fact) => Box::new(to::Receive { import, fact }),
        import::Import::Applied(fact) => Box::new(to::Finish { import, fact }),
        import::Import::Rejected(fact) => Box::new(to::GiveUp { import, reason: fact.reason }),
        import::Import::Reversed(fact) => {
            Box::new(to::Reverse { import, reason: fact.reason, events: fact.events })
        }
    }
}

fn of_measure(measure: MeasureId, fact: measures::Measure) -> Box<dyn Request> {
    use commands::measure as to;
    match fact {
        measures::Measure::Adopted(fact) => Box::new(to::Adopt { measure, fact }),
        measures::Measure::DefinitionSet(fact) => {
            Box::new(to::SetDefinition { measure, fact, factor: None })
        }
        measures::Measure::BaselineSet(fact) => Box::new(to::SetBaseline { measure, fact }),
        measures::Measure::TargetSet(fact) => Box::new(to::SetTarget { measure, fact }),
        measures::Measure::TargetChanged(fact) => Box::new(to::ChangeTarget {
            measure,
            key: fact.key,
            new: fact.new,
            reason: fact.reason,
            authority: fact.authority,
            case: fact.case,
        }),
        measures::Measure::TargetCorrected(fact) => Box::new(to::CorrectTarget {
            measure,
            key: fact.key,
            corrects: fact.corrects,
            new: fact.new,
            reason: fact.reason,
            authority: fact.authority,
        }),
        measures::Measure::TargetWithdrawn(fact) => Box::new(to::WithdrawTarget {
            measure,
            key: fact.key,
            reason: fact.reason,
            authority: fact.authority,
            case: fact.case,
        }),
        measures::Measure::Placed(fact) => Box::new(to::Place { measure, fact }),
        measures::Measure::CodeAssigned(fact) => Box::new(to::AssignCode { measure, fact }),
        measures::Measure::BaselineProposed(fact) => {
            Box::new(to::ProposeBaseline { measure, fact })
        }
        measures::Measure::Reclassified(fact) => Box::new(to::Reclassify {
            measure,
            treatment: fact.treatment,
            level: fact.level,
            reason: fact.reason,
            authority: fact.authority,
        }),
        measures::Measure::Retired(fact) => Box::new(to::Retire { measure, fact }),
        measures::Measure::Replaced(fact) => Box::new(to::Replace { measure, fact }),
        measures::Measure::AccountableAssigned(fact) => {
            Box::new(to::AssignAccountable { measure, fact })
        }
        measures::Measure::StewardAssigned(fact) => Box::new(to::AssignSteward { measure, fact }),
        measures::Measure::ContributorAssigned(fact) => {
            Box::new(to::AssignContributor { measure, fact })
        }
        measures::Measure::DutyEnded(fact) => Box::new(to::EndDuty { measure, fact }),
    }
}

fn of_post(post: PostId, fact: post::Post) -> Box<dyn Request> {
    use commands::post as to;
    match fact {
        post::Post::Created(fact) => Box::new(to::Create { post, fact }),
        post::Post::Held(fact) => Box::new(to::Hold { post, fact }),
        post::Post::Vacated(fact) => Box::new(to::Vacate { post, fact }),
        post::Post::Delegated(fact) => Box::new(to::Delegate { post, fact }),
    }
}

fn of_role(role: RoleId, fact: role::Role) -> Box<dyn Request> {
    use commands::role as to;
    match fact {
        role::Role::Granted(fact) => Box::new(to::Grant { fact }),
        role::Role::Ended(fact) => Box::new(to::End { role, fact }),
    }
}

/// Words that are not sealed but as long as if they were, so that a plan can be checked whole
/// without a vault.
#[must_use]
pub(super) fn as_if_sealed(words: &Prose) -> SealedWords {
    // AES-GCM-SIV adds 16 bytes; base64 makes four characters of three.
    let length = words.as_str().len().saturating_add(16).div_ceil(3).saturating_mul(4);
    let digest = Digest::new([0; 32]);
    SealedWords {
        sealed: SealedText {
            key_id: TextKeyId::derived(&["not sealed"]),
            nonce: "A".repeat(16),
            ciphertext: "A".repeat(length),
            commitment: digest,
        },
        digest,
    }
}
