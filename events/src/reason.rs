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
    /// The meeting, where the day does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Label>,
    /// The item of its agenda.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Label>,
    /// What was resolved; absent: the writer did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// How well it is known.
    #[serde(default, skip_serializing_if = "AuthorityState::is_stated")]
    pub state: AuthorityState,
    /// Who was asked before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub consulted: Vec<Label>,
}

impl Authority {
    /// An authority of this kind, and nothing else said of it.
    #[must_use]
    pub const fn of(kind: AuthorityKind) -> Self {
        Self {
            kind,
            body: None,
            decided_on: None,
            reference: None,
            meeting: None,
            item: None,
            resolution: None,
            state: AuthorityState::Stated,
            consulted: Vec::new(),
        }
    }
}

/// What a body resolved. Only some of these allow a change; which, the framework's decision rights
/// say.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It is to be done.
    Approved,
    /// Those present are at one.
    Agreed,
    /// Another's decision is supported.
    Endorsed,
    /// It was heard.
    Noted,
    /// Another body is asked to decide.
    RecommendedTo,
}

/// How well an authority is known.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityState {
    /// Somebody says so.
    #[default]
    Stated,
    /// The minute or the notice is attached.
    Evidenced,
    /// What is attached says otherwise.
    Contradicted,
}

impl AuthorityState {
    /// Whether nothing but a statement is there.
    #[must_use]
    pub const fn is_stated(&self) -> bool {
        matches!(self, Self::Stated)
    }
}

/// The kinds of authority.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
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
