//! A measure as it stands from here on, without its definition, its targets and its figures.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::structure::{PartId, PartKind};
use super::{MeasureNamed, Recording};
use crate::comparability::Comparability;
use crate::ids::{FrameworkId, MeasureId, PostId};
use crate::measure::adopted::{MeasureLevel, Subject, Treatment};
use crate::measure::duty_ended::Duty;
use crate::text::Words;

/// A measure, whole. Put it in the place of what is held under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// The framework that it belongs to.
    pub framework: FrameworkId,
    /// Every code in force, the first scheme first.
    pub codes: Vec<CodeHeld>,
    /// What is done with its figures.
    pub treatment: Treatment,
    /// Who looks at it.
    pub level: MeasureLevel,
    /// Whether it is about a population or about a service.
    pub measures: Subject,
    /// Where it is shown.
    pub places: Vec<PlaceHeld>,
    /// Who answers for it: posts and organisations, never persons.
    pub owners: Vec<Owner>,
    /// Its end, where it is measured no longer or another takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<MeasureEnded>,
    /// How it came to be recorded.
    pub recorded: Recording,
}

/// A code in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeHeld {
    /// Whose code.
    pub scheme: String,
    /// The code.
    pub code: String,
    /// The first day that it is used, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
}

/// A place of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceHeld {
    /// What kind of part.
    pub part: PartKind,
    /// Which one.
    pub id: PartId,
}

/// A duty towards a measure, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Which duty.
    pub duty: Duty,
    /// The post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// What the post is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Words>,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The first day after, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// The end of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureEnded {
    /// The first day on which it is measured no longer.
    pub from: NaiveDate,
    /// The measure that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<MeasureId>,
    /// Whether figures of the two can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparability: Option<Comparability>,
}
