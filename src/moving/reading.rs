//! What a file says, once it is read with its mapping and checked: the rows that become commands.
//!
//! **Invariant:** a [`Reading`] exists only when no row was wrong. Every line under the heading is
//! in `rows` or in `refused`, never in both and never in neither.

use std::fmt;

use chrono::{DateTime, Utc};
use piperoll_events::cell::{FigureStatus, Oddity};
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::text::{Digest, Label, Prose};
use piperoll_events::{Breakdown, Period, Quantity, Target, TargetKey};
use serde::{Deserialize, Serialize};

use super::packed::{Rows, as_json};

/// One file, read with its mapping and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The file's name, without folders.
    pub file_name: Label,
    /// SHA-256 of the file's bytes.
    pub file_digest: Digest,
    /// SHA-256 of the mapping's bytes.
    pub mapping_digest: Digest,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The encoding it was read in: `UTF-8`, `UTF-8 with byte order mark`, `windows-1252`, `XLSX`.
    pub encoding: Label,
    /// Rows under the heading: those in `rows` and those in `refused`.
    pub rows_read: u64,
    /// The rows that say something, in the order of the file.
    pub rows: Rows,
    /// The rows that the mapping leaves out.
    pub refused: Vec<Refused>,
    /// What looks odd and needs somebody's word before it is recorded.
    pub warnings: Vec<Finding>,
    /// Warnings beyond those kept in `warnings`.
    pub more_warnings: u64,
    /// What absence from the file means.
    pub complete_for: Completeness,
    /// In how many significant digits figures agree that are one; absent: in all.
    pub same_digits: Option<u8>,
}

/// One row that says something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadRow {
    /// The line in the file (a sheet's row number); the heading is usually line 1.
    pub line: u64,
    /// When the row was known, if the file or its name says so (else the plan does).
    pub known_at: Option<DateTime<Utc>>,
    /// Which measure.
    pub measure: MeasureKey,
    /// The code as the file has it.
    pub code_as_written: String,
    /// What the row says; values stand before targets.
    pub statements: Vec<Statement>,
}

/// A row that the mapping leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The line in the file.
    pub line: u64,
    /// `duplicate_key` or `other_series`.
    pub code: &'static str,
    /// Why, in words; a duplicate names the line that was kept.
    pub why: String,
}

/// The code of a measure after the mapping has taken its spelling out: one key, one measure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeasureKey(pub(super) String);

impl MeasureKey {
    /// The key that a plan or a mapping writes.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self(code.to_owned())
    }

    /// The key of one of several measures that share a code: `17-6-1` and `number` make
    /// `17-6-1/number`. The empty part is the code alone.
    #[must_use]
    pub fn of(code: &str, part: &str) -> Self {
        if part.is_empty() { Self::new(code) } else { Self(format!("{code}/{part}")) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MeasureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a line says; a wide file's line says several things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    /// A figure of one period and breakdown, or parts of one.
    Figure(Box<Figure>),
    /// What is aimed at.
    Target {
        /// Which target.
        #[serde(with = "as_json")]
        key: TargetKey,
        /// The target; absent: the file says that there is none. A profile has the one point that
        /// the file speaks of; the points of other periods stand.
        #[serde(with = "as_json")]
        target: Option<Target>,
    },
    /// There is no value, and the file says why.
    NoValue {
        /// For which period; absent: for the measure as a whole.
        period: Option<Period>,
        /// What is the matter.
        state: NoValue,
    },
    /// The publisher's list has the measure under the row's code from here on.
    Listed,
    /// The unit of a measure, from a file that states it. Said once, and again when it differs.
    Unit {
        /// The unit.
        unit: Label,
    },
    /// A part of the measure's definition. Said once, and again when it differs.
    Definition {
        /// Which part.
        part: DefinitionPart,
        /// What it says from here on; polarities in this crate's words (`lower_is_better`).
        now: Said<Prose>,
        /// What it said before, where a list of changes tells.
        before: Said<Prose>,
    },
}

/// A figure of one period and breakdown, or parts of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is about.
    pub period: Period,
    /// For which part of the population.
    pub breakdown: Breakdown,
    /// The figure.
    pub value: Said<Quantity>,
    /// What was counted.
    pub numerator: Said<Quantity>,
    /// Out of what.
    pub denominator: Said<Quantity>,
    /// How settled it is; `Nothing`: the file says so in a word that means no status.
    pub status: Said<FigureStatus>,
    /// The status in the file's own word.
    pub status_as_reported: Said<Label>,
    /// The publisher's own rating.
    pub rating_as_reported: Said<Label>,
    /// What is said of the figure.
    pub commentary: Said<Prose>,
    /// What looks odd about it.
    pub oddities: Vec<Oddity>,
}

