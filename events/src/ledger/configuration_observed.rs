//! The stream differed from what a ledger needs, and somebody decided to go on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::Label;

/// A difference in the stream's configuration was seen and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationObserved {
    /// What differed, field by field.
    #[schemars(length(min = 1, max = 32))]
    pub differences: Vec<Difference>,
    /// Why writing may go on.
    pub reason: Reason,
}

/// One field that differed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The field.
    pub field: Label,
    /// What a ledger needs.
    pub expected: Label,
    /// What was found.
    pub found: Label,
}
