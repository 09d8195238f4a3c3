//! A framework's figures pass these stages from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, Reason};
use crate::sign_off::SignOffChain;

/// The chain was set, whole. What was signed before stands under the chain of then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffChainSet {
    /// The stages.
    pub chain: SignOffChain,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}
