//! A post is there, whoever holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::{Label, Words};

/// The post was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// What it is called.
    pub title: Words,
    /// Whose it is.
    pub kind: PostKind,
    /// The organisation it belongs to; absent: the body whose ledger this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Label>,
    /// Why.
    pub reason: Reason,
}

/// What sort of post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// Of somebody employed.
    Officer,
    /// Of somebody elected or appointed.
    Member,
    /// A seat on a body.
    BodySeat,
}
