//! Messages that bear a good code and are still not what any writer writes: counted as rejects,
//! stepped over, shown without harm; answers go on.

use std::path::Path;
use std::time::Duration;

use async_nats::HeaderMap;
use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use piperoll::operate::site::Site;
use piperoll_events::ids::MeasureId;
use piperoll_events::{EntityRef, Event};
use piperoll_projections::runtime::connect;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{AGAINST_THE_SCHEMA, OUTSIDE_THE_PROFILE, event, spoilt, text};
use crate::journeys::Body;
use crate::support::program::{Servers, block_on, wait_until};
use crate::support::raw;
use crate::support::{acting, program};

/// Who holds the writer's key and writes by hand.
struct Forger {
    client: async_nats::Client,
    key: Vec<u8>,
    key_id: String,
}

impl Forger {
    async fn of(servers: &Servers, ledger: &str) -> Self {
        let genuine = raw::read_one(&raw::client(servers, "owner").await, ledger, 1).await;
        let code = genuine.header("Piperoll-Mac").unwrap();
        let file = Path::new(servers.setting("PIPEROLL_STATE")).join("keys/writer.key");
        let secret = hex::decode(std::fs::read_to_string(file).unwrap().trim()).unwrap();
        Self {
            client: raw::client(servers, "writer").await,
            // The first half signs.
            key: secret[32..].to_vec(),
            key_id: code.split_once(':').unwrap().0.to_owned(),
        }
    }

    /// The code as the format says it is made, worked out here once more.
    fn code(&self, subject: &str, body: &[u8]) -> String {
        let payload_type = format!("application/vnd.piperoll.event.v1;{subject}");
        let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).unwrap();
        let code = mac.chain_update(head).chain_update(body).finalize().into_bytes();
        format!("{}:{}", self.key_id, BASE64_STANDARD.encode(code))
    }

    async fn publish(&self, subject: &str, event_type: &str, body: &[u8]) {
        let mut headers = HeaderMap::new();
        headers.insert("Piperoll-Mac", self.code(subject, body).as_str());
        headers.insert("Piperoll-Type", event_type);
        let (subject, body) = (subject.to_owned(), body.to_vec().into());
        let request = async_nats::Request::new().headers(headers).payload(body);
        let answer = self.client.send_request(subject, request).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert!(answer["seq"].is_u64(), "{answer}");
    }
}

/// Everything forged, with the reason for which each is stepped over.
fn forgeries(body: &Event, elsewhere: &Event) -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let (sound, event_type) = (text(body), body.fact.event_type());
    let mut all = Vec::new();
    for (_, from, to) in OUTSIDE_THE_PROFILE {
        all.push((spoilt(&sound, from, to), event_type, "profile"));
    }
    for (_, from, to) in AGAINST_THE_SCHEMA {
        all.push((spoilt(&sound, from, to), event_type, "schema"));
    }
    let blank = " ".repeat(262_145 - sound.len());
    all.push(([sound.as_bytes(), blank.as_bytes()].concat(), event_type, "profile"));
    all.push((spoilt(&sound, "Because", "\u{FEFF}"), event_type, "schema"));
    all.push((b"\xFF\xFE".to_vec(), event_type, "profile"));
    all.push((sound.clone().into_bytes(), "piperoll.measure.adopted.v1", "type_header"));
    all.push((text(elsewhere).into_bytes(), event_type, "ledger"));
    let mut other_subject = body.clone();
    other_subject.entity = MeasureId::derived(&["another"]).into();
    all.push((text(&other_subject).into_bytes(), event_type, "subject"));
    // A revision that skips, and the first one once more.
    let mut skipping = body.clone();
    skipping.record.revision.0 = 9;
    all.push((text(&skipping).into_bytes(), event_type, "revision"));
    all
}

