//! A post accepts exact content at one stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MeasureId, PostId};
use crate::period::Period;
use crate::sign_off::{Covered, SignedScope};
use crate::text::{Label, Prose};

/// The submission was signed off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedOff {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// At which stage of the framework's chain.
    pub stage: Label,
    /// What the stage covers.
    #[schemars(length(min = 1, max = 3))]
    pub scope: Vec<SignedScope>,
    /// The post that signs.
    pub post: PostId,
    /// Every version that was shown and is covered.
    #[schemars(length(min = 1, max = 64))]
    pub covers: Vec<Covered>,
    /// The level that was shown, where figures are rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Label>,
    /// What the signer says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Prose>,
}
