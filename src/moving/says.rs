//! A mapping word for word: the tables and keys that its TOML may have.
//!
//! **Invariant:** every table refuses keys that it does not have. What a key means stands beside
//! it, and the mappings of the real sets in `tests/mappings` show each in use.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use piperoll_events::cell::Oddity;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::target::{TargetShape, Tier};
use serde::Deserialize;

use super::asserted::{AssertedSays, By};
use super::grammar::PeriodForm;
use super::reading::{DefinitionPart, SnapshotPart};
use super::table::Shape;

/// The word that stands for "the file's period column".
pub(super) const COLUMN: &str = "column";

/// A mapping as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    pub(super) file: Shape,
    pub(super) holds: Holds,
    pub(super) code: Code,
    #[serde(default)]
    pub(super) known_at: KnownAt,
    pub(super) period: Option<PeriodColumn>,
    #[serde(default, rename = "no_value")]
    pub(super) no_values: Vec<NoValueRule>,
    #[serde(default, rename = "breakdown")]
    pub(super) breakdowns: Vec<BreakdownColumn>,
    #[serde(default, rename = "figure")]
    pub(super) figures: Vec<FigureColumns>,
    #[serde(default, rename = "target")]
    pub(super) targets: Vec<TargetColumn>,
    pub(super) unit: Option<Field>,
    #[serde(default, rename = "definition")]
    pub(super) definitions: Vec<DefinitionColumn>,
    pub(super) change: Option<Change>,
    #[serde(default, rename = "leave_out")]
    pub(super) leave_out: Vec<LeaveOut>,
    #[serde(default, rename = "expect")]
    pub(super) expected: Vec<Expected>,
    #[serde(default)]
    pub(super) duplicates: Duplicates,
    #[serde(default)]
    pub(super) numbers: Numbers,
    #[serde(default)]
    pub(super) odd: Odd,
    #[serde(default)]
    pub(super) asserted: AssertedSays,
}

