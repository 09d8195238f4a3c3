//! Somebody explains a figure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, Position};
use crate::period::Period;
use crate::text::SealedText;

/// Commentary was written. It belongs to the version of the figures that it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentaryWritten {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The event that the content began with.
    pub content_from: Position,
    /// The version of the figures that the words explain.
    pub explains: Position,
    /// The words; absent: none stand any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<SealedText>,
}
