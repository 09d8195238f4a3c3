//! The questions with an answer that is known of the real sets.

use std::collections::BTreeSet;

use piperoll::asking::moment::{Moment, When};
use piperoll::asking::questions::linking::{Field, Verdict};
use piperoll::asking::questions::turned_green::{Include, Of};
use piperoll::asking::questions::{
    Between, comparable, differs, dropped, overridden, reperform, turned_green,
};
use piperoll_events::reason::ReasonCode;
use piperoll_events::{Position, Quantity};

use super::super::reader::{Figures, figures};
use super::moved::{Moved, block};
use super::{at, hart, lgbf, period};

fn q(text: &str) -> Option<Quantity> {
    text.parse().ok()
}

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

fn differs_in(moved: &Moved, (code, of): (&str, &str), (a, b): (&str, &str)) -> differs::Differs {
    let asked = differs::Asked {
        measure: code.to_owned(),
        period: period(of),
        breakdown: None,
        a: moment(a),
        b: moment(b),
    };
    let reply = block(async { moved.desk().await.figure_differs(asked, When::Now).await.unwrap() });
    let [row] = <[_; 1]>::try_from(reply.rows).unwrap();
    println!("{}", row.sentence);
    row
}

#[test]
fn a_figure_told_twice_says_by_how_much_it_moved_and_that_no_reason_is_on_record() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = hart::moved(&folder);
    let ends = ("2014-09-02", "2014-11-07");
    for (code, of, a, b, by) in [
        ("FI06", "FY2014-Q1", "97.4", "97.9", "0.5"),
        ("HR11", "FY2014-Q1", "2.6", "2.7", "0.1"),
        ("HS07", "FY2013", "365", "324", "-41"),
    ] {
        let row = differs_in(moved, (code, of), ends);
        assert_eq!((row.a.exact, row.b.exact), (q(a), q(b)), "{code}");
        assert_eq!(row.cause, Some(differs::Cause::Revised), "{code}");
        let [step] = &row.steps[..] else { panic!("{code}: {:?}", row.steps) };
        assert_eq!(step.size, q(by), "{code}");
        assert_eq!(step.reason.as_ref().unwrap().code, ReasonCode::NoneRecorded, "{code}");
        assert!(row.asserted && !row.same_exact);
    }
    // The near miss: nothing was said of it in between.
    let same = differs_in(moved, ("CS01", "FY2014-Q1"), ("2014-08-10", "2014-11-07"));
    assert_eq!((same.cause, same.same_exact, same.steps.len()), (None, true, 0));
    // Blank for three minutes, and a nought again.
    let blank = ("2014-09-02T16:48:12+01:00", "2014-11-07");
    let row = differs_in(moved, ("ETS01", "FY2014-Q1"), blank);
    assert_eq!((row.a.exact, row.cause), (None, Some(differs::Cause::AbsentInA)));
    let cancelled = differs_in(moved, ("ETS01", "FY2014-Q1"), ("2014-08-10", "2014-11-07"));
    assert_eq!((cancelled.cause, cancelled.steps.len()), (None, 2), "two changes that cancel");
}

fn compared(
    moved: &Moved,
    code: &str,
    (a, b): (&str, &str),
    a_at: Option<&str>,
) -> comparable::Comparable {
    let asked = comparable::Asked {
        measure: code.to_owned(),
        a_period: period(a),
        b_period: period(b),
        a_at: a_at.map(moment),
        b_at: None,
    };
    let when = When::KnownAt(at("2021-12-31T00:00:00Z"));
    let reply = block(async { moved.desk().await.comparable(asked, when).await.unwrap() });
    let [row] = <[_; 1]>::try_from(reply.rows).unwrap();
    println!("{}", row.sentence);
    row
}

#[test]
fn another_unit_is_the_same_after_its_factor_and_a_corrected_polarity_is_told_beside_it() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = lgbf::moved(&folder);
    let row = compared(moved, "CHN19A", ("FY2018", "FY2018"), Some("2021-09-20"));
    assert_eq!(row.verdict, Verdict::SameAfterFactor);
    assert_eq!(row.linked.as_ref().unwrap().factor, q("0.01"));
    assert_eq!(row.breaks, [Field::Unit]);
    let row = compared(moved, "FINSUS3", ("FY2018", "FY2018"), Some("2021-09-22"));
    assert_eq!(row.verdict, Verdict::SameAfterFactor);
    assert_eq!(row.linked.as_ref().unwrap().factor, q("0.01"));
    assert_eq!(row.breaks, [Field::Unit, Field::Polarity]);
    assert!(row.sentence.contains("which way is better changed"), "{}", row.sentence);
    // The back series was restated: within one moment all of it is the same.
    let row = compared(moved, "CHN19A", ("FY2016", "FY2018"), None);
    assert_eq!((row.verdict, row.breaks.len()), (Verdict::Same, 0));
    let none = compared(moved, "CHN19A", ("FY1990", "FY2018"), None);
    assert_eq!(none.verdict, Verdict::Unknown);
}

fn turned(moved: &Moved, (a, b): (&str, &str), of: Of) -> (Vec<turned_green::Turned>, String) {
    let asked = turned_green::Asked { a: moment(a), b: moment(b), of, include: Include::OffTrack };
    let reply = block(async { moved.desk().await.turned_green(asked, When::Now).await.unwrap() });
    println!("{:?} {:?}", reply.looked_at, reply.totals);
    (reply.rows, reply.notes.join(" "))
}

