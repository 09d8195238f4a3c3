//! A framework: adopted with its scale and rule, which may be set again; revised; who may decide
//! which change is set row by row, the stages of sign-off and each list of its own as a whole.
//!
//! A file of changes is one undertaking: begun, then ended or given up, one at a time.
//! Commands: [`Adopt`], [`Revise`], [`SetScale`], [`SetRatingRule`], [`SetDecisionRight`],
//! [`SetSignOffChain`], [`SetTaxonomy`]; of a file of changes [`BeginAmendment`],
//! [`FinishAmendment`], [`GiveUpAmendment`].

mod adopt;
mod begin_amendment;
mod finish_amendment;
mod give_up_amendment;
mod revise;
mod set_decision_right;
mod set_rating_rule;
mod set_scale;
mod set_sign_off_chain;
mod set_taxonomy;

pub use adopt::Adopt;
pub use begin_amendment::BeginAmendment;
pub use finish_amendment::FinishAmendment;
pub use give_up_amendment::GiveUpAmendment;
pub use revise::Revise;
pub use set_decision_right::SetDecisionRight;
pub use set_rating_rule::SetRatingRule;
pub use set_scale::SetScale;
pub use set_sign_off_chain::SetSignOffChain;
pub use set_taxonomy::SetTaxonomy;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use piperoll_events::decision_right::{Change, ChangeSubject, Rights};
use piperoll_events::framework::{Adopted, Framework as FrameworkFact};
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::sign_off::{SignOffChain, Stage};
use piperoll_events::taxonomy::Taxonomy;
use piperoll_events::text::{Digest, Label, Words};
use piperoll_events::{Authority, Fact, Position, Quantity};

use super::{Entity, Ground, Occurred, Rejection, Witness};

/// The state of a framework.
#[derive(Debug, Clone, Default)]
pub struct Framework {
    adopted: Option<Adopted>,
    named: Option<Named>,
    scale: Option<Scale>,
    rule: Option<RatingRule>,
    rights: Rights,
    /// Where the rule was recorded.
    ruled_at: Option<Position>,
    chain: Option<SignOffChain>,
    taxonomies: BTreeMap<Label, Taxonomy>,
    /// The file that is being applied.
    underway: Option<Digest>,
}

/// What a framework is called and when it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    title: Words,
    from: NaiveDate,
    until: Option<NaiveDate>,
}

impl Framework {
    /// Where the rating rule was recorded, where there is one.
    pub(super) const fn ruled_at(&self) -> Option<Position> {
        self.ruled_at
    }

    /// A stage of the chain.
    ///
    /// # Errors
    /// There is none of that code; those that there are are named.
    pub(super) fn stage(&self, code: &Label) -> Result<&Stage, Rejection> {
        let stages = self.chain.iter().flat_map(|chain| &chain.stages);
        let mut found = stages.clone().filter(|stage| stage.code == *code);
        let known = || stages.map(|stage| stage.code.clone()).collect();
        found.next().ok_or_else(|| Rejection::NoSuchStage { stage: code.clone(), known: known() })
    }

    /// Whether the scale has a level.
    pub(super) fn has_level(&self, code: &Label) -> bool {
        let mut levels = self.scale.iter().flat_map(|scale| &scale.levels);
        levels.any(|level| level.code == *code)
    }

    /// Whether terms stand on one of its lists.
    ///
    /// # Errors
    /// The first that does not.
    pub(super) fn has_terms(&self, taxonomy: &Label, codes: &[Label]) -> Result<(), Rejection> {
        let terms = self.taxonomies.get(taxonomy).into_iter().flat_map(|it| &it.terms);
        let stray = codes.iter().find(|code| terms.clone().all(|term| term.code != **code));
        stray.map_or(Ok(()), |code| {
            Err(Rejection::NoSuchTerm { taxonomy: taxonomy.clone(), code: code.clone() })
        })
    }

    /// Whether it is this file that is being applied.
    fn is_underway(&self, file: Digest) -> Result<(), Rejection> {
        match self.underway {
            Some(held) if held == file => Ok(()),
            Some(held) => Err(Rejection::AmendmentUnderway(held)),
            None => Err(Rejection::NoAmendment),
        }
    }

