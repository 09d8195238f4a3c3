//! A source says that progress should be counted from another value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::baseline_set::Baseline;
use crate::reason::Reason;
use crate::text::Label;

/// A baseline was proposed. What was agreed stands until a baseline is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineProposed {
    /// The value and its period.
    pub baseline: Baseline,
    /// Who proposes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// Why.
    pub reason: Reason,
}
