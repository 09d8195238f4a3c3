//! Reading a file: table, mapping and checks put together.
//!
//! **Invariant:** no [`Reading`] without every row checked. One wrong row and there is none, but
//! a list of all that is wrong.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use piperoll_events::Period;

use super::cells::{Cells, Heading};
use super::checks::{self, Findings, Percentages};
use super::mapping::{Constants, Mapping};
use super::numbers::instant;
use super::packed::Rows;
use super::reading::{
    BreakdownScope, Completeness, Extent, Figure, Finding, MeasureKey, MeasureScope, PeriodScope,
    ReadRow, Reading, Refused, Statement,
};
use super::rows::{Outcome, RowReader};
use super::says::{
    Breakdowns, Duplicates, GoneAndGiven, HoldsKind, KnownFrom, Measures, Periods, Says,
};
use super::table::{Source, Table, TableError};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be opened, or is no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The plan and the mapping don't fit; whoever wrote the plan acts next.
    #[error("`{file}`: {what}")]
    Constants {
        /// The file.
        file: String,
        /// What is missing or too much.
        what: String,
    },
    /// Rows are wrong; whoever made the file acts next.
    #[error("`{file}` is not recorded: {} wrong in {rows} rows\n{findings}", findings.total())]
    Wrong {
        /// The file.
        file: String,
        /// Rows under the heading.
        rows: u64,
        /// All that is wrong.
        findings: Findings,
    },
}

/// Reads the file at `path` with its mapping and checks every row.
///
/// # Errors
/// The file is no table, the constants don't fit the mapping, or rows are wrong: then all of them
/// are told.
pub fn read_file(
    path: &Path,
    mapping: &Mapping,
    constants: &Constants,
) -> Result<Reading, ReadError> {
    read(Source::Path(path), mapping, constants)
}

/// The same for bytes that somebody holds.
///
/// # Errors
/// As [`read_file`].
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    mapping: &Mapping,
    constants: &Constants,
) -> Result<Reading, ReadError> {
    read(Source::Bytes(name, bytes), mapping, constants)
}

fn read(
    source: Source<'_>,
    mapping: &Mapping,
    constants: &Constants,
) -> Result<Reading, ReadError> {
    let file = source.name().into_owned();
    let says = &mapping.says;
    let unfit = |what| ReadError::Constants { file: file.clone(), what };
    let periods = constants.resolve(says).map_err(unfit)?;
    let known_at = from_name(&file, says).map_err(unfit)?.or(constants.known_at);
    let stated = if says.known_at.from == KnownFrom::Plan { None } else { known_at };
    let table = Table::open(source, &says.file)?;
    let mut reader = RowReader::new(says, constants, periods.clone(), stated);
    let (digest, bytes, encoding) = (table.digest, table.bytes, table.encoding);
    let gathered = gather(table.rows, &mut reader);
    let (RowReader { mut wrong, mut odd, .. }, rows_read) = (reader, gathered.rows_read);
    let (mut rows, mut refused) = gathered.finish();
    wrong.extend(checks::whole(&rows));
    if wrong.total() > 0 {
        wrong.sort();
        return Err(ReadError::Wrong { file, rows: rows_read, findings: wrong });
    }
    let percentages = Percentages { says, stated: percentages(&rows, mapping) };
    odd.extend(checks::mark(&mut rows, says, &percentages));
    odd.extend(refused.iter().filter(|row| row.code == "duplicate_key").map(duplicate));
    odd.sort();
    refused.sort_by_key(|row| row.line);
    let (warnings, more_warnings) = odd.into_parts();
    let name = |text: &str| text.parse().map_err(|_| unfit("rename the file plainly".to_owned()));
    Ok(Reading {
        file_name: name(&file)?,
        file_digest: digest,
        mapping_digest: mapping.digest(),
        bytes,
        encoding: name(encoding)?,
        rows_read,
        rows,
        refused,
        warnings,
        more_warnings,
        complete_for: complete_for(says, constants, &periods),
        same_digits: says.numbers.same_digits,
    })
}

/// Reads row after row; all that is wrong stays with the reader.
fn gather(
    rows: impl IntoIterator<Item = Result<super::table::Row, Finding>>,
    reader: &mut RowReader<'_>,
) -> Gathered {
    let says = reader.says;
    let mut gathered = Gathered::default();
    let mut heading = None;
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(finding) => {
                reader.wrong.push(finding);
                continue;
            }
        };
        let Some(heading) = &heading else {
            let (found, wrong) = Heading::read(&row, says);
            let unreadable = !wrong.is_empty();
            reader.wrong.extend(wrong);
            if unreadable {
                break;
            }
            heading = Some(found);
            continue;
        };
        gathered.rows_read = gathered.rows_read.saturating_add(1);
        match Cells::new(heading, &row) {
            Err(finding) => reader.wrong.push(finding),
            Ok(cells) => match reader.read(&cells) {
                Outcome::Said(row) => gathered.take(row, says, &mut reader.wrong),
                Outcome::LeftOut(refused) => gathered.refused.push(refused),
                Outcome::Wrong => {}
            },
        }
    }
    if heading.is_none() && reader.wrong.total() == 0 {
        let wrong = "the file is empty, or has no heading where the mapping says".to_owned();
        reader.wrong.push(Finding {
            line: 0,
            column: String::new(),
            value: String::new(),
            problem: "no_heading",
            wrong,
            right: "give the columns their names in the first line".to_owned(),
        });
    }
    gathered
}

