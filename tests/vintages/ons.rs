//! The ONS set: five indicators, 36 vintages, replayed from the log of observations and read from
//! the publisher's own files.
//!
//! Conventions, agreed with the mapping. The measure is the indicator; only 17-6-1 is two, since
//! its unit column speaks of two things: `17-6-1 number` and `17-6-1 rate`. Every other unit column
//! belongs to the definition, and `Unit multiplier` always says `Units`. The remaining columns are
//! taxonomies under the names of [`TAXONOMIES`]. A blank cell, or the one series of an indicator
//! that has no other, is the headline. What 10-1-1 called `Income` until it named its series in
//! December 2021 is the series [`INCOME`] since.
//!
//! Periods of 10-1-1: `2001 - 2006`, `2001/02 - 2006/07` and `200102 - 200607` are one pool of
//! financial years. The publisher's own note says that its years are financial ones, and the
//! figures prove it: spelled in three ways in 2018 and 2019, the 44 figures are the same ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::reader::{CellKey, CellValue, Days, Field, Scope, Vintage, months, number, rows, slug};

const TAXONOMIES: &[(&str, &str)] = &[
    ("Series", "measured_by"),
    ("Gas", "gas"),
    ("Income/Expenditure", "measured_by"),
    ("Income/expenditure", "measured_by"),
    ("Income group", "income_group"),
    ("Income distribution", "income_group"),
    ("Income", "income_group"),
    ("Speed (mb/sec)", "speed"),
    ("Speed (Mb/sec)", "speed"),
    ("Renewable and waste source", "renewable_source"),
];

/// The series that is the indicator itself. 10-1-1 has two, income and expenditure: neither is.
const HEADLINE_SERIES: &[(&str, &str)] = &[
    ("7-2-1", "Renewable energy share in the total final energy consumption"),
    ("8-2-1", "Annual growth rate of real GDP per employed person"),
    ("13-2-2", "Greenhouse gas emissions within UK borders"),
];

/// 10-1-1's series, and what they were called before.
const INCOME: &[(&str, &str)] = &[
    ("growth_rates_of_household_income_per_capita", "income"),
    ("growth_rates_of_household_expenditure_per_capita", "expenditure"),
];

const NO_DATA: &str = "There is no data for this indicator yet";

pub(crate) const INDICATORS: [&str; 5] = ["7-2-1", "8-2-1", "10-1-1", "13-2-2", "17-6-1"];

type Row = BTreeMap<String, String>;

/// The 36 vintages, in the order of their instants.
pub(crate) fn vintages(figures: &Path) -> Vec<Vintage> {
    let log = rows(&figures.join("ons_uk_sdg_vintages/observations_by_vintage.csv"));
    let mut found = Vec::new();
    for indicator in INDICATORS {
        let mut held: BTreeMap<(String, String), Row> = BTreeMap::new();
        let own: Vec<&Row> = log.iter().filter(|row| row["indicator"] == indicator).collect();
        for (n, row) in own.iter().enumerate() {
            let key = (row["period"].clone(), row["dimensions_json"].clone());
            if row["change_kind"] == "withdrawn" {
                assert!(held.remove(&key).is_some(), "withdrawn and not held: {row:?}");
            } else {
                // One key twice in a file (17-6-1, 15 June 2021, 09:30): the later row stands.
                held.insert(key, (*row).clone());
            }
            if own.get(n + 1).is_none_or(|next| next["vintage_at"] != row["vintage_at"]) {
                found.push(vintage(indicator, &row["vintage_at"], held.values().map(columns)));
            }
        }
    }
    found.sort_by(|a, b| (a.instant, &a.name).cmp(&(b.instant, &b.name)));
    found
}

