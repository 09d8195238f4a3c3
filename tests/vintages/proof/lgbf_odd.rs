//! What is known to be odd in the Scottish set, bullet by bullet, through importer and answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use piperoll::asking::answer::MeasureAnswer;
use piperoll::asking::moment::When;
use piperoll_events::Polarity;

use super::super::lgbf;
use super::super::reader::{CellValue, Days, Field, Figures, figures, months};
use super::lgbf::moved;
use super::memory::Read;
use super::moved::{Moved, block, plan};
use super::{Found, at};

fn values(moved: &Moved, instant: &str) -> Found {
    let mut found = block(async {
        let desk = moved.desk().await;
        Moved::cells(&desk, at(instant), lgbf::measure).await
    });
    found.retain(|key, _| key.field == Field::Value);
    found
}

fn measure(moved: &Moved, code: &str, instant: &str) -> MeasureAnswer {
    block(async {
        let desk = moved.desk().await;
        let when = When::KnownAt(at(instant));
        desk.measure(code, when).await.unwrap().answer
    })
}

fn first_year(found: &Found, measure: &str) -> (Days, f64) {
    let cell = found.iter().find(|(key, _)| key.measure == measure).unwrap();
    match cell {
        (key, CellValue::Number(number)) => (key.days, *number),
        (_, CellValue::Text(text)) => panic!("{text}"),
    }
}

fn goldilocks(at: &str) -> Polarity {
    let point = at.parse().unwrap();
    Polarity::Goldilocks { low: point, high: point }
}

/// Events of one type at one instant.
fn recorded(folder: &Path, event_type: &str, instant: &str) -> usize {
    let read = Read::of(&plan("lgbf.toml"), folder);
    let prologue = read.prologue(&read.sources).unwrap();
    let planned = prologue.batches().each.flatten().filter(|planned| {
        let known_at = planned.asserted.as_ref().and_then(|it| it.known_at);
        known_at == Some(at(instant)) && planned.intent.event_type() == event_type
    });
    planned.count()
}

#[test]
fn the_scottish_set_has_neither_targets_nor_ratings_and_none_are_made_up() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let types = &moved.summary.by_type;
    assert!(types.keys().all(|it| !it.contains("target")), "{types:?}");
    let board = block(async { moved.desk().await.scorecard(When::Now, None).await.unwrap() });
    for line in &board.answer.lines {
        assert_eq!(line.facts.target, None);
        assert_eq!(line.facts.rating_as_reported, None);
    }
}

#[test]
fn the_release_of_february_2022_restated_261_of_783_values_at_once() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let before = values(moved, "2022-02-22T10:32:32Z");
    let after = values(moved, "2022-02-22T10:32:33Z");
    let both = before.iter().filter_map(|(key, value)| Some((value, after.get(key)?)));
    let restated = both.filter(|(before, after)| before != after).count();
    assert_eq!((before.len(), restated), (783, 261));
}

#[test]
fn chn19a_changed_its_unit_and_not_its_performance() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let (before, after) = ("2021-09-21T08:40:11+01:00", "2021-09-21T08:40:12+01:00");
    let figure = |instant| first_year(&values(moved, instant), "CHN19A").1;
    assert!((figure(before) - 93.1).abs() < 1e-9 && (figure(after) - 0.931).abs() < 1e-9);
    let definition = |instant| measure(moved, "CHN19A", instant).line.facts.definition.unwrap();
    let (then, now) = (definition(before), definition(after));
    assert_eq!((then.unit.as_deref(), now.unit.as_deref()), (Some("per 100"), Some("share of 1")));
    assert_eq!(then.polarity, now.polarity);
    let versions = measure(moved, "CHN19A", after).definitions;
    assert_eq!(versions.len(), 2);
}

#[test]
fn finsus03_and_04_changed_their_polarity_and_their_unit_with_their_figures() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let (before, after) = ("2021-09-23T08:28:41+01:00", "2021-09-23T08:28:42+01:00");
    let (then, now) = (values(moved, before), values(moved, after));
    // People called it FINSUS3 then; the nought came on 25 May 2023.
    for (code, measured) in [("FINSUS3", "FINSUS03"), ("FINSUS4", "FINSUS04")] {
        let (a, b) = (first_year(&then, measured).1, first_year(&now, measured).1);
        assert!((a / b - 100.0).abs() < 1e-9, "{code}: {a} {b}");
        let was = measure(moved, code, before).line.facts.definition.unwrap();
        let is = measure(moved, code, after).line.facts.definition.unwrap();
        assert_eq!(was.polarity, Polarity::HigherIsBetter {});
        assert_eq!(is.polarity, Polarity::LowerIsBetter {});
        assert_eq!((was.unit.as_deref(), is.unit.as_deref()), (Some("£"), Some("share of 1")));
    }
}

#[test]
fn corp11_and_corp12_became_goldilocks_at_100_percent_on_6_september_2023() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    for code in ["CORP11", "CORP12"] {
        let polarity = |instant| {
            let line = measure(moved, code, instant).line;
            line.facts.definition.unwrap().polarity
        };
        assert_eq!(polarity("2023-09-06T10:13:15+01:00"), Polarity::HigherIsBetter {});
        assert_eq!(polarity("2023-09-06T10:13:16+01:00"), goldilocks("1.0"));
    }
    // The midpoint of the pay gap was half, by mistake, for ten days.
    let polarity = |instant| {
        let line = measure(moved, "CORP3C", instant).line;
        line.facts.definition.unwrap().polarity
    };
    assert_eq!(polarity("2021-06-30T00:00:00Z"), goldilocks("0.5"));
    assert_eq!(polarity("2021-07-02T00:00:00Z"), goldilocks("0"));
}

