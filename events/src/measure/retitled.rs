//! A measure has another title; what it measures does not change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::Words;

/// The measure was given another title. Both stand here, so that a consumer needs no history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retitled {
    /// What it was called.
    pub old: Words,
    /// What it is called.
    pub new: Words,
    /// Why.
    pub reason: Reason,
}
