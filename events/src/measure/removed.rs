//! A measure is no longer shown under an objective, a step or an area.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::placed::Place;
use crate::reason::Reason;

/// The measure was taken from a place where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// From where.
    pub place: Place,
    /// Why.
    pub reason: Reason,
}
