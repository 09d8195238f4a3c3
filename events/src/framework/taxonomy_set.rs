//! A framework has a list of its own: goals, ways of working, principles, workstreams.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::taxonomy::Taxonomy;

/// A taxonomy was set, whole. It takes the place of the one with the same code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxonomySet {
    /// The list.
    pub taxonomy: Taxonomy,
    /// Why.
    pub reason: Reason,
}
