//! Why something was done, and on whose authority.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Label, Prose};

/// A reason: a code, with words where the writer has something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What kind of reason.
    pub code: ReasonCode,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Prose>,
}

/// The kinds of reason for a changed figure, target or structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// None was given; only history asserted from files may say so.
    NoneRecorded,
    /// The data came late.
    LateData,
    /// Provisional became final.
    Finalised,
    /// The source revised its figures.
    SourceRevised,
    /// Typed wrongly.
    TranscriptionError,
    /// Worked out wrongly.
    CalculationError,
    /// The definition changed.
    DefinitionChange,
    /// A better denominator.
    DenominatorUpdate,
    /// Another base.
    Rebasing,
    /// Prices of another year.
    PriceBase,
    /// Another unit or scale.
    UnitOrScale,
    /// Another boundary.
    BoundaryChange,
    /// Another classification.
    Reclassification,
    /// Changed after an audit.
    AuditAdjustment,
    /// Entered twice.
    Duplicate,
    /// Withdrawn by its source.
    Withdrawn,
    /// Fewer resources.
    ResourcesReduced,
    /// Demand changed.
    DemandChanged,
    /// Law or funding changed.
    LawOrFundingChanged,
    /// The target before was met.
    PreviousTargetMet,
    /// The benchmark moved.
    BenchmarkMoved,
    /// The data can't be had.
    DataUnavailable,
    /// An emergency.
    Emergency,
    /// A higher ambition.
    AmbitionRaised,
    /// An error in the record.
    Error,
    /// A file's application was undone.
    ImportReversed,
}

/// What allows a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// What kind of decision.
    pub kind: AuthorityKind,
    /// The body that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Label>,
    /// The day of its meeting or decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<NaiveDate>,
    /// The minute, item or notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Label>,
}

/// The kinds of authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// A body decided.
    BodyDecision,
    /// A post decided under delegated powers.
    DelegatedDecision,
    /// Somebody outside requires it.
    ExternalRequirement,
    /// An officer corrects the record.
    OfficerCorrection,
}
