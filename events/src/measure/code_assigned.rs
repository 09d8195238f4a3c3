//! What people call a measure changes; the measure does not.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::Label;

/// A code was assigned. It takes the place of the measure's code in the same scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAssigned {
    /// The code.
    pub code: Code,
    /// Why.
    pub reason: Reason,
}

/// A code of a measure: an alias with dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Whose code: `local`, `benchmark`.
    pub scheme: Label,
    /// The code.
    pub code: Label,
    /// The first day it is used, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
}
