//! Laws that need no server, and so are tried over many more histories: what counts, and that folding
//! knows no batches. `PIPEROLL_LAWS_IN_MEMORY=10000` tries ten thousand a law.

use std::collections::BTreeMap;

use piperoll::commands::{Occurred, State};
use piperoll_events::{EntityRef, Event, Position};
use piperoll_projections::runtime::Keep;
use piperoll_projections::{Outcome, Projection, READ_MODELS};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use super::histories::{Forgery, History, Seed, history};
use crate::naive::Reading;
use crate::support::program::number;

/// How many histories a law tries when nobody says.
const CASES: u64 = 1_000;
/// How much COPY's binary form has before its rows.
const BEFORE: usize = 19;

type Tables = BTreeMap<&'static str, Vec<Vec<u8>>>;

fn over_many(law: impl Fn(&History, &[usize])) {
    let cases = number("PIPEROLL_LAWS_IN_MEMORY", CASES).try_into().unwrap();
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let histories = (vec(any::<Seed>(), 1..90), vec(1_usize..12, 1..5));
    let tried = TestRunner::new(config).run(&histories, |(seeds, sizes)| {
        law(&history("memory", &seeds, Forgery::Thrown), &sizes);
        Ok(())
    });
    if let Err(broken) = tried {
        panic!("{broken}");
    }
}

/// The events of a history that count, by the second opinion.
fn counted(history: &History) -> Vec<(Position, Event)> {
    let reading = Reading::of(history.bodies());
    assert_eq!(reading.stopped, None);
    let counts = |(position, _): &(u64, &[u8])| reading.events.contains_key(position);
    let event = |(position, body): (u64, &[u8])| (Position(position), Event::decode(body).unwrap());
    history.bodies().filter(counts).map(event).collect()
}

/// The rows of each table, in any order: a read model may write them in another. Where rows join what is
/// there by their key, what is written depends on the batch by design, and Postgres must be asked.
fn rows(model: &dyn Projection, parts: &[&[(Position, Event)]]) -> Tables {
    let mut rows = Tables::new();
    let folded = parts.iter().flat_map(|part| model.fold(&borrowed(part)));
    for copied in folded.filter(|copied| copied.keep == Keep::All) {
        let mut bytes = &copied.bytes[BEFORE..];
        loop {
            let (row, rest) = bytes.split_at(length(bytes));
            if row.is_empty() {
                break;
            }
            rows.entry(copied.table).or_default().push(row.to_vec());
            bytes = rest;
        }
    }
    for rows in rows.values_mut() {
        rows.sort();
    }
    rows
}

fn borrowed(part: &[(Position, Event)]) -> Vec<(Position, &Event)> {
    part.iter().map(|(at, event)| (*at, event)).collect()
}

/// How long the first row is in COPY's binary form: how many fields, then each with its length. Nothing
/// is left where the end stands in place of a row.
fn length(bytes: &[u8]) -> usize {
    let fields = i16::from_be_bytes(bytes[..2].try_into().unwrap());
    let mut at = 2;
    for _ in 0..fields {
        let length = i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        at += 4 + usize::try_from(length).unwrap_or(0);
    }
    if fields < 0 { 0 } else { at }
}

#[test]
fn the_second_opinion_lets_in_what_was_written_and_nothing_that_was_forged() {
    over_many(|history, _| {
        let counted: Vec<Position> = counted(history).into_iter().map(|(at, _)| at).collect();
        assert_eq!(counted, history.written());
        for entry in &history.entries {
            if let Outcome::Event(event) = &entry.placed.outcome {
                assert_eq!(event.encode().unwrap(), entry.body);
            }
        }
    });
}

#[test]
fn how_events_fall_into_batches_makes_no_difference_to_the_rows() {
    over_many(|history, sizes| {
        let events = counted(history);
        let (mut parts, mut rest) = (Vec::new(), events.as_slice());
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            parts.push(part);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        for model in READ_MODELS {
            let whole = rows(*model, &[&events]);
            assert!(!whole.is_empty() || events.len() < 3, "{}", model.name());
            let parts = rows(*model, &parts);
            let differs = |table: &&&str| parts.get(**table) != whole.get(**table);
            let differ: Vec<_> = whole.keys().chain(parts.keys()).filter(differs).collect();
            assert!(differ.is_empty(), "{} by {sizes:?}: {differ:?}", model.name());
        }
    });
}

#[test]
fn every_entity_takes_in_any_history_forged_or_not() {
    over_many(|history, _| {
        let mut states: BTreeMap<EntityRef, State> = BTreeMap::new();
        // What was forged as well: folding is total, whatever a reader lets in by mistake.
        for (position, body) in history.bodies() {
            let Ok(event) = Event::decode(body) else { continue };
            let new = || State::new(event.entity.kind);
            let state = states.entry(event.entity).or_insert_with(new);
            state.apply(Occurred::of(Position(position), &event.record), &event.fact);
        }
        assert!(!states.is_empty());
    });
}
