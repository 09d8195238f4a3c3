//! A framework rates its figures by another rule from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rating::RatingRule;
use crate::reason::{Authority, Reason};

/// The rating rule was set. What was rated before is not rated again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingRuleSet {
    /// The rule.
    pub rule: RatingRule,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