impl Figure {
    /// A figure of which nothing is said yet.
    #[must_use]
    pub fn silent(period: Period, breakdown: Breakdown) -> Self {
        Self {
            period,
            breakdown,
            value: Said::Silent,
            numerator: Said::Silent,
            denominator: Said::Silent,
            status: Said::Silent,
            status_as_reported: Said::Silent,
            rating_as_reported: Said::Silent,
            commentary: Said::Silent,
            oddities: Vec::new(),
        }
    }
}

/// The parts of a definition that files state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionPart {
    /// What the measure is called.
    Title,
    /// The unit.
    Unit,
    /// Which way is better.
    Polarity,
    /// The point that a goldilocks measure should be near.
    Midpoint,
    /// How it is worked out.
    Formula,
    /// What is counted.
    Numerator,
    /// Out of what.
    Denominator,
    /// Where the figures come from.
    Source,
}

/// A field that the file does not speak of, says is empty, or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said<T> {
    /// The file does not speak of it: what is held stands.
    Silent,
    /// The file says that there is none.
    Nothing,
    /// The file gives it.
    Value(T),
}

impl<T> Said<T> {
    /// The value, if one is given.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Silent | Self::Nothing => None,
        }
    }

    /// The same with the value turned into something else.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Said<U> {
        match self {
            Self::Silent => Said::Silent,
            Self::Nothing => Said::Nothing,
            Self::Value(value) => Said::Value(turn(value)),
        }
    }

    /// Whether the file does not speak of it.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        matches!(self, Self::Silent)
    }
}

/// What absence from a file means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing: the file lists changes.
    Changes,
    /// What lies inside the extent and is not in the file is held no more.
    Snapshot(Extent),
}

/// What a snapshot is complete for. A figure is inside when measure, period and breakdown all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Which measures.
    pub measures: MeasureScope,
    /// Which periods.
    pub periods: PeriodScope,
    /// Which breakdowns.
    pub breakdowns: BreakdownScope,
    /// Which kinds of statement.
    pub parts: Vec<SnapshotPart>,
}

/// The measures that a snapshot is complete for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasureScope {
    /// Every measure that files of this mapping feed.
    Fed,
    /// Those that the file has a row of.
    Present,
    /// These, whether the file has a row of them or not.
    Named(Vec<MeasureKey>),
}

/// The periods that a snapshot is complete for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodScope {
    /// Every one.
    All,
    /// These.
    Named(Vec<Period>),
}

/// The breakdowns that a snapshot is complete for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BreakdownScope {
    /// Every one.
    All,
    /// The whole population alone.
    Headline,
}

/// The kinds of statement that a snapshot is complete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotPart {
    /// Figures, and declarations that there is none.
    Figures,
    /// Targets.
    Targets,
}

/// One thing wrong, or odd, in a file: where, what, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line in the file; 0: the file as a whole.
    pub line: u64,
    /// The column's heading; empty: the whole row.
    pub column: String,
    /// What stands there, shortened, control characters shown as such.
    pub value: String,
    /// A stable code.
    pub problem: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}