/// A column under any of its names, and what its texts mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) columns: Vec<String>,
    /// Whether files without the column are read: then it says nothing.
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) blank: Blank,
    /// Texts that mean "none".
    #[serde(default)]
    pub(super) nothing: Vec<NothingRule>,
    /// What words of the file mean; where given, every word must be in it.
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Blank {
    /// A blank is wrong.
    #[default]
    Refuse,
    /// A blank says that there is none.
    Nothing,
    /// A blank says nothing: what is held stands.
    Silent,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingRule {
    pub(super) texts: Vec<String>,
    #[serde(rename = "where")]
    pub(super) when: Option<Condition>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) columns: Vec<String>,
    pub(super) values: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holds {
    pub(super) kind: HoldsKind,
    #[serde(default)]
    pub(super) measures: Measures,
    #[serde(default)]
    pub(super) periods: Periods,
    #[serde(default)]
    pub(super) breakdowns: Breakdowns,
    #[serde(default)]
    pub(super) parts: Vec<SnapshotPart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HoldsKind {
    /// Everything there was at one moment.
    Snapshot,
    /// What changed, row by row.
    Changes,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Measures {
    #[default]
    Fed,
    Present,
    /// The measures of the code that the plan gives for the file.
    OfCode,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Periods {
    #[default]
    All,
    /// The periods that these constants name.
    Constants(Vec<String>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Breakdowns {
    #[default]
    All,
    Headline,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    /// The column; absent: the constant.
    #[serde(default)]
    pub(super) columns: Vec<String>,
    /// The name of the constant that gives the code of a whole file.
    pub(super) constant: Option<String>,
    #[serde(default)]
    pub(super) normalise: Vec<CodeStep>,
    /// To how many digits the first number in a code is filled up with noughts.
    #[serde(default)]
    pub(super) pad_number: usize,
    /// Other spellings, after normalising, and the code they stand for.
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) renumbered: Vec<Renumbered>,
    /// Rows of a list of changes that put a code on the publisher's list, or strike it off.
    pub(super) listed: Option<Listed>,
    pub(super) split: Option<Split>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CodeStep {
    Upper,
    Lower,
    NoSpaces,
}

/// A code that named the measure `to` until the day before `on` ("2023-05-25", in quotes).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Renumbered {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) on: NaiveDate,
}

/// Rows about the list itself. A code struck off says nothing: the one put on instead does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    #[serde(rename = "where")]
    pub(super) when: Condition,
    /// Blank where the code is struck off.
    pub(super) now: Vec<String>,
}

/// A column whose values tell several measures of one code apart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Split {
    pub(super) columns: Vec<String>,
    /// From value to part; the empty part is the code alone.
    pub(super) parts: BTreeMap<String, String>,
    /// The part of files that lack the column.
    pub(super) absent: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownAt {
    #[serde(default)]
    pub(super) from: KnownFrom,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    /// `rfc3339`, or a chrono pattern.
    #[serde(default)]
    pub(super) format: String,
    /// The clock of texts without an offset; London's unless said.
    #[serde(default, deserialize_with = "zone")]
    pub(super) zone: Option<chrono_tz::Tz>,
}

fn zone<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<chrono_tz::Tz>, D::Error> {
    let name = String::deserialize(from)?;
    let known = name.parse().map_err(|_| {
        serde::de::Error::custom(format!("`{name}` is no time zone; write \"Europe/London\""))
    });
    known.map(Some)
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KnownFrom {
    #[default]
    Plan,
    Column,
    FileName,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodColumn {
    pub(super) columns: Vec<String>,
    pub(super) forms: Vec<PeriodForm>,
    /// Measures whose periods are written in other forms.
    #[serde(default, rename = "for")]
    pub(super) special: Vec<SpecialForms>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecialForms {
    pub(super) codes: Vec<String>,
    pub(super) forms: Vec<PeriodForm>,
}

/// Rows that say that there is no value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoValueRule {
    pub(super) columns: Vec<String>,
    pub(super) values: Vec<String>,
    pub(super) state: NoValue,
    pub(super) about: NoValueAbout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NoValueAbout {
    /// The measure as a whole; the row's period is not read.
    Measure,
    /// The row's period.
    Period,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakdownColumn {
    pub(super) taxonomy: String,
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) optional: bool,
    /// Values that stand for everybody: they are left out of the breakdown.
    #[serde(default)]
    pub(super) all: Vec<String>,
    /// From a value as written to a code; other values become codes by their letters and digits.
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FigureColumns {
    /// `column`, or the constant that names the period.
    #[serde(default = "column")]
    pub(super) period: String,
    pub(super) value: Field,
    pub(super) numerator: Option<Field>,
    pub(super) denominator: Option<Field>,
    pub(super) status: Option<Field>,
    pub(super) rating: Option<Field>,
    pub(super) commentary: Option<Field>,
}

fn column() -> String {
    COLUMN.to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetColumn {
    pub(super) level: Field,
    /// `column`, or the constant that names the span.
    #[serde(default = "column")]
    pub(super) span: String,
    /// For a profile: `column`, or the constant that names the point.
    #[serde(default = "column")]
    pub(super) point: String,
    #[serde(default)]
    pub(super) tier: Tier,
    pub(super) shape: By<TargetShape>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefinitionColumn {
    pub(super) part: DefinitionPart,
    /// The rows that speak of the part; absent: all.
    #[serde(rename = "where")]
    pub(super) when: Option<Condition>,
    pub(super) now: Field,
    pub(super) before: Option<Field>,
}

/// Columns that say what a row of a list of changes is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// Which part of the figure the value column holds: `value`, `numerator`, `denominator`.
    pub(super) field: Option<ChangeField>,
    pub(super) kind: Option<ChangeKind>,
    /// What a withdrawal and a figure of one key at one instant are together.
    #[serde(default)]
    pub(super) gone_and_given: GoneAndGiven,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeField {
    pub(super) columns: Vec<String>,
    pub(super) words: BTreeMap<String, FigurePart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FigurePart {
    Value,
    Numerator,
    Denominator,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeKind {
    pub(super) columns: Vec<String>,
    /// Words after which there is none.
    pub(super) gone: Vec<String>,
    /// Words after which the value column holds.
    pub(super) given: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GoneAndGiven {
    /// Wrong.
    #[default]
    Refuse,
    /// A renamed breakdown: the figure stands, the withdrawal is left out.
    Renamed,
}

/// Rows that belong to another series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaveOut {
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) optional: bool,
    /// Rows with these values are left out.
    #[serde(default, rename = "where")]
    pub(super) values: Vec<String>,
    /// Rows with any other value are left out.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    pub(super) reason: String,
}

/// A column that must hold one of these values in every row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) values: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Duplicates {
    #[default]
    Refuse,
    First,
    Last,
}

/// How numbers are written, beyond digits, a point and a minus.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    /// What stands between thousands: `,`.
    pub(super) thousands: Option<char>,
    /// What stands before decimals, where it is not a point.
    pub(super) decimal: Option<char>,
    /// Signs that may stand before or after, and are left off: `£`, `%`.
    #[serde(default)]
    pub(super) signs: Vec<String>,
    #[serde(default)]
    pub(super) scientific: Scientific,
    /// Figures that agree in so many significant digits are one figure: the noise of a publisher's
    /// floating point is no revision. Absent: every digit counts.
    pub(super) same_digits: Option<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scientific {
    #[default]
    Refuse,
    /// `1e-05` is 0.00001.
    Exact,
}

/// What is looked at for oddities.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Odd {
    /// Oddities that are ordinary in these files.
    #[serde(default)]
    pub(super) leave: Vec<Oddity>,
    /// Taxonomies whose cells add up to the total.
    #[serde(default)]
    pub(super) additive: Vec<String>,
    /// How far, as a share of the total, the sum may lie off; 0.001 unless said.
    pub(super) additive_within: Option<piperoll_events::Quantity>,
    /// Measures whose figures are percentages of a whole, by code; the unit may say so too.
    #[serde(default)]
    pub(super) percentages: Vec<String>,
}
