//! A post or an organisation has a duty no longer.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PostId;
use crate::reason::Reason;
use crate::text::Label;

/// A duty was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyEnded {
    /// Which duty.
    pub duty: Duty,
    /// The post that had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// The organisation that contributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Label>,
    /// The first day on which it is no longer had. Its first day itself: it never was.
    pub on: NaiveDate,
    /// Why.
    pub reason: Reason,
}

/// A duty towards a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Answers for performance: has a post.
    Accountable,
    /// Answers for the figure: has a post.
    Steward,
    /// Contributes: has an organisation, and a post where one was named.
    Contributor,
}
