//! All of a file of changes is in force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::text::Digest;

/// The framework was amended: what [`AmendmentBegun`](super::AmendmentBegun) announced is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amended {
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
