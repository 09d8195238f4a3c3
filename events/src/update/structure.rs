//! A part of a framework, or a post: as it stands from here on.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Recording;
use crate::ids::FrameworkId;
use crate::text::{Label, Words};

/// One part of the structure. Put it in the place of what is held under `part` and `id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StructureUpdate {
    /// What kind of part.
    pub part: PartKind,
    /// Which one.
    pub id: PartId,
    /// The framework that it belongs to; absent for a post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<FrameworkId>,
    /// The objective that a step serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<PartId>,
    /// The body's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it is called.
    pub title: Words,
    /// The organisation or post that leads a step; the organisation that a post belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Label>,
    /// The first day that a framework applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last; of another part that ended, the last day that it counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Whether it still counts.
    pub state: PartState,
    /// How it came to be recorded.
    pub recorded: Recording,
}

/// What kind of part.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A framework.
    Framework,
    /// A top outcome.
    Objective,
    /// A planned action.
    Step,
    /// A group of a scorecard.
    Area,
    /// A post, whoever holds it.
    Post,
}

impl PartKind {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Framework => "framework",
            Self::Objective => "objective",
            Self::Step => "step",
            Self::Area => "area",
            Self::Post => "post",
        }
    }
}

/// Whether a part still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// It does.
    InForce,
    /// Not any more; what was recorded under it stands.
    Ended,
}

/// The id of a part, whatever kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartId(#[serde(with = "uuid::serde::simple")] Uuid);

impl PartId {
    /// Wraps the bare UUID.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The bare UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl JsonSchema for PartId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PartId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{32}$"})
    }
}