#[test]
fn on_25_may_2023_seventy_five_measures_were_renumbered_and_none_was_dropped() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let instant = "2023-05-25T13:41:02+01:00";
    assert_eq!(recorded(&folder, "piperoll.measure.code_assigned.v1", instant), 75);
    let names = |instant| -> BTreeMap<_, _> {
        block(async {
            let desk = moved.desk().await;
            let board = desk.scorecard(When::KnownAt(at(instant)), None).await.unwrap();
            let measures = board.answer.lines.into_iter().map(|line| line.facts.measure);
            measures.map(|it| (it.measure, it.codes[0].code.clone())).collect()
        })
    };
    let (before, after) = (names("2023-05-25T13:41:01+01:00"), names(instant));
    assert!(before.keys().all(|measure| after.contains_key(measure)));
    let renumbered: Vec<_> = before
        .iter()
        .filter(|(measure, code)| after[measure] != **code)
        .map(|(measure, code)| (code.as_str(), after[measure].as_str()))
        .collect();
    assert_eq!(renumbered.len(), 75);
    for (old, new) in &renumbered {
        assert_eq!(lgbf::measure(old), *new);
    }
    for pair in [("CHN1", "CHN01"), ("FINSUS1", "FINSUS01")] {
        assert!(renumbered.contains(&pair), "{pair:?}");
    }
    let assets = "2023-08-11T15:59:57+01:00";
    assert_eq!(recorded(&folder, "piperoll.measure.code_assigned.v1", assets), 2);
}

#[test]
fn six_measures_changed_their_frequency_and_changed_back() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let yearly = |days: Days| (days.1 - days.0).num_days() > 360;
    let have = |instant: &str, wanted: fn(bool) -> bool| -> BTreeSet<String> {
        let found = values(moved, instant);
        let of = found.keys().filter(|key| wanted(yearly(key.days)));
        of.map(|key| key.measure.clone()).collect()
    };
    let years = |instant| have(instant, |yearly| yearly);
    let parts = |instant| have(instant, |yearly| !yearly);
    let before = years("2023-05-25T13:41:01+01:00");
    let after = years("2023-05-25T13:41:02+01:00");
    let lost: BTreeSet<String> = before.difference(&after).cloned().collect();
    let six = ["CORP09", "CORP10", "ECON05", "ECON12A", "ECON12B", "SW08"];
    assert_eq!(lost, six.map(str::to_owned).into());
    assert_eq!(parts("2024-02-09T10:48:42Z"), lost);
    assert_eq!(parts("2024-02-09T10:48:43Z"), BTreeSet::new());
    let back = years("2024-02-09T10:48:43Z");
    assert!(lost.iter().all(|measure| back.contains(measure)));
}

#[test]
fn a_span_of_two_years_and_a_year_are_told_apart_and_spans_quarters_and_months_are_read() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let has = |found: &Found, measure: &str, days: Days| {
        found.keys().any(|key| key.measure == measure && key.days == days)
    };
    let first = values(moved, "2021-06-21T11:36:40+01:00");
    assert!(has(&first, "CHN01", months(2010, 4, 12)), "2010-11 is a year");
    assert!(has(&first, "ENV04B", months(2010, 4, 24)), "2010-12 is two");
    assert!(has(&first, "CHN10", months(2012, 4, 36)), "2012-15 is three");
    assert!(has(&first, "ENV04E", months(2010, 4, 48)), "2010-14 is four");
    let late = values(moved, "2024-01-18T13:40:41Z");
    assert!(has(&late, "CORP09", months(2018, 4, 3)), "2018-19;Q1");
    assert!(has(&late, "ECON12A", months(2023, 4, 1)), "2023;April");
}

#[test]
fn a_code_with_a_space_in_other_case_or_without_its_nought_is_the_same_measure() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("lgbf-raw.toml"), &folder);
    let rows = read.sources.iter().flat_map(|source| source.reading.rows.iter());
    let mut written: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        assert_eq!(lgbf::measure(&row.code_as_written), row.measure.as_str());
        let spellings = written.entry(row.measure.to_string()).or_default();
        spellings.insert(row.code_as_written);
    }
    let raw = lgbf::raw(&folder);
    let told: BTreeSet<&str> =
        raw.iter().flat_map(|(_, cells)| cells.keys().map(|key| key.measure.as_str())).collect();
    assert!(written.keys().map(String::as_str).eq(told.iter().copied()));
    let list = Read::of(&plan("lgbf.toml"), &folder);
    for row in list.sources[1].reading.rows.iter() {
        let spellings = written.entry(row.measure.to_string()).or_default();
        spellings.insert(row.code_as_written);
    }
    println!("LGBF: CHN01 {:?}, FINSUS01 {:?}", written["CHN01"], written["FINSUS01"]);
    assert!(written["CHN01"].is_superset(&["CHN 01", "CHN01", "CHN1"].map(str::to_owned).into()));
    assert!(written["FINSUS01"].contains("FINSUS1"));
}

#[test]
fn files_with_a_byte_order_mark_are_read_and_the_rows_in_cash_terms_are_another_series() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("lgbf-raw.toml"), &folder);
    let encodings: Vec<&str> =
        read.sources.iter().map(|source| source.reading.encoding.as_str()).collect();
    let marked = encodings.iter().filter(|it| it.contains("byte order mark")).count();
    assert!(marked >= 4, "{encodings:?}");
    let cash = &read.sources.last().unwrap().reading.refused;
    assert_eq!(cash.len(), 976);
    assert!(cash.iter().all(|row| row.code == "other_series"));
}
