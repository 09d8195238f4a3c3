//! The application of a file of changes ends halfway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::text::Digest;

/// The application was given up. What it had recorded stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentGivenUp {
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// Why.
    pub reason: Reason,
}
