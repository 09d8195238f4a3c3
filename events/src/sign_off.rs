//! Sign-off: which stages a figure passes, and exactly what a signature covers.
//!
//! **Invariant:** a signature covers versions, each by its position and the digest of its body, within
//! the scope of its stage. That a later version lapses it is worked out by readers, never recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Position, PostId};
use crate::text::{Digest, Label, Words};

/// The stages that figures of a framework pass, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffChain {
    /// The stages.
    #[schemars(length(min = 1, max = 12))]
    pub stages: Vec<Stage>,
}

/// One stage of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What commands and events call it: `verified`.
    pub code: Label,
    /// What people call it.
    pub title: Words,
    /// What its signatures cover.
    #[schemars(length(min = 1, max = 3))]
    pub covers: Vec<SignedScope>,
    /// Who may sign.
    #[schemars(length(min = 1, max = 16))]
    pub signers: Vec<Signer>,
    /// How many of them it takes.
    pub mode: SigningMode,
}

/// What a signature covers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SignedScope {
    /// The value and the cells.
    Figures,
    /// The target, the definition and the rule, and the rating that follows.
    Judgement,
    /// The commentary.
    Words,
}

/// Who may sign a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Signer {
    /// Whoever holds a post.
    Post {
        /// The post.
        post: PostId,
    },
    /// Whoever holds the post that answers for the measure's performance.
    Accountable {},
    /// Whoever holds the post that answers for its figures.
    Steward {},
}

/// How many signatures a stage takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SigningMode {
    /// One.
    One {},
    /// One of each signer.
    All {},
    /// So many.
    AtLeast {
        /// How many.
        #[schemars(range(min = 1, max = 16))]
        signatures: u8,
    },
}

/// A version that a signature covers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    /// Where it was recorded.
    pub position: Position,
    /// SHA-256 of the body as it was published.
    pub digest: Digest,
}