fn duplicate(row: &Refused) -> Finding {
    Finding {
        line: row.line,
        column: String::new(),
        value: String::new(),
        problem: "duplicate_key",
        wrong: row.why.clone(),
        right: "keep one row for each measure, period and breakdown".to_owned(),
    }
}

/// The instant that a file's name begins with, where the mapping says so.
fn from_name(file: &str, says: &Says) -> Result<Option<DateTime<Utc>>, String> {
    let known = &says.known_at;
    if known.from != KnownFrom::FileName {
        return Ok(None);
    }
    let zone = known.zone.unwrap_or(Tz::Europe__London);
    instant(file, &known.format, zone).map(|(at, _)| Some(at)).map_err(|wrong| {
        format!(
            "the file's name does not begin with an instant: {wrong}; the mapping says `{}`",
            known.format
        )
    })
}

/// Measures whose figures are percentages of a whole, by the unit that file or mapping states.
fn percentages(rows: &Rows, mapping: &Mapping) -> Vec<MeasureKey> {
    let percent = |unit: &str| {
        let unit = unit.to_lowercase();
        !unit.contains("change") && (unit.contains('%') || unit.starts_with("percentage"))
    };
    let mut found = BTreeMap::new();
    for row in rows.iter() {
        let known = found.entry(row.measure).or_insert_with_key(|measure| {
            mapping.asserted(measure).unit.is_some_and(|unit| percent(unit.as_str()))
        });
        for statement in &row.statements {
            if let Statement::Unit { unit } = statement {
                *known |= percent(unit.as_str());
            }
        }
    }
    found.into_iter().filter(|(_, is)| *is).map(|(measure, _)| measure).collect()
}

fn complete_for(
    says: &Says,
    constants: &Constants,
    periods: &BTreeMap<String, Period>,
) -> Completeness {
    if says.holds.kind == HoldsKind::Changes {
        return Completeness::Changes;
    }
    let code = says.code.constant.as_ref().and_then(|name| constants.values.get(name));
    let measures = match (says.holds.measures, code) {
        (Measures::OfCode, Some(code)) => {
            let parts = says.code.split.iter().flat_map(|s| s.parts.values().chain(&s.absent));
            let mut keys: Vec<MeasureKey> = parts.map(|part| MeasureKey::of(code, part)).collect();
            keys.push(MeasureKey::new(code));
            keys.sort();
            keys.dedup();
            MeasureScope::Named(keys)
        }
        (Measures::Present, _) => MeasureScope::Present,
        (Measures::Fed | Measures::OfCode, _) => MeasureScope::Fed,
    };
    Completeness::Snapshot(Extent {
        measures,
        periods: match &says.holds.periods {
            Periods::All => PeriodScope::All,
            Periods::Constants(names) => {
                PeriodScope::Named(names.iter().filter_map(|n| periods.get(n).copied()).collect())
            }
        },
        breakdowns: match says.holds.breakdowns {
            Breakdowns::All => BreakdownScope::All,
            Breakdowns::Headline => BreakdownScope::Headline,
        },
        parts: says.holds.parts.clone(),
    })
}

/// Rows read so far, with the place of every key.
#[derive(Default)]
struct Gathered {
    rows_read: u64,
    rows: Rows,
    dropped: Vec<usize>,
    refused: Vec<Refused>,
    hashers: [RandomState; 2],
    keys: HashMap<[u64; 2], usize>,
}

impl Gathered {
    fn take(&mut self, row: ReadRow, says: &Says, wrong: &mut Findings) {
        let at = self.rows.len();
        for statement in &row.statements {
            let Some(key) = key(&self.hashers, &row, statement) else { continue };
            let words = || words(says, &row, statement).unwrap_or_default();
            let earlier = match self.keys.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(at);
                    continue;
                }
                Entry::Occupied(mut taken) if *taken.get() != at => {
                    let earlier = *taken.get();
                    let Some(before) = self.rows.find(earlier) else { continue };
                    match settle(says, &before, &row) {
                        Settled::Wrong => {
                            wrong.push(twice(&row, before.line, &words()));
                            continue;
                        }
                        Settled::Earlier(code) => {
                            let why = said_twice(&words(), before.line);
                            self.refused.push(Refused { line: row.line, code, why });
                            return;
                        }
                        Settled::Later(code) => {
                            let (line, why) = (before.line, said_twice(&words(), row.line));
                            self.refused.push(Refused { line, code, why });
                            taken.insert(at);
                            earlier
                        }
                    }
                }
                Entry::Occupied(_) => {
                    wrong.push(twice(&row, row.line, &words()));
                    continue;
                }
            };
            self.dropped.push(earlier);
        }
        self.rows.extend(Some(row));
    }

    fn finish(mut self) -> (Rows, Vec<Refused>) {
        self.dropped.sort_unstable();
        self.rows.retain(|at| self.dropped.binary_search(&at).is_err());
        self.refused.sort_by_key(|row| row.line);
        self.refused.dedup_by_key(|row| row.line);
        (self.rows, self.refused)
    }
}

