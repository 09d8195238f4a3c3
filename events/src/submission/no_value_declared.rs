//! Somebody says that there is no figure. It is a state, not a nought.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::MeasureId;
use crate::period::Period;
use crate::reason::Reason;

/// It was declared that there is no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoValueDeclared {
    /// The measure.
    pub measure: MeasureId,
    /// What there is no figure for; absent: the measure has none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What is the matter.
    pub state: NoValue,
    /// When a figure is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<NaiveDate>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoValue {
    /// The source has not published it.
    AwaitingSource,
    /// It makes no sense for this period.
    NotApplicable,
    /// Nobody collects it.
    NotCollected,
    /// It is collected no more.
    Discontinued,
    /// The source keeps it back.
    SuppressedAtSource,
    /// It is there, and kept back until it is checked.
    WithheldPendingValidation,
}
