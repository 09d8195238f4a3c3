//! Many requests at once: all of them or none, and resumed without doubles.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use piperoll::commands::Request;
use piperoll::ledger::{
    Acting, Answer, AnswerKind, BatchError, Connection, ExecuteError, Ledger, Role, Until, follow,
};
use piperoll_events::{Position, Revision};
use piperoll_projections::{Outcome, Placed};

use super::{Assign, objective};
use crate::support::lossy::Lossy;
use crate::support::{Ground, acting, ground, setting};

type Batch = Vec<(Box<dyn Request>, Acting)>;

fn codes(from: usize, to: usize) -> Batch {
    let one = |n: usize| -> Box<dyn Request> { Box::new(Assign::new(&format!("m{n}"), "A1")) };
    (from..to).map(|n| (one(n), acting())).collect()
}

async fn head(ledger: &Ledger) -> u64 {
    ledger.stream().head().await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_recorded_whole_and_in_order() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let batch = codes(0, 999);
    let answers = ledger.execute_batch(&batch).await.unwrap();
    let positions: Vec<_> = answers.iter().map(|answer| answer.position.0).collect();
    assert_eq!(positions, (1..=999).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.kind == AnswerKind::Recorded));
    for n in [0, 1, 500, 998] {
        let stored = ledger.stream().find(answers[n].position).await.unwrap().unwrap();
        assert!(stored.subject.ends_with(&Assign::new(&format!("m{n}"), "").measure.to_string()));
    }
    assert!(matches!(ledger.execute_batch(&codes(0, 1000)).await, Err(BatchError::TooMany(1000))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_one_stale_guard_is_decided_again_as_a_whole() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    one.execute_batch(&codes(0, 10)).await.unwrap();
    // What `one` holds of `m5` is stale from here on.
    other.execute(&Assign::new("m5", "B"), &acting()).await.unwrap();
    let answers = one.execute_batch(&codes(0, 10)).await.unwrap();
    let positions: Vec<_> = answers.iter().map(|answer| answer.position.0).collect();
    assert_eq!(positions, (12..=21).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_one_refusal_records_nothing_and_names_it() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    other.execute(&objective("o", "1"), &acting()).await.unwrap();
    let mut batch = codes(0, 5);
    batch.insert(3, (Box::new(objective("o", "2")), acting()));
    let error = one.execute_batch(&batch).await.unwrap_err();
    let refused = |error: &BatchError| {
        matches!(error, BatchError::At { index: 3, source: ExecuteError::Rejected(_) })
    };
    assert!(refused(&error), "{error:?}");
    assert_eq!(head(&one).await, 1);
    // Others get in between the look and the append: the batch falls, is decided again, refused.
    let mut batch = codes(0, 5);
    batch.push((Box::new(objective("p", "2")), acting()));
    one.preload(&everything(&ground).await);
    assert!(one.preloaded(Position(1)));
    other.execute(&objective("p", "1"), &acting()).await.unwrap();
    let error = one.execute_batch(&batch).await.unwrap_err();
    assert!(matches!(error, BatchError::At { index: 5, .. }), "{error:?}");
    assert_eq!(head(&one).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_repeated_is_one_batch_and_what_is_missing_is_added() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let mut batch = codes(0, 20);
    let first = ledger.execute_batch(&batch).await.unwrap();
    let resumed = ground.ledger().await;
    let again = resumed.execute_batch(&batch).await.unwrap();
    assert!(again.iter().all(|answer| answer.kind == AnswerKind::Repeated));
    let same =
        first.iter().zip(&again).all(|(a, b)| (a.position, a.event_id) == (b.position, b.event_id));
    assert!(same);
    batch.extend(codes(20, 25));
    batch.push((Box::new(objective("o", "1")), acting()));
    let more = resumed.execute_batch(&batch).await.unwrap();
    assert_eq!(more.iter().filter(|a| a.kind == AnswerKind::Recorded).count(), 6);
    assert_eq!(more.last().unwrap().position, Position(26));
    assert_eq!(head(&ledger).await, 26);
    batch.push((Box::new(objective("o", "1")), acting()));
    let error = resumed.execute_batch(&batch).await.unwrap_err();
    assert!(matches!(error, BatchError::SameEntity { first: 25, second: 26, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_answer_is_lost_is_found_and_not_doubled() {
    let ground = ground().await;
    let road = Lossy::to(&setting("PIPEROLL_NATS_WRITER_URL"), b"Nats-Batch-Commit").await;
    let connection = Connection::open(Role::Writer, &road.url).await.unwrap();
    let connection = connection.with_patience(std::time::Duration::from_secs(1));
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_over(&connection, guard.gate()).await;
    road.arm();
    let answers = ledger.execute_batch(&codes(0, 50)).await.unwrap();
    assert!(road.lost());
    assert!(answers.iter().all(|answer| answer.kind == AnswerKind::Recorded));
    assert_eq!(head(&ledger).await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_full_read_nothing_is_read_entity_by_entity() {
    let ground = ground().await;
    let first = ground.ledger().await;
    first.execute_batch(&codes(0, 50)).await.unwrap();
    let ledger = ground.ledger().await;
    assert!(!ledger.preloaded(Position(50)), "nothing was read yet");
    ledger.preload(&everything(&ground).await);
    assert!(ledger.preloaded(Position(50)));
    let before = ground.writer.sent();
    ledger.execute_batch(&codes(0, 100)).await.unwrap();
    // Only the messages themselves, and not one question.
    assert_eq!(ground.writer.sent() - before, 100);
}

/// One event a command, each entity's revisions in a row, and times in the order of the record.
#[track_caller]
fn in_order_and_once(all: &[Placed]) {
    let (mut commands, mut last) = (HashSet::new(), HashMap::new());
    let mut time = DateTime::UNIX_EPOCH;
    for placed in all {
        let Outcome::Event(event) = &placed.outcome else { panic!("{placed:?}") };
        assert!(commands.insert(event.record.command_id), "recorded twice: {placed:?}");
        let before = last.insert(event.entity, (event.record.revision, placed.position));
        let (revision, previous) = before.unzip();
        assert_eq!(event.record.revision, revision.unwrap_or(Revision::NONE).next());
        assert_eq!(event.record.previous, previous);
        assert!(event.time >= time, "of an earlier time than what stands before it: {placed:?}");
        time = event.time;
    }
}

fn positions(answers: &[Answer]) -> Vec<u64> {
    answers.iter().map(|answer| answer.position.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_prepared_ahead_is_sent_as_it_is_and_decided_again_where_the_batch_before_it_bears()
 {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let first = ledger.prepare(codes(0, 10)).await.unwrap();
    let second = ledger.prepare(codes(5, 15)).await.unwrap();
    assert_eq!(head(&ledger).await, 0, "preparing sends nothing");
    let first = ledger.commit(first).await.unwrap();
    let second = ledger.commit(second).await.unwrap();
    assert_eq!(positions(&first), (1..=10).collect::<Vec<_>>());
    assert_eq!(positions(&second), (11..=20).collect::<Vec<_>>());
    assert!(first.iter().chain(&second).all(|answer| answer.kind == AnswerKind::Recorded));
    in_order_and_once(&everything(&ground).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_falls_while_the_next_is_prepared_comes_first_all_the_same() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    one.execute_batch(&codes(0, 10)).await.unwrap();
    let first = one.prepare(codes(0, 10)).await.unwrap();
    let second = one.prepare(codes(5, 15)).await.unwrap();
    // The guard of `m3` in the first batch, and of `m12` in the second, is stale from here on.
    other.execute(&Assign::new("m3", "B"), &acting()).await.unwrap();
    other.execute(&Assign::new("m12", "B"), &acting()).await.unwrap();
    let first = one.commit(first).await.unwrap();
    let second = one.commit(second).await.unwrap();
    assert_eq!(positions(&first), (13..=22).collect::<Vec<_>>());
    assert_eq!(positions(&second), (23..=32).collect::<Vec<_>>());
    in_order_and_once(&everything(&ground).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_prepared_ahead_waits_for_what_became_of_one_whose_answer_was_lost() {
    let ground = ground().await;
    let road = Lossy::to(&setting("PIPEROLL_NATS_WRITER_URL"), b"Nats-Batch-Commit").await;
    let connection = Connection::open(Role::Writer, &road.url).await.unwrap();
    let connection = connection.with_patience(std::time::Duration::from_secs(1));
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_over(&connection, guard.gate()).await;
    let first = ledger.prepare(codes(0, 50)).await.unwrap();
    let second = ledger.prepare(codes(40, 60)).await.unwrap();
    road.arm();
    let first = ledger.commit(first).await.unwrap();
    assert!(road.lost());
    let second = ledger.commit(second).await.unwrap();
    assert_eq!(positions(&first), (1..=50).collect::<Vec<_>>());
    assert_eq!(positions(&second), (51..=70).collect::<Vec<_>>());
    in_order_and_once(&everything(&ground).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_ahead_is_named_and_the_batch_on_its_way_stands() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let first = ledger.prepare(vec![(Box::new(objective("o", "1")), acting())]).await.unwrap();
    let mut batch = codes(0, 5);
    batch.insert(3, (Box::new(objective("o", "2")), acting()));
    // Over nothing it can be done; after the first batch it can't.
    let second = ledger.prepare(batch).await.unwrap();
    ledger.commit(first).await.unwrap();
    let error = ledger.commit(second).await.unwrap_err();
    assert!(matches!(error, BatchError::At { index: 3, .. }), "{error:?}");
    assert_eq!(head(&ledger).await, 1);
    let twice = vec![codes(1, 2), codes(1, 2)].into_iter().flatten().collect();
    let error = ledger.prepare(twice).await.err().unwrap();
    assert!(matches!(error, BatchError::SameEntity { first: 0, second: 1, .. }), "{error}");
}

pub(super) async fn everything(ground: &Ground) -> Vec<Placed> {
    let stream = ground.stream(&ground.reader);
    let verifier = ground.verifier.clone();
    let mut following = follow(stream, ground.identity, verifier, Position::START, Until::Head);
    let mut all = Vec::new();
    while let Some(batch) = following.next().await {
        all.extend(batch.unwrap());
    }
    all
}
