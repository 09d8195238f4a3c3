//! All of a file is recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file was applied. Rows read = recorded + unchanged + declared + refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// What became of the rows.
    pub rows: RowCount,
    /// Events recorded.
    pub events: u64,
    /// Cells that the file no longer holds, withdrawn.
    pub withdrawn: u64,
}

/// What became of a file's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowCount {
    /// Rows under the heading.
    pub read: u64,
    /// Rows that changed something.
    pub recorded: u64,
    /// Rows that say what is held already.
    pub unchanged: u64,
    /// Rows that declare that there is no figure.
    pub declared: u64,
    /// Rows that the mapping leaves out: the other one of two with one key, another series.
    pub refused: u64,
}
