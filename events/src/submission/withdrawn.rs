//! A submission's content, or the declaration that there is none, is taken back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, Position};
use crate::period::Period;
use crate::reason::Reason;

/// The submission was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures were about; absent: a declaration about the measure as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The event that the content began with.
    pub content_from: Position,
    /// Why.
    pub reason: Reason,
}
