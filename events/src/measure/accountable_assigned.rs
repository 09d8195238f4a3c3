//! A post answers for performance.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PostId;
use crate::reason::{Authority, Reason};

/// A post was made accountable for the measure, beside any others. One that is so already is so from this
/// day instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountableAssigned {
    /// Which post.
    pub post: PostId,
    /// The first day.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
