//! A post does not accept the content, and says why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, Position, PostId};
use crate::period::Period;
use crate::reason::Reason;
use crate::text::Label;

/// The sign-off was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffRefused {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// At which stage of the framework's chain.
    pub stage: Label,
    /// The post that refuses.
    pub post: PostId,
    /// The content that was shown.
    pub content_from: Position,
    /// Why.
    pub reason: Reason,
}
