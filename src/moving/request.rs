//! Requests: the command that each intent becomes, once its words are sealed.

use piperoll_events::comparability::Comparability;
use piperoll_events::ids::{
    AreaId, FrameworkId, ImportId, LedgerId, MeasureId, ObjectiveId, PostId, RoleId, StepId,
    TextKeyId,
};
use piperoll_events::text::{Digest, Prose, SealedText};
use piperoll_events::{
    EntityRef, Fact, Quantity, area, framework, import, ledger, measure as measures, objective,
    post, role, step,
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
        Fact::Framework(fact) => of_framework(FrameworkId::new(id), fact),
        Fact::Objective(fact) => of_objective(ObjectiveId::new(id), fact),
        Fact::Step(fact) => of_step(StepId::new(id), fact),
        Fact::Area(fact) => of_area(AreaId::new(id), fact),
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

fn of_framework(framework: FrameworkId, fact: framework::Framework) -> Box<dyn Request> {
    use commands::framework as to;
    use framework::Framework as Said;
    match fact {
        Said::Adopted(fact) => Box::new(to::Adopt { framework, fact }),
        Said::Revised(fact) => Box::new(to::Revise { framework, fact }),
        Said::RatingRuleSet(fact) => Box::new(to::SetRatingRule { framework, fact }),
        Said::ScaleSet(fact) => Box::new(to::SetScale { framework, fact }),
        Said::SignOffChainSet(fact) => Box::new(to::SetSignOffChain { framework, fact }),
        Said::DecisionRightSet(fact) => Box::new(to::SetDecisionRight { framework, fact }),
        Said::TaxonomySet(fact) => Box::new(to::SetTaxonomy { framework, fact }),
        Said::AmendmentBegun(fact) => Box::new(to::BeginAmendment { framework, fact }),
        Said::Amended(fact) => Box::new(to::FinishAmendment { framework, fact }),
        Said::AmendmentGivenUp(fact) => Box::new(to::GiveUpAmendment { framework, fact }),
    }
}

fn of_objective(objective: ObjectiveId, fact: objective::Objective) -> Box<dyn Request> {
    use commands::objective as to;
    match fact {
        objective::Objective::Added(fact) => Box::new(to::Add { objective, fact }),
        objective::Objective::Revised(fact) => Box::new(to::Revise { objective, fact }),
        objective::Objective::Retired(fact) => Box::new(to::Retire { objective, fact }),
    }
}

fn of_step(step: StepId, fact: step::Step) -> Box<dyn Request> {
    use commands::step as to;
    match fact {
        step::Step::Added(fact) => Box::new(to::Add { step, fact }),
        step::Step::Revised(fact) => Box::new(to::Revise { step, fact }),
        step::Step::Retired(fact) => Box::new(to::Retire { step, fact }),
    }
}

fn of_area(area: AreaId, fact: area::Area) -> Box<dyn Request> {
    use commands::area as to;
    match fact {
        area::Area::Added(fact) => Box::new(to::Add { area, fact }),
        area::Area::Revised(fact) => Box::new(to::Revise { area, fact }),
        area::Area::Retired(fact) => Box::new(to::Retire { area, fact }),
    }
}

fn of_measure(measure: MeasureId, fact: measures::Measure) -> Box<dyn Request> {
    use commands::measure as to;
    use measures::Measure as Said;
    match fact {
        Said::Adopted(fact) => Box::new(to::Adopt { measure, fact }),
        Said::DefinitionSet(fact) => {
            let factor = factor(&fact);
            Box::new(to::SetDefinition { measure, fact, factor })
        }
        Said::BaselineSet(fact) => Box::new(to::SetBaseline { measure, fact }),
        Said::TargetSet(fact) => Box::new(to::SetTarget { measure, fact }),
        Said::TargetChanged(fact) => Box::new(to::ChangeTarget {
            measure,
            key: fact.key,
            new: fact.new,
            reason: fact.reason,
            authority: fact.authority,
            case: fact.case,
        }),
        Said::TargetCorrected(fact) => Box::new(to::CorrectTarget {
            measure,
            key: fact.key,
            corrects: fact.corrects,
            new: fact.new,
            reason: fact.reason,
            authority: fact.authority,
        }),
        Said::TargetWithdrawn(fact) => Box::new(to::WithdrawTarget {
            measure,
            key: fact.key,
            reason: fact.reason,
            authority: fact.authority,
            case: fact.case,
        }),
        Said::Placed(fact) => Box::new(to::Place { measure, fact }),
        Said::Removed(fact) => Box::new(to::Remove { measure, fact }),
        Said::Retitled(fact) => {
            Box::new(to::Retitle { measure, title: fact.new, reason: fact.reason })
        }
        Said::Tagged(fact) => Box::new(to::Tag { measure, fact }),
        Said::CodeAssigned(fact) => Box::new(to::AssignCode { measure, fact }),
        Said::BaselineProposed(fact) => Box::new(to::ProposeBaseline { measure, fact }),
        Said::Reclassified(fact) => Box::new(to::Reclassify {
            measure,
            treatment: fact.treatment,
            level: fact.level,
            reason: fact.reason,
            authority: fact.authority,
        }),
        Said::Retired(fact) => Box::new(to::Retire { measure, fact }),
        Said::Replaced(fact) => Box::new(to::Replace { measure, fact }),
        Said::AccountableAssigned(fact) => Box::new(to::AssignAccountable { measure, fact }),
        Said::StewardAssigned(fact) => Box::new(to::AssignSteward { measure, fact }),
        Said::ContributorAssigned(fact) => Box::new(to::AssignContributor { measure, fact }),
        Said::DutyEnded(fact) => Box::new(to::EndDuty { measure, fact }),
    }
}

/// The factor that somebody stated, of which the change was worked out.
fn factor(fact: &measures::DefinitionSet) -> Option<Quantity> {
    match fact.change.as_ref()?.comparability {
        Comparability::SameAfterFactor { factor } => Some(factor),
        Comparability::Same {} | Comparability::Broken {} => None,
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
