//! An area is called otherwise from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::FrameworkId;
use crate::reason::Reason;
use crate::text::{Label, Words};

/// The area was revised. What stands from here on stands here, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AreaRevised", title = "Revised")]
pub struct Revised {
    /// The framework it belongs to.
    pub framework: FrameworkId,
    /// The body's own code.
    pub code: Label,
    /// What it is called.
    pub title: Words,
    /// Why.
    pub reason: Reason,
}