#[test]
fn no_rating_turned_green_in_either_set_and_the_answer_says_what_it_looked_at() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let (rows, said) = turned(lgbf::moved(&folder), ("2021-06-22", "2024-03-01"), Of::Rating);
    assert!(rows.is_empty(), "{rows:?}");
    assert!(said.contains("Looked at 0 cells that were rated at both moments"), "{said}");
    let (rows, said) = turned(hart::moved(&folder), ("2014-08-10", "2014-11-07"), Of::Rating);
    assert!(rows.is_empty(), "{rows:?}");
    assert!(!said.contains("Looked at 0 cells"), "{said}");
    println!("Hart: {said}");
}

#[test]
fn directions_that_turned_without_a_figure_are_the_corrected_polarities_and_no_others() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = lgbf::moved(&folder);
    let corrected: BTreeSet<&str> =
        ["CORP03C", "CORP11", "CORP12", "FINSUS02", "FINSUS03", "FINSUS04", "FINSUS05"].into();
    let mut found = BTreeSet::new();
    for (a, b) in [
        ("2021-07-01T13:24:44+01:00", "2021-07-01T13:24:45+01:00"),
        ("2021-09-23T08:28:41+01:00", "2021-09-23T08:28:42+01:00"),
        ("2023-09-06T10:13:15+01:00", "2023-09-06T10:13:16+01:00"),
        ("2022-02-22T10:32:32Z", "2022-02-22T10:32:33Z"),
        ("2021-06-22", "2024-03-01"),
    ] {
        let (rows, _) = turned(moved, (a, b), Of::Direction);
        for row in rows {
            assert_eq!(row.changed.iter().filter(|it| row.sufficient.contains(it)).count(), 1);
            found.insert(super::super::lgbf::measure(&row.code));
        }
    }
    println!("LGBF: directions turned {found:?}");
    assert!(!found.is_empty());
    let corrected: BTreeSet<String> =
        corrected.into_iter().map(super::super::lgbf::measure).collect();
    assert!(found.is_subset(&corrected), "{found:?}");
}

#[test]
fn six_ratings_were_reported_otherwise_than_the_simplest_rule_makes_them() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = hart::moved(&folder);
    let between = Between { from: Some(at("2014-11-07T00:00:00Z")), to: None };
    let asked = overridden::Asked { between };
    let reply = block(async { moved.desk().await.overridden(asked, When::Now).await.unwrap() });
    let told: Vec<_> = reply.rows.iter().map(|row| (row.code.as_str(), row.period)).collect();
    println!("Hart: reported otherwise {told:?} {:?}", reply.totals);
    let second = period("FY2014-Q2");
    assert_eq!(told, ["ETS01", "FI06", "HR11", "HS16", "IT06", "PS05"].map(|code| (code, second)),);
    assert!(reply.rows.iter().all(|row| row.class == overridden::Class::ReportedDiffers));
}

#[test]
fn a_measure_whose_only_target_is_gone_is_dropped_and_renumbered_ones_are_not() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let asked = |from: &str, to: &str, include| {
        let between = Between { from: Some(at(from)), to: Some(at(to)) };
        dropped::Asked { between, include }
    };
    let reply = block(async {
        let desk = hart::moved(&folder).desk().await;
        let asked =
            asked("2014-08-01T00:00:00Z", "2014-12-31T00:00:00Z", dropped::Include::Nothing);
        desk.measures_dropped(asked, When::Now).await.unwrap()
    });
    let told: Vec<_> = reply.rows.iter().map(|row| (row.code.as_str(), row.drop)).collect();
    assert_eq!(told, [("RB09", dropped::Drop::TargetLost)]);
    let before = &reply.rows[0].before;
    assert_eq!((before.figure, before.was_off_track), (q("9.4"), Some(false)));
    let lgbf = lgbf::moved(&folder);
    let day = |include| asked("2023-05-25T00:00:00Z", "2023-05-25T23:00:00Z", include);
    let (plain, renumbered) = block(async {
        let desk = lgbf.desk().await;
        let plain = desk.measures_dropped(day(dropped::Include::Nothing), When::Now).await.unwrap();
        let renumbered = dropped::Include::Renumbered;
        (plain, desk.measures_dropped(day(renumbered), When::Now).await.unwrap())
    });
    assert_eq!((plain.rows.len(), renumbered.rows.len()), (0, 75));
}

#[test]
fn national_figures_are_worked_out_again_from_their_numerators_and_denominators() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = lgbf::moved(&folder);
    let mut verdicts = std::collections::BTreeMap::new();
    block(async {
        let desk = moved.desk().await;
        let board = desk.scorecard(When::Now, Some(period("FY2021"))).await.unwrap().answer;
        for line in board.lines.iter().filter(|line| line.facts.headline.is_some()) {
            let asked = reperform::Asked {
                measure: line.facts.measure.codes[0].code.clone(),
                period: period("FY2021"),
                breakdown: None,
                file_digest: None,
            };
            let reply = desk.reperform(asked, When::Now).await.unwrap();
            *verdicts.entry(reply.rows[0].verdict).or_insert(0) += 1;
        }
    });
    println!("LGBF: worked out again for 2021/22 {verdicts:?}");
    assert!(verdicts[&reperform::Verdict::Agrees] > 0);
}

#[test]
fn an_answer_about_two_moments_is_the_same_again_at_the_position_it_names() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = lgbf::moved(&folder);
    let asked = turned_green::Asked {
        a: moment("2021-09-22"),
        b: moment("2021-09-24"),
        of: Of::Direction,
        include: Include::OffTrack,
    };
    let told = |when| {
        let reply = block(async { moved.desk().await.turned_green(asked, when).await.unwrap() });
        (reply.as_at.position, serde_json::to_string(&reply.rows).unwrap())
    };
    let (position, first) = told(When::Now);
    assert!(position > Position(1));
    assert_eq!(told(When::At(position)), (position, first));
}
