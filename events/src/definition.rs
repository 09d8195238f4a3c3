//! Definitions: what a figure means, in which unit, and which way is better.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::{Period, PeriodType};
use crate::quantity::Quantity;
use crate::text::{Label, Prose};

/// A definition as it stands from one event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The unit of every figure: `%`, `days`, `£ per premises`. Absent where the source names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Label>,
    /// Which way is better.
    pub polarity: Polarity,
    /// Decimals of the published figure; absent where figures are published as they come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 12))]
    pub decimals: Option<u8>,
    /// How the figure is worked out, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<Prose>,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<Label>,
    /// Out of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Label>,
    /// What numerator over denominator is multiplied by to give the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Quantity>,
    /// Where the figures come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// The types of reference period that figures may have; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 11))]
    pub period_types: Vec<PeriodType>,
    /// How the figures of a year relate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<Aggregation>,
    /// The year whose prices figures are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_base: Option<Period>,
    /// From when the definition applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// Parts that no file states: they were asserted by the mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub asserted_by_mapping: Vec<AssertedPart>,
}

/// Which way is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Polarity {
    /// More is better.
    HigherIsBetter {},
    /// Less is better.
    LowerIsBetter {},
    /// Nearest to a point, or inside a band, is best.
    Goldilocks {
        /// The lower end of the band, or the point.
        low: Quantity,
        /// The upper end; equal to `low` for a point.
        high: Quantity,
    },
    /// Neither way is better: no rating, no worded direction.
    None {},
}

/// How figures of sub-periods add up to the year's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// State at the end of the period.
    Point,
    /// What happened in the period.
    Period,
    /// What happened since the year began.
    Cumulative,
    /// What happened in the last several periods.
    Rolling,
    /// The mean of several periods.
    Average,
}

/// A part of a definition that the files don't state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssertedPart {
    /// Which way is better.
    Polarity,
    /// The shape of targets.
    TargetShape,
    /// What the figures are about.
    Period,
    /// The unit.
    Unit,
}

impl Definition {
    /// A definition that states only which way is better.
    #[must_use]
    pub fn bare(polarity: Polarity) -> Self {
        Self {
            unit: None,
            polarity,
            decimals: None,
            formula: None,
            numerator: None,
            denominator: None,
            scale: None,
            source: None,
            period_types: Vec::new(),
            aggregation: None,
            price_base: None,
            effective_from: None,
            asserted_by_mapping: Vec::new(),
        }
    }
}
