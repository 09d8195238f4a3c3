//! The Scottish benchmark: the list of changes and the log of definitions, held against the replay
//! at 17 vintages; and five of the publisher's own files, as snapshots.

use std::path::Path;
use std::sync::OnceLock;

use super::super::lgbf;
use super::super::reader::{CellValue, Field, Figures, Vintage, difference, figures};
use super::moved::{Moved, block, move_in, plan};
use super::{Found, assert_equal};

/// The set, moved in once for all tests that only ask.
pub(super) fn moved(figures: &Path) -> &'static Moved {
    static MOVED: OnceLock<Moved> = OnceLock::new();
    MOVED.get_or_init(|| move_in("LGBF", &plan("lgbf.toml"), figures))
}

pub(super) async fn each(moved: &Moved, vintages: &[Vintage]) -> Vec<Found> {
    let desk = moved.desk().await;
    let mut found = Vec::new();
    for vintage in vintages {
        found.push(Moved::cells(&desk, vintage.instant, lgbf::measure).await);
    }
    found
}

#[test]
fn the_answer_as_at_each_of_the_17_lgbf_vintages_is_that_vintage() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let (moved, vintages) = (moved(&folder), lgbf::vintages(&folder));
    let found = block(each(moved, &vintages));
    assert_equal(&vintages, &found);
    let values: usize = vintages.iter().map(|v| v.count(Field::Value)).sum();
    let all: usize = vintages.iter().map(|v| v.cells.len()).sum();
    println!(
        "LGBF: {} vintages, {values} values, {all} with numerators and denominators compared with \
         the answer as at each, equal",
        vintages.len()
    );
    assert_eq!((vintages.len(), values, all), (17, 16_641, 17_819));
    for (day, cells) in lgbf::raw(&folder) {
        let n = vintages.iter().position(|v| v.name.contains(&day)).unwrap();
        against_the_publishers_own(&day, &vintages[n], &cells, &found[n]);
    }
}

/// The answer at the day of one of the publisher's own files has that file's values. In August 2023
/// the publisher began to round, and the log passes over changes as small as that.
fn against_the_publishers_own(day: &str, vintage: &Vintage, own: &Found, found: &Found) {
    let values = |cells: &Found| -> Found {
        let of = |key: &super::super::reader::CellKey| key.field == Field::Value;
        let kept = cells.iter().filter(|(key, _)| of(key));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let mut expected = vintage.clone();
    expected.name = format!("LGBF {day}, the publisher's own file");
    expected.cells = values(own);
    let found = values(found);
    assert!(expected.cells.keys().eq(found.keys()), "{day}: not the same cells");
    let differ = difference(&expected, &found);
    let far = |key| match (&expected.cells[key], &found[key]) {
        (CellValue::Number(a), CellValue::Number(b)) => {
            (a - b).abs() / a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
        }
        other => panic!("{other:?}"),
    };
    let farthest: f64 = found.keys().map(far).fold(0.0, f64::max);
    println!(
        "LGBF {day}: {} values of the publisher's own file compared with the answer, {} differ, \
         by {farthest:.1e} at most",
        found.len(),
        differ.len()
    );
    if day == "2023-08-25" {
        assert_eq!(differ.len(), 198, "{differ:#?}");
        assert!((1.0e-6..1.2e-6).contains(&farthest), "{farthest:e}");
    } else {
        assert_eq!(differ, Vec::<String>::new());
    }
}

#[test]
fn five_of_the_publishers_own_files_moved_in_as_snapshots_are_what_they_hold() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = move_in("LGBF files", &plan("lgbf-raw.toml"), &folder);
    let raw = lgbf::raw(&folder);
    let replayed = lgbf::vintages(&folder);
    let vintages: Vec<Vintage> = raw
        .into_iter()
        .map(|(day, cells)| {
            let of_day = |v: &&Vintage| v.name.contains(&day);
            let mut vintage = replayed.iter().find(of_day).unwrap().clone();
            vintage.cells = cells;
            vintage
        })
        .collect();
    assert_equal(&vintages, &block(each(&moved, &vintages)));
    let cells: usize = vintages.iter().map(|v| v.cells.len()).sum();
    println!(
        "LGBF files: {} files, {cells} cells compared with the answer as at each, equal",
        vintages.len()
    );
    let last = moved.summary.files.last().unwrap();
    assert_eq!(last.rows.refused, 976, "the rows in cash terms");
}
