//! What a measure's figures mean from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasureNamed, Recording};
use crate::comparability::DefinitionChange;
use crate::definition::Definition;

/// A definition, whole. Put it in the place of what is held under the measure's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// The definition.
    pub definition: Definition,
    /// What it does to figures, against the one before; absent: it is the first, or nobody worked it
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<DefinitionChange>,
    /// How it came to be recorded.
    pub recorded: Recording,
}
