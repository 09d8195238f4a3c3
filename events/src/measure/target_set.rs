//! A target is set where there was none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::target::{Target, TargetCase, TargetKey};

/// The target was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSet {
    /// Which target.
    pub key: TargetKey,
    /// What is aimed at.
    pub target: Target,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// The case that was made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<TargetCase>,
}
