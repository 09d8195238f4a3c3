//! What is known to be odd in Hart's set, bullet by bullet, through the importer and the answers.

use std::collections::BTreeMap;

use piperoll::asking::answer::{Desk, SubmissionAnswer};
use piperoll::asking::moment::When;
use piperoll::asking::questions::{Between, made_easier};
use piperoll_events::definition::AssertedPart;
use piperoll_events::ease::Ease;
use piperoll_events::reason::ReasonCode;
use piperoll_events::target::TargetShape;
use piperoll_events::{Period, Polarity, Quantity, Target};
use piperoll_projections::score::{FigureState, Timing};
use piperoll_projections::scorecard::TargetHappened;

use super::super::reader::{Figures, figures, rows};
use super::hart::moved;
use super::memory::Read;
use super::moved::{Moved, block, plan};
use super::{at, period};

const INSTANTS: [&str; 4] = [
    "2014-08-10T23:59:59.999999+01:00",
    "2014-09-02T16:48:12+01:00",
    "2014-09-02T16:50:58+01:00",
    "2014-11-07T13:06:01Z",
];

type Figure = Option<Quantity>;

fn q(text: &str) -> Figure {
    text.parse().ok()
}

async fn submission(desk: &Desk, code: &str, of: &str, instant: &str) -> Option<SubmissionAnswer> {
    let when = When::KnownAt(at(instant));
    let answer = desk.submission(code, Some(period(of)), when).await;
    answer.ok().map(|answer| answer.answer)
}

/// A figure at each of the four instants.
fn figure(moved: &Moved, code: &str, of: &str) -> Vec<Figure> {
    block(async {
        let desk = moved.desk().await;
        let mut found = Vec::new();
        for instant in INSTANTS {
            let answer = submission(&desk, code, of, instant).await;
            found.push(answer.and_then(|it| it.submission.headline.value));
        }
        found
    })
}

#[test]
fn what_no_file_says_is_asserted_by_the_mapping_and_the_answer_says_so() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    block(async {
        let desk = moved.desk().await;
        let board = desk.scorecard(When::Now, None).await.unwrap();
        assert_eq!(board.answer.lines.len(), 45);
        for line in board.answer.lines {
            let code = &line.facts.measure.codes[0].code;
            let answer = desk.measure(code, When::Now).await.unwrap().answer;
            let parts = &answer.definitions[0].definition.asserted_by_mapping;
            for part in [AssertedPart::Polarity, AssertedPart::Period, AssertedPart::TargetShape] {
                assert!(parts.contains(&part), "{code}: {parts:?}");
            }
        }
    });
}

#[test]
fn a_nought_that_may_stand_for_no_figure_is_kept_with_its_rating_and_its_oddity() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    block(async {
        let desk = moved.desk().await;
        let mut ratings = BTreeMap::new();
        for code in ["ETS01", "IT06", "PS05"] {
            let answer = submission(&desk, code, "FY2014-Q2", INSTANTS[3]).await.unwrap();
            assert_eq!(answer.submission.headline.value, q("0"), "{code}");
            ratings.insert(code, answer.submission.rating_as_reported.unwrap());
        }
        println!("Hart: noughts rated {ratings:?}");
        assert!(ratings.values().all(|rating| rating == "lg" || rating == "lr"), "{ratings:?}");
        // LS05's nought is a target: 28 days under it is better than on time.
        let line = submission(&desk, "LS05", "FY2014-Q2", INSTANTS[3]).await.unwrap().line;
        assert_eq!(line.facts.headline.unwrap().value, q("-28"));
        assert_eq!(line.facts.target.unwrap().level.map(|level| level.at), q("0"));
    });
}

#[test]
fn for_three_minutes_of_september_ets01_had_a_rating_and_a_note_and_no_figure() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    assert_eq!(figure(moved, "ETS01", "FY2014-Q1")[..3], [q("0"), None, q("0")]);
    assert_eq!(figure(moved, "ETS01", "FY2013-Q4")[..3], [q("0"), None, q("0")]);
    block(async {
        let desk = moved.desk().await;
        let bare = submission(&desk, "ETS01", "FY2014-Q1", INSTANTS[1]).await.unwrap();
        assert_eq!(bare.submission.cells, []);
        assert_eq!(bare.submission.rating_as_reported.as_deref(), Some("lr"));
        assert!(bare.words().is_some());
        let versions = submission(&desk, "ETS01", "FY2014-Q1", INSTANTS[2]).await.unwrap();
        let reasons = versions.submission.versions.into_iter().filter_map(|it| it.reason);
        assert!(reasons.into_iter().all(|it| it.code == ReasonCode::NoneRecorded));
    });
    let state = block(async {
        let desk = moved.desk().await;
        let bare = submission(&desk, "ETS01", "FY2014-Q1", INSTANTS[1]).await.unwrap();
        bare.line.figure_state
    });
    assert_eq!(state, FigureState::Absent);
    // LS05's two figures went blank with them, and stayed so.
    assert_eq!(figure(moved, "LS05", "FY2013"), [q("0"), None, None, q("0")]);
    assert_eq!(figure(moved, "LS05", "FY2013-Q4"), [q("0"), None, None, None]);
}

