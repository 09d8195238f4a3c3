//! A row's cells by the names of their columns, under a heading that was checked once.
//!
//! **Invariant:** every column of the file is read, expected or ignored by name; one that the
//! mapping has not heard of is reported, because a renamed column must never read as silence.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::checks::shown;
use super::reading::Finding;
use super::says::{Condition, Field, Says};
use super::table::Row;

/// The heading: which column stands where.
pub(super) struct Heading {
    width: usize,
    places: HashMap<String, usize>,
    json: Option<(usize, String)>,
    named: HashSet<String>,
}

/// One row, seen through the heading.
pub(super) struct Cells<'r> {
    heading: &'r Heading,
    row: &'r Row,
    members: BTreeMap<String, String>,
}

impl Heading {
    /// Checks the heading against the mapping; what is wrong comes back beside it.
    pub(super) fn read(row: &Row, says: &Says) -> (Self, Vec<Finding>) {
        let mut wrong = Vec::new();
        let mut report = |column: &str, problem, what: String, right: String| {
            let (line, value) = (row.line, String::new());
            wrong.push(Finding { line, column: shown(column), value, problem, wrong: what, right });
        };
        let mut places = HashMap::new();
        for (at, name) in row.cells.iter().enumerate() {
            let name = name.trim().to_owned();
            if places.insert(name.clone(), at).is_some() {
                let right = "give each column a name of its own".to_owned();
                report(&name, "column_twice", "two columns have this name".to_owned(), right);
            }
        }
        let json_name = says.file.expand_json.as_ref();
        let json = json_name.and_then(|n| places.get(n).map(|at| (*at, n.clone())));
        let mut named: HashSet<String> =
            says.file.ignore.iter().chain(json_name).cloned().collect();
        for (columns, optional) in columns(says) {
            named.extend(columns.iter().cloned());
            let present: Vec<&String> =
                columns.iter().filter(|c| places.contains_key(*c)).collect();
            match present.as_slice() {
                [] if !optional && json.is_none() => {
                    let right = format!("name the column {}", either(columns));
                    let what = "the file has no such column".to_owned();
                    report(&either(columns), "column_missing", what, right);
                }
                [] | [_] => {}
                [_, other, ..] => {
                    let what = format!("it stands for the same as {}", either(columns));
                    let right = "keep one of them".to_owned();
                    report(other, "column_ambiguous", what, right);
                }
            }
        }
        for name in places.keys().filter(|name| !named.contains(*name)) {
            let what = "the mapping does not say what this column is".to_owned();
            let right = "read it, or list it under `ignore` in [file]".to_owned();
            report(name, "column_not_read", what, right);
        }
        (Self { width: row.cells.len(), places, json, named }, wrong)
    }
}

impl<'r> Cells<'r> {
    /// The row under the heading, its JSON column spread out.
    pub(super) fn new(heading: &'r Heading, row: &'r Row) -> Result<Self, Finding> {
        let wrong = |column: &str, value: &str, problem, what: String, right: &str| Finding {
            line: row.line,
            column: shown(column),
            value: shown(value),
            problem,
            wrong: what,
            right: right.to_owned(),
        };
        if row.cells.len() != heading.width {
            let what = format!("{} cells under {} columns", row.cells.len(), heading.width);
            let right = "quote cells that hold the delimiter, and fill in what is missing";
            return Err(wrong("", "", "cells_in_row", what, right));
        }
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        if let Some((at, name)) = &heading.json {
            let text = row.cells.get(*at).map_or("", String::as_str);
            members = serde_json::from_str(text).map_err(|_| {
                let what = "not a JSON object of texts".to_owned();
                wrong(name, text, "json", what, r#"write it like {"Sex": "Female"}"#)
            })?;
            if let Some(other) = members.keys().find(|member| !heading.named.contains(*member)) {
                let what = format!("the mapping does not say what `{}` is", shown(other));
                let right = "read it, or list it under `ignore` in [file]";
                return Err(wrong(name, other, "column_not_read", what, right));
            }
        }
        Ok(Self { heading, row, members })
    }

    /// The column that stands under one of these names, and what its cell holds.
    pub(super) fn find<'c>(&'c self, columns: &'c [String]) -> Option<(&'c str, &'c str)> {
        columns.iter().find_map(|name| {
            let own = self.heading.places.get(name).and_then(|at| self.row.cells.get(*at));
            let text = own.or_else(|| self.members.get(name))?;
            Some((name.as_str(), text.as_str()))
        })
    }

    /// Whether the row has one of the condition's values.
    pub(super) fn meet(&self, condition: &Condition) -> bool {
        let text = self.find(&condition.columns).map(|(_, text)| text.trim());
        text.is_some_and(|text| condition.values.iter().any(|value| value == text))
    }

    /// The line that the row starts on.
    pub(super) const fn line(&self) -> u64 {
        self.row.line
    }
}

/// Names as a reader would list them.
pub(super) fn either(columns: &[String]) -> String {
    columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// Every set of names that the mapping reads, and whether a file may do without.
fn columns(says: &Says) -> Vec<(&[String], bool)> {
    let mut all: Vec<(&[String], bool)> = Vec::new();
    let mut fields: Vec<&Field> = Vec::new();
    for figure in &says.figures {
        let parts = [&figure.numerator, &figure.denominator, &figure.status, &figure.rating];
        fields.push(&figure.value);
        fields.extend(parts.into_iter().chain([&figure.commentary]).flatten());
    }
    fields.extend(says.targets.iter().map(|target| &target.level));
    fields.extend(&says.unit);
    for definition in &says.definitions {
        fields.push(&definition.now);
        fields.extend(&definition.before);
    }
    let when = says.definitions.iter().filter_map(|definition| definition.when.as_ref());
    let listed = says.code.listed.iter();
    all.extend(listed.clone().map(|listed| (listed.now.as_slice(), false)));
    let when = when.chain(listed.map(|listed| &listed.when));
    all.extend(when.map(|when| (when.columns.as_slice(), false)));
    for field in fields {
        all.push((&field.columns, field.optional));
        let conditions = field.nothing.iter().filter_map(|rule| rule.when.as_ref());
        all.extend(conditions.map(|when| (when.columns.as_slice(), field.optional)));
    }
    let one = |columns: &'_ Vec<String>| !columns.is_empty();
    for columns in [&says.code.columns, &says.known_at.columns].into_iter().filter(|c| one(c)) {
        all.push((columns, false));
    }
    all.extend(says.code.split.iter().map(|s| (s.columns.as_slice(), s.absent.is_some())));
    all.extend(says.period.iter().map(|p| (p.columns.as_slice(), false)));
    all.extend(says.no_values.iter().map(|n| (n.columns.as_slice(), false)));
    all.extend(says.breakdowns.iter().map(|b| (b.columns.as_slice(), b.optional)));
    all.extend(says.leave_out.iter().map(|l| (l.columns.as_slice(), l.optional)));
    all.extend(says.expected.iter().map(|e| (e.columns.as_slice(), e.optional)));
    if let Some(change) = &says.change {
        all.extend(change.field.iter().map(|f| (f.columns.as_slice(), false)));
        all.extend(change.kind.iter().map(|k| (k.columns.as_slice(), false)));
    }
    all
}
