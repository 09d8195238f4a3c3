//! A target as it stands from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MeasureNamed, PeriodNamed, Recording};
use crate::breakdown::Breakdown;
use crate::target::{Target, Tier};

/// One target. Put it in the place of what is held under measure, period, breakdown and tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetUpdate {
    /// The measure.
    pub measure: MeasureNamed,
    /// The span that the target is for.
    pub period: PeriodNamed,
    /// Which part of the population; empty: all of it.
    pub breakdown: Breakdown,
    /// How ambitious: ratings use `expected`.
    pub tier: Tier,
    /// Whether it is aimed at.
    pub state: TargetStanding,
    /// What is aimed at; absent where the target was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The unit, by the definition in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How it came to be recorded.
    pub recorded: Recording,
}

/// Whether a target is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStanding {
    /// It is.
    InForce,
    /// Not any more. Delete the row.
    Withdrawn,
}
