//! Questions about figures at two moments, and the second opinion on them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Command;

use piperoll::asking::answer::Desk;
use piperoll::asking::moment::{Moment, When};
use piperoll::asking::questions::turned_green::{Include, Of};
use piperoll::asking::questions::{
    Between, baseline_moved, comparable, differs, dropped, overridden, reperform, turned_green,
};
use piperoll_events::{Period, Position, Quantity};
use piperoll_projections::score::Rating;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::histories::Forgery;
use super::makers::PERIODS;
use super::over_histories;
use super::questions::{desk, exported, opinion};

/// What is asked of the second opinion, and what the program says to it.
#[derive(Default)]
struct Asks {
    asks: Vec<Value>,
    told: Vec<Value>,
}

/// The answers of the second opinion.
fn second_opinion(events: &str, asks: &[Value]) -> Vec<Value> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(json!(asks).to_string().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let told = opinion(&["tests/naive/figures.py", path, "--whole-numbers"], events);
    told.as_array().unwrap().clone()
}

/// A number as the second opinion writes it.
fn number(quantity: Option<Quantity>) -> Value {
    json!(quantity.map(|it| it.decimal().normalize().to_string()))
}

/// The same to twelve digits, for what was divided.
fn quotient(quantity: Option<Quantity>) -> Value {
    let rounded = |it: Quantity| it.decimal().round_sf(12).unwrap_or(Decimal::ZERO).normalize();
    json!(quantity.map(|it| rounded(it).to_string()))
}

fn rating(rating: &Rating) -> Value {
    match rating {
        Rating::Level(code) => json!(code),
        other => json!(other)["rating"].clone(),
    }
}

/// Which figure is asked about, and when.
#[derive(Clone, Copy)]
struct About<'a> {
    measure: &'a str,
    period: Period,
    at: Position,
}

impl About<'_> {
    fn asks(self, question: &str, more: &Value) -> Value {
        let mut ask = json!({"question": question, "at": self.at, "measure": self.measure,
            "period": self.period});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    }
}

/// Questions about one measure at a position.
async fn of_one(desk: &Desk, measure: &str, at: Position, asks: &mut Asks) {
    let periods: Vec<Period> = PERIODS.iter().map(|it| it.parse().unwrap()).collect();
    let series = desk.measure(measure, When::At(at)).await.unwrap().answer.series;
    for (n, period) in periods.iter().copied().enumerate() {
        let about = About { measure, period, at };
        // Each against one a quarter or a year before it; the last against another kind.
        let other = periods[[6, 1, 1, 7, 0, 8, 0, 3, 2][n]];
        for (ask, told) in [
            can_be_compared(desk, about, other).await,
            differs(desk, about).await,
            worked_out_again(desk, about, series.iter().any(|it| it.period == period)).await,
            baseline(desk, about).await,
        ] {
            asks.asks.push(ask);
            asks.told.push(told);
        }
    }
}

async fn can_be_compared(desk: &Desk, about: About<'_>, other: Period) -> (Value, Value) {
    let asked = comparable::Asked {
        measure: about.measure.to_owned(),
        a_period: about.period,
        b_period: other,
        a_at: None,
        b_at: None,
    };
    let row = desk.comparable(asked, When::At(about.at)).await.unwrap().rows.remove(0);
    let factor = row.linked.as_ref().and_then(|linked| linked.factor);
    let ask = about.asks("comparable", &json!({"a_period": about.period, "b_period": other}));
    let told = json!({"verdict": row.verdict, "breaks": row.breaks, "factor": quotient(factor)});
    (ask, told)
}

async fn differs(desk: &Desk, about: About<'_>) -> (Value, Value) {
    let a = Position(about.at.0 / 2);
    let asked = differs::Asked {
        measure: about.measure.to_owned(),
        period: about.period,
        breakdown: None,
        a: Moment::Position(a),
        b: Moment::Position(about.at),
    };
    let row = desk.figure_differs(asked, When::At(about.at)).await.unwrap().rows.remove(0);
    let step =
        |it: &differs::Step| json!([it.position, it.kind, number(it.value), number(it.size)]);
    let told = json!({"a": number(row.a.exact), "b": number(row.b.exact),
        "same_exact": row.same_exact, "same_shown": row.same_shown, "cause": row.cause,
        "steps": row.steps.iter().map(step).collect::<Vec<_>>()});
    (about.asks("figure-differs", &json!({"a": a, "b": about.at})), told)
}

async fn worked_out_again(desk: &Desk, about: About<'_>, stands: bool) -> (Value, Value) {
    let asked = reperform::Asked {
        measure: about.measure.to_owned(),
        period: about.period,
        breakdown: None,
        file_digest: None,
    };
    // Of what was taken back the program says that there is no figure; the other says nothing.
    let again = desk.reperform(asked, When::At(about.at)).await.ok().filter(|_| stands);
    let told = again.map_or(Value::Null, |reply| {
        let row = &reply.rows[0];
        json!({"recomputed": quotient(row.recomputed), "verdict": row.verdict,
            "why_not": row.why_not})
    });
    (about.asks("re-perform", &json!({})), told)
}

