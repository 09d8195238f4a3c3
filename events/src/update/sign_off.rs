//! One signature or refusal, and how it stands from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasureNamed, PeriodNamed, Recording};
use crate::ids::{Position, PostId};
use crate::sign_off::SignedScope;
use crate::text::{Label, Words};

/// One signature or refusal. Put it in the place of what is held under measure, period and `given_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// What the figures signed are about; absent: the measure as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodNamed>,
    /// Where in the ledger the signature or the refusal was given.
    pub given_at: Position,
    /// At which stage.
    pub stage: Label,
    /// What people call the stage; absent for one that the chain has no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_title: Option<Words>,
    /// The post; who held it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// What the post is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_title: Option<Words>,
    /// What the stage covers.
    pub scope: Vec<SignedScope>,
    /// The level that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// How it stands.
    pub state: SignOffState,
    /// Where in the ledger it was taken back, or what lapsed it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Position>,
    /// What lapsed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed_by: Option<Lapsing>,
    /// How the event came to be recorded that this update is derived from.
    pub recorded: Recording,
}

/// How a signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignOffState {
    /// Given, and it covers what stands.
    Current,
    /// Something within its scope is newer.
    Lapsed,
    /// It was taken back.
    Withdrawn,
    /// The post refused.
    Refused,
}

/// What lapses a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lapsing {
    /// The value and the cells.
    Figures,
    /// What they mean.
    Definition,
    /// What they are held against.
    Target,
    /// How they are rated.
    Rule,
    /// What is said of them.
    Words,
}
