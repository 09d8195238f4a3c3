//! Say that there is no figure, and why.

use chrono::NaiveDate;
use piperoll_events::ids::{MeasureId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::submission::NoValueDeclared;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::{EntityRef, Period};

use super::{Content, Submission};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Declare that there is no value.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareNoValue {
    /// The measure.
    pub measure: MeasureId,
    /// The period; absent: the measure has no figure at all.
    pub period: Option<Period>,
    /// What is the matter.
    pub state: NoValue,
    /// When a figure is expected.
    pub expected_on: Option<NaiveDate>,
    /// Why.
    pub reason: Option<Reason>,
}

impl Command for DeclareNoValue {
    const NAME: &'static str = "submission.declare_no_value";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, self.period).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &submission.content {
            Content::Figures(_) => return Err(Rejection::FiguresStand),
            Content::NoValue(_, held)
                if held.state == self.state && held.expected_on == self.expected_on =>
            {
                return Ok(Decision::Unchanged);
            }
            Content::None | Content::NoValue(..) => {}
        }
        Ok(Decision::record(NoValueDeclared {
            measure: self.measure,
            period: self.period,
            state: self.state,
            expected_on: self.expected_on,
            reason: self.reason.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{measure, period, submitted};

    #[test]
    fn no_value_is_declared_where_no_figure_stands() {
        let mut command = DeclareNoValue {
            measure: measure(),
            period: Some(period()),
            state: NoValue::AwaitingSource,
            expected_on: None,
            reason: None,
        };
        let fact = NoValueDeclared {
            measure: measure(),
            period: Some(period()),
            state: NoValue::AwaitingSource,
            expected_on: None,
            reason: None,
        };
        given([]).when(&command).then_recorded(fact.clone());
        given([fact.clone().into()]).when(&command).then_unchanged();
        given([submitted().into()]).when(&command).then_refused("figures_stand");
        command.state = NoValue::NotCollected;
        let again = NoValueDeclared { state: NoValue::NotCollected, ..fact.clone() };
        given([fact.into()]).when(&command).then_recorded(again);
    }
}
