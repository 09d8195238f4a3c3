//! An area leaves the scorecard.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// The area was retired. What was recorded in it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AreaRetired", title = "Retired")]
pub struct Retired {
    /// The first day on which it is no longer part of the framework.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
}
