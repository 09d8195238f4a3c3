//! A framework is called otherwise, or applies to other days.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::text::Words;

/// The framework was revised: its title or its span. What stands from here on stands here, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FrameworkRevised", title = "Revised")]
pub struct Revised {
    /// What it is called.
    pub title: Words,
    /// The first day it applies to.
    pub from: NaiveDate,
    /// The last day, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
