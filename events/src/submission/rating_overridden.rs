//! Somebody says that the figure is doing otherwise than the rule makes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, Position};
use crate::period::Period;
use crate::reason::{Authority, Reason};
use crate::text::Label;

/// The rating was overridden. It ends with its inputs: readers use it as long as every one of them is
/// in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingOverridden {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// What the rule makes it; absent: no level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Label>,
    /// What it is said to be, a level of the framework's scale.
    pub stated: Label,
    /// The versions that the rule was applied to: value, target, definition, rule.
    #[schemars(length(min = 1, max = 16))]
    pub inputs: Vec<Position>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
