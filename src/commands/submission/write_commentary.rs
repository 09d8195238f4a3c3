//! Explain the figures that stand.

use piperoll_events::ids::{MeasureId, SubmissionId};
use piperoll_events::submission::CommentaryWritten;
use piperoll_events::{EntityRef, Period};

use super::Submission;
use crate::commands::{Command, Decision, Ground, Rejection, SealedWords};

/// Write commentary, or take it back.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteCommentary {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The words; absent: none stand any more.
    pub text: Option<SealedWords>,
}

impl Command for WriteCommentary {
    const NAME: &'static str = "submission.write_commentary";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, Some(self.period)).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let content_from = submission.figures_from(None)?;
        if self.text.is_none() && submission.commentary.is_none() {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(CommentaryWritten {
            measure: self.measure,
            period: self.period,
            content_from,
            explains: submission.figures_at.unwrap_or(content_from),
            text: self.text.as_ref().map(|words| words.sealed.clone()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{cell, measure, period, submitted};
    use piperoll_events::Position;
    use piperoll_events::ids::TextKeyId;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::submission::Revised;
    use piperoll_events::text::{Digest, SealedText};

    #[test]
    fn words_belong_to_the_version_of_the_figures_that_stands() {
        let sealed = SealedText {
            key_id: TextKeyId::derived(&["k"]),
            nonce: "AAAAAAAAAAAAAAAA".to_owned(),
            ciphertext: "AAAA".to_owned(),
            commitment: Digest::new([3; 32]),
        };
        let words = SealedWords { sealed: sealed.clone(), digest: Digest::new([4; 32]) };
        let write = |text| WriteCommentary { measure: measure(), period: period(), text };
        let revised = Revised {
            measure: measure(),
            period: period(),
            content_from: Position(1),
            changed: vec![cell("", "97.9")],
            removed: Vec::new(),
            rating_as_reported: None,
            reason: Reason { code: ReasonCode::LateData, text: None },
        };
        let fact = CommentaryWritten {
            measure: measure(),
            period: period(),
            content_from: Position(1),
            explains: Position(2),
            text: Some(sealed),
        };
        given([]).when(&write(Some(words.clone()))).then_refused("missing");
        given([submitted().into(), revised.into()]).when(&write(Some(words))).then_recorded(fact);
        given([submitted().into()]).when(&write(None)).then_unchanged();
    }
}
