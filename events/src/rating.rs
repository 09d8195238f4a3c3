//! Scales and rating rules: a body's own words for how it is doing, and when each applies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::text::{Label, Words};

/// A body's own scale. The levels stand from best to worst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The levels, best first.
    #[schemars(length(min = 2, max = 12))]
    pub levels: Vec<ScaleLevel>,
}

/// One level of a scale: shown by word, shape and colour, never by colour alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleLevel {
    /// The code that ratings use: `green`.
    pub code: Label,
    /// The words shown.
    pub words: Words,
    /// The shape shown.
    pub shape: Shape,
    /// The colour, `#rrggbb`.
    #[schemars(regex(pattern = "^#[0-9a-f]{6}$"))]
    pub colour: Label,
    /// Whether a figure here is off track.
    pub track: Track,
}

/// The shapes that levels are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A filled circle.
    Circle,
    /// A triangle.
    Triangle,
    /// A square.
    Square,
    /// A diamond.
    Diamond,
    /// A star.
    Star,
}

/// Whether a level counts as on track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// As planned, or better.
    On,
    /// Near, and watched.
    AtRisk,
    /// Off track.
    Off,
}

/// When a figure has which level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingRule {
    /// The level of a figure that meets its target.
    pub met: Label,
    /// The level of a figure that misses its target within the tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<Label>,
    /// The level of any other figure.
    pub missed: Label,
    /// How far from the target `near` reaches; absent: no tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// Which figure is compared.
    pub compare: Compare,
    /// Whether the very end of the tolerance is still inside.
    pub ends: Ends,
}

/// How far from a target still counts as near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// A share of |target|: `0.05` for five per cent. With a target of nought only `absolute`
    /// counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Quantity>,
    /// A margin in the unit (percentage points where the unit is a percentage).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<Quantity>,
}

/// Which figure a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// All the digits held.
    Exact,
    /// Rounded to the definition's decimals, half away from nought.
    Published,
}

/// Whether the ends of a tolerance belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// They do.
    Inclusive,
    /// They don't.
    Exclusive,
}
