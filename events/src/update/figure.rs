//! One figure, or that there is none.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasureNamed, PeriodNamed, Recording};
use crate::breakdown::Breakdown;
use crate::cell::FigureStatus;
use crate::quantity::Quantity;
use crate::submission::no_value_declared::NoValue;

/// One cell. Put it in the place of what is held under measure, period and breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// What the figure is about; absent: the measure as a whole, where it is declared that it has
    /// no figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodNamed>,
    /// Which part of the population; empty: all of it.
    pub breakdown: Breakdown,
    /// Whether the figure is in force.
    pub state: FigureStanding,
    /// The figure, in the unit below: all the digits held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// What was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<Quantity>,
    /// Out of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Quantity>,
    /// The unit, by the definition in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Decimals of the published figure, by the definition in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// How settled it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FigureStatus>,
    /// The status in the source's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_as_reported: Option<String>,
    /// Why there is no figure, where that was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<NoValue>,
    /// When one is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<NaiveDate>,
    /// How it came to be recorded.
    pub recorded: Recording,
}

/// Whether a figure is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureStanding {
    /// It is.
    InForce,
    /// It was declared that there is none: a state, not a nought.
    NoValue,
    /// It is held no more: taken back, or the cell was removed. Delete the row.
    Gone,
}
