//! What a measure has to do with one of its framework's lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::Label;

/// The measure was tagged: all its tags of one taxonomy, in the place of those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tagged {
    /// The taxonomy's code.
    pub taxonomy: Label,
    /// The codes of its terms; empty: none any more.
    #[schemars(length(max = 200))]
    pub codes: Vec<Label>,
    /// Why.
    pub reason: Reason,
}
