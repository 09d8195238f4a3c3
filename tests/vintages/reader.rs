//! What a reader of a real set gives: vintages of cells, and how two of them differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Months, NaiveDate, Utc};

/// First and last day, both included.
pub(crate) type Days = (NaiveDate, NaiveDate);

/// What one figure is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellKey {
    /// The measure, under the key that reader and mapping agreed on.
    pub(crate) measure: String,
    /// The reference period. A target bears the period that it governs, not its own span.
    pub(crate) days: Days,
    /// Sorted pairs of taxonomy and code; empty for the headline.
    pub(crate) breakdown: Vec<(String, String)>,
    /// Which of the figures beside each other.
    pub(crate) field: Field,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Value,
    Numerator,
    Denominator,
    /// The observation status, in the publisher's own words.
    Status,
    Target,
    /// The publisher's own rating code.
    Rating,
    /// What the publisher wrote beside a figure.
    Note,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CellValue {
    Number(f64),
    Text(String),
}

/// What a publisher held at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Vintage {
    /// How failures call it.
    pub(crate) name: String,
    /// When the publisher came to hold it.
    pub(crate) instant: DateTime<Utc>,
    /// What the vintage speaks about; it says nothing of anything else.
    pub(crate) scope: Scope,
    /// The cells; within the scope, one that is absent was not held.
    pub(crate) cells: BTreeMap<CellKey, CellValue>,
    /// What the publisher declared that there are no figures for, as the file names it.
    pub(crate) absences: BTreeSet<String>,
}

/// What a vintage is complete for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Only these measures; none: every measure of the set.
    pub(crate) measures: BTreeSet<String>,
    /// Only these periods; none: every period.
    pub(crate) periods: BTreeSet<Days>,
    /// Only these fields; none: every field.
    pub(crate) fields: BTreeSet<Field>,
}

impl Scope {
    pub(crate) fn holds(&self, key: &CellKey) -> bool {
        (self.measures.is_empty() || self.measures.contains(&key.measure))
            && (self.periods.is_empty() || self.periods.contains(&key.days))
            && (self.fields.is_empty() || self.fields.contains(&key.field))
    }
}

impl Vintage {
    /// Cells that hold a figure.
    pub(crate) fn count(&self, field: Field) -> usize {
        self.cells.keys().filter(|key| key.field == field).count()
    }
}

/// How `found` differs from what `expected` holds, within its scope; empty when it does not.
pub(crate) fn difference(expected: &Vintage, found: &BTreeMap<CellKey, CellValue>) -> Vec<String> {
    let mut said = Vec::new();
    let name = &expected.name;
    for (key, value) in &expected.cells {
        match found.get(key) {
            None => said.push(format!("{name}: {key} should be {value}, and is not there")),
            Some(other) if !same(value, other) => {
                said.push(format!("{name}: {key} should be {value}, and is {other}"));
            }
            Some(_) => {}
        }
    }
    for (key, value) in found.iter().filter(|(key, _)| expected.scope.holds(key)) {
        if !expected.cells.contains_key(key) {
            said.push(format!("{name}: {key} should not be there, and is {value}"));
        }
    }
    said
}

/// Equal to 12 significant digits; texts exactly.
pub(crate) fn same(a: &CellValue, b: &CellValue) -> bool {
    match (a, b) {
        (CellValue::Number(a), CellValue::Number(b)) => {
            (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
        }
        (CellValue::Text(a), CellValue::Text(b)) => a == b,
        _ => false,
    }
}

/// The test of the test: vintage `n` and the next change places, their instants staying. Whoever
/// answers from what was really known must differ from these.
pub(crate) fn swapped(vintages: &[Vintage], n: usize) -> Vec<Vintage> {
    let mut moved = vintages.to_vec();
    moved.swap(n, n + 1);
    moved[n].instant = vintages[n].instant;
    moved[n + 1].instant = vintages[n + 1].instant;
    moved
}

/// Where the real figures lie, or that they are left out on purpose.
pub(crate) enum Figures {
    In(PathBuf),
    Without,
}

/// Reads `PIPEROLL_REAL_FIGURES`; `without` leaves the real figures out.
#[track_caller]
pub(crate) fn figures() -> Figures {
    match std::env::var_os("PIPEROLL_REAL_FIGURES") {
        Some(word) if word == "without" => {
            println!("without real figures");
            Figures::Without
        }
        Some(folder) if PathBuf::from(&folder).is_dir() => Figures::In(PathBuf::from(folder)),
        Some(folder) => panic!(
            "PIPEROLL_REAL_FIGURES names {}, which is no folder; run tests/run --figures FOLDER, \
             or say `without`",
            folder.display()
        ),
        None => panic!(
            "PIPEROLL_REAL_FIGURES is not set; run tests/run, or set it to the folder of the real \
             figures, or to the word `without`"
        ),
    }
}

/// The rows of a file, a byte order mark left off: each row by heading.
pub(crate) fn rows(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(&bytes);
    let mut reader = csv::Reader::from_reader(text);
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| heads.iter().cloned().zip(row.iter().map(str::to_owned)).collect()).collect()
}

/// A number as a file writes it.
#[track_caller]
pub(crate) fn number(text: &str) -> CellValue {
    CellValue::Number(text.trim().parse().unwrap_or_else(|_| panic!("`{text}` is no number")))
}

/// Lower case, every run of other signs one `_`, none at the ends.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// `count` months from the first of `month` in `year`.
pub(crate) fn months(year: i32, month: u32, count: u32) -> Days {
    let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
    (first, (first + Months::new(count)).pred_opt().unwrap())
}

impl std::fmt::Display for CellKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.days;
        let tags: Vec<String> = self.breakdown.iter().map(|(t, c)| format!("{t}={c}")).collect();
        write!(f, "{} {from}..{to} [{}] {:?}", self.measure, tags.join("; "), self.field)
    }
}

impl std::fmt::Display for CellValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "`{text}`"),
        }
    }
}

#[test]
fn numbers_are_compared_to_twelve_digits_and_no_more() {
    let n = CellValue::Number;
    assert!(same(&n(0.7), &n(0.700_000_000_000_000_1)));
    assert!(same(&n(1.643_594_839_430_373), &n(1.643_594_839_430_37)));
    assert!(!same(&n(0.477_106_82), &n(-0.477_106_82)));
    assert!(!same(&n(97.4), &n(97.400_000_01)));
    assert!(same(&n(0.0), &n(0.0)) && !same(&n(0.0), &CellValue::Text("0".to_owned())));
}

#[test]
fn words_become_one_code_however_they_are_spelled() {
    assert_eq!(slug("Bottom 40%"), slug("Bottom 40"));
    assert_eq!(slug("Between 256 Kbps and 2 Mbps"), "between_256_kbps_and_2_mbps");
    assert_eq!(slug("  – Wind, wave, tidal (W)"), "wind_wave_tidal_w");
}
