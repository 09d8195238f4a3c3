//! What the scorecard answers: plain structures, figures as text.
//!
//! **Invariant:** all parts of an answer are those in force at one position.

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::cell::{FigureStatus, Oddity};
use piperoll_events::comparability::{Comparability, DefinitionChange};
use piperoll_events::envelope::Channel;
use piperoll_events::ids::{ActorId, ImportId, MeasureId, SubmissionId};
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::step::added::StepLevel;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::text::{Digest, Label, SealedText, Words};
use piperoll_events::{
    Breakdown, Definition, Period, Polarity, Position, Quantity, Target, TargetKey, Tier,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::words::{Happened, PlaceKind, State, StructureKind, TargetHappened};
use crate::score::{Candidate, Declared, Figure};

/// Which measures are asked for; what is absent does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of a framework.
    pub framework: Option<Uuid>,
    /// Those under an objective or a step or in an area.
    pub place: Option<Uuid>,
    /// These alone.
    pub measures: Option<Vec<MeasureId>>,
}

/// What a code leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Found {
    /// No measure bears it.
    None {},
    /// One measure does.
    One {
        /// The measure.
        measure: MeasureLine,
    },
    /// Several do; somebody has to say which.
    Ambiguous {
        /// All of them.
        candidates: Vec<MeasureLine>,
    },
}

/// A measure as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MeasureLine {
    /// Its id.
    pub measure: MeasureId,
    /// Its framework.
    pub framework: Uuid,
    /// What it is called.
    pub title: Words,
    /// What people call it, the first scheme first.
    pub codes: Vec<CodeLine>,
    /// What is done with its figures.
    pub treatment: Treatment,
    /// Who looks at it.
    pub level: MeasureLevel,
    /// What it is about.
    pub subject: Subject,
    /// Where it stands.
    pub places: Vec<PlaceLine>,
    /// Whether it is measured no longer, or another took its place.
    pub ended: Option<EndedLine>,
    /// Where its adoption was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// The end of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndedLine {
    /// The first day on which it is measured no longer.
    pub from: NaiveDate,
    /// The measure that takes its place.
    pub replaced_by: Option<MeasureId>,
    /// Whether figures of the two can be compared.
    pub comparability: Option<Comparability>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A rating that somebody stated beside the rule's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverrideLine {
    /// What the rule made it; absent: no level.
    pub computed: Option<Label>,
    /// What it is said to be.
    pub stated: Label,
    /// The versions that the rule was applied to.
    pub inputs: Vec<Position>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A code in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeLine {
    /// Whose code.
    pub scheme: String,
    /// The code.
    pub code: String,
    /// The first day it is used.
    pub from: Option<NaiveDate>,
    /// Where it was recorded.
    pub position: Position,
}

/// A place of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceLine {
    /// What kind of place.
    pub kind: PlaceKind,
    /// Which one.
    pub place: Uuid,
    /// Where it was recorded.
    pub position: Position,
}

/// A part of a framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Part {
    /// What kind.
    pub kind: StructureKind,
    /// Which one.
    pub id: Uuid,
    /// Its framework.
    pub framework: Uuid,
    /// The objective that a step serves.
    pub parent: Option<Uuid>,
    /// The body's own code.
    pub code: Option<String>,
    /// What it is called.
    pub title: Words,
    /// Where a step is done.
    pub level: Option<StepLevel>,
    /// Who leads a step.
    pub lead: Option<String>,
    /// The first day that a framework applies to.
    pub from: Option<NaiveDate>,
    /// The last.
    pub until: Option<NaiveDate>,
    /// The first day on which it is no longer part of the framework.
    pub retired: Option<NaiveDate>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A file of changes that is being applied to a framework: part of it may be in force and part not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Underway {
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// How many changes it comes to.
    pub changes: u64,
    /// Where its application began.
    pub since: Position,
}

/// The headline of one submission, or its absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Headline {
    /// What the submission holds.
    pub state: State,
    /// The figure.
    pub value: Option<Quantity>,
    /// What was counted.
    pub numerator: Option<Quantity>,
    /// Out of what.
    pub denominator: Option<Quantity>,
    /// How settled it is.
    pub status: Option<FigureStatus>,
    /// Why there is none, where that was declared.
    pub no_value: Option<NoValue>,
    /// When one is expected.
    pub expected_on: Option<NaiveDate>,
    /// Where this version was recorded.
    pub position: Position,
    /// Where its content began.
    pub content_from: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

impl Headline {
    /// The figure for scoring.
    #[must_use]
    pub fn figure(&self) -> Figure {
        match (self.value, self.no_value) {
            (Some(value), _) => Figure::Value(value),
            (None, Some(NoValue::SuppressedAtSource)) => Figure::Suppressed,
            (None, _) => Figure::Missing,
        }
    }

