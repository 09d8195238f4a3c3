//! Something else is done with a measure, or somebody else looks at it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::adopted::{MeasureLevel, Treatment};
use crate::reason::{Authority, Reason};

/// The measure was reclassified. What changed stands here with what it was; what did not is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reclassified {
    /// What is done with its figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
    /// What was done with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_treatment: Option<Treatment>,
    /// Who looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<MeasureLevel>,
    /// Who looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_level: Option<MeasureLevel>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
