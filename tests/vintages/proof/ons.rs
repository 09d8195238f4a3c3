//! ONS: 39 files of the publisher's own, held against the replayed list of 36 vintages.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use piperoll::asking::answer::Desk;
use piperoll::asking::moment::When;

use super::super::ons;
use super::super::reader::{Field, Figures, Vintage, figures};
use super::assert_equal;
use super::moved::{Moved, block, move_in, plan};

/// The code that people use, as the reader calls the measure.
pub(super) fn name(code: &str) -> String {
    match code {
        "17-6-1" => "17-6-1 rate".to_owned(),
        "17-6-1/number" => "17-6-1 number".to_owned(),
        other => other.to_owned(),
    }
}

/// The set, moved in once for all tests that only ask.
pub(super) fn moved(figures: &Path) -> &'static Moved {
    static MOVED: OnceLock<Moved> = OnceLock::new();
    MOVED.get_or_init(|| move_in("ONS", &plan("ons.toml"), figures))
}

/// The indicators declared to have no data at that moment.
pub(super) async fn absences(desk: &Desk, vintage: &Vintage) -> BTreeSet<String> {
    let when = When::KnownAt(vintage.instant);
    let mut found = BTreeSet::new();
    for measure in &vintage.scope.measures {
        let code = measure.split(' ').next().unwrap();
        let declared = desk.submission(code, None, when).await;
        if declared.is_ok_and(|it| it.answer.submission.headline.no_value.is_some()) {
            found.insert(code.to_owned());
        }
    }
    found
}

#[test]
fn the_answer_as_at_each_of_the_36_ons_vintages_is_that_vintage() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let (moved, vintages) = (moved(&folder), ons::vintages(&folder));
    let (found, absent) = block(async {
        let desk = moved.desk().await;
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        for vintage in &vintages {
            found.push(Moved::cells(&desk, vintage.instant, name).await);
            absent.push(absences(&desk, vintage).await);
        }
        (found, absent)
    });
    assert_equal(&vintages, &found);
    for (vintage, absent) in vintages.iter().zip(&absent) {
        assert_eq!(vintage.absences, *absent, "{}", vintage.name);
    }
    let cells: usize = vintages.iter().map(|v| v.count(Field::Value)).sum();
    let absences: usize = absent.iter().map(BTreeSet::len).sum();
    println!(
        "ONS: {} vintages, {cells} cells, {absences} declared absence compared with the answer as \
         at each, equal",
        vintages.len()
    );
    assert_eq!((vintages.len(), cells, absences), (36, 5_663, 1));
    assert_eq!(moved.summary.files.len(), 39);
    let declared: u64 = moved.summary.files.iter().map(|file| file.rows.declared).sum();
    assert_eq!(declared, 1);
}
