//! A body's record begins: the first event of every ledger.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::LedgerName;
use crate::text::{Digest, Words};

/// The ledger was created; until it opens, history is asserted into it from files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The word that subjects and addresses use.
    pub name: LedgerName,
    /// The body's name.
    pub title: Words,
    /// What kind of body.
    pub body_kind: BodyKind,
    /// Whether the body exists.
    pub reality: Reality,
    /// SHA-256 of the plan that the ledger is moved in by: the plan, its mappings and its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_digest: Option<Digest>,
}

/// What kind of body keeps the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// A local authority.
    Council,
    /// A public services board or another partnership.
    Partnership,
    /// A publisher of figures about others.
    Publisher,
}

/// Whether a body exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reality {
    /// A real body's figures.
    Real,
    /// Invented, to show how it works.
    Illustrative,
}
