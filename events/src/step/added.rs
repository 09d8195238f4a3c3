//! A step is planned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{FrameworkId, ObjectiveId};
use crate::reason::Reason;
use crate::text::{Label, Words};

/// The step was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StepAdded", title = "Added")]
pub struct Added {
    /// The framework it belongs to.
    pub framework: FrameworkId,
    /// The objective it serves; absent: none, and the reason says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<ObjectiveId>,
    /// The body's own code.
    pub code: Label,
    /// What it is called.
    pub title: Words,
    /// Where it is done.
    pub level: StepLevel,
    /// The organisation or post that leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Label>,
    /// Why.
    pub reason: Reason,
}

/// Where a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepLevel {
    /// Across the whole area of the body.
    Regional,
    /// In one locality.
    Local,
}
