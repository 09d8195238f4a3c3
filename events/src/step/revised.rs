//! A step is planned otherwise from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::added::StepLevel;
use crate::ids::{FrameworkId, ObjectiveId};
use crate::reason::Reason;
use crate::text::{Label, Words};

/// The step was revised: its code, its words, its lead, or the objective it serves. What stands from
/// here on stands here, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StepRevised", title = "Revised")]
pub struct Revised {
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
