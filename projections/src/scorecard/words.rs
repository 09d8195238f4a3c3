//! The words that tables keep as small numbers.
//!
//! **Invariant:** a number that was ever written is never given another word.

use schemars::JsonSchema;
use serde::Serialize;

use crate::runtime::numbered::numbered;

/// What a submission holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Figures, the headline among them.
    Value,
    /// A declaration that there is none.
    NoValue,
    /// Nothing any more.
    Withdrawn,
    /// No headline: figures by breakdown alone, or a rating or words that outlived the figures.
    NoHeadline,
}

/// What happened to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Figures where there were none.
    Submitted,
    /// Some figures changed.
    Revised,
    /// The content was taken back.
    Withdrawn,
    /// It was declared that there is no figure.
    NoValueDeclared,
    /// Words were written.
    CommentaryWritten,
}

/// What happened to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetHappened {
    /// Set where there was none.
    Set,
    /// Another value.
    Changed,
    /// The record of it was wrong.
    Corrected,
    /// Taken away.
    Withdrawn,
}

/// Where a measure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Under an objective.
    Objective,
    /// Under a step.
    Step,
    /// In an area.
    Area,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// About to be applied.
    Received,
    /// All of it is recorded.
    Applied,
    /// Given up halfway.
    Rejected,
    /// Undone.
    Reversed,
}

/// How far the application of a file of changes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentState {
    /// Being applied.
    Begun,
    /// All of it is in force.
    Ended,
    /// Given up halfway.
    GivenUp,
}

/// A part of a framework, the framework itself among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StructureKind {
    /// The framework.
    Framework,
    /// An objective.
    Objective,
    /// A step.
    Step,
    /// An area.
    Area,
}

/// Which way is better, without the ends of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolarityKind {
    Higher,
    Lower,
    Goldilocks,
    None,
}

numbered! {
    State { Value = 1, NoValue = 2, Withdrawn = 3, NoHeadline = 4 }
    Happened { Submitted = 1, Revised = 2, Withdrawn = 3, NoValueDeclared = 4, CommentaryWritten = 5 }
    TargetHappened { Set = 1, Changed = 2, Withdrawn = 3, Corrected = 4 }
    PlaceKind { Objective = 1, Step = 2, Area = 3 }
    ImportState { Received = 1, Applied = 2, Rejected = 3, Reversed = 4 }
    AmendmentState { Begun = 1, Ended = 2, GivenUp = 3 }
    StructureKind { Framework = 1, Objective = 2, Step = 3, Area = 4 }
    PolarityKind { Higher = 1, Lower = 2, Goldilocks = 3, None = 4 }
}
