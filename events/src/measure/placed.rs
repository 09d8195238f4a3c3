//! A measure is shown under an objective, a step or an area.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AreaId, ObjectiveId, StepId};
use crate::reason::Reason;

/// The measure was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placed {
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: Reason,
}

/// A place in a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Under an objective.
    Objective(ObjectiveId),
    /// Under a step.
    Step(StepId),
    /// In an area of the scorecard.
    Area(AreaId),
}
