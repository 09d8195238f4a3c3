//! A file of changes is about to be applied to a framework.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::text::Digest;

/// The application of a file began. All of it had been checked before. Until
/// [`Amended`](super::Amended) or [`AmendmentGivenUp`](super::AmendmentGivenUp) part of it may be in
/// force and part not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentBegun {
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// How many events it comes to, this one and the last one left out.
    pub changes: u64,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
