//! Hart: 45 measures at four instants: values, targets, the council's own ratings, and its notes,
//! opened through the vault.

use std::path::Path;
use std::sync::OnceLock;

use piperoll::asking::answer::{AskingError, Desk};
use piperoll::asking::moment::When;
use piperoll::identity::vault::{Opened, Vault};
use piperoll_events::{Breakdown, Period};

use super::super::hart;
use super::super::reader::{CellValue, Field, Figures, Vintage, figures};
use super::moved::{Moved, block, move_in, number, plan};
use super::{Found, assert_equal, key, period};

/// The set, moved in once for all tests that only ask.
pub(super) fn moved(figures: &Path) -> &'static Moved {
    static MOVED: OnceLock<Moved> = OnceLock::new();
    MOVED.get_or_init(|| move_in("Hart", &plan("hart.toml"), figures))
}

/// The quarter that the file of a vintage was about.
pub(super) fn this_quarter(vintage: &Vintage) -> Period {
    period(if vintage.name.contains("2014-11") { "FY2014-Q2" } else { "FY2014-Q1" })
}

/// All that the answers say within the scope of a vintage.
pub(super) async fn answers(moved: &Moved, desk: &Desk, vintage: &Vintage) -> Found {
    let when = When::KnownAt(vintage.instant);
    let quarter = this_quarter(vintage);
    let mut found = Moved::cells(desk, vintage.instant, str::to_owned).await;
    found.retain(|key, _| vintage.scope.holds(key));
    let site = moved.site();
    let identity = site.source().await.unwrap().identity;
    let vault = site.vault(identity).await.unwrap();
    let board = desk.scorecard(when, Some(quarter)).await.unwrap();
    for line in board.answer.lines {
        let code = line.facts.measure.codes[0].code.clone();
        let mut hold = |field, value| {
            let at = key(code.clone(), quarter.days(), &Breakdown::HEADLINE, field);
            found.insert(at, value);
        };
        if let Some(level) = line.facts.target.and_then(|target| target.level) {
            hold(Field::Target, number(level.at));
        }
        if let Some(rating) = line.facts.rating_as_reported {
            hold(Field::Rating, CellValue::Text(rating));
        }
        if let Some(note) = note(desk, &vault, &code, quarter, when).await {
            hold(Field::Note, CellValue::Text(note));
        }
    }
    found
}

/// The words that stood beside a figure, opened.
async fn note(
    desk: &Desk,
    vault: &Vault,
    code: &str,
    quarter: Period,
    when: When,
) -> Option<String> {
    let answer = match desk.submission(code, Some(quarter), when).await {
        Ok(answer) => answer.answer,
        Err(AskingError::NoSubmission { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let sealed = answer.words()?;
    match vault.unseal(std::slice::from_ref(sealed)).await.unwrap().pop() {
        Some(Opened::Words(words)) => Some(words),
        other => panic!("{code}: {other:?}"),
    }
}

#[test]
fn the_answer_as_at_each_of_harts_four_instants_is_what_the_council_held() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let (moved, vintages) = (moved(&folder), hart::vintages(&folder));
    let found = block(async {
        let desk = moved.desk().await;
        let mut found = Vec::new();
        for vintage in &vintages {
            found.push(answers(moved, &desk, vintage).await);
        }
        found
    });
    assert_equal(&vintages, &found);
    let count = |field| vintages.iter().map(|v| v.count(field)).sum::<usize>();
    println!(
        "Hart: {} vintages, {} values, {} targets, {} ratings, {} notes compared with the answer \
         as at each, equal",
        vintages.len(),
        count(Field::Value),
        count(Field::Target),
        count(Field::Rating),
        count(Field::Note)
    );
    assert_eq!(vintages.len(), 4);
    assert_eq!(count(Field::Rating), 4 * 45);
    let left_out: Vec<_> = moved.summary.files.iter().flat_map(|file| &file.left_out).collect();
    assert!(left_out.iter().all(|it| it.what.contains("title")), "{left_out:?}");
}
