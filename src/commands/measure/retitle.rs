//! Give a measure another title.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Retitled;
use piperoll_events::reason::Reason;
use piperoll_events::text::Words;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Retitle the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retitle {
    /// Which.
    pub measure: MeasureId,
    /// What it is called from here on.
    pub title: Words,
    /// Why.
    pub reason: Reason,
}

impl Command for Retitle {
    const NAME: &'static str = "measure.retitle";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let old = measure.title.clone().ok_or(Rejection::Missing("the measure"))?;
        if old == self.title {
            return Ok(Decision::Unchanged);
        }
        let (new, reason) = (self.title.clone(), self.reason.clone());
        Ok(Decision::record(Retitled { old, new, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;

    #[test]
    fn a_measure_is_retitled_where_the_title_differs_and_the_old_one_is_kept() {
        let retitle = |title: &Words| Retitle {
            measure: MeasureId::derived(&["x"]),
            title: title.clone(),
            reason: reason(),
        };
        let (old, new) =
            (adopted().title, Words { en: "Paid within the month".parse().unwrap(), cy: None });
        given([]).when(&retitle(&new)).then_refused("missing");
        given([adopted().into()]).when(&retitle(&old)).then_unchanged();
        let retitled = Retitled { old, new: new.clone(), reason: reason() };
        given([adopted().into()]).when(&retitle(&new)).then_recorded(retitled.clone());
        given([adopted().into(), retitled.into()]).when(&retitle(&new)).then_unchanged();
    }
}
