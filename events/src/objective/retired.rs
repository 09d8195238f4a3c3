//! An objective is aimed at no longer.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// The objective was retired. What was recorded under it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ObjectiveRetired", title = "Retired")]
pub struct Retired {
    /// The first day on which it is no longer part of the framework.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
}
