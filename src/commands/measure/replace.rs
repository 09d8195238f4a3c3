//! Let another measure take the place of one.

use piperoll_events::comparability::Comparability;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Replaced;
use piperoll_events::{EntityRef, Quantity};

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Replace the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// Of which measure.
    pub measure: MeasureId,
    /// By which, from which day on, with reason and authority.
    pub fact: Replaced,
}

impl Command for Replace {
    const NAME: &'static str = "measure.replace";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        if self.fact.by == self.measure {
            return Err(Rejection::Malformed("a measure can't be replaced by itself"));
        }
        match self.fact.comparability {
            Comparability::SameAfterFactor { factor } if factor <= Quantity::ZERO => {
                return Err(Rejection::Malformed("a link factor is greater than nought"));
            }
            _ => {}
        }
        measure.decided(ground, self.fact.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted as framework_adopted, approval, right_set};
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::decision_right::ChangeSubject;
    use piperoll_events::ids::FrameworkId;

    fn replace(by: &str) -> Replace {
        let fact = Replaced {
            by: MeasureId::derived(&[by]),
            comparability: Comparability::Broken {},
            from: "2022-04-01".parse().unwrap(),
            reason: reason(),
            authority: None,
        };
        Replace { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_measure_is_replaced_once_and_not_by_itself() {
        let replace_by_y = replace("y");
        given([]).when(&replace_by_y).then_refused("missing");
        given([adopted().into()]).when(&replace_by_y).then_recorded(replace_by_y.fact.clone());
        given([adopted().into()]).when(&replace("x")).then_refused("malformed");
        let history = [adopted().into(), replace_by_y.fact.clone().into()];
        given(history.clone()).when(&replace_by_y).then_refused("retired");
        let mut scaled = replace("y");
        let factor = "0".parse().unwrap();
        scaled.fact.comparability = Comparability::SameAfterFactor { factor };
        given([adopted().into()]).when(&scaled).then_refused("malformed");
    }

    #[test]
    fn a_measure_is_replaced_by_whom_the_table_lets_and_by_nobody_else() {
        let table = [framework_adopted().into(), right_set(ChangeSubject::Retirement).into()];
        let given = given([adopted().into()]).beside(FrameworkId::derived(&["f"]), table);
        let mut replace = replace("y");
        given.when(&replace).then_refused("authority_needed");
        replace.fact.authority = Some(approval());
        given.when(&replace).then_recorded(replace.fact.clone());
    }
}
