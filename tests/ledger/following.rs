//! Reading in order: what arrives, as what, and what ends the reading.

use async_nats::HeaderMap;
use piperoll::ledger::{FollowError, Following, Ledger, Until, bootstrap, follow, throw_away};
use piperoll_events::{EntityRef, Position};
use piperoll_projections::{Outcome, Placed, RejectReason};

use super::Assign;
use crate::support::{Ground, acting, ground, raw_client};

fn from(ground: &Ground, cursor: u64, until: Until) -> Following {
    let stream = ground.stream(&ground.reader);
    follow(stream, ground.identity, ground.verifier.clone(), Position(cursor), until)
}

async fn to_the_head(ground: &Ground, cursor: u64) -> Vec<Placed> {
    let mut following = from(ground, cursor, Until::Head);
    let mut all = Vec::new();
    while let Some(batch) = following.next().await {
        all.extend(batch.unwrap());
    }
    all
}

async fn record(ledger: &Ledger, from: usize, to: usize) {
    for n in from..to {
        ledger.execute(&Assign::new(&format!("m{n}"), "A1"), &acting()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_position_arrives_once_and_in_order() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    assert_eq!(to_the_head(&ground, 0).await, []);
    record(&ledger, 0, 30).await;
    let positions = |all: &[Placed]| all.iter().map(|p| p.position.0).collect::<Vec<_>>();
    let all = to_the_head(&ground, 0).await;
    assert_eq!(positions(&all), (1..=30).collect::<Vec<_>>());
    assert!(all.iter().all(|placed| matches!(placed.outcome, Outcome::Event(_))));
    assert_eq!(positions(&to_the_head(&ground, 20).await), (21..=30).collect::<Vec<_>>());
    assert_eq!(to_the_head(&ground, 30).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_later_arrives_too_even_when_the_connection_breaks() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let url = crate::support::setting("PIPEROLL_NATS_READER_URL");
    let road = crate::support::lossy::Lossy::to(&url, b"CONSUMER.MSG.NEXT").await;
    let connection = piperoll::ledger::Connection::open(piperoll::ledger::Role::Reader, &road.url);
    let connection = connection.await.unwrap().with_patience(std::time::Duration::from_secs(1));
    let stream = ground.stream(&connection);
    let verifier = ground.verifier.clone();
    record(&ledger, 0, 3).await;
    // The first answer to a request for messages is lost, and the connection with it.
    road.arm();
    let mut following = follow(stream, ground.identity, verifier, Position(0), Until::Dropped);
    let mut positions = Vec::new();
    while positions.len() < 3 {
        positions.extend(following.next().await.unwrap().unwrap().iter().map(|p| p.position.0));
    }
    assert!(road.lost());
    record(&ledger, 3, 6).await;
    while positions.len() < 6 {
        positions.extend(following.next().await.unwrap().unwrap().iter().map(|p| p.position.0));
    }
    assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_writer_of_ours_wrote_arrives_as_a_reject() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    record(&ledger, 0, 1).await;
    let genuine = ledger.stream().find(Position(1)).await.unwrap().unwrap();
    let (mac, body) = (genuine.mac.clone().unwrap(), genuine.body.clone());
    let client = raw_client("writer").await;
    let elsewhere = EntityRef::from(Assign::new("elsewhere", "").measure).subject(&ground.name);
    let other_type = "piperoll.measure.adopted.v1".to_owned();
    let genuine_type = genuine.event_type.clone().unwrap();
    let changed = String::from_utf8(body.to_vec()).unwrap().replace("A1", "A2");
    let forgeries = [
        (&elsewhere, &mac, &genuine_type, body.clone(), RejectReason::Mac),
        (&genuine.subject, &mac, &genuine_type, changed.into(), RejectReason::Mac),
        (&genuine.subject, &String::new(), &genuine_type, body.clone(), RejectReason::Mac),
        (&genuine.subject, &mac, &other_type, body.clone(), RejectReason::TypeHeader),
    ];
    for (subject, mac, event_type, body, _) in &forgeries {
        let mut headers = HeaderMap::new();
        headers.insert("Piperoll-Mac", mac.as_str());
        headers.insert("Piperoll-Type", event_type.as_str());
        client.request_with_headers((*subject).clone(), headers, body.clone()).await.unwrap();
    }
    // A genuine event once more arrives as an event: its revision tells the reader of all heads.
    let mut headers = HeaderMap::new();
    headers.insert("Piperoll-Mac", mac.as_str());
    headers.insert("Piperoll-Type", genuine_type.as_str());
    client.request_with_headers(genuine.subject.clone(), headers, body).await.unwrap();
    let all = to_the_head(&ground, 1).await;
    for (placed, forgery) in all.iter().zip(&forgeries) {
        assert!(
            matches!(&placed.outcome, Outcome::Reject(reason, _) if *reason == forgery.4),
            "{placed:?}"
        );
        assert!(placed.entity.is_some());
    }
    assert!(matches!(all[4].outcome, Outcome::Event(_)));
    // And the writer steps over it as well.
    let again = ground.ledger().await;
    let answer = again.execute(&Assign::new("m0", "B"), &acting()).await.unwrap();
    let stored = again.stream().find(answer.position).await.unwrap().unwrap();
    let record = piperoll_events::Event::decode(&stored.body).unwrap().record;
    assert_eq!((record.revision.0, record.previous), (2, Some(Position(1))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authentic_event_of_a_later_release_ends_the_reading_and_names_it() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    record(&ledger, 0, 1).await;
    let genuine = ledger.stream().find(Position(1)).await.unwrap().unwrap();
    let later = String::from_utf8(genuine.body.to_vec()).unwrap();
    let later = later
        .replace("urn:piperoll:0.1.0:", "urn:piperoll:9.2.0:")
        .replace("measure.code_assigned.v1", "measure.code_sung.v1");
    let mut headers = HeaderMap::new();
    headers.insert("Piperoll-Mac", mac(&ground, &genuine.subject, later.as_bytes()));
    headers.insert("Piperoll-Type", "piperoll.measure.code_sung.v1");
    let client = raw_client("writer").await;
    client.request_with_headers(genuine.subject.clone(), headers, later.into()).await.unwrap();
    let mut following = from(&ground, 0, Until::Dropped);
    let first = following.next().await.unwrap().unwrap();
    assert_eq!(first.len(), 1, "what stands before it is handed over");
    let error = following.next().await.unwrap().unwrap_err();
    assert!(matches!(&error, FollowError::Unknown(unknown) if unknown.position == Position(2)));
    assert!(error.to_string().contains("update to Piperoll 9.2.0 or later"), "{error}");
    assert!(following.next().await.is_none());
    let refused = ground.ledger().await.execute(&Assign::new("m0", "B"), &acting()).await;
    assert!(refused.unwrap_err().to_string().contains("9.2.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_made_again_or_cut_short_is_named() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    record(&ledger, 0, 3).await;
    let mut behind = from(&ground, 7, Until::Dropped);
    let error = behind.next().await.unwrap().unwrap_err();
    let (last, cursor) = (Position(3), Position(7));
    assert!(
        matches!(error, FollowError::Behind { last: l, cursor: c } if (l, c) == (last, cursor))
    );
    throw_away(&ground.owner, &ground.name).await.unwrap();
    let gone = from(&ground, 3, Until::Dropped).next().await.unwrap().unwrap_err();
    assert!(matches!(gone, FollowError::Ask(_)), "{gone}");
    let founding = piperoll::ledger::Founding {
        ledger_id: ground.identity.ledger_id,
        genesis: ground.identity.genesis,
        replicas: piperoll::ledger::Replicas::One,
    };
    bootstrap(&ground.owner, &ground.name, founding).await.unwrap();
    let again = from(&ground, 0, Until::Dropped).next().await.unwrap().unwrap_err();
    assert!(matches!(again, FollowError::Recreated { .. }), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_erased_by_a_changed_limit_are_a_gap_and_never_skipped() {
    for (codes, expected, found) in [(["m", "n", "n"], 2, 3), (["n", "n", "n"], 1, 3)] {
        let ground = ground().await;
        let ledger = ground.ledger().await;
        for measure in codes {
            ledger.execute(&Assign::new(measure, "A1"), &acting()).await.unwrap();
        }
        super::guarding::update(&ground, &serde_json::json!({"max_msgs_per_subject": 1})).await;
        let mut following = from(&ground, 0, Until::Dropped);
        let error = loop {
            match following.next().await.unwrap() {
                Ok(batch) => assert_eq!(batch.last().unwrap().position, Position(expected - 1)),
                Err(error) => break error,
            }
        };
        let said = format!("position {expected} is missing, {found} is next");
        assert!(error.to_string().starts_with(&said), "{error}");
    }
}

/// A code by the writer's own key, over what the writer would never write.
fn mac(ground: &Ground, subject: &str, body: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};

    let path = ground.state.path().join("keys/writer.key");
    let text = std::fs::read_to_string(path).unwrap();
    // The first half signs, the second makes codes.
    let key = hex::decode(text.trim_end()).unwrap().split_off(32);
    let id =
        hex::encode(Sha256::new().chain_update(b"piperoll mac key ").chain_update(&key).finalize());
    let payload_type = format!("application/vnd.piperoll.event.v1;{subject}");
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
    let mut code = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    code.update(head.as_bytes());
    code.update(body);
    format!("{}:{}", &id[..16], BASE64_STANDARD.encode(code.finalize().into_bytes()))
}
