//! Moving in is over: what stands before is the prologue, what follows is witnessed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The ledger was opened. From here on an event is known when it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Events of the prologue that assert something, counted by who opened it.
    pub asserted: u64,
}
