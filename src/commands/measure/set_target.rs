//! Aim at something where nothing was aimed at.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetSet;

use super::{Measure, check_span, check_target};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the target.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTarget {
    /// Of which measure.
    pub measure: MeasureId,
    /// The target, with its reason and authority.
    pub fact: TargetSet,
}

impl Command for SetTarget {
    const NAME: &'static str = "measure.set_target";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        check_target(&self.fact.key, &self.fact.target)?;
        match measure.targets.get(&self.fact.key) {
            Some(held) if held.target == self.fact.target => return Ok(Decision::Unchanged),
            Some(_) => return Err(Rejection::TargetStands),
            None => {}
        }
        check_span(&self.fact.key, measure.targets.keys())?;
        measure.decided(ground, self.fact.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::spec::given;
    use piperoll_events::target::{Level, Point, TargetShape};

    fn set(period: &str, at: &str) -> SetTarget {
        let fact = TargetSet {
            key: key(period),
            target: standing(at),
            reason: reason(),
            authority: None,
            case: None,
        };
        SetTarget { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_target_is_set_where_none_stands() {
        let next = set("FY2022", "98");
        given([adopted().into()]).when(&next).then_recorded(next.fact.clone());
        given([adopted().into()]).when(&set("FY2021", "97.0")).then_unchanged();
        given([adopted().into()]).when(&set("FY2021", "90")).then_refused("target_stands");
        given([]).when(&next).then_refused("missing");
    }

    #[test]
    fn a_narrower_span_may_stand_inside_and_a_crossing_one_may_not() {
        let quarter = set("FY2021-Q2", "98");
        given([adopted().into()]).when(&quarter).then_recorded(quarter.fact.clone());
        given([adopted().into()])
            .when(&set("2021-06-01..2022-06-01", "98"))
            .then_refused("overlapping_period");
    }

    #[test]
    fn nought_and_negative_values_are_targets_like_any_other() {
        for at in ["0", "-28"] {
            let command = set("FY2022", at);
            given([adopted().into()]).when(&command).then_recorded(command.fact.clone());
        }
    }

    #[test]
    fn a_profile_keeps_its_points_inside_its_span() {
        let mut command = set("FY2022", "1");
        command.fact.target.shape = TargetShape::Profile;
        command.fact.target.level = None;
        given([adopted().into()]).when(&command).then_refused("malformed_target");
        let level = Level { at: "3".parse().unwrap(), to: None };
        let point = |period: &str| Point { period: period.parse().unwrap(), level };
        command.fact.target.points = vec![point("FY2022-Q1"), point("FY2023-Q1")];
        given([adopted().into()]).when(&command).then_refused("malformed_target");
        command.fact.target.points = vec![point("FY2022-Q1"), point("FY2022-Q1")];
        given([adopted().into()]).when(&command).then_refused("malformed_target");
        command.fact.target.points.pop();
        given([adopted().into()]).when(&command).then_recorded(command.fact.clone());
    }
}
