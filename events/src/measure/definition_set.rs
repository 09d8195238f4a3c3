//! A measure's definition as it stands from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::comparability::DefinitionChange;
use crate::definition::Definition;
use crate::reason::{Authority, Reason};

/// The definition was set, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionSet {
    /// All of it, not only what changed.
    pub definition: Definition,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// What it does to figures, against the definition before; absent where it was not worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<DefinitionChange>,
}