    /// The declaration, where there is one.
    #[must_use]
    pub fn declared(&self) -> Option<Declared> {
        self.no_value.map(|state| Declared { state, expected_on: self.expected_on })
    }
}

/// The parts of a definition that rating needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Yardstick {
    /// Which way is better.
    pub polarity: Polarity,
    /// Decimals of the published figure.
    pub decimals: Option<u8>,
    /// The unit.
    pub unit: Option<String>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A baseline in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BaselineLine {
    /// The value and its period.
    pub baseline: Baseline,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A framework's rule and scale in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleLine {
    /// When a figure has which level; absent: figures are not rated.
    pub rule: Option<RatingRule>,
    /// The body's words.
    pub scale: Option<Scale>,
    /// Where the rule was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// One line of a scorecard: every part at the one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// The measure.
    pub measure: MeasureLine,
    /// The period asked for, or the latest with something to say.
    pub period: Option<Period>,
    /// The figure.
    pub headline: Option<Headline>,
    /// The period before.
    pub previous: Option<Headline>,
    /// The same part of the year before.
    pub year_earlier: Option<Headline>,
    /// The target that governs.
    pub target: Option<Candidate>,
    /// What the figure means.
    pub definition: Option<Yardstick>,
    /// Where it starts from.
    pub baseline: Option<BaselineLine>,
    /// How it is rated.
    pub rule: Option<RuleLine>,
    /// The publisher's own rating, kept beside ours.
    pub rating_as_reported: Option<String>,
    /// The last override, in force or not.
    pub overridden: Option<OverrideLine>,
}

/// One period of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeriesPoint {
    /// What the figure is about.
    pub period: Period,
    /// The figure.
    pub headline: Headline,
    /// Cells beside the headline.
    pub cells: u64,
}

/// A cell in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CellLine {
    /// Which part of the population; the headline's is empty.
    pub breakdown: Breakdown,
    /// The figure.
    pub value: Option<Quantity>,
    /// What was counted.
    pub numerator: Option<Quantity>,
    /// Out of what.
    pub denominator: Option<Quantity>,
    /// How settled it is.
    pub status: Option<FigureStatus>,
    /// The status in the source's own words.
    pub status_as_reported: Option<String>,
    /// What looked odd.
    pub oddities: Vec<Oddity>,
    /// Where this version was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A cell of a whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LedgerCell {
    /// The measure.
    pub measure: MeasureId,
    /// What the figure is about.
    pub period: Period,
    /// Which part of the population.
    pub breakdown: Breakdown,
    /// The figure.
    pub value: Option<Quantity>,
    /// What was counted.
    pub numerator: Option<Quantity>,
    /// Out of what.
    pub denominator: Option<Quantity>,
    /// How settled it is.
    pub status: Option<FigureStatus>,
    /// The status in the source's own words.
    pub status_as_reported: Option<String>,
    /// Where this version was recorded.
    pub position: Position,
}

/// One event of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubmissionVersion {
    /// Where it was recorded.
    pub position: Position,
    /// What happened.
    pub happened: Happened,
    /// How many cells it touched.
    pub cells: u64,
    /// Why.
    pub reason: Option<Reason>,
    /// When it was recorded, by the writer's clock.
    pub recorded_at: DateTime<Utc>,
    /// Who acted.
    pub actor: ActorId,
    /// Through which door.
    pub channel: Channel,
    /// The file it came with.
    pub import: Option<ImportId>,
    /// SHA-256 of the file.
    pub file_digest: Option<Digest>,
    /// The line of the file.
    pub row: Option<u64>,
    /// When the file says it was known.
    pub reported_known_at: Option<DateTime<Utc>>,
    /// Whether a file says so.
    pub asserted: bool,
    /// The headline from here on, where this event moved it.
    pub headline: Option<Headline>,
}

/// Commentary in force, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CommentaryLine {
    /// The words, which the vault opens.
    pub text: SealedText,
    /// The version of the figures that they explain.
    pub explains: Position,
    /// Where they were recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// One submission, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Submitted {
    /// Its id.
    pub submission: SubmissionId,
    /// The headline in force.
    pub headline: Headline,
    /// All cells in force, the headline's first.
    pub cells: Vec<CellLine>,
    /// The words in force.
    pub commentary: Option<CommentaryLine>,
    /// The publisher's own rating.
    pub rating_as_reported: Option<String>,
    /// Its events, the first first.
    pub versions: Vec<SubmissionVersion>,
}

/// One version of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetVersion {
    /// Which target.
    pub key: TargetKey,
    /// How ambitious.
    pub tier: Tier,
    /// What happened.
    pub happened: TargetHappened,
    /// What is aimed at; after a withdrawal what was.
    pub target: Target,
    /// What was aimed at, where that changed.
    pub old: Option<Target>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

/// One version of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DefinitionVersion {
    /// All of it.
    pub definition: Definition,
    /// What it did to figures; absent: it is the first, or nobody worked it out.
    pub change: Option<DefinitionChange>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}
