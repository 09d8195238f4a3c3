//! Do something else with a measure, or let somebody else look at it.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Reclassified;
use piperoll_events::measure::adopted::{MeasureLevel, Treatment};
use piperoll_events::reason::{Authority, Reason};

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Reclassify the measure.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reclassify {
    /// Which measure.
    pub measure: MeasureId,
    /// What is done with its figures from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
    /// Who looks at it from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<MeasureLevel>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

impl Command for Reclassify {
    const NAME: &'static str = "measure.reclassify";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        if self.treatment.is_none() && self.level.is_none() {
            return Err(Rejection::Malformed("neither a treatment nor a level is named"));
        }
        let treatment = self.treatment.filter(|new| measure.treatment != Some(*new));
        let level = self.level.filter(|new| measure.level != Some(*new));
        if treatment.is_none() && level.is_none() {
            return Ok(Decision::Unchanged);
        }
        measure.decided(
            ground,
            Reclassified {
                treatment,
                old_treatment: treatment.and(measure.treatment),
                level,
                old_level: level.and(measure.level),
                reason: self.reason.clone(),
                authority: self.authority.clone(),
            },
        )
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

    fn to(treatment: Option<Treatment>, level: Option<MeasureLevel>) -> Reclassify {
        let measure = MeasureId::derived(&["x"]);
        Reclassify { measure, treatment, level, reason: reason(), authority: None }
    }

    fn counted() -> Reclassified {
        Reclassified {
            treatment: Some(Treatment::Volumetric),
            old_treatment: Some(Treatment::Targeted),
            level: None,
            old_level: None,
            reason: reason(),
            authority: None,
        }
    }

    #[test]
    fn what_changes_stands_in_the_event_with_what_it_was() {
        let volumetric = to(Some(Treatment::Volumetric), Some(MeasureLevel::Strategic));
        given([]).when(&volumetric).then_refused("missing");
        given([adopted().into()]).when(&to(None, None)).then_refused("malformed");
        given([adopted().into()]).when(&volumetric).then_recorded(counted());
        let history = [adopted().into(), counted().into()];
        given(history.clone()).when(&volumetric).then_unchanged();
        let operational = to(Some(Treatment::Tracker), Some(MeasureLevel::Operational));
        given(history).when(&operational).then_recorded(Reclassified {
            treatment: Some(Treatment::Tracker),
            old_treatment: Some(Treatment::Volumetric),
            level: Some(MeasureLevel::Operational),
            old_level: Some(MeasureLevel::Strategic),
            ..counted()
        });
    }

    #[test]
    fn a_measure_is_reclassified_by_whom_the_table_lets_and_by_nobody_else() {
        let table = [framework_adopted().into(), right_set(ChangeSubject::Treatment).into()];
        let given = given([adopted().into()]).beside(FrameworkId::derived(&["f"]), table);
        let mut volumetric = to(Some(Treatment::Volumetric), None);
        given.when(&volumetric).then_refused("authority_needed");
        volumetric.authority = Some(approval());
        let authority = volumetric.authority.clone();
        given.when(&volumetric).then_recorded(Reclassified { authority, ..counted() });
    }
}
