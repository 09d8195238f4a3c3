//! What is known to be odd in the ONS set, bullet by bullet, through the importer and the answers.

use piperoll::asking::moment::{When, instant};
use piperoll_events::submission::no_value_declared::NoValue;

use super::super::reader::{CellKey, CellValue, Days, Field, Figures, figures, months};
use super::memory::Read;
use super::moved::{Moved, block, plan};
use super::ons::{moved, name};
use super::{Found, at};

fn value(measure: &str, days: Days, breakdown: &[(&str, &str)]) -> CellKey {
    let tags = breakdown.iter();
    CellKey {
        measure: measure.to_owned(),
        days,
        breakdown: tags.map(|(t, c)| ((*t).to_owned(), (*c).to_owned())).collect(),
        field: Field::Value,
    }
}

/// Values of some measures as at an instant.
fn values(moved: &Moved, instant: &str, measure: &str) -> Found {
    let mut found = block(async {
        let desk = moved.desk().await;
        Moved::cells(&desk, at(instant), name).await
    });
    found.retain(|key, _| key.measure == measure && key.field == Field::Value);
    found
}

/// How many values stand in both, and say something else.
fn restated(before: &Found, after: &Found) -> usize {
    let both = before.iter().filter_map(|(key, value)| Some((value, after.get(key)?)));
    both.filter(|(before, after)| before != after).count()
}

#[test]
fn a_renamed_breakdown_is_no_withdrawal() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let log = folder.join("ons_uk_sdg_vintages/observations_by_vintage.csv");
    let log = super::super::reader::rows(&log);
    let listed = log.iter().filter(|row| row["change_kind"] == "withdrawn").count();
    let withdrawn: u64 = moved(&folder).summary.files.iter().map(|f| f.withdrawn).sum();
    // What a reader of the files finds gone between one version of an indicator and the next.
    let raw = super::super::ons::raw(&folder);
    let mut gone = 0;
    for indicator in super::super::ons::INDICATORS {
        let measures = super::super::ons::measures(indicator);
        let own: Vec<_> = raw.iter().filter(|v| v.scope.measures == measures).collect();
        for pair in own.windows(2) {
            let left = pair[0].cells.keys().filter(|key| !pair[1].cells.contains_key(key));
            gone += left.filter(|key| key.field == Field::Value).count() as u64;
        }
    }
    println!("ONS: the list has {listed} withdrawals, the files {withdrawn}: the rest are renames");
    assert_eq!((listed, withdrawn), (698, gone));
    assert_eq!(gone, 10);
    // The gases of 13-2-2 were renamed on 18 July 2023: the figures beside them stand.
    let moved = moved(&folder);
    let before = values(moved, "2023-07-18T16:10:38Z", "13-2-2");
    let after = values(moved, "2023-07-18T16:10:39Z", "13-2-2");
    assert!(before.keys().all(|key| after.contains_key(key)));
}

#[test]
fn the_signs_of_10_1_1_were_corrected_on_8_may_2019() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let before = values(moved, "2019-05-08T18:10:44Z", "10-1-1");
    let after = values(moved, "2019-05-08T18:10:45Z", "10-1-1");
    assert!(before.keys().eq(after.keys()));
    let number = |value: &CellValue| match value {
        CellValue::Number(number) => *number,
        CellValue::Text(text) => panic!("{text}"),
    };
    let turned = before.iter().filter(|(key, value)| {
        let (before, after) = (number(value), number(&after[*key]));
        (before - after).abs() > 1e-9 && (before + after).abs() < 1e-9
    });
    assert_eq!((turned.count(), restated(&before, &after)), (20, 20));
}

#[test]
fn the_years_of_10_1_1_are_financial_however_they_are_spelled() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let first = values(moved, "2018-07-20T14:01:05Z", "10-1-1");
    assert_eq!(first.len(), 44);
    assert!(first.keys().any(|key| key.days == months(2001, 4, 72)));
    let again = ["2018-12-12T14:20:03Z", "2018-12-21T14:59:40Z", "2019-03-14T14:01:40Z"];
    for again in again {
        assert_eq!(restated(&first, &values(moved, again, "10-1-1")), 0, "{again}");
    }
}

#[test]
fn two_vintages_of_10_1_1_change_spellings_alone_and_record_nothing() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("ons.toml"), &folder);
    let prologue = read.prologue(&read.sources).unwrap();
    for instant in ["2018-12-12T14:20:03Z", "2019-03-14T14:01:40Z"] {
        let types: Vec<&str> = prologue
            .batches()
            .each
            .flatten()
            .filter(|planned| {
                let asserted = planned.asserted.as_ref();
                asserted.is_some_and(|it| it.known_at == Some(at(instant)))
            })
            .map(|planned| planned.intent.event_type())
            .collect();
        println!("ONS 10-1-1 {instant}: {types:?}");
        assert!(
            types.iter().all(|it| *it == "piperoll.measure.definition_set.v1"),
            "{instant}: {types:?}"
        );
    }
}

