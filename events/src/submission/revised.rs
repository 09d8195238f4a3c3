//! Some figures of a submission change; the others stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breakdown::Breakdown;
use crate::cell::Cell;
use crate::ids::{MeasureId, Position};
use crate::period::Period;
use crate::reason::Reason;
use crate::text::Label;

/// The submission was revised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SubmissionRevised", title = "Revised")]
pub struct Revised {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The event that the content began with.
    pub content_from: Position,
    /// Cells that are new or say something else, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Cell>,
    /// Cells that are held no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Breakdown>,
    /// The publisher's own rating, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_as_reported: Option<ReportedRating>,
    /// Why.
    pub reason: Reason,
}

/// The publisher's own rating as it stands from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedRating {
    /// The rating; absent: none is reported any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Label>,
}
