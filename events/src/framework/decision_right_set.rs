//! A framework says who may decide a change from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision_right::DecisionRight;
use crate::reason::{Authority, Reason};

/// A row of the table of decision rights was set, or taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRightSet {
    /// The row.
    pub right: DecisionRight,
    /// Whether it counts from here on.
    #[serde(default, skip_serializing_if = "RightState::is_in_force")]
    pub state: RightState,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// Whether a row counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightState {
    /// It does.
    #[default]
    InForce,
    /// Not any more.
    Withdrawn,
}

impl RightState {
    /// Whether the row counts.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        matches!(self, Self::InForce)
    }
}
