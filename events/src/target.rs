//! Targets: what is aimed at, for whom and when, and in which shape.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breakdown::Breakdown;
use crate::period::Period;
use crate::quantity::Quantity;
use crate::text::{Label, Prose};

/// Which target of a measure: two targets with one key are versions of each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetKey {
    /// The span that the target is for.
    pub period: Period,
    /// Which part of the population.
    #[serde(default, skip_serializing_if = "Breakdown::is_headline")]
    pub breakdown: Breakdown,
    /// How ambitious.
    #[serde(default)]
    pub tier: Tier,
}

/// How ambitious a target is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The one that ratings use.
    #[default]
    Expected,
    /// The least.
    Minimum,
    /// More than expected.
    Stretch,
}

/// A target as it stands from one event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How the value spreads over the span.
    pub shape: TargetShape,
    /// The value; absent where the target is words alone or a profile's points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The points of a path, by period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 366))]
    pub points: Vec<Point>,
    /// The rule or the words that the value was resolved from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Label>,
}

/// The case for a target: what a committee is told when it is asked to agree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCase {
    /// What the value rests on: a trend, a benchmark, a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Prose>,
    /// Why this value and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<Prose>,
    /// What is going to be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_steps: Option<Prose>,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
}

/// How a target's value spreads over its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetShape {
    /// One value for every period within the span.
    Standing,
    /// A path of points; steps between them are no change.
    Profile,
    /// One value for the span as a whole.
    Point,
    /// A value for the end of the span, with a path.
    LongTerm,
}

/// A value aimed at, or a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The value, or the lower end of a band.
    pub at: Quantity,
    /// The upper end of a band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Quantity>,
}

/// One point of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// For which period.
    pub period: Period,
    /// What is aimed at then.
    pub level: Level,
}

impl Target {
    /// What a figure for `period` is held against, when the target's own span is `span`: the level
    /// for the period, else the target's own, else the last point of its path.
    #[must_use]
    pub fn level_about(&self, span: Period, period: Period) -> Option<Level> {
        let last = || self.points.iter().max_by_key(|point| point.period.days().1);
        self.level_for(span, period).or(self.level).or_else(|| last().map(|point| point.level))
    }

    /// One value for every period within the span.
    #[must_use]
    pub fn standing(at: Quantity) -> Self {
        Self {
            shape: TargetShape::Standing,
            level: Some(Level { at, to: None }),
            points: Vec::new(),
            words: None,
        }
    }

    /// What is aimed at for `period`, when the target's own span is `span`.
    #[must_use]
    pub fn level_for(&self, span: Period, period: Period) -> Option<Level> {
        if let Some(point) = self.points.iter().find(|point| point.period == period) {
            return Some(point.level);
        }
        match self.shape {
            TargetShape::Standing if span.contains(period) => self.level,
            TargetShape::Standing | TargetShape::Profile => None,
            TargetShape::Point | TargetShape::LongTerm => self.level.filter(|_| span == period),
        }
    }
}
