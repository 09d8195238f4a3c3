//! What the record said of a target was wrong, and is put right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Position;
use crate::reason::{Authority, Reason};
use crate::target::{Target, TargetKey};

/// The target was corrected: the record was wrong, what was aimed at was not. No change of policy, so
/// nothing is made easier or harder by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCorrected {
    /// Which target.
    pub key: TargetKey,
    /// Where the wrong version was recorded.
    pub corrects: Position,
    /// What the record said.
    pub old: Target,
    /// What it should have said.
    pub new: Target,
    /// How it came to be wrong.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
