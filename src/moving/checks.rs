//! What is wrong or odd in a file: collected in full, counted, shown as a table.
//!
//! **Invariant:** every check is made before anything is recorded, and a file with one wrong row
//! records nothing. Oddities are warnings: the figure may be right, and somebody has to say so.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher as _;

use piperoll_events::cell::Oddity;
use piperoll_events::{Breakdown, Period, PeriodType, Quantity};
use rust_decimal::Decimal;
use serde::Serialize;

use super::packed::Rows;
use super::reading::{Figure, Finding, MeasureKey, ReadRow, Reading, Statement};
use super::says::Says;

/// How many findings are kept; the others are counted.
const KEPT: usize = 500;

/// Cells of one submission are at most this many bytes, so that its event stays under 256 KiB.
const LARGEST_SUBMISSION: usize = 224 * 1024;

/// Findings in the order of the file: the first of them kept, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    kept: Vec<Finding>,
    total: u64,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(finding);
        }
    }

    /// How many there are, those that are not kept included.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Those that are kept.
    #[must_use]
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// Those that are kept, and how many more there are.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Finding>, u64) {
        let kept = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        (self.kept, self.total.saturating_sub(kept))
    }

    pub(super) fn sort(&mut self) {
        self.kept.sort_by_key(|finding| finding.line);
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

impl fmt::Display for Findings {
    /// An aligned table, one finding a row, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["line", "column", "value", "what is wrong", "what would be right"];
        let mut rows: Vec<[String; 5]> = vec![head.map(str::to_owned)];
        rows.extend(self.kept.iter().map(|found| {
            let line = if found.line == 0 { "-".to_owned() } else { found.line.to_string() };
            let (wrong, right) = (found.wrong.clone(), found.right.clone());
            [line, found.column.clone(), found.value.clone(), wrong, right]
        }));
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..5).map(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        let kept = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        match self.total.saturating_sub(kept) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more, {} in all", self.total),
        }
    }
}

/// A text as it may be shown: short, on one line, without signs that mislead.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .take(60)
        .map(|letter| match letter {
            '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{061C}'
            | '\u{FEFF}'
            | '\u{2028}'
            | '\u{2029}' => '\u{FFFD}',
            control if control.is_control() => '\u{FFFD}',
            other => other,
        })
        .collect();
    if text.chars().nth(60).is_some() {
        plain.push('…');
    }
    plain
}

/// What looks odd about a figure beside the one that it replaces, or the one of the period before.
#[must_use]
pub fn beside(value: Quantity, before: Quantity) -> Option<Oddity> {
    let (value, before) = (value.decimal(), before.decimal());
    if value.is_zero() {
        return (!before.is_zero()).then_some(Oddity::ZeroAfterNonZero);
    }
    let ratio = value.checked_div(before)?.abs();
    let ratio = if ratio < Decimal::ONE { Decimal::ONE.checked_div(ratio)? } else { ratio };
    let near = |times: i64| {
        let times = Decimal::from(times);
        let margin = times.checked_div(Decimal::from(20));
        margin.is_some_and(|m| ratio.checked_sub(times).is_some_and(|off| off.abs() <= m))
    };
    if near(10) {
        Some(Oddity::TenTimes)
    } else if near(100) {
        Some(Oddity::HundredTimes)
    } else {
        None
    }
}

/// Marks what looks odd in the rows of one file, and says so.
pub(super) fn mark(rows: &mut Rows, says: &Says, percentages: &Percentages<'_>) -> Vec<Finding> {
    let totals = Totals::of(rows, says);
    // By a hash of measure, breakdown and period: two that meet would cost one false warning.
    let mut values: HashMap<u64, Quantity> = HashMap::new();
    let hasher = RandomState::new();
    let key = |measure: &MeasureKey, figure: &Figure, period: Period| {
        hasher.hash_one((measure, &figure.breakdown, period))
    };
    let snapshot = says.change.is_none();
    if snapshot {
        for row in rows.iter() {
            for figure in figures(&row) {
                if let Some(value) = figure.value.value() {
                    values.insert(key(&row.measure, figure, figure.period), *value);
                }
            }
        }
    }
    let mut warnings = Vec::new();
    for at in 0..rows.len() {
        let Some(mut row) = rows.find(at) else { continue };
        let mut any = false;
        let percent = percentages.holds(&row.measure);
        for statement in &mut row.statements {
            let Statement::Figure(figure) = statement else { continue };
            let Some(value) = figure.value.value().copied() else { continue };
            let mut odd = Vec::new();
            let before = figure.period.previous();
            let before = before.and_then(|p| values.get(&key(&row.measure, figure, p)).copied());
            odd.extend(before.and_then(|before| beside(value, before)));
            odd.extend(before.filter(|b| *b == value).map(|_| Oddity::SameAsLastPeriod));
            if !snapshot {
                let this = key(&row.measure, figure, figure.period);
                let held = values.insert(this, value);
                odd.extend(held.and_then(|held| beside(value, held)));
            }
            let over = |of: Decimal| value.decimal() > of;
            odd.extend(
                (percent && over(Decimal::ONE_HUNDRED)).then_some(Oddity::OverHundredPercent),
            );
            let parts = figure.numerator.value().zip(figure.denominator.value());
            let over = percent && parts.is_some_and(|(part, whole)| part > whole);
            odd.extend(over.then_some(Oddity::NumeratorOverDenominator));
            odd.extend(
                totals.unlike(&row.measure, figure, value).then_some(Oddity::CellsUnlikeTotal),
            );
            odd.retain(|oddity| !says.odd.leave.contains(oddity));
            odd.dedup();
            warnings.extend(odd.iter().map(|oddity| warning(row.line, figure, value, *oddity)));
            any |= !odd.is_empty();
            figure.oddities = odd;
        }
        if any {
            rows.put(at, &row);
        }
    }
    warnings
}

