//! One request at a time: conflicts, repetitions, lost answers, and what is told apart from them.

use piperoll::ledger::{AnswerKind, Connection, ExecuteError, Role};
use piperoll_events::text::Digest;
use piperoll_events::{EntityRef, Event, Position};
use sha2::{Digest as _, Sha256};

use super::{Assign, objective};
use crate::support::lossy::Lossy;
use crate::support::{acting, ask_raw, ground, raw_client, setting};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_what_the_format_says() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let acting = acting();
    let request = Assign::new("m", "A1");
    let answer = ledger.execute(&request, &acting).await.unwrap();
    assert_eq!((answer.position, answer.kind), (Position(1), AnswerKind::Recorded));
    let stored = ledger.stream().find(Position(1)).await.unwrap().unwrap();
    let event = Event::decode(&stored.body).unwrap();
    let digest =
        Digest::new(Sha256::digest(piperoll::commands::Request::canonical(&request)).into());
    assert_eq!(stored.subject, EntityRef::from(request.measure).subject(&ground.name));
    assert_eq!(Some(event.id), answer.event_id);
    assert_eq!(event.ledger, ground.identity.ledger_id);
    assert_eq!((event.record.revision.0, event.record.previous), (1, None));
    assert_eq!(event.record.command_id, acting.command_id);
    assert_eq!(event.record.request_digest, digest);
    assert_eq!(stored.event_type.as_deref(), Some("piperoll.measure.code_assigned.v1"));
    let (mac, signature) = (stored.mac.unwrap(), stored.signature.unwrap());
    assert!(ground.verifier.authentic(&mac, &stored.subject, &stored.body));
    let public = ground.key.public_key();
    assert!(piperoll::ledger::signed(&signature, &public, &stored.subject, &stored.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_with_one_expectation_exactly_one_wins() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    for round in 0..40 {
        let id = format!("o{round}");
        let (a, b) = (objective(&id, "1"), objective(&id, "2"));
        let (by_a, by_b) = (acting(), acting());
        let (a, b) = tokio::join!(one.execute(&a, &by_a), other.execute(&b, &by_b));
        let refused = |r: &Result<_, ExecuteError>| matches!(r, Err(ExecuteError::Rejected(_)));
        assert!(a.is_ok() != b.is_ok(), "round {round}: {a:?} {b:?}");
        assert!(refused(&a) || refused(&b), "round {round}: {a:?} {b:?}");
        assert_eq!(one.stream().head().await.unwrap(), Position(round + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_one_entity_all_get_through_in_turn() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    for round in 0..20 {
        let (a, b) =
            (Assign::new("m", &format!("a{round}")), Assign::new("m", &format!("b{round}")));
        let (by_a, by_b) = (acting(), acting());
        let (a, b) = tokio::join!(one.execute(&a, &by_a), other.execute(&b, &by_b));
        assert_ne!(a.unwrap().position, b.unwrap().position);
    }
    let last = one.stream().last_of(Assign::new("m", "").measure.into()).await.unwrap().unwrap();
    let event = Event::decode(&last.body).unwrap();
    assert_eq!((last.position, event.record.revision.0), (Position(40), 40));
    assert_eq!(event.record.previous, Some(Position(39)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_twice_is_one_fact_whoever_is_asked() {
    let ground = ground().await;
    let acting = acting();
    let request = Assign::new("m", "A1");
    let first = ground.ledger().await.execute(&request, &acting).await.unwrap();
    let ledger = ground.ledger().await;
    for _ in 0..3 {
        let again = ledger.execute(&request, &acting).await.unwrap();
        assert_eq!(again.kind, AnswerKind::Repeated);
        assert_eq!((again.position, again.event_id), (first.position, first.event_id));
    }
    assert_eq!(ledger.stream().head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_id_with_another_request_is_refused() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let acting = acting();
    ledger.execute(&Assign::new("m", "A1"), &acting).await.unwrap();
    let error = ledger.execute(&Assign::new("m", "A2"), &acting).await.unwrap_err();
    let position = Position(1);
    assert!(matches!(error, ExecuteError::CommandIdReused { position: p, .. } if p == position));
    assert_eq!(ledger.stream().head().await.unwrap(), position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_from_memory_is_checked_with_the_leader_first() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    // `other` remembers that there is nothing; then `one` adds it.
    assert_eq!(
        other.execute(&Assign::new("m", "x"), &acting()).await.unwrap().kind,
        AnswerKind::Recorded
    );
    one.execute(&objective("o", "1"), &acting()).await.unwrap();
    other.execute(&objective("o", "1"), &acting()).await.unwrap();
    let again = other.execute(&objective("o", "1"), &acting()).await.unwrap();
    assert_eq!((again.kind, again.event_id), (AnswerKind::Unchanged, None));
    assert_eq!(again.position, Position(2));
    let error = other.execute(&objective("o", "2"), &acting()).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Rejected(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_on_the_way_is_one_fact_and_still_answered() {
    let ground = ground().await;
    let road = Lossy::to(&setting("PIPEROLL_NATS_WRITER_URL"), b"Nats-Msg-Id").await;
    let connection = Connection::open(Role::Writer, &road.url).await.unwrap();
    let connection = connection.with_patience(std::time::Duration::from_secs(1));
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_over(&connection, guard.gate()).await;
    let acting = acting();
    road.arm();
    let answer = ledger.execute(&Assign::new("m", "A1"), &acting).await.unwrap();
    assert!(road.lost());
    assert_eq!((answer.position, answer.kind), (Position(1), AnswerKind::Recorded));
    assert_eq!(ledger.stream().head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_id_that_stands_for_something_else_is_no_yes() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let acting = acting();
    let request = Assign::new("m", "A1");
    let entity = EntityRef::from(request.measure);
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Msg-Id", format!("{}:{entity}", acting.command_id));
    let elsewhere = EntityRef::from(Assign::new("elsewhere", "").measure).subject(&ground.name);
    let client = raw_client("writer").await;
    client.request_with_headers(elsewhere, headers, "{}".into()).await.unwrap();
    let error = ledger.execute(&request, &acting).await.unwrap_err();
    assert!(matches!(error, ExecuteError::NotStored { .. }), "{error:?}");
    assert_eq!(ledger.stream().head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_in_the_history_counts_for_the_guard_and_not_for_the_state() {
    let ground = ground().await;
    let request = objective("o", "1");
    let subject = EntityRef::from(request.objective).subject(&ground.name);
    let client = raw_client("writer").await;
    client.request(subject.clone(), "{\"forged\":true}".into()).await.unwrap();
    let ledger = ground.ledger().await;
    let answer = ledger.execute(&request, &acting()).await.unwrap();
    assert_eq!((answer.position, answer.kind), (Position(2), AnswerKind::Recorded));
    let stored = ledger.stream().find(Position(2)).await.unwrap().unwrap();
    let record = Event::decode(&stored.body).unwrap().record;
    assert_eq!((record.revision.0, record.previous), (1, None));
    client.request(subject, "{\"forged\":true}".into()).await.unwrap();
    let unchanged = ledger.execute(&request, &acting()).await.unwrap();
    assert_eq!((unchanged.position, unchanged.kind), (Position(2), AnswerKind::Unchanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_the_greatest_length_passes_and_a_longer_one_does_not() {
    let ground = ground().await;
    let client = raw_client("writer").await;
    let subject = EntityRef::from(Assign::new("m", "").measure).subject(&ground.name);
    let mut headers = async_nats::HeaderMap::new();
    for name in ["Nats-Msg-Id", "Piperoll-Type", "Piperoll-Mac", "Piperoll-Signature"] {
        headers.insert(name, "x".repeat(200));
    }
    let body = vec![b' '; piperoll_events::profile::MOST_BYTES];
    let answer = client.request_with_headers(subject.clone(), headers, body.into()).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer.payload).contains("error"));
    let body = vec![b' '; piperoll_events::profile::MOST_BYTES + 5_000];
    let answer = client.request(subject, body.into()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("10054"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writers_credential_can_neither_make_nor_empty_a_stream() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    ledger.execute(&Assign::new("m", "A1"), &acting()).await.unwrap();
    let begun = std::time::Instant::now();
    let error = piperoll::ledger::throw_away(&ground.writer, &ground.name).await.unwrap_err();
    assert!(matches!(error, piperoll::ledger::AskError::Denied { role: "writer", .. }), "{error}");
    assert!(begun.elapsed().as_secs() < 5, "a denial must not look like a timeout");
    let founding = piperoll::ledger::Founding {
        ledger_id: ground.identity.ledger_id,
        genesis: ground.identity.genesis,
        replicas: piperoll::ledger::Replicas::One,
    };
    let other = crate::support::fresh_name();
    let error = piperoll::ledger::bootstrap(&ground.writer, &other, founding).await.unwrap_err();
    assert!(error.to_string().contains("may not use"), "{error}");
    for (connection, may) in
        [(&ground.owner, true), (&ground.writer, false), (&ground.reader, false)]
    {
        assert_eq!(piperoll::ledger::may_change_streams(connection).await.unwrap(), may);
    }
    // The owner may ask for a purge, and the stream itself says no.
    let owner = raw_client("owner").await;
    let subject = format!("$JS.API.STREAM.PURGE.piperoll_{}", ground.name);
    let answer = ask_raw(&owner, subject, &serde_json::json!({})).await;
    assert!(answer["error"]["err_code"].is_u64(), "{answer}");
    assert_eq!(ledger.stream().head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_credential_and_a_silent_server_are_told_apart() {
    let url = setting("PIPEROLL_NATS_WRITER_URL");
    let (_, server) = url.split_once('@').unwrap();
    let wrong = Connection::open(Role::Writer, &format!("nats://writer:wrong@{server}")).await;
    assert!(wrong.unwrap_err().to_string().contains("does not accept the `writer` credential"));
    let nobody = Connection::open(Role::Writer, "nats://writer:secret@127.0.0.1:1").await;
    let said = nobody.unwrap_err().to_string();
    assert!(said.contains("`127.0.0.1:1`") && !said.contains("secret"), "{said}");
}
