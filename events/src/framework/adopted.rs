//! A framework comes into force.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rating::{RatingRule, Scale};
use crate::reason::{Authority, Reason};
use crate::text::Words;

/// The framework was adopted, with its scale and its rating rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// What it is called.
    pub title: Words,
    /// The first day it applies to.
    pub from: NaiveDate,
    /// The last day, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The body's words for how it is doing; absent: figures are not rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// When a figure has which level; absent: figures are not rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_rule: Option<RatingRule>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
