//! A person holds a post from a day on.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::ActorId;
use crate::reason::Reason;

/// Somebody holds the post. Others may hold it at the same time; all of them are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Who: never the name, which lives in the vault.
    pub holder: ActorId,
    /// On what basis.
    pub basis: Basis,
    /// The first day.
    pub from: NaiveDate,
    /// The first day after, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: Reason,
}

/// On what basis a post is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As one's own.
    Substantive,
    /// In place of whoever holds it or will hold it.
    Acting,
}