#[test]
fn a_changed_unit_is_another_definition() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let units = block(async {
        let desk = moved.desk().await;
        let answer = desk.measure("10-1-1", When::Now).await.unwrap().answer;
        let units = answer.definitions.into_iter().map(|version| version.definition.unit);
        units.map(|unit| unit.map(|it| it.to_string())).collect::<Vec<_>>()
    });
    println!("ONS 10-1-1: units {units:?}");
    let changes = units.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes > 0 && changes + 1 == units.len(), "{units:?}");
}

#[test]
fn in_13_2_2_one_version_restated_241_cells_back_to_1990() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let before = values(moved, "2022-07-08T13:41:26Z", "13-2-2");
    let after = values(moved, "2022-07-08T13:41:27Z", "13-2-2");
    let first = before.iter().filter(|(key, value)| after.get(key) != Some(value));
    let first = first.map(|(key, _)| key.days.0).min().unwrap();
    assert_eq!((restated(&before, &after), first.to_string().as_str()), (241, "1990-01-01"));
}

#[test]
fn three_versions_of_17_6_1_share_15_june_2021_and_the_day_ends_with_the_third() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let of = |instant| {
        let mut both = values(moved, instant, "17-6-1 rate");
        both.extend(values(moved, instant, "17-6-1 number"));
        both
    };
    let [one, two, three] =
        ["2021-06-15T09:30:37Z", "2021-06-15T09:51:12Z", "2021-06-15T10:18:31Z"].map(of);
    assert!(one != two && two != three && one != three);
    let end = instant("2021-06-15").unwrap();
    assert_eq!(of(&end.to_rfc3339()), three);
}

#[test]
fn a_key_that_stands_twice_is_told_with_row_and_column_and_the_later_row_stands() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("ons.toml"), &folder);
    let twice: Vec<_> = read
        .sources
        .iter()
        .flat_map(|source| {
            source.reading.refused.iter().map(|row| (&source.reading.file_name, row))
        })
        .collect();
    println!("ONS: {twice:?}");
    let [(file, row)] = twice.as_slice() else { panic!("{twice:?}") };
    assert_eq!(file.as_str(), "2021-06-15T093037_a8d0a9216b.csv");
    assert_eq!(row.code, "duplicate_key");
    assert!(row.why.contains("column `Value`") && row.why.contains("line"), "{}", row.why);
    let found = values(moved(&folder), "2021-06-15T09:30:37Z", "17-6-1 number");
    let kept = found.iter().filter(|(_, value)| **value == CellValue::Number(267_883.0));
    assert_eq!(kept.count(), 1);
}

#[test]
fn number_and_rate_under_one_code_are_two_measures() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let at_first = "2021-06-15T09:30:37Z";
    let (rate, number) =
        (values(moved, at_first, "17-6-1 rate"), values(moved, at_first, "17-6-1 number"));
    assert!(!rate.is_empty() && !number.is_empty());
    let units = block(async {
        let desk = moved.desk().await;
        let mut units = Vec::new();
        for code in ["17-6-1", "17-6-1/number"] {
            let answer = desk.measure(code, When::KnownAt(at(at_first))).await.unwrap().answer;
            units.push(answer.line.facts.definition.unwrap().unit.unwrap());
        }
        units
    });
    assert_eq!(units, ["Rate per 100 population", "Number"]);
}

#[test]
fn no_data_yet_is_a_declared_absence_until_the_figures_come() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let moved = moved(&folder);
    let (before, then, after) = block(async {
        let desk = moved.desk().await;
        let mut said = Vec::new();
        for instant in ["2019-04-18T14:25:18Z", "2021-04-08T15:24:40Z", "2021-04-08T15:24:41Z"] {
            let when = When::KnownAt(at(instant));
            let answer = desk.submission("17-6-1", None, when).await.unwrap().answer;
            said.push(answer.submission.headline.no_value);
        }
        (said[0], said[1], said[2])
    });
    assert_eq!(before, Some(NoValue::AwaitingSource));
    assert_eq!((then, after), (Some(NoValue::AwaitingSource), None));
    let key = value("17-6-1 rate", months(2019, 1, 12), &[]);
    assert!(!values(moved, "2019-04-18T14:25:18Z", "17-6-1 rate").contains_key(&key));
}
