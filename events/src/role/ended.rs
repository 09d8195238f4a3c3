//! A person may use fewer doors from a day on.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// The role was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// The first day on which it no longer counts. Its first day itself: it never counted.
    pub on: NaiveDate,
    /// Why.
    pub reason: Reason,
}
