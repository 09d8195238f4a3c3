//! Show a measure no longer under an objective, a step or an area.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Removed;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Take the measure from a place.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Which.
    pub measure: MeasureId,
    /// From where, and why.
    pub fact: Removed,
}

impl Command for Remove {
    const NAME: &'static str = "measure.remove";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        if !measure.places.contains(&self.fact.place) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::Place;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::ids::AreaId;
    use piperoll_events::measure::Placed;
    use piperoll_events::measure::placed::Place as Where;

    #[test]
    fn a_measure_is_taken_from_where_it_stands_and_may_come_back() {
        let (measure, place) = (MeasureId::derived(&["x"]), Where::Area(AreaId::derived(&["a"])));
        let (placed, removed) =
            (Placed { place, reason: reason() }, Removed { place, reason: reason() });
        let remove = Remove { measure, fact: removed.clone() };
        given([]).when(&remove).then_refused("missing");
        given([adopted().into()]).when(&remove).then_unchanged();
        let stands = [adopted().into(), placed.clone().into()];
        given(stands).when(&remove).then_recorded(removed.clone());
        let gone = [adopted().into(), placed.clone().into(), removed.into()];
        given(gone.clone()).when(&remove).then_unchanged();
        given(gone).when(&Place { measure, fact: placed.clone() }).then_recorded(placed);
    }
}
