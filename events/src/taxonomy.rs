//! Taxonomies: a body's own lists, such as well-being goals, ways of working or workstreams.
//!
//! **Invariant:** what a body calls its goals is data. No list of anybody's is a field of this format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Label, Words};

/// A list with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// What tags call it: `goals`.
    pub code: Label,
    /// What people call it.
    pub title: Words,
    /// What is on it, in order.
    #[schemars(length(min = 1, max = 200))]
    pub terms: Vec<Term>,
}

/// One word of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What tags call it.
    pub code: Label,
    /// What people call it.
    pub title: Words,
}
