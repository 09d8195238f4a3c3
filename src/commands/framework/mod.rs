//! A framework: adopted with its scale and rule; the rule may be set again.
//!
//! Commands: [`Adopt`], [`SetRatingRule`].

mod adopt;
mod set_rating_rule;

pub use adopt::Adopt;
pub use set_rating_rule::SetRatingRule;

use piperoll_events::framework::{Adopted, Framework as FrameworkFact};
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::{Fact, Position, Quantity};

use super::{Entity, Rejection};

/// The state of a framework.
#[derive(Debug, Clone, Default)]
pub struct Framework {
    adopted: Option<Adopted>,
    rule: Option<RatingRule>,
}

impl Entity for Framework {
    fn apply(&mut self, _: Position, fact: &Fact) {
        let Fact::Framework(fact) = fact else { return };
        match fact {
            FrameworkFact::Adopted(fact) => {
                self.rule.clone_from(&fact.rating_rule);
                self.adopted = Some(fact.clone());
            }
            FrameworkFact::RatingRuleSet(fact) => self.rule = Some(fact.rule.clone()),
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
    use piperoll_events::rating::{Compare, Ends, ScaleLevel, Shape, Tolerance, Track};
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::text::Words;

    fn level(code: &str, shape: Shape, colour: &str, track: Track) -> ScaleLevel {
        ScaleLevel {
            code: code.parse().unwrap(),
            words: Words { en: code.parse().unwrap(), cy: None },
            shape,
            colour: colour.parse().unwrap(),
            track,
        }
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
