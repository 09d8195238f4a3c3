//! Another measure takes the place of this one.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::comparability::Comparability;
use crate::ids::MeasureId;
use crate::reason::{Authority, Reason};

/// The measure was replaced. What was recorded of it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// By which measure.
    pub by: MeasureId,
    /// Whether figures of the two can be compared.
    pub comparability: Comparability,
    /// The first day on which the other counts.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