    /// Whether a material change of the framework itself is accepted: by the table, once acts are
    /// witnessed here.
    fn lets(
        &self,
        ground: &Ground<'_>,
        subject: ChangeSubject,
        authority: Option<&Authority>,
    ) -> Result<(), Rejection> {
        match ground.witness {
            Witness::Here => self.allows(Change::material(subject, authority)),
            Witness::Elsewhere => Ok(()),
        }
    }

    /// Whether the table of decision rights accepts such a change.
    ///
    /// # Errors
    /// It doesn't; the rows that would have are named.
    pub fn allows(&self, change: Change<'_>) -> Result<(), Rejection> {
        self.rights.accept(change).map_err(|rows| Rejection::AuthorityNeeded {
            accepted: rows.into_iter().cloned().collect(),
        })
    }

    /// Its table of decision rights.
    #[must_use]
    pub const fn rights(&self) -> &Rights {
        &self.rights
    }
}

impl Entity for Framework {
    fn apply(&mut self, at: Occurred, fact: &Fact) {
        let Fact::Framework(fact) = fact else { return };
        let position = at.position;
        match fact {
            FrameworkFact::Adopted(fact) => {
                self.rule.clone_from(&fact.rating_rule);
                self.ruled_at = fact.rating_rule.as_ref().map(|_| position);
                self.scale.clone_from(&fact.scale);
                let (title, from, until) = (fact.title.clone(), fact.from, fact.until);
                self.named = Some(Named { title, from, until });
                self.adopted = Some(fact.clone());
            }
            FrameworkFact::Revised(fact) => {
                let (title, from, until) = (fact.title.clone(), fact.from, fact.until);
                self.named = Some(Named { title, from, until });
            }
            FrameworkFact::ScaleSet(fact) => {
                self.scale = Some(fact.scale.clone());
                self.rule.clone_from(&fact.rating_rule);
                self.ruled_at = fact.rating_rule.as_ref().map(|_| position);
            }
            FrameworkFact::TaxonomySet(fact) => {
                self.taxonomies.insert(fact.taxonomy.code.clone(), fact.taxonomy.clone());
            }
            FrameworkFact::AmendmentBegun(fact) => self.underway = Some(fact.file_digest),
            FrameworkFact::Amended(_) | FrameworkFact::AmendmentGivenUp(_) => self.underway = None,
            FrameworkFact::RatingRuleSet(fact) => {
                (self.rule, self.ruled_at) = (Some(fact.rule.clone()), Some(position));
            }
            FrameworkFact::SignOffChainSet(fact) => self.chain = Some(fact.chain.clone()),
            FrameworkFact::DecisionRightSet(fact) => self.rights.set(&fact.right, fact.state),
        }
    }
}