fn figures(row: &ReadRow) -> impl Iterator<Item = &Figure> {
    row.statements.iter().filter_map(|statement| match statement {
        Statement::Figure(figure) => Some(&**figure),
        _ => None,
    })
}

fn warning(line: u64, figure: &Figure, value: Quantity, oddity: Oddity) -> Finding {
    let (problem, wrong) = match oddity {
        Oddity::TenTimes => ("ten_times", "about ten times, or a tenth of, the figure before"),
        Oddity::HundredTimes => {
            ("hundred_times", "about a hundred times, or a hundredth of, the figure before")
        }
        Oddity::OverHundredPercent => ("over_hundred_percent", "a percentage above one hundred"),
        Oddity::NumeratorOverDenominator => {
            ("numerator_over_denominator", "the numerator is greater than the denominator")
        }
        Oddity::ZeroAfterNonZero => ("zero_after_non_zero", "nought after a figure that was not"),
        Oddity::SameAsLastPeriod => ("same_as_last_period", "the same figure as the period before"),
        Oddity::CellsUnlikeTotal => ("cells_unlike_total", "the cells don't add up to the total"),
    };
    Finding {
        line,
        column: format!("{} {}", figure.period, figure.breakdown).trim_end().to_owned(),
        value: value.to_string(),
        problem,
        wrong: wrong.to_owned(),
        right: "check it with its source; if it is right, let it through".to_owned(),
    }
}

/// Which measures are percentages of a whole: by the file's unit, the mapping's, or by name.
pub(super) struct Percentages<'s> {
    pub(super) says: &'s Says,
    pub(super) stated: Vec<MeasureKey>,
}

impl Percentages<'_> {
    fn holds(&self, measure: &MeasureKey) -> bool {
        let named = self.says.odd.percentages.iter().any(|code| code == measure.as_str());
        named || self.stated.contains(measure)
    }
}

/// What the cells of additive taxonomies add up to.
#[derive(Default)]
struct Totals {
    sums: HashMap<(MeasureKey, Period, Breakdown), Vec<Decimal>>,
    within: Decimal,
}

impl Totals {
    fn of(rows: &Rows, says: &Says) -> Self {
        let within = says.odd.additive_within.map_or(Decimal::new(1, 3), Quantity::decimal);
        let mut sums: BTreeMap<(MeasureKey, Period, Breakdown, &str), Decimal> = BTreeMap::new();
        let adds_up = says.change.is_none() && !says.odd.additive.is_empty();
        let all = adds_up.then(|| rows.iter()).into_iter().flatten();
        let figures = all.flat_map(|row| {
            let of: Vec<Figure> = figures(&row).cloned().collect();
            of.into_iter().map(move |figure| (row.measure.clone(), figure))
        });
        for (measure, figure) in figures {
            let Some(value) = figure.value.value() else { continue };
            for taxonomy in &says.odd.additive {
                let (out, rest): (Vec<_>, Vec<_>) =
                    figure.breakdown.tags().iter().cloned().partition(|t| t.taxonomy == *taxonomy);
                let Ok(rest) = Breakdown::new(rest) else { continue };
                if !out.is_empty() {
                    let key = (measure.clone(), figure.period, rest, taxonomy.as_str());
                    let sum = sums.entry(key).or_default();
                    *sum = sum.saturating_add(value.decimal());
                }
            }
        }
        let mut found = Self { within, ..Self::default() };
        for ((measure, period, rest, _), sum) in sums {
            found.sums.entry((measure, period, rest)).or_default().push(sum);
        }
        found
    }

