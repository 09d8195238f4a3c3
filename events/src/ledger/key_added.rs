//! A writer's key is announced, so that its signatures can be checked from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Label;

/// A key was added. It signs from the event after this one; the first key signs its own
/// announcement and the ledger's creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyAdded {
    /// The name that `Piperoll-Signature` bears.
    pub key_id: Label,
    /// How it signs.
    pub algorithm: KeyAlgorithm,
    /// The public half, base64.
    #[schemars(length(max = 1000))]
    pub public_key: String,
}

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
}
