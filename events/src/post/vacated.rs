//! A person holds a post no longer.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::ActorId;
use crate::reason::Reason;

/// Somebody holds the post no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vacated {
    /// Who.
    pub holder: ActorId,
    /// The first day on which they no longer hold it. Their first day itself: they never took it up.
    pub on: NaiveDate,
    /// Why.
    pub reason: Reason,
}
