//! Hart's key performance indicators: seven files of 2014, four distinct contents.
//!
//! Conventions, agreed with the mapping. The measure is the code of the file. The files name their
//! columns by where they stood; [`FILES`] says which quarter each was about. A target is looked up
//! for the quarter of its file. A nought that is rated grey (`ld`, `lu`) is no target; every other
//! nought is a nought, the ones that may stand for "no figure yet" too, for the file does not say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::reader::{CellKey, CellValue, Days, Field, Scope, Vintage, months, number, rows};

/// A file, when it was published, and its quarter of 2014/15.
struct Source {
    name: &'static str,
    at: &'static str,
    quarter: u32,
}

const FILES: &[Source] = &[
    // A date without an hour: the end of that day in London.
    Source { name: "2014-08-10_7854b407.csv", at: "2014-08-10T23:59:59.999999+01:00", quarter: 1 },
    Source { name: "2014-09-02_c6a4fffa.csv", at: "2014-09-02T16:48:12+01:00", quarter: 1 },
    Source { name: "2014-09-02_097a09c1.csv", at: "2014-09-02T16:50:58+01:00", quarter: 1 },
    Source { name: "2014-11-07_88fdde5a.csv", at: "2014-11-07T13:06:01Z", quarter: 2 },
];

/// Files whose bytes are those of another, named first.
const REPEATED: &[(&str, &str)] = &[
    ("2014-08-10_de62699d.csv", "2014-08-10_7854b407.csv"),
    ("2014-09-02_b9db280a.csv", "2014-09-02_097a09c1.csv"),
    ("2014-09-02_c0097992.csv", "2014-09-02_097a09c1.csv"),
];

/// The four vintages.
pub(crate) fn vintages(figures: &Path) -> Vec<Vintage> {
    FILES.iter().map(|file| vintage(figures, file)).collect()
}

fn vintage(figures: &Path, source: &Source) -> Vintage {
    let this = quarter(source.quarter);
    let last = quarter(source.quarter - 1);
    let year = months(2013, 4, 12);
    let mut cells = BTreeMap::new();
    let file = rows(&figures.join("hart_dc_kpis_2014").join(source.name));
    for row in &file {
        let mut hold = |days: Days, field, value: CellValue| {
            let measure = row["kpi"].clone();
            let key = CellKey { measure, days, breakdown: Vec::new(), field };
            assert!(cells.insert(key, value).is_none(), "twice: {row:?}");
        };
        for (column, days) in [("last_year", year), ("last_quarter", last), ("this_quarter", this)]
        {
            if !row[column].trim().is_empty() {
                hold(days, Field::Value, number(&row[column]));
            }
        }
        let code = row["status_code"].trim();
        let target = row["target"].trim();
        let grey = code == "ld" || code == "lu";
        let nought = target.parse() == Ok(0.0);
        if !(target.is_empty() || grey && nought) {
            hold(this, Field::Target, number(target));
        }
        if !code.is_empty() {
            hold(this, Field::Rating, CellValue::Text(code.to_owned()));
        }
        // "No notes", and one space, are how the page shows that nobody wrote any.
        let note = row["notes"].trim_end();
        if !note.is_empty() && note != "No notes" {
            hold(this, Field::Note, CellValue::Text(note.to_owned()));
        }
    }
    Vintage {
        name: format!("Hart {}", source.name.trim_end_matches(".csv")),
        instant: DateTime::parse_from_rfc3339(source.at).unwrap().with_timezone(&Utc),
        scope: Scope {
            measures: file.iter().map(|row| row["kpi"].clone()).collect(),
            periods: [this, last, year].into(),
            fields: BTreeSet::new(),
        },
        cells,
        absences: BTreeSet::new(),
    }
}

/// Quarter `n` of 2014/15; 0 is the last one of the year before.
fn quarter(n: u32) -> Days {
    match n {
        0 => months(2014, 1, 3),
        n => months(2014, 1 + 3 * n, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Figures, difference, figures, swapped};
    use super::*;

    #[test]
    fn seven_files_are_four_contents_at_four_instants() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let read = |name: &str| std::fs::read(folder.join("hart_dc_kpis_2014").join(name)).unwrap();
        for (again, first) in REPEATED {
            assert!(read(again) == read(first), "{again} is not {first}");
        }
        let distinct: BTreeSet<Vec<u8>> = FILES.iter().map(|file| read(file.name)).collect();
        let vintages = vintages(&folder);
        let instants: BTreeSet<_> = vintages.iter().map(|v| v.instant).collect();
        let all = FILES.len() + REPEATED.len();
        println!("Hart: {all} files, {} contents at {} instants", distinct.len(), instants.len());
        assert_eq!((all, distinct.len(), instants.len()), (7, 4, 4));
        let measures: BTreeSet<&String> =
            vintages.iter().flat_map(|v| v.cells.keys()).map(|key| &key.measure).collect();
        for vintage in &vintages {
            println!("{}: {} cells", vintage.name, vintage.cells.len());
        }
        assert_eq!(measures.len(), 45);
    }

    #[test]
    fn what_is_known_to_be_odd_is_read_as_it_stands() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let vintages = vintages(&folder);
        let figure = |n: usize, measure: &str, days, field| {
            let key = CellKey { measure: measure.to_owned(), days, breakdown: Vec::new(), field };
            vintages[n].cells.get(&key).cloned()
        };
        let n = |n| Some(CellValue::Number(n));
        assert_eq!(figure(0, "FI06", quarter(1), Field::Value), n(97.4));
        assert_eq!(figure(3, "FI06", quarter(1), Field::Value), n(97.9));
        assert_eq!(figure(0, "HS07", quarter(1), Field::Target), n(36.0));
        assert_eq!(figure(3, "HS07", quarter(2), Field::Target), n(28.0));
        assert_eq!(figure(0, "RB09", quarter(1), Field::Target), n(12.0));
        assert_eq!(figure(3, "RB09", quarter(2), Field::Target), None);
        assert_eq!(figure(3, "LS05", quarter(2), Field::Target), n(0.0));
        assert_eq!(figure(3, "LS05", quarter(2), Field::Value), n(-28.0));
        // Blank for less than three minutes on 2 September.
        let blank: Vec<_> = (0..3).map(|v| figure(v, "ETS01", quarter(1), Field::Value)).collect();
        assert_eq!(blank, [n(0.0), None, n(0.0)]);
    }

    #[test]
    fn eighteen_second_quarter_figures_are_those_of_the_first_beside_one_nought() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let last = vintages(&folder).pop().unwrap();
        let of = |quarter| {
            last.cells
                .iter()
                .filter(move |(key, _)| key.days == quarter && key.field == Field::Value)
        };
        let values = |quarter| -> BTreeMap<String, CellValue> {
            of(quarter).map(|(key, value)| (key.measure.clone(), value.clone())).collect()
        };
        let (first, second) = (values(quarter(1)), values(quarter(2)));
        let again = second.iter().filter(|(measure, value)| first.get(*measure) == Some(value));
        let (noughts, again): (Vec<_>, Vec<_>) =
            again.partition(|(_, value)| **value == CellValue::Number(0.0));
        assert_eq!((noughts.len(), again.len()), (1, 18));
    }

    #[test]
    fn moving_one_vintage_past_its_neighbour_is_seen() {
        let Figures::In(folder) = figures() else {
            return;
        };
        let held = vintages(&folder);
        for n in 0..held.len() - 1 {
            let moved = swapped(&held, n);
            assert!(!difference(&moved[n], &held[n].cells).is_empty(), "{}", held[n].name);
        }
    }
}