enum Settled {
    Wrong,
    Earlier(&'static str),
    Later(&'static str),
}

/// Which of two rows with one key stands.
fn settle(says: &Says, earlier: &ReadRow, later: &ReadRow) -> Settled {
    let renamed = says.change.as_ref().is_some_and(|c| c.gone_and_given == GoneAndGiven::Renamed);
    match (gone(earlier), gone(later), says.duplicates) {
        (true, false, _) if renamed => Settled::Later("renamed"),
        (false, true, _) if renamed => Settled::Earlier("renamed"),
        (_, _, Duplicates::Refuse) => Settled::Wrong,
        (_, _, Duplicates::First) => Settled::Earlier("duplicate_key"),
        (_, _, Duplicates::Last) => Settled::Later("duplicate_key"),
    }
}

fn gone(row: &ReadRow) -> bool {
    let says_gone = |statement: &Statement| match statement {
        Statement::Figure(f) => {
            [f.value, f.numerator, f.denominator].iter().all(|part| part.value().is_none())
        }
        _ => true,
    };
    row.statements.iter().all(says_gone)
}

fn said_twice(words: &str, kept: u64) -> String {
    format!("{words} stands on line {kept} too, which is the one kept")
}

fn twice(row: &ReadRow, other: u64, words: &str) -> Finding {
    Finding {
        line: row.line,
        column: String::new(),
        value: row.code_as_written.clone(),
        problem: "duplicate_key",
        wrong: format!("{words} stands on line {other} already"),
        right: "keep one of the two rows, or say duplicates = \"first\" or \"last\"".to_owned(),
    }
}

/// What a statement speaks of, in words; absent for what may be said again.
fn words(says: &Says, row: &ReadRow, statement: &Statement) -> Option<String> {
    let words = match statement {
        Statement::Figure(figure) => {
            let (part, period, column) = (part(figure), figure.period, column(says, figure));
            format!("the {part} ({column}) of {} for {period} {}", row.measure, figure.breakdown)
        }
        Statement::Target { key, .. } => {
            format!("the target of {} for {} {}", row.measure, key.period, key.breakdown)
        }
        Statement::NoValue { period, .. } => {
            let period = period.map(|p| p.to_string()).unwrap_or_default();
            format!("the absence of {} {period}", row.measure)
        }
        Statement::Listed | Statement::Unit { .. } | Statement::Definition { .. } => return None,
    };
    Some(words.trim_end().to_owned())
}

/// The column that a figure stands in, as the file may call it.
fn column(says: &Says, figure: &Figure) -> String {
    let mut columns: Vec<&[String]> = Vec::new();
    for of in &says.figures {
        let field = match part(figure) {
            "numerator" => of.numerator.as_ref().unwrap_or(&of.value),
            "denominator" => of.denominator.as_ref().unwrap_or(&of.value),
            _ => &of.value,
        };
        columns.push(&field.columns);
    }
    format!("column {}", super::cells::either(&columns.concat()))
}

fn part(figure: &Figure) -> &'static str {
    let parts = [(&figure.value, "value"), (&figure.numerator, "numerator")];
    let spoken = parts.into_iter().find(|(said, _)| !said.is_silent());
    spoken.map_or("denominator", |(_, part)| part)
}

/// What may be said once only, as 128 bits: keys are long, and files have many.
fn key(hashers: &[RandomState; 2], row: &ReadRow, statement: &Statement) -> Option<[u64; 2]> {
    let both = |it: &dyn Fn(&RandomState) -> u64| hashers.each_ref().map(it);
    let (measure, at) = (&row.measure, row.known_at);
    match statement {
        Statement::Figure(figure) => {
            let it = (measure, at, part(figure), figure.period, &figure.breakdown);
            Some(both(&|hasher| hasher.hash_one(it)))
        }
        Statement::Target { key, .. } => Some(both(&|h| h.hash_one((measure, at, key)))),
        Statement::NoValue { period, .. } => {
            Some(both(&|h| h.hash_one((measure, at, "absence", period))))
        }
        Statement::Listed | Statement::Unit { .. } | Statement::Definition { .. } => None,
    }
}
