//! Figures are submitted where there were none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::ids::MeasureId;
use crate::period::Period;
use crate::text::{Label, SealedText};

/// The submission was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submitted {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The figures; each breakdown once.
    #[schemars(length(min = 1))]
    pub cells: Vec<Cell>,
    /// The publisher's own rating, kept beside ours and never used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_as_reported: Option<Label>,
    /// What the submitter says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commentary: Option<SealedText>,
}