#[test]
fn an_authentic_message_of_a_wrong_form_is_counted_stepped_over_and_answers_go_on() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let before = servers.json(&body.asked(&["scorecard"]));
    let site = site(&servers, &body);
    let (forged, head) = block_on(forge(&servers, &body, &site));
    let project = servers.start(&["project", "--ledger", &body.ledger]);
    let lag = ["projections", "lag", "--ledger", &body.ledger, "--json"];
    wait_until("the projector is level", Duration::from_mins(1), || {
        servers.json(&lag)[0]["lag"]["lag"] == "level"
    });
    drop(project);
    let counted = block_on(rejects(&servers, &body));
    assert_eq!(counted, forged);
    let after = servers.json(&body.asked(&["scorecard"]));
    assert_eq!(after["as_at"]["position"], head);
    assert_eq!(after["lines"], before["lines"], "a forgery changed an answer");
    the_events_are_shown_without_harm(&servers, &body);
    the_doctor_counts_them(&servers, &body, forged.len());
    writing_goes_on(&servers, &body, &site, head);
    let rebuild = ["projections", "rebuild", "scorecard", "--ledger", &body.ledger, "--json"];
    assert_eq!(servers.json(&rebuild)["comparison"]["differences"], json!([]));
}

fn site(servers: &Servers, body: &Body) -> Site {
    Site::new(&program::config(servers), &body.ledger.parse().unwrap())
}

/// Publishes every forgery; the reasons in order, and the last position.
async fn forge(servers: &Servers, body: &Body, site: &Site) -> (Vec<String>, u64) {
    let forger = Forger::of(servers, &body.ledger).await;
    let ledger_id = site.source().await.unwrap().identity.ledger_id;
    let measure = MeasureId::derived(&["forged"]);
    let subject = EntityRef::from(measure).subject(&site.name);
    let sound = event(ledger_id, measure, 1);
    let elsewhere = event(piperoll::ids::ledger_id().unwrap(), measure, 1);
    let mut reasons = Vec::new();
    for (bytes, event_type, reason) in forgeries(&sound, &elsewhere) {
        forger.publish(&subject, event_type, &bytes).await;
        reasons.push(reason.to_owned());
    }
    // One that is as it should be, and the same bytes replayed.
    for _ in 0..2 {
        forger.publish(&subject, sound.fact.event_type(), text(&sound).as_bytes()).await;
    }
    reasons.push("revision".to_owned());
    let owner = raw::client(servers, "owner").await;
    (reasons, raw::length(&owner, &body.ledger).await.unwrap())
}

async fn rejects(servers: &Servers, body: &Body) -> Vec<String> {
    let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
    let text = format!("select reason from {}_scorecard.reject order by position", body.ledger);
    link.query(&text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn the_events_are_shown_without_harm(servers: &Servers, body: &Body) {
    let list = ["events", "list", "--ledger", &body.ledger, "--limit", "100000"];
    let listed = servers.fine(&list);
    let harmful = |c: char| (c.is_control() && c != '\n') || ('\u{202A}'..='\u{2069}').contains(&c);
    assert!(!listed.contains(harmful));
    for line in listed.lines() {
        let position = line.split_whitespace().next().unwrap_or_default();
        assert!(position.parse::<u64>().is_ok(), "a message began a line of its own: {line}");
    }
    let rejected: Vec<_> = listed.lines().filter(|line| line.contains("REJECTED")).collect();
    assert!(rejected.len() > 30);
    for line in rejected {
        let position = line.split_whitespace().next().unwrap();
        let shown = servers.fine(&["events", "show", "--ledger", &body.ledger, position]);
        assert!(!shown.contains(harmful), "{position}: {shown:?}");
    }
}

fn the_doctor_counts_them(servers: &Servers, body: &Body, forged: usize) {
    let ran = servers.run(&["doctor", "--ledger", &body.ledger]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let counted = format!("{forged} entries are not authentic; the last at position");
    let finding = ran.out.lines().find(|line| line.contains(&counted));
    assert!(finding.is_some_and(|line| line.starts_with("FINDING")), "{}", ran.out);
}

/// The forged measure's history goes on from its one genuine event.
fn writing_goes_on(servers: &Servers, body: &Body, site: &Site, head: u64) {
    let answer = block_on(async {
        let (ledger, _guard) = site.writer().await.unwrap();
        let answer = ledger.execute(&crate::ledger::Assign::new("forged", "B2"), &acting()).await;
        piperoll::operate::projecting::catch_up(site).await.unwrap();
        answer.unwrap()
    });
    assert_eq!(answer.position.0, head + 1);
    let now = servers.json(&body.asked(&["scorecard"]));
    assert_eq!(now["as_at"]["position"], head + 1);
}
