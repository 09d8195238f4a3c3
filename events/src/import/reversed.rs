//! What a file recorded was undone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// The file's changes were undone, each by an event that names this import as its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reversed {
    /// Why.
    pub reason: Reason,
    /// Events that undid something.
    pub events: u64,
}
