//! Take a signature back.

use piperoll_events::ids::{MeasureId, PostId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::submission::SignOffWithdrawn;
use piperoll_events::{EntityRef, Period, Position};

use super::Submission;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Withdraw a sign-off that this post gave.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawSignOff {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    pub period: Option<Period>,
    /// The post that gave it.
    pub post: PostId,
    /// Where it was given.
    pub signed_at: Position,
    /// Why.
    pub reason: Reason,
}

impl Command for WithdrawSignOff {
    const NAME: &'static str = "submission.withdraw_sign_off";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, self.period).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let mut given = submission.signatures.iter();
        let given = given.find(|it| it.position == self.signed_at && it.post == self.post);
        let signature = given.ok_or(Rejection::NotSigned)?;
        Ok(Decision::record(SignOffWithdrawn {
            measure: self.measure,
            period: self.period,
            stage: signature.stage.clone(),
            post: self.post,
            signed_at: self.signed_at,
            reason: self.reason.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::reason;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{measure, period, submitted};
    use piperoll_events::submission::SignedOff;

    #[test]
    fn a_signature_is_taken_back_by_the_post_that_gave_it_once() {
        let post = PostId::derived(&["steward"]);
        let signed = SignedOff {
            measure: measure(),
            period: Some(period()),
            stage: "verified".parse().unwrap(),
            scope: Vec::new(),
            post,
            covers: Vec::new(),
            rating: None,
            statement: None,
        };
        let withdraw = |post| WithdrawSignOff {
            measure: measure(),
            period: Some(period()),
            post,
            signed_at: Position(2),
            reason: reason(),
        };
        let withdrawn = SignOffWithdrawn {
            measure: measure(),
            period: Some(period()),
            stage: "verified".parse().unwrap(),
            post,
            signed_at: Position(2),
            reason: reason(),
        };
        let history = [submitted().into(), signed.into()];
        given(history.clone()).when(&withdraw(post)).then_recorded(withdrawn.clone());
        let other = PostId::derived(&["other"]);
        given(history.clone()).when(&withdraw(other)).then_refused("not_signed");
        let [submitted, signed] = history;
        let twice = [submitted, signed, withdrawn.into()];
        given(twice).when(&withdraw(post)).then_refused("not_signed");
    }
}
