//! Agree the value that progress is counted from.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::BaselineSet;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the baseline.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBaseline {
    /// Of which measure.
    pub measure: MeasureId,
    /// The baseline, with its reason and authority.
    pub fact: BaselineSet,
}

impl Command for SetBaseline {
    const NAME: &'static str = "measure.set_baseline";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        if measure.baseline == Some(self.fact.baseline) {
            return Ok(Decision::Unchanged);
        }
        measure.decided(ground, self.fact.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::measure::baseline_set::Baseline;

    #[test]
    fn a_baseline_is_set_where_it_differs() {
        let baseline =
            Baseline { period: "FY2019".parse().unwrap(), value: "41.5".parse().unwrap() };
        let set = SetBaseline {
            measure: MeasureId::derived(&["x"]),
            fact: BaselineSet { baseline, reason: reason(), authority: None },
        };
        given([]).when(&set).then_refused("missing");
        given([adopted().into()]).when(&set).then_recorded(set.fact.clone());
        given([adopted().into(), set.fact.clone().into()]).when(&set).then_unchanged();
    }
}
