//! An objective joins a framework.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::FrameworkId;
use crate::reason::Reason;
use crate::text::{Label, Words};

/// The objective was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ObjectiveAdded", title = "Added")]
pub struct Added {
    /// The framework it belongs to.
    pub framework: FrameworkId,
    /// The body's own code.
    pub code: Label,
    /// What it is called.
    pub title: Words,
    /// Why.
    pub reason: Reason,
}
