//! The second opinion and the tables, side by side: at every position they say the same.

use std::collections::BTreeMap;

use piperoll_events::Position;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::cursor;

use super::ground::on_ground;
use super::histories::{Forgery, some_history};
use super::{over_histories, tables};
use crate::naive::Reading;
use crate::naive::scorecard::{Breakdown, Measure, Scorecard, Standing, Submission};

/// What is said, line by line: `cell/<measure>/<period>/<part>` and the like.
pub(crate) type Said = BTreeMap<String, String>;

#[test]
fn the_second_opinion_says_what_the_tables_say_at_every_position() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let reading = Reading::of(history.bodies());
        let kept = ground.take(history.ledger, READ_MODELS[0]).await;
        kept.follow(history.batches(0, &sizes)).await.unwrap();
        let head = history.head().0;
        // The end, the beginning and a walk between that ends nowhere twice.
        let step = 1 + head / 8;
        for at in (0..head).step_by(usize::try_from(step).unwrap()).chain([head]) {
            let naive = said(&reading.at(at));
            let kept = tables::said(&kept, Position(at)).await;
            assert_eq!(differences(&naive, &kept), Vec::<String>::new(), "as at {at} of {head}");
        }
        ground.give(kept);
    });
}

#[test]
fn both_step_over_the_same_entries_and_know_the_same_at_the_same_instant() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let reading = Reading::of(history.bodies());
        let kept = ground.take(history.ledger, READ_MODELS[0]).await;
        kept.follow(history.batches(0, &sizes)).await.unwrap();
        let text = kept.schema.sql("select position from @.reject order by 1");
        let rows = kept.client.query(&text, &[]).await.unwrap();
        let rejected: Vec<u64> =
            rows.iter().map(|row| u64::try_from(row.get::<_, i64>(0)).unwrap()).collect();
        assert_eq!(rejected, reading.rejects.keys().copied().collect::<Vec<_>>());
        for (position, known) in &reading.known_at {
            let at = Position(*position);
            let held = cursor::instant_of(&*kept.client, &kept.schema, at).await.unwrap();
            assert_eq!(held, *known, "known at {at}");
            let Some(instant) = *known else { continue };
            let found = cursor::at_instant(&*kept.client, &kept.schema, instant).await.unwrap();
            assert_eq!(found.0, reading.position_at(instant), "P({instant})");
            let before = instant - chrono::TimeDelta::microseconds(1);
            let found = cursor::at_instant(&*kept.client, &kept.schema, before).await.unwrap();
            let naive = reading.position_at(before);
            // Before anything was known both may stop anywhere: nothing is said there.
            let none = reading.known_at.range(..=found.0).all(|(_, known)| known.is_none());
            assert!(found.0 == naive || (naive == 0 && none), "P({before}): {found}, {naive}");
        }
        let end = reading.known_at.values().last().copied().flatten();
        assert_eq!(kept.cursor().await.known_at, end);
        let opened = kept.cursor().await.opened_at.map(|at| at.0);
        assert_eq!(opened, reading.at(history.head().0).opened_at);
        ground.give(kept);
    });
}

/// The test of the test: whatever table loses its rows, the comparison sees it.
#[test]
fn a_table_that_lost_its_rows_is_seen() {
    on_ground(async |ground| {
        let history = some_history();
        let naive = said(&Reading::of(history.bodies()).at(history.head().0));
        let kept = ground.take(history.ledger, READ_MODELS[0]).await;
        kept.follow(history.batches(0, &[100])).await.unwrap();
        assert_eq!(differences(&naive, &tables::said(&kept, history.head()).await), [""; 0]);
        let asked = [
            "structure",
            "part_ending",
            "amendment",
            "rule",
            "measure",
            "definition_text",
            "baseline",
            "code",
            "placement",
            "target_text",
            "submission",
            "cell",
            "cell_note",
            "reported_rating",
            "commentary",
        ];
        for table in asked {
            let sql = |text: &str| kept.schema.sql(&text.replace("TABLE", table));
            for text in ["create table @.held as table @.TABLE", "delete from @.TABLE"] {
                kept.client.batch_execute(&sql(text)).await.unwrap();
            }
            let found = differences(&naive, &tables::said(&kept, history.head()).await);
            assert!(!found.is_empty(), "the rows of `{table}` are gone and nobody saw it");
            for text in
                ["truncate @.TABLE", "insert into @.TABLE table @.held", "drop table @.held"]
            {
                kept.client.batch_execute(&sql(text)).await.unwrap();
            }
        }
        ground.give(kept);
    });
}

