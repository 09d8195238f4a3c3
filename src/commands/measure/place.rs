//! Show a measure under an objective, a step or an area.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Placed;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Place the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which.
    pub measure: MeasureId,
    /// Where, and why.
    pub fact: Placed,
}

impl Command for Place {
    const NAME: &'static str = "measure.place";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        if measure.places.contains(&self.fact.place) {
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
    use piperoll_events::ids::AreaId;
    use piperoll_events::measure::placed::Place as Where;

    #[test]
    fn a_measure_is_placed_where_it_does_not_stand() {
        let fact = Placed { place: Where::Area(AreaId::derived(&["a"])), reason: reason() };
        let place = Place { measure: MeasureId::derived(&["x"]), fact: fact.clone() };
        given([]).when(&place).then_refused("missing");
        given([adopted().into()]).when(&place).then_recorded(fact.clone());
        given([adopted().into(), fact.into()]).when(&place).then_unchanged();
    }
}