#[test]
fn of_the_44_fields_that_changed_on_2_september_ten_said_something_else() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let changes = rows(&folder.join("hart_dc_kpis_2014/changes.csv"));
    let of = |instant: &str| changes.iter().filter(|row| row["vintage_at"] == instant).count();
    assert_eq!((of(INSTANTS[1]), of(INSTANTS[2])), (44, 2));
    let read = Read::of(&plan("hart.toml"), &folder);
    let prologue = read.prologue(&read.sources).unwrap();
    let recorded = |instant: &str| {
        let mut types: BTreeMap<&str, usize> = BTreeMap::new();
        for planned in prologue.batches().each.flatten() {
            let known_at = planned.asserted.as_ref().and_then(|it| it.known_at);
            if known_at == Some(at(instant)) {
                let name = planned.intent.event_type();
                *types.entry(name.split('.').nth(2).unwrap()).or_default() += 1;
            }
        }
        types
    };
    // Thirty "No notes" became a space, one note changed the blank at its end, and three noughts that
    // were no targets became blanks.
    let first = [("commentary_written", 6), ("revised", 1), ("withdrawn", 3)];
    assert_eq!(recorded(INSTANTS[1]), first.into());
    assert_eq!(recorded(INSTANTS[2]), [("revised", 1), ("submitted", 1)].into());
    let moved = moved(&folder);
    block(async {
        let desk = moved.desk().await;
        for code in ["SNH03", "SNH04", "SNH06"] {
            let answer = desk.measure(code, When::Now).await.unwrap().answer;
            assert_eq!(answer.targets, [], "{code}");
        }
    });
}

/// What the targets of every measure were, and became, in order.
fn targets(moved: &Moved) -> Vec<(String, Polarity, Target, Option<Target>, ReasonCode)> {
    block(async {
        let desk = moved.desk().await;
        let board = desk.scorecard(When::Now, None).await.unwrap();
        let mut moves = Vec::new();
        for line in board.answer.lines {
            let code = line.facts.measure.codes[0].code.clone();
            let answer = desk.measure(&code, When::Now).await.unwrap().answer;
            let polarity = answer.line.facts.definition.unwrap().polarity;
            let mut held: Option<Target> = None;
            for version in answer.targets {
                let withdrawn = version.happened == TargetHappened::Withdrawn;
                let new = (!withdrawn).then_some(version.target);
                if let Some(old) = held {
                    moves.push((
                        code.clone(),
                        polarity.clone(),
                        old,
                        new.clone(),
                        version.reason.code,
                    ));
                }
                held = new;
            }
        }
        moves
    })
}

#[test]
fn exactly_two_targets_were_made_easier_and_no_reason_is_on_record() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let reply = block(async {
        let between = Between {
            from: Some(at("2014-08-01T00:00:00+01:00")),
            to: Some(at("2014-12-31T23:59:59Z")),
        };
        let asked = made_easier::Asked { between };
        moved.desk().await.targets_made_easier(asked, When::Now).await.unwrap()
    });
    let told: Vec<_> = reply
        .rows
        .iter()
        .map(|row| {
            let change = &row.change;
            let level = |target: &Option<Target>| target.as_ref()?.level.map(|level| level.at);
            let known = change.known_actual.map(|known| (known.said.period, known.said.value));
            let (old, new) = (level(&change.old), level(&change.new));
            (change.code.as_str(), old, new, change.ease, change.timing, known)
        })
        .collect();
    println!("Hart: made easier {told:?}");
    let first_quarter = |value| Some((period("FY2014-Q1"), q(value).unwrap()));
    let during = Some(Timing::InPeriod);
    let (easier, lost) = (Some(Ease::Easier), Some(Ease::Lost));
    assert_eq!(
        told,
        [
            ("HS07", q("36"), q("28"), easier, during, first_quarter("36")),
            ("RB09", q("12"), None, lost, during, first_quarter("9.4")),
        ]
    );
    assert_eq!(reply.looked_at.measures, 42);
    let easier = &reply.rows[0];
    assert_eq!((easier.difference, easier.percent_of_old), (q("-8"), q("-22.22")));
    let with = easier.change.recorded_with.unwrap();
    assert_eq!((with.said.period, Some(with.said.value)), (period("FY2014-Q2"), q("36")));
    for row in &reply.rows {
        assert_eq!(row.change.reason.code, ReasonCode::NoneRecorded);
        assert_eq!(row.bases, [made_easier::Basis::SamePeriod]);
        assert!(row.change.asserted && row.restored_at.is_none());
    }
    let same = &reply.totals["same_period"];
    let path = ["HR11", "HS08", "HS16", "IA01"];
    // Each of these paths gained a point, which is a first one.
    assert_eq!((same["easier"], same["lost"], same["first"]), (1, 1, 42 + 4));
    for (code, _, old, ..) in targets(moved) {
        assert_eq!(old.shape == TargetShape::Profile, path.contains(&code.as_str()), "{code}");
    }
}

#[test]
fn a_period_that_two_files_tell_differently_is_a_revision() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let last = |found: Vec<Figure>| (found[0], found[3]);
    assert_eq!(last(figure(moved, "FI06", "FY2014-Q1")), (q("97.4"), q("97.9")));
    assert_eq!(last(figure(moved, "HR11", "FY2014-Q1")), (q("2.6"), q("2.7")));
    assert_eq!(last(figure(moved, "HS07", "FY2013")), (q("365"), q("324")));
    let fi06: Period = period("FY2014-Q1");
    let versions = block(async {
        let desk = moved.desk().await;
        let answer = desk.submission("FI06", Some(fi06), When::Now).await.unwrap();
        answer.answer.submission.versions.len()
    });
    assert!(versions >= 2, "{versions}");
}
