//! An organisation contributes to a measure.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PostId;
use crate::reason::Reason;
use crate::text::Label;

/// An organisation was named as a contributor, beside any others. One that is named already contributes
/// from this day instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContributorAssigned {
    /// Which organisation.
    pub organisation: Label,
    /// The post of it that does so, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// The first day.
    pub from: NaiveDate,
    /// Why.
    pub reason: Reason,
}
