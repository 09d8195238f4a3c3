//! What one post may do, another does for a time.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PostId;
use crate::reason::Reason;

/// The post's work was delegated. The post goes on answering for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegated {
    /// To which post.
    pub to: PostId,
    /// The first day.
    pub from: NaiveDate,
    /// The first day after, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: Reason,
}
