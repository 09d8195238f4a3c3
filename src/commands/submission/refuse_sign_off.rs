//! Say that content is not accepted, and why.

use piperoll_events::ids::{FrameworkId, MeasureId, PostId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::submission::SignOffRefused;
use piperoll_events::text::Label;
use piperoll_events::{EntityRef, Period, Position};

use super::Submission;
use crate::commands::framework::Framework;
use crate::commands::{Command, Decision, Ground, Rejection, Witness};

/// Refuse to sign a submission off.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseSignOff {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    pub period: Option<Period>,
    /// The framework, whose chain has the stage.
    pub framework: FrameworkId,
    /// At which stage.
    pub stage: Label,
    /// The post that refuses.
    pub post: PostId,
    /// The content that was shown.
    pub content_from: Position,
    /// Why.
    pub reason: Reason,
}

impl Command for RefuseSignOff {
    const NAME: &'static str = "submission.refuse_sign_off";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, self.period).into()
    }

    fn relies_on(&self, _: &Submission) -> Vec<EntityRef> {
        vec![self.framework.into()]
    }

    fn decide(&self, submission: &Submission, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        match submission.content_from() {
            None => return Err(Rejection::Missing("content to be signed")),
            Some(from) if from != self.content_from => return Err(Rejection::OtherContent),
            Some(_) => {}
        }
        match ground.find::<Framework>(self.framework) {
            Some(framework) => framework.stage(&self.stage).map(drop)?,
            None if ground.witness == Witness::Elsewhere => {}
            None => return Err(Rejection::Missing("the framework")),
        }
        Ok(Decision::record(SignOffRefused {
            measure: self.measure,
            period: self.period,
            stage: self.stage.clone(),
            post: self.post,
            content_from: self.content_from,
            reason: self.reason.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, chain};
    use crate::commands::measure::examples::reason;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{measure, period, submitted};
    use piperoll_events::framework::SignOffChainSet;

    #[test]
    fn a_refusal_names_the_content_that_was_shown_and_a_stage_of_the_chain() {
        let framework = FrameworkId::derived(&["f"]);
        let set = SignOffChainSet { chain: chain(), reason: reason(), authority: None };
        let chain = [adopted().into(), set.into()];
        let mut refuse = RefuseSignOff {
            measure: measure(),
            period: Some(period()),
            framework,
            stage: "verified".parse().unwrap(),
            post: PostId::derived(&["steward"]),
            content_from: Position(1),
            reason: reason(),
        };
        let given = || given([submitted().into()]).beside(framework, chain.clone());
        given().when(&refuse).then_recorded(SignOffRefused {
            measure: measure(),
            period: Some(period()),
            stage: refuse.stage.clone(),
            post: refuse.post,
            content_from: Position(1),
            reason: reason(),
        });
        refuse.content_from = Position(9);
        given().when(&refuse).then_refused("other_content");
        refuse.content_from = Position(1);
        refuse.stage = "sealed".parse().unwrap();
        given().when(&refuse).then_refused("no_such_stage");
    }
}
