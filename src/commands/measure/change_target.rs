//! Aim at something else.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetChanged;
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::target::TargetCase;
use piperoll_events::{EntityRef, Target, TargetKey};

use super::{Measure, check_target};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Change the target.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
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
    /// The case made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<TargetCase>,
}

impl Command for ChangeTarget {
    const NAME: &'static str = "measure.change_target";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        let Some(held) = measure.targets.get(&self.key) else {
            return Err(Rejection::NoTarget);
        };
        measure.is_in_use()?;
        check_target(&self.key, &self.new)?;
        if held.target == self.new {
            return Ok(Decision::Unchanged);
        }
        measure.decided(
            ground,
            TargetChanged {
                key: self.key.clone(),
                old: held.target.clone(),
                new: self.new.clone(),
                reason: self.reason.clone(),
                authority: self.authority.clone(),
                case: self.case.clone(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted as framework_adopted, approval, right_set};
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::spec::given;
    use piperoll_events::decision_right::ChangeSubject;
    use piperoll_events::ids::FrameworkId;

    fn change(period: &str, at: &str) -> ChangeTarget {
        ChangeTarget {
            measure: MeasureId::derived(&["x"]),
            key: key(period),
            new: standing(at),
            reason: reason(),
            authority: None,
            case: None,
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
            case: None,
        });
    }

    #[test]
    fn a_target_is_changed_by_whom_the_table_lets_and_by_nobody_else() {
        let framework = FrameworkId::derived(&["f"]);
        let table = [framework_adopted().into(), right_set(ChangeSubject::Target).into()];
        let given = || given([adopted().into()]).beside(framework, table.clone());
        let mut change = change("FY2021", "90");
        given().when(&change).then_refused("authority_needed");
        let (old, new) = (standing("97"), standing("90"));
        let fact = TargetChanged {
            key: key("FY2021"),
            old,
            new,
            reason: reason(),
            authority: None,
            case: None,
        };
        given().elsewhere().when(&change).then_recorded(fact.clone());
        change.authority = Some(approval());
        let fact = TargetChanged { authority: Some(approval()), ..fact };
        given().when(&change).then_recorded(fact);
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