    fn unlike(&self, measure: &MeasureKey, figure: &Figure, value: Quantity) -> bool {
        if self.sums.is_empty() {
            return false;
        }
        let key = (measure.clone(), figure.period, figure.breakdown.clone());
        let total = value.decimal();
        let margin = total.abs().checked_mul(self.within).unwrap_or_default();
        let off = |sum: &Decimal| sum.checked_sub(total).is_none_or(|off| off.abs() > margin);
        self.sums.get(&key).is_some_and(|sums| sums.iter().any(off))
    }
}

/// What is wrong with a file as a whole: spans that overlap, submissions that no event can hold.
pub(super) fn whole(rows: &Rows) -> Vec<Finding> {
    let mut measures: BTreeMap<MeasureKey, BTreeMap<Period, Size>> = BTreeMap::new();
    for row in rows.iter() {
        for figure in figures(&row) {
            if !measures.contains_key(&row.measure) {
                measures.insert(row.measure.clone(), BTreeMap::new());
            }
            let Some(periods) = measures.get_mut(&row.measure) else { continue };
            let first = Size { line: row.line, bytes: 0, cells: 0 };
            let size = periods.entry(figure.period).or_insert(first);
            size.bytes = size.bytes.saturating_add(size_of(figure));
            size.cells = size.cells.saturating_add(1);
        }
    }
    let mut wrong = Vec::new();
    for (measure, periods) in &measures {
        let custom = |(period, _): &(&Period, _)| period.period_type() == PeriodType::Custom;
        let spans = periods.iter().filter(custom);
        let mut all: Vec<(Period, u64)> = spans.map(|(period, it)| (*period, it.line)).collect();
        all.sort_by_key(|(period, _)| period.days());
        for pair in all.windows(2) {
            let [(one, first), (other, line)] = pair else { continue };
            if one.overlaps(*other) {
                wrong.push(Finding {
                    line: *line,
                    column: measure.to_string(),
                    value: other.to_string(),
                    problem: "periods_overlap",
                    wrong: format!("it shares days with {one} of line {first}"),
                    right: "let one end before the other begins".to_owned(),
                });
            }
        }
    }
    let of_all = measures.iter().flat_map(|(measure, of)| of.iter().map(move |it| (measure, it)));
    for (measure, (period, Size { line, bytes, cells })) in of_all {
        let (line, bytes) = (*line, *bytes);
        if bytes > LARGEST_SUBMISSION {
            wrong.push(Finding {
                line,
                column: measure.to_string(),
                value: period.to_string(),
                problem: "submission_too_large",
                wrong: format!("{cells} cells of some {bytes} bytes for one measure and period"),
                right: format!(
                    "keep them under {LARGEST_SUBMISSION} bytes: several measures, or \
                    fewer breakdowns"
                ),
            });
        }
    }
    wrong
}

/// What stands for one measure and period.
struct Size {
    line: u64,
    bytes: usize,
    cells: u64,
}

/// About how many bytes a figure takes in an event.
fn size_of(figure: &Figure) -> usize {
    let tags = figure.breakdown.tags().iter();
    let tags: usize = tags.map(|tag| tag.taxonomy.len().saturating_add(tag.code.len())).sum();
    let words = figure.status_as_reported.value().map_or(0, |word| word.as_str().len());
    let quantities = [figure.value, figure.numerator, figure.denominator];
    let digits = quantities.iter().filter_map(|q| q.value()).count().saturating_mul(44);
    let shells = figure.breakdown.tags().len().saturating_mul(28).saturating_add(64);
    let text = figure.commentary.value().map_or(0, |text| text.as_str().len());
    [tags, words, digits, shells, text.saturating_mul(4) / 3]
        .into_iter()
        .fold(0, usize::saturating_add)
}

/// Rows whose period is of a type that the measure's definition does not allow. `allowed` gives
/// the types of a measure's definition; none: any.
#[must_use]
pub fn period_types(
    reading: &Reading,
    allowed: impl Fn(&MeasureKey) -> Vec<PeriodType>,
) -> Findings {
    let mut known: HashMap<MeasureKey, Vec<PeriodType>> = HashMap::new();
    let mut found = Findings::default();
    for row in reading.rows.iter() {
        let types = known.entry(row.measure.clone()).or_insert_with_key(&allowed);
        let odd =
            |figure: &&Figure| !types.is_empty() && !types.contains(&figure.period.period_type());
        found.extend(figures(&row).filter(odd).map(|figure| Finding {
            line: row.line,
            column: row.measure.to_string(),
            value: figure.period.to_string(),
            problem: "period_type",
            wrong: "the measure's definition allows no period of this type".to_owned(),
            right: "correct the period, or change the definition first".to_owned(),
        }));
    }
    found
}
