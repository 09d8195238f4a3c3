//! A step: added to a framework, revised, retired.
//!
//! Commands: [`Add`], [`Revise`], [`Retire`].

mod add;
mod retire;
mod revise;

pub use add::Add;
pub use retire::Retire;
pub use revise::Revise;

use chrono::NaiveDate;
use piperoll_events::Fact;
use piperoll_events::step::{Added, Revised, Step as StepFact};

use super::{Entity, Occurred, Rejection};

/// The state of a step.
#[derive(Debug, Clone, Default)]
pub struct Step {
    added: Option<Added>,
    /// What stands of it, with the reason of its last version.
    now: Option<Revised>,
    /// The first day on which it is no longer part of the framework.
    retired: Option<NaiveDate>,
}

impl Step {
    /// What stands of it.
    ///
    /// # Errors
    /// It was never added, or has been retired.
    fn in_use(&self) -> Result<&Revised, Rejection> {
        let now = self.now.as_ref().ok_or(Rejection::Missing("the step"))?;
        match self.retired {
            Some(from) => Err(Rejection::PartRetired { part: "step", from }),
            None => Ok(now),
        }
    }
}

impl Entity for Step {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        let Fact::Step(fact) = fact else { return };
        match fact {
            StepFact::Added(it) => {
                self.now = Some(Revised {
                    framework: it.framework,
                    objective: it.objective,
                    code: it.code.clone(),
                    title: it.title.clone(),
                    level: it.level,
                    lead: it.lead.clone(),
                    reason: it.reason.clone(),
                });
                self.added = Some(it.clone());
            }
            StepFact::Revised(it) => self.now = Some(it.clone()),
            StepFact::Retired(it) => self.retired = Some(it.from),
        }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::text::Words;

    pub(crate) fn reason() -> Reason {
        Reason { code: ReasonCode::AmbitionRaised, text: None }
    }

    pub(crate) fn added() -> Added {
        Added {
            framework: FrameworkId::derived(&["f"]),
            code: "1".parse().unwrap(),
            title: Words { en: "Fair work".parse().unwrap(), cy: None },
            objective: None,
            level: piperoll_events::step::added::StepLevel::Local,
            lead: None,
            reason: reason(),
        }
    }

    pub(crate) fn revised(title: &str) -> Revised {
        Revised {
            framework: FrameworkId::derived(&["f"]),
            code: "1".parse().unwrap(),
            title: Words { en: title.parse().unwrap(), cy: None },
            objective: None,
            level: piperoll_events::step::added::StepLevel::Local,
            lead: None,
            reason: reason(),
        }
    }
}
