//! Take back figures, or the declaration that there are none.

use piperoll_events::ids::{MeasureId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::submission::Withdrawn;
use piperoll_events::{EntityRef, Period};

use super::{Content, Submission};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Withdraw what stands for one measure and period.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The measure.
    pub measure: MeasureId,
    /// The period; absent: the declaration about the measure as a whole.
    pub period: Option<Period>,
    /// Why.
    pub reason: Reason,
}

impl Command for Withdraw {
    const NAME: &'static str = "submission.withdraw";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, self.period).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let content_from = match submission.content {
            Content::None => return Err(Rejection::Missing("a figure for this period")),
            Content::Figures(from) | Content::NoValue(from, _) => from,
        };
        Ok(Decision::record(Withdrawn {
            measure: self.measure,
            period: self.period,
            content_from,
            reason: self.reason.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{measure, period, submitted};
    use piperoll_events::Position;
    use piperoll_events::reason::ReasonCode;

    #[test]
    fn what_stands_can_be_withdrawn_once() {
        let reason = Reason { code: ReasonCode::Duplicate, text: None };
        let withdraw =
            Withdraw { measure: measure(), period: Some(period()), reason: reason.clone() };
        let fact = Withdrawn {
            measure: measure(),
            period: Some(period()),
            content_from: Position(1),
            reason,
        };
        given([]).when(&withdraw).then_refused("missing");
        given([submitted().into()]).when(&withdraw).then_recorded(fact.clone());
        given([submitted().into(), fact.into()]).when(&withdraw).then_refused("missing");
    }
}
