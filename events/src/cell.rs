//! Cells: one figure of a submission, with what stands beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breakdown::Breakdown;
use crate::quantity::Quantity;
use crate::text::Label;

/// One figure. The headline is the cell with the empty breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Which part of the population.
    #[serde(default, skip_serializing_if = "Breakdown::is_headline")]
    pub breakdown: Breakdown,
    /// The figure, in the unit of the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// What was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<Quantity>,
    /// Out of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Quantity>,
    /// How settled the figure is; absent where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FigureStatus>,
    /// The status in the source's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_as_reported: Option<Label>,
    /// What looked odd and was let through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub oddities: Vec<Oddity>,
}

/// How settled a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureStatus {
    /// Expected to change.
    Provisional,
    /// Closed.
    Final,
    /// Estimated.
    Estimate,
}

/// Something about a figure that made the check ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// About ten times, or a tenth of, the figure before.
    TenTimes,
    /// About a hundred times, or a hundredth of, the figure before.
    HundredTimes,
    /// A percentage above one hundred.
    OverHundredPercent,
    /// The numerator is greater than the denominator.
    NumeratorOverDenominator,
    /// Nought after figures that were not.
    ZeroAfterNonZero,
    /// The same figure as the period before.
    SameAsLastPeriod,
    /// The cells don't add up to the total.
    CellsUnlikeTotal,
}

impl Cell {
    /// A cell with a figure and nothing beside it.
    #[must_use]
    pub fn of(breakdown: Breakdown, value: Quantity) -> Self {
        Self {
            breakdown,
            value: Some(value),
            numerator: None,
            denominator: None,
            status: None,
            status_as_reported: None,
            oddities: Vec::new(),
        }
    }

    /// Whether the cell says anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.numerator.is_none() && self.denominator.is_none()
    }
}