async fn baseline(desk: &Desk, about: About<'_>) -> (Value, Value) {
    let asked = baseline_moved::Asked { measure: about.measure.to_owned(), period: about.period };
    let row = desk.baseline_moved(asked, When::At(about.at)).await.unwrap().rows.remove(0);
    let version = |it: &baseline_moved::Version| {
        let baseline = &it.baseline;
        json!([baseline.position, baseline.standing, number(Some(baseline.value)), number(it.old)])
    };
    let progress =
        |it: &baseline_moved::Progress| json!([it.from, it.to, number(it.share), it.why_none]);
    let told = json!({
        "versions": row.versions.iter().map(version).collect::<Vec<_>>(),
        "progress": row.progress.iter().map(progress).collect::<Vec<_>>()});
    (about.asks("baseline-moved", &json!({})), told)
}

/// Questions about the whole ledger at a position.
async fn of_all(desk: &Desk, at: Position, asks: &mut Asks) {
    let when = When::At(at);
    let a = Position(at.0 / 2);
    for (of, include) in [
        (Of::Rating, Include::OffTrack),
        (Of::Rating, Include::AtRisk),
        (Of::Direction, Include::OffTrack),
    ] {
        let (first, last) = (Moment::Position(a), Moment::Position(at));
        let asked = turned_green::Asked { a: first, b: last, of, include };
        let reply = desk.turned_green(asked, when).await.unwrap();
        let mut rows: Vec<Value> = reply
            .rows
            .iter()
            .map(|row| {
                json!({"measure": row.measure, "period": row.period, "cause": row.cause,
                    "changed": row.changed, "sufficient": row.sufficient,
                    "a_rating": rating(&row.a.rating), "b_rating": rating(&row.b.rating)})
            })
            .collect();
        rows.sort_by_key(|row| (row["measure"].to_string(), row["period"].to_string()));
        asks.asks.push(json!({"question": "turned-green", "at": at, "a": a, "b": at, "of": of,
            "include": include}));
        asks.told.push(json!({"rows": rows, "cells": reply.totals["cells"]}));
    }
    // A span of positions is one of instants here, so all of it is asked.
    let between = Between::default();
    let reply = desk.overridden(overridden::Asked { between }, when).await.unwrap();
    let rows = reply.rows.iter().map(|row| {
        json!({"class": row.class, "measure": row.measure, "period": row.period,
            "computed": rating(&row.computed), "stated": rating(&row.stated),
            "stated_is": row.stated_is, "position": row.position, "standing": row.standing,
            "ended_by": row.ended_by})
    });
    asks.asks.push(json!({"question": "overridden", "at": at, "from": 0, "to": at}));
    asks.told.push(rows.collect());
    let include = dropped::Include::Renumbered;
    let asked = dropped::Asked { between, include };
    let reply = desk.measures_dropped(asked, when).await.unwrap();
    let rows = reply.rows.iter().map(|row| {
        let before = &row.before;
        json!({"position": row.position, "measure": row.measure, "drop": row.drop,
            "from": row.from, "to": row.to, "period": before.period,
            "figure": number(before.figure), "rating": rating(&before.rating),
            "was_off_track": before.was_off_track,
            "off_track_periods": before.off_track_periods, "no_figure": before.no_figure,
            "replaced_by": row.replaced_by, "reinstated_at": row.reinstated_at})
    });
    asks.asks.push(json!({"question": "measures-dropped", "at": at, "from": 0, "to": at,
        "include": ["renumbered"]}));
    asks.told.push(rows.collect());
}

#[test]
fn figures_at_two_moments_are_told_alike_by_a_program_that_reads_the_export_alone() {
    // What the histories came to: a law that never meets a cause says nothing of it.
    let met = std::cell::RefCell::new(BTreeMap::new());
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let events = exported(&history);
        let (desk, kept) = desk(ground, &history, &sizes).await;
        let head = history.head().0;
        let mut asks = Asks::default();
        for at in BTreeSet::from([head, head / 2]) {
            let at = Position(at);
            for n in 0..3 {
                let measure = super::makers::measure(n).to_string();
                if desk.measure_of(&measure, When::At(at)).await.is_ok() {
                    of_one(&desk, &measure, at, &mut asks).await;
                }
            }
            of_all(&desk, at, &mut asks).await;
        }
        let second = second_opinion(&events, &asks.asks);
        for ((ask, ours), theirs) in asks.asks.iter().zip(&asks.told).zip(&second) {
            assert_eq!(ours, theirs, "ours, theirs; {ask}");
            let question = ask["question"].as_str().unwrap();
            for word in outcomes(ours) {
                *met.borrow_mut().entry(format!("{question} {word}")).or_insert(0_u64) += 1;
            }
        }
        assert_eq!(asks.told.len(), second.len());
        for kept in kept {
            ground.give(kept);
        }
    });
    for (outcome, times) in met.into_inner() {
        println!("{outcome}: {times}");
    }
}

/// The words that tell one kind of answer from another.
fn outcomes(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().or(answer.as_array()).cloned();
    let rows = rows.unwrap_or_else(|| vec![answer.clone()]);
    let members = ["cause", "verdict", "why_not", "drop", "class", "standing"];
    let said = |row: &Value| {
        let words = members.iter().filter_map(|member| row[*member].as_str().map(str::to_owned));
        words.collect::<Vec<_>>()
    };
    rows.iter().flat_map(said).collect()
}

#[test]
fn the_second_opinions_hold_on_histories_small_enough_to_see() {
    for script in ["questions", "figures", "judged"].map(|it| format!("tests/naive/{it}.py")) {
        let told = Command::new("python3").args([&*script, "--self-test"]).output().unwrap();
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{script}: {said}");
    }
}
