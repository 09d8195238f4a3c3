//! Measure something no longer.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Retired;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Retire the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// Of which measure.
    pub measure: MeasureId,
    /// From which day on, with reason and authority.
    pub fact: Retired,
}

impl Command for Retire {
    const NAME: &'static str = "measure.retire";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        measure.decided(ground, self.fact.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted as framework_adopted, approval, right_set};
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::measure::{ChangeTarget, ProposeBaseline, SetBaseline};
    use crate::commands::measure::{SetDefinition, SetTarget, WithdrawTarget};
    use crate::commands::spec::given;
    use piperoll_events::decision_right::ChangeSubject;
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::measure::baseline_set::Baseline;
    use piperoll_events::measure::{
        BaselineProposed, BaselineSet, DefinitionSet, TargetSet, TargetWithdrawn,
    };
    use piperoll_events::{Definition, Polarity};

    fn retire() -> Retire {
        let from = "2022-04-01".parse().unwrap();
        let fact = Retired { from, reason: reason(), authority: None };
        Retire { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_measure_is_retired_once() {
        let retire = retire();
        given([]).when(&retire).then_refused("missing");
        given([adopted().into()]).when(&retire).then_recorded(retire.fact.clone());
        given([adopted().into(), retire.fact.clone().into()]).when(&retire).then_refused("retired");
    }

    #[test]
    fn a_measure_is_retired_by_whom_the_table_lets_and_by_nobody_else() {
        let table = [framework_adopted().into(), right_set(ChangeSubject::Retirement).into()];
        let given =
            || given([adopted().into()]).beside(FrameworkId::derived(&["f"]), table.clone());
        let mut retire = retire();
        given().when(&retire).then_refused("authority_needed");
        given().elsewhere().when(&retire).then_recorded(retire.fact.clone());
        retire.fact.authority = Some(approval());
        given().when(&retire).then_recorded(retire.fact.clone());
    }

    #[test]
    fn nothing_is_set_of_a_measure_that_is_no_longer_measured() {
        let (measure, reason) = (MeasureId::derived(&["x"]), reason());
        let given = given([adopted().into(), retire().fact.into()]);
        let key = key("FY2021");
        let (old, new) = (standing("97"), standing("98"));
        let (authority, case) = (None, None);
        let change = ChangeTarget {
            measure,
            key: key.clone(),
            new,
            reason: reason.clone(),
            authority,
            case,
        };
        given.when(&change).then_refused("retired");
        let (authority, case) = (None, None);
        let target = old.clone();
        let fact = TargetSet { key: key.clone(), target, reason: reason.clone(), authority, case };
        given.when(&SetTarget { measure, fact }).then_refused("retired");
        let definition = Definition::bare(Polarity::LowerIsBetter {});
        let fact =
            DefinitionSet { definition, reason: reason.clone(), authority: None, change: None };
        given.when(&SetDefinition { measure, fact, factor: None }).then_refused("retired");
        let period = "FY2019".parse().unwrap();
        let baseline = Baseline { period, value: "41.5".parse().unwrap() };
        let fact = BaselineSet { baseline, reason: reason.clone(), authority: None };
        given.when(&SetBaseline { measure, fact }).then_refused("retired");
        let fact = BaselineProposed { baseline, source: None, reason: reason.clone() };
        given.when(&ProposeBaseline { measure, fact }).then_refused("retired");
        // What it aimed at may still be taken back.
        let (authority, case) = (None, None);
        let withdraw =
            WithdrawTarget { measure, key: key.clone(), reason: reason.clone(), authority, case };
        let (authority, case) = (None, None);
        given.when(&withdraw).then_recorded(TargetWithdrawn { key, old, reason, authority, case });
    }
}
