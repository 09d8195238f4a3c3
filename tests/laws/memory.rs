//! Laws that need no server, and so are tried over many more histories: what counts, and that folding
//! is total. `PIPEROLL_LAWS_IN_MEMORY=10000` tries ten thousand a law.

use std::collections::BTreeMap;

use piperoll::commands::{Occurred, State};
use piperoll_events::{EntityRef, Event, Position};
use piperoll_projections::Outcome;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use super::histories::{Forgery, History, Seed, history};
use crate::naive::Reading;
use crate::support::program::number;

/// How many histories a law tries when nobody says.
const CASES: u64 = 1_000;

fn over_many(law: impl Fn(&History)) {
    let cases = number("PIPEROLL_LAWS_IN_MEMORY", CASES).try_into().unwrap();
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let tried = TestRunner::new(config).run(&vec(any::<Seed>(), 1..90), |seeds| {
        law(&history("memory", &seeds, Forgery::Thrown));
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

#[test]
fn the_second_opinion_lets_in_what_was_written_and_nothing_that_was_forged() {
    over_many(|history| {
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
fn every_entity_takes_in_any_history_forged_or_not() {
    over_many(|history| {
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
