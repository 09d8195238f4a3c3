//! A measure is no longer measured.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};

/// The measure was retired. What was recorded of it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MeasureRetired", title = "Retired")]
pub struct Retired {
    /// The first day on which it is no longer measured.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