/// The publisher's 39 files, each as a vintage; files that changed nothing are among them.
pub(crate) fn raw(figures: &Path) -> Vec<Vintage> {
    let mut found = Vec::new();
    for indicator in INDICATORS {
        let folder = figures.join("ons_uk_sdg_vintages/raw").join(indicator);
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().extension().is_some_and(|end| end == "csv") {
                let file = rows(&entry.path());
                found.push(vintage(indicator, &name[..17], file.into_iter()));
            }
        }
    }
    found.sort_by(|a, b| (a.instant, &a.name).cmp(&(b.instant, &b.name)));
    found
}

/// A row of the log as the publisher's file had it.
fn columns(row: &Row) -> Row {
    let mut columns: Row = serde_json::from_str(&row["dimensions_json"]).unwrap();
    columns.insert("Year".to_owned(), row["period"].clone());
    columns.insert("Value".to_owned(), row["value"].clone());
    columns.insert("Observation status".to_owned(), row["observation_status"].clone());
    columns
}

fn vintage(indicator: &str, at: &str, file: impl Iterator<Item = Row>) -> Vintage {
    let mut cells = BTreeMap::new();
    let mut absences = BTreeSet::new();
    for row in file {
        if row["Year"] == NO_DATA {
            absences.insert(indicator.to_owned());
            continue;
        }
        let key = CellKey {
            measure: measure(indicator, &row),
            days: days(&row["Year"]),
            breakdown: breakdown(indicator, &row),
            field: Field::Value,
        };
        let status = row.get("Observation status").map_or("", |status| status.trim());
        if !status.is_empty() {
            let key = CellKey { field: Field::Status, ..key.clone() };
            cells.insert(key, CellValue::Text(status.to_owned()));
        }
        cells.insert(key, number(&row["Value"]));
    }
    Vintage {
        name: format!("ONS {indicator} {at}"),
        instant: instant(at),
        scope: Scope { measures: measures(indicator), ..Scope::default() },
        cells,
        absences,
    }
}

/// The measures that an indicator is.
pub(crate) fn measures(indicator: &str) -> BTreeSet<String> {
    match indicator {
        "17-6-1" => ["17-6-1 number", "17-6-1 rate"].map(str::to_owned).into(),
        _ => [indicator.to_owned()].into(),
    }
}

fn measure(indicator: &str, row: &Row) -> String {
    match (indicator, row.get("Units").map(String::as_str)) {
        ("17-6-1", Some("Number")) => "17-6-1 number".to_owned(),
        ("17-6-1", Some("Rate per 100 population")) => "17-6-1 rate".to_owned(),
        ("17-6-1", units) => panic!("17-6-1 in {units:?}: which measure?"),
        _ => indicator.to_owned(),
    }
}

fn breakdown(indicator: &str, row: &Row) -> Vec<(String, String)> {
    let known = ["Year", "Value", "Units", "Unit measure", "Unit multiplier", "Observation status"];
    let mut tags = Vec::new();
    for (column, cell) in row.iter().filter(|(column, _)| !known.contains(&column.as_str())) {
        let taxonomy = TAXONOMIES.iter().find(|(name, _)| name == column);
        let (_, taxonomy) = taxonomy.unwrap_or_else(|| panic!("column `{column}` is not known"));
        let headline =
            *taxonomy == "measured_by" && HEADLINE_SERIES.contains(&(indicator, cell.as_str()));
        if !cell.trim().is_empty() && !headline {
            let code = slug(cell);
            let before = INCOME.iter().find(|(named, _)| *named == code);
            let code = before.map_or(code.clone(), |(_, before)| (*before).to_owned());
            tags.push(((*taxonomy).to_owned(), code));
        }
    }
    tags.sort();
    tags
}

/// `2021`, or years pooled from the first of the pool to the last.
fn days(text: &str) -> Days {
    let tight: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let year = |text: &str| -> i32 { text.parse().unwrap_or_else(|_| panic!("`{text}`: no year")) };
    match tight.split_once('-') {
        None => months(year(&tight), 1, 12),
        Some((from, to)) => {
            // `2001`, `2001/02` and `200102` all begin with the year that they start in.
            let (first, last) = (year(&from[..4]), year(&to[..4]));
            (months(first, 4, 12).0, months(last, 4, 12).1)
        }
    }
}

