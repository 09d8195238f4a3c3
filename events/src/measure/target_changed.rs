//! Something else is aimed at from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::target::{Target, TargetCase, TargetKey};

/// The target was changed. Both versions stand here, so that a consumer needs no history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetChanged {
    /// Which target.
    pub key: TargetKey,
    /// What was aimed at.
    pub old: Target,
    /// What is aimed at.
    pub new: Target,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// The case that was made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<TargetCase>,
}
