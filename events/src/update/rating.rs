//! How a figure is doing from here on, where that is another than it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasureNamed, PeriodNamed, Recording};
use crate::ids::Position;
use crate::quantity::Quantity;
use crate::rating::Track;
use crate::text::{Label, Words};

/// One rating. Put it in the place of what is held under measure and period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// What the figure is about.
    pub period: PeriodNamed,
    /// The rating.
    pub rating: Rated,
    /// What it was; absent: nothing was ever recorded for the period before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Rated>,
    /// By the rule, where somebody states otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Rated>,
    /// The headline figure as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Quantity>,
    /// The versions that it rests on.
    pub rests_on: RestsOn,
    /// How the event came to be recorded that this update is derived from.
    pub recorded: Recording,
}

/// A rating: a level of the body's own scale, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rated {
    /// Whether there is a level, and why not.
    pub kind: RatedKind,
    /// The level's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Label>,
    /// The body's words for the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// Whether the level counts as on track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
}

/// Whether there is a level, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatedKind {
    /// There is.
    Level,
    /// There is no figure.
    NoFigure,
    /// There is nothing to compare it with.
    NoTarget,
    /// Nobody said how figures are rated.
    NoRule,
    /// Neither way is better.
    NotComparable,
    /// Too little of the period is over.
    TooEarly,
    /// The measure is watched, not rated.
    Tracker,
    /// Rating is suspended.
    Suspended,
    /// The figure is kept back.
    Suppressed,
}

/// Where in the ledger the versions were recorded that a rating rests on; absent: there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestsOn {
    /// The figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Position>,
    /// The target that governs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Position>,
    /// What the figure means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Position>,
    /// How figures are rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Position>,
    /// Where somebody stated it, while that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<Position>,
}