fn instant(at: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H%M%S").unwrap().and_utc()
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Figures, difference, figures, swapped};
    use super::*;

    #[test]
    fn the_replay_counts_what_the_source_counts() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let vintages = vintages(&folder);
        let cells: usize = vintages.iter().map(|v| v.count(Field::Value)).sum();
        let absences: usize = vintages.iter().map(|v| v.absences.len()).sum();
        println!("ONS: {} vintages, {cells} cells, {absences} declared absence", vintages.len());
        assert_eq!((vintages.len(), cells, absences), (36, 5_663, 1));
    }

    #[test]
    fn the_publishers_own_files_say_what_the_replay_says() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let (replayed, raw) = (vintages(&folder), raw(&folder));
        let mut noisy = (0, 0);
        for file in &raw {
            let own = |v: &&Vintage| v.scope == file.scope && v.instant <= file.instant;
            let last = replayed.iter().rfind(own).unwrap();
            // A file without changes stands between two vintages: the earlier one still holds.
            let values = |v: &Vintage| {
                let mut v = v.clone();
                v.cells.retain(|key, _| key.field == Field::Value);
                v.scope.fields = [Field::Value].into();
                v
            };
            assert_eq!(difference(&values(file), &last.cells), Vec::<String>::new());
            assert_eq!(file.absences, last.absences);
            if last.instant == file.instant {
                assert_eq!(difference(file, &last.cells), Vec::<String>::new());
            }
            let differing = file.cells.iter().filter(|(key, value)| last.cells[key] != **value);
            match differing.filter(|(key, _)| key.field == Field::Value).count() {
                0 => {}
                n => noisy = (noisy.0 + 1, noisy.1 + n),
            }
        }
        println!("ONS: {} files, {} with float noise in {} cells", raw.len(), noisy.0, noisy.1);
        assert_eq!((raw.len(), noisy), (39, (5, 57)));
    }

    #[test]
    fn moving_one_vintage_past_its_neighbour_is_seen_unless_only_words_changed() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let mut same = Vec::new();
        for indicator in INDICATORS {
            let mut own = vintages(&folder);
            own.retain(|v| v.scope.measures == measures(indicator));
            for n in 0..own.len() - 1 {
                let moved = swapped(&own, n);
                let seen = |at: usize| difference(&moved[at], &own[at].cells).len();
                // What tells 17-6-1's first vintage from its second is a declaration, and cells.
                if seen(n) + seen(n + 1) == 0 {
                    same.push(own[n + 1].name.clone());
                }
            }
        }
        // Other headings, and other spellings of periods and groups, over the same figures.
        assert_eq!(same, ["ONS 10-1-1 2018-12-12T142003", "ONS 10-1-1 2019-03-14T140140"]);
    }

    #[test]
    fn three_spellings_of_a_pool_of_years_are_one_period() {
        for text in ["2001 - 2006", "2001/02 - 2006/07", "200102 - 200607", "2001/02-2006/07"] {
            let (from, to) = days(text);
            assert_eq!(
                (from.to_string(), to.to_string()),
                ("2001-04-01".into(), "2007-03-31".into())
            );
        }
        assert_eq!(days("2021").1.to_string(), "2021-12-31");
    }

    #[test]
    fn the_spellings_stand_for_one_period_because_the_figures_are_the_same() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let own: Vec<Vintage> =
            vintages(&folder).into_iter().filter(|v| v.name.contains(" 10-1-1 ")).collect();
        for pair in own.windows(2).take(3) {
            let values = Scope { fields: [Field::Value].into(), ..Scope::default() };
            let mut before = pair[0].clone();
            before.cells.retain(|key, _| key.field == Field::Value);
            before.scope = values;
            assert_eq!(difference(&before, &pair[1].cells), Vec::<String>::new());
        }
    }
}