pub(crate) fn differences(a: &Said, b: &Said) -> Vec<String> {
    let mut found = Vec::new();
    for (key, line) in a {
        match b.get(key) {
            Some(other) if other == line => {}
            other => found.push(format!("{key}: naive `{line}`, tables {other:?}")),
        }
    }
    let only = b.iter().filter(|(key, _)| !a.contains_key(*key));
    found.extend(only.map(|(key, line)| format!("{key}: only the tables say `{line}`")));
    found
}

pub(crate) fn part(breakdown: &Breakdown) -> String {
    let tags: Vec<String> = breakdown.iter().map(|(t, c)| format!("{t}={c}")).collect();
    tags.join("; ")
}

/// The second opinion, line by line.
fn said(scorecard: &Scorecard) -> Said {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (id, framework) in &scorecard.frameworks {
        lines.push((format!("framework/{id}/title"), framework.adopted["title"].to_string()));
        if let Some(file) = &framework.amending {
            lines.push((format!("framework/{id}/amending"), file.clone()));
        }
        if let Some(at) = framework.rule_at {
            lines.push((format!("framework/{id}/rule"), format!("{at} {}", framework.rule)));
        }
    }
    for (entity, fact) in &scorecard.structure {
        let code = fact["code"].as_str().unwrap_or_default();
        let ended = fact["retired"].as_str().unwrap_or("open");
        lines.push((entity.clone(), format!("{code} {} {ended}", fact["title"])));
    }
    for (id, held) in &scorecard.measures {
        measure(&format!("measure/{id}"), held, &mut lines);
    }
    for (id, state) in scorecard.absences() {
        lines.push((format!("absent/{id}"), state));
    }
    for ((id, period), held) in &scorecard.submissions {
        submission(&format!("submission/{id}/{period}"), held, &mut lines);
    }
    let count = lines.len();
    let said: Said = lines.into_iter().collect();
    assert_eq!(said.len(), count, "a line is said twice");
    said
}

fn measure(key: &str, held: &Measure, lines: &mut Vec<(String, String)>) {
    lines.push((key.to_owned(), format!("{} {}", held.framework, held.title)));
    let definition = format!("{} {}", held.definition_at, held.definition);
    lines.push((format!("{key}/definition"), definition));
    if let Some(baseline) = &held.baseline {
        let word = |name: &str| baseline[name].as_str().unwrap_or_default().to_owned();
        let line = format!("{} {}", word("period"), word("value"));
        lines.push((format!("{key}/baseline"), line));
    }
    for (scheme, code) in &held.codes {
        let code = code["code"].as_str().unwrap().to_owned();
        lines.push((format!("{key}/code/{scheme}"), code));
    }
    for place in &held.places {
        lines.push((format!("{key}/place/{place}"), String::new()));
    }
    for ((span, breakdown, tier), (at, target)) in &held.targets {
        let key = format!("{key}/target/{span}/{}/{tier}", part(breakdown));
        lines.push((key, format!("{at} {target}")));
    }
}

fn submission(key: &str, held: &Submission, lines: &mut Vec<(String, String)>) {
    let state = match &held.state {
        Standing::Withdrawn => "withdrawn".to_owned(),
        Standing::Figures => format!("figures since {}", held.content_from),
        Standing::NoValue(state) => format!("{state} since {}", held.content_from),
    };
    lines.push((key.to_owned(), state));
    for (breakdown, cell) in &held.cells {
        lines.push((format!("{key}/cell/{}", part(breakdown)), format!("{cell:?}")));
    }
    if let Some(rating) = &held.rating_as_reported {
        lines.push((format!("{key}/rating"), rating.clone()));
    }
    if let Some(at) = held.commentary_at {
        lines.push((format!("{key}/commentary"), at.to_string()));
    }
}
