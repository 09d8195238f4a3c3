//! A file has passed its checks and is about to be applied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Digest, Label};

/// The file was received: every row was checked and none was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// The file's name, without folders.
    pub file_name: Label,
    /// SHA-256 of its bytes.
    pub file_digest: Digest,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the mapping it was read with.
    pub mapping_digest: Digest,
    /// Rows under the heading.
    pub rows: u64,
    /// The encoding it was read in.
    pub encoding: Label,
}
