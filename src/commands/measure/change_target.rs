//! Aim at something else.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetChanged;
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::{EntityRef, Target, TargetKey};

use super::{Measure, check_target};
use crate::commands::{Command, Decision, Rejection};

/// Change the target.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ChangeTarget {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which target.
    pub key: TargetKey,
    /// What is aimed at from here on.
    pub new: Target,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
}

impl Command for ChangeTarget {
    const NAME: &'static str = "measure.change_target";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure) -> Result<Decision, Rejection> {
        let Some(old) = measure.targets.get(&self.key) else {
            return Err(Rejection::NoTarget);
        };
        check_target(&self.key, &self.new)?;
        if *old == self.new {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(TargetChanged {
            key: self.key.clone(),
            old: old.clone(),
            new: self.new.clone(),
            reason: self.reason.clone(),
            authority: self.authority.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::spec::given;

    fn change(period: &str, at: &str) -> ChangeTarget {
        ChangeTarget {
            measure: MeasureId::derived(&["x"]),
            key: key(period),
            new: standing(at),
            reason: reason(),
            authority: None,
        }
    }

    #[test]
    fn a_changed_target_names_what_stood_before() {
        given([adopted().into()]).when(&change("FY2021", "90")).then_recorded(TargetChanged {
            key: key("FY2021"),
            old: standing("97"),
            new: standing("90"),
            reason: reason(),
            authority: None,
        });
    }

    #[test]
    fn the_same_value_written_otherwise_is_no_change() {
        given([adopted().into()]).when(&change("FY2021", "97.00")).then_unchanged();
    }

    #[test]
    fn a_target_that_does_not_stand_cannot_be_changed() {
        given([adopted().into()]).when(&change("FY2022", "90")).then_refused("no_target");
    }
}