/// A rule must speak in the levels of its scale, and its margins must not be negative.
fn check_rule(rule: &RatingRule, scale: Option<&Scale>) -> Result<(), Rejection> {
    let Some(scale) = scale else {
        return Err(Rejection::Malformed("a rating rule needs a scale"));
    };
    let levels = [Some(&rule.met), rule.near.as_ref(), Some(&rule.missed)];
    for level in levels.into_iter().flatten() {
        if !scale.levels.iter().any(|known| known.code == *level) {
            return Err(Rejection::Malformed("the rule names a level that the scale lacks"));
        }
    }
    let margins = rule.tolerance.iter().flat_map(|margin| [margin.rate, margin.absolute]);
    if margins.flatten().any(|margin| margin < Quantity::ZERO) {
        return Err(Rejection::Malformed("a tolerance can't be negative"));
    }
    if rule.near.is_some() != rule.tolerance.is_some() {
        return Err(Rejection::Malformed("a tolerance and its level need each other"));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::decision_right::{ChangeClass, DecisionRight};
    use piperoll_events::framework::decision_right_set::RightState;
    use piperoll_events::framework::{Amended, AmendmentBegun, DecisionRightSet, TaxonomySet};
    use piperoll_events::ids::PostId;
    use piperoll_events::rating::{Compare, Ends, ScaleLevel, Shape, Tolerance, Track};
    use piperoll_events::reason::{AuthorityKind, Reason, ReasonCode, Resolution};
    use piperoll_events::sign_off::{SignedScope, Signer, SigningMode};
    use piperoll_events::taxonomy::Term;

    fn level(code: &str, shape: Shape, colour: &str, track: Track) -> ScaleLevel {
        ScaleLevel {
            code: code.parse().unwrap(),
            words: Words { en: code.parse().unwrap(), cy: None },
            shape,
            colour: colour.parse().unwrap(),
            track,
        }
    }

    /// Cabinet approves targets, the rule and the table itself, after scrutiny was asked.
    pub(crate) fn right(subject: ChangeSubject) -> DecisionRight {
        DecisionRight {
            code: "cabinet".parse().unwrap(),
            subject,
            class: ChangeClass::Material,
            kind: AuthorityKind::BodyDecision,
            by: "Cabinet".parse().unwrap(),
            resolutions: vec![Resolution::Approved],
            call_in_days: Some(5),
            consult: vec!["Scrutiny".parse().unwrap()],
        }
    }

    /// What that row accepts.
    pub(crate) fn approval() -> Authority {
        Authority {
            body: "Cabinet".parse().ok(),
            resolution: Some(Resolution::Approved),
            consulted: vec!["Scrutiny".parse().unwrap()],
            ..Authority::of(AuthorityKind::BodyDecision)
        }
    }

    /// The steward verifies figures and judgement, then a post accepts the words.
    pub(crate) fn chain() -> SignOffChain {
        let stage = |code: &str, covers: &[SignedScope], signer| Stage {
            code: code.parse().unwrap(),
            title: Words { en: code.parse().unwrap(), cy: None },
            covers: covers.to_vec(),
            signers: vec![signer],
            mode: SigningMode::One {},
        };
        let both = [SignedScope::Figures, SignedScope::Judgement];
        let post = PostId::derived(&["director"]);
        SignOffChain {
            stages: vec![
                stage("verified", &both, Signer::Steward {}),
                stage("accepted", &[SignedScope::Words], Signer::Post { post }),
            ],
        }
    }

    pub(crate) fn right_set(subject: ChangeSubject) -> DecisionRightSet {
        DecisionRightSet {
            right: right(subject),
            state: RightState::InForce,
            reason: Reason { code: ReasonCode::AmbitionRaised, text: None },
            authority: None,
        }
    }

    /// Two of the ways of working.
    pub(crate) fn ways() -> TaxonomySet {
        let words = |en: &str| Words { en: en.parse().unwrap(), cy: None };
        let term = |code: &str, en| Term { code: code.parse().unwrap(), title: words(en) };
        TaxonomySet {
            taxonomy: Taxonomy {
                code: "ways".parse().unwrap(),
                title: words("Ways of working"),
                terms: vec![term("long_term", "Long term"), term("prevention", "Prevention")],
            },
            reason: Reason { code: ReasonCode::AmbitionRaised, text: None },
        }
    }

    pub(crate) fn begun(file: u8) -> AmendmentBegun {
        let reason = Reason { code: ReasonCode::AmbitionRaised, text: None };
        AmendmentBegun { file_digest: Digest::new([file; 32]), changes: 3, reason, authority: None }
    }

    pub(crate) fn amended(file: u8) -> Amended {
        let AmendmentBegun { file_digest, reason, authority, .. } = begun(file);
        Amended { file_digest, reason, authority }
    }

    pub(crate) fn adopted() -> Adopted {
        Adopted {
            title: Words { en: "Plan".parse().unwrap(), cy: None },
            from: "2021-04-01".parse().unwrap(),
            until: None,
            scale: Some(Scale {
                levels: vec![
                    level("green", Shape::Circle, "#00703c", Track::On),
                    level("amber", Shape::Triangle, "#b45f06", Track::AtRisk),
                    level("red", Shape::Square, "#b00020", Track::Off),
                ],
            }),
            rating_rule: Some(RatingRule {
                met: "green".parse().unwrap(),
                near: Some("amber".parse().unwrap()),
                missed: "red".parse().unwrap(),
                tolerance: Some(Tolerance { rate: Some("0.05".parse().unwrap()), absolute: None }),
                compare: Compare::Exact,
                ends: Ends::Inclusive,
            }),
            reason: Reason { code: ReasonCode::AmbitionRaised, text: None },
            authority: None,
        }
    }
}
