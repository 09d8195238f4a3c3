//! Say from which other value progress should be counted.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::BaselineProposed;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Propose a baseline.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeBaseline {
    /// Of which measure.
    pub measure: MeasureId,
    /// The baseline, who proposes it, and why.
    pub fact: BaselineProposed,
}

impl Command for ProposeBaseline {
    const NAME: &'static str = "measure.propose_baseline";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        // A source that said otherwise before may come back to what was agreed.
        let says = measure.proposed.get(&self.fact.source).map(|(baseline, _)| *baseline);
        if says.or(measure.baseline) == Some(self.fact.baseline) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::measure::BaselineSet;
    use piperoll_events::measure::baseline_set::Baseline;

    fn baseline(value: &str) -> Baseline {
        Baseline { period: "FY2019".parse().unwrap(), value: value.parse().unwrap() }
    }

    fn propose(source: &str, value: &str) -> ProposeBaseline {
        let fact = BaselineProposed {
            baseline: baseline(value),
            source: source.parse().ok(),
            reason: reason(),
        };
        ProposeBaseline { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_source_proposes_what_neither_stands_nor_was_proposed_by_it() {
        let other = propose("Benchmark", "42");
        given([]).when(&other).then_refused("missing");
        given([adopted().into()]).when(&other).then_recorded(other.fact.clone());
        let agreed = BaselineSet { baseline: baseline("41.5"), reason: reason(), authority: None };
        let agreed = [adopted().into(), agreed.into()];
        given(agreed.clone()).when(&propose("Benchmark", "41.50")).then_unchanged();
        let history = agreed.into_iter().chain([other.fact.clone().into()]);
        let given = given(history);
        given.when(&other).then_unchanged();
        for next in [propose("Benchmark", "41.5"), propose("", "42"), propose("Survey", "42")] {
            given.when(&next).then_recorded(next.fact.clone());
        }
    }
}
