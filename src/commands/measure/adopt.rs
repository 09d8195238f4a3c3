//! Take a measure into a framework.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Adopted;

use super::{Measure, check_definition, check_span, check_target};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Adopt the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// Which.
    pub measure: MeasureId,
    /// What is agreed of it at first.
    pub fact: Adopted,
}

impl Command for Adopt {
    const NAME: &'static str = "measure.adopt";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &measure.adopted {
            Some(held) if *held == self.fact => return Ok(Decision::Unchanged),
            Some(_) => return Err(Rejection::Exists("the measure")),
            None => {}
        }
        check_definition(&self.fact.definition)?;
        for (n, first) in self.fact.targets.iter().enumerate() {
            check_target(&first.key, &first.target)?;
            let before = || self.fact.targets.iter().take(n).map(|other| &other.key);
            if before().any(|other| *other == first.key) {
                return Err(Rejection::MalformedTarget("two targets have one key"));
            }
            check_span(&first.key, before())?;
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, key};
    use crate::commands::spec::given;
    use piperoll_events::Polarity;

    fn adopt(change: impl FnOnce(&mut Adopted)) -> Adopt {
        let mut fact = adopted();
        change(&mut fact);
        Adopt { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_measure_is_adopted_once() {
        given([]).when(&adopt(|_| ())).then_recorded(adopted());
        given([adopted().into()]).when(&adopt(|_| ())).then_unchanged();
        let other = adopt(|fact| fact.targets.clear());
        given([adopted().into()]).when(&other).then_refused("exists");
    }

    #[test]
    fn a_measure_that_contradicts_itself_is_refused() {
        let twice = adopt(|fact| fact.targets.push(fact.targets[0].clone()));
        given([]).when(&twice).then_refused("malformed_target");
        let empty = adopt(|fact| fact.targets[0].target.level = None);
        given([]).when(&empty).then_refused("malformed_target");
        let crossed = adopt(|fact| {
            let mut other = fact.targets[0].clone();
            other.key = key("2021-06-01..2022-06-01");
            fact.targets.push(other);
        });
        given([]).when(&crossed).then_refused("overlapping_period");
        let band = adopt(|fact| {
            let (low, high) = ("2".parse().unwrap(), "1".parse().unwrap());
            fact.definition.polarity = Polarity::Goldilocks { low, high };
        });
        given([]).when(&band).then_refused("malformed");
    }
}
