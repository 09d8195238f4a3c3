//! A framework has other words for how it is doing from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rating::{RatingRule, Scale};
use crate::reason::{Authority, Reason};

/// The scale was set, with the rule that speaks in its levels: neither means anything without the
/// other. What was rated before is not rated again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleSet {
    /// The scale.
    pub scale: Scale,
    /// When a figure has which level; absent: figures are not rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_rule: Option<RatingRule>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
