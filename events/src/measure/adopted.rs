//! A measure joins a framework, with all that is agreed of it at first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::definition::Definition;
use crate::ids::FrameworkId;
use crate::measure::baseline_set::Baseline;
use crate::measure::code_assigned::Code;
use crate::measure::placed::Place;
use crate::reason::{Authority, Reason};
use crate::target::{Target, TargetKey};
use crate::text::Words;

/// The measure was adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// The framework it belongs to.
    pub framework: FrameworkId,
    /// What it is called.
    pub title: Words,
    /// What is done with its figures.
    pub treatment: Treatment,
    /// Who looks at it.
    pub level: MeasureLevel,
    /// Whether it is about a population or about a service.
    pub measures: Subject,
    /// What it means.
    pub definition: Definition,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub codes: Vec<Code>,
    /// Where it starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// What it aims at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub targets: Vec<FirstTarget>,
    /// Where it is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub places: Vec<Place>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// A target that a measure is adopted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstTarget {
    /// Which target.
    pub key: TargetKey,
    /// What is aimed at.
    pub target: Target,
}

/// What is done with a measure's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Rated against a target.
    Targeted,
    /// Shown beside others, to understand them.
    Contextual,
    /// Watched without a target.
    Tracker,
    /// Counted.
    Volumetric,
}

/// Who looks at a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureLevel {
    /// Members and the public.
    Strategic,
    /// Services.
    Operational,
}

/// What a measure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A whole population; nobody alone answers for it.
    PopulationIndicator,
    /// A service; somebody answers for it.
    PerformanceMeasure,
}
