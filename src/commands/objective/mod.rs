//! An objective: added to a framework, revised, retired.
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
use piperoll_events::objective::{Added, Objective as ObjectiveFact, Revised};

use super::{Entity, Occurred, Rejection};

/// The state of an objective.
#[derive(Debug, Clone, Default)]
pub struct Objective {
    added: Option<Added>,
    /// What stands of it, with the reason of its last version.
    now: Option<Revised>,
    /// The first day on which it is no longer part of the framework.
    retired: Option<NaiveDate>,
}

impl Objective {
    /// What stands of it.
    ///
    /// # Errors
    /// It was never added, or has been retired.
    fn in_use(&self) -> Result<&Revised, Rejection> {
        let now = self.now.as_ref().ok_or(Rejection::Missing("the objective"))?;
        match self.retired {
            Some(from) => Err(Rejection::PartRetired { part: "objective", from }),
            None => Ok(now),
        }
    }
}

impl Entity for Objective {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        let Fact::Objective(fact) = fact else { return };
        match fact {
            ObjectiveFact::Added(it) => {
                self.now = Some(Revised {
                    framework: it.framework,
                    code: it.code.clone(),
                    title: it.title.clone(),
                    reason: it.reason.clone(),
                });
                self.added = Some(it.clone());
            }
            ObjectiveFact::Revised(it) => self.now = Some(it.clone()),
            ObjectiveFact::Retired(it) => self.retired = Some(it.from),
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
            reason: reason(),
        }
    }

    pub(crate) fn revised(title: &str) -> Revised {
        Revised {
            framework: FrameworkId::derived(&["f"]),
            code: "1".parse().unwrap(),
            title: Words { en: title.parse().unwrap(), cy: None },
            reason: reason(),
        }
    }
}
