//! A signature is taken back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, Position, PostId};
use crate::period::Period;
use crate::reason::Reason;
use crate::text::Label;

/// The sign-off was withdrawn by the post that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffWithdrawn {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// At which stage it was given.
    pub stage: Label,
    /// The post that gave it.
    pub post: PostId,
    /// Where it was given.
    pub signed_at: Position,
    /// Why.
    pub reason: Reason,
}
