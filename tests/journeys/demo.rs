//! The demo: killed, run again, asked what it promises, and run a third time.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::stories;
use crate::pages;
use crate::support::program::{Servers, runtime, wait_until};
use crate::support::raw::{self, Message};

/// What is witnessed in each body after it has moved in.
const BODIES: [(&str, u64); 2] = [("northmoor", 28), ("severnside", 21)];
const HALFWAY: u64 = 120;

#[test]
fn a_demo_killed_halfway_goes_on_without_a_duplicate_and_a_third_run_changes_nothing() {
    let servers = Servers::own("demo");
    kill_halfway(&servers);
    servers.fine(&["demo"]);
    let streams = BODIES.map(|(body, acts)| {
        let plan = format!("deploy/illustrative/{body}/plan.toml");
        let planned = &servers.json(&["move-in", &plan, "--dry-run", "--json"])["events"];
        // The writer's key is announced as well: no plan knows it.
        let due = planned.as_u64().unwrap() + 1 + acts;
        let stream = raw::read(&servers, body);
        let requests: BTreeSet<_> = stream.iter().map(Message::command_id).collect();
        assert_eq!((stream.len() as u64, requests.len() as u64), (due, due), "{body}");
        stream
    });
    the_story_is_told(&servers);
    asked_by_position_it_answers_in_the_same_bytes(&servers);
    servers.fine(&["demo"]);
    for ((body, _), before) in BODIES.into_iter().zip(&streams) {
        let bytes = |stream: &[Message]| -> Vec<_> {
            stream.iter().map(|message| (message.headers.clone(), message.body.clone())).collect()
        };
        assert!(bytes(&raw::read(&servers, body)) == bytes(before), "{body} changed");
    }
    servers.fine(&["doctor", "--ledger", "northmoor", "--ledger", "severnside"]);
}

fn kill_halfway(servers: &Servers) {
    let runtime = runtime();
    let client = runtime.block_on(raw::client(servers, "owner"));
    let length = || runtime.block_on(raw::length(&client, "northmoor")).unwrap_or(0);
    let demo = servers.start(&["demo"]);
    wait_until("the demo is halfway", Duration::from_mins(1), || length() >= HALFWAY);
    demo.kill();
    let (killed_at, opened) = (length(), json!("piperoll.ledger.opened.v1"));
    let last = runtime.block_on(raw::read_one(&client, "northmoor", killed_at));
    assert_ne!(last.json()["type"], opened, "killed at {killed_at}: it had moved in by then");
}

fn the_story_is_told(servers: &Servers) {
    let asked = |date: &str, what: &[&str]| -> Value {
        let first = ["as-at", "--ledger", "northmoor", "--known-at", date, "--json"];
        servers.json(&[&first, what].concat())
    };
    let figure = |answer: &Value| {
        let line = &answer["line"];
        let value = line["headline"]["value"].clone();
        (line["period"].clone(), value, line["rating"].clone())
    };
    let june = asked("2022-06-01", &["measure", "NM03"]);
    let green = json!({ "rating": "level", "level": "green" });
    assert_eq!(figure(&june), (json!("FY2021-Q4"), json!("67.8"), green));
    let as_at = &june["as_at"];
    assert_eq!(as_at["instant"], "2022-06-01T22:59:59.999999Z");
    assert_eq!((&as_at["basis"], &as_at["closed"]), (&json!("recorded"), &json!("closed")));
    assert!(as_at["position"].as_u64().unwrap() > 0);
    let september = asked("2022-09-01", &["submission", "NM03", "FY2021-Q4"]);
    assert_eq!(september["line"]["headline"]["value"], "64.4");
    let told = servers.fine(&["as-at", "--ledger", "northmoor", "submission", "NM03", "FY2021-Q4"]);
    let revised = told.lines().find(|line| line.contains("revised")).unwrap();
    assert!(revised.ends_with("none recorded"), "{revised}");
    the_lowered_target_is_found(servers);
    the_lapsed_signature_is_found(servers);
    stories::the_other_stories_are_found(servers);
    pages::the_stories_are_told_on_pages(servers);
    let scale = &june["line"]["rule"]["scale"]["levels"][0];
    assert_eq!(scale["words"]["en"], "On track");
    let now = servers.json(&["as-at", "--ledger", "northmoor", "--json", "scorecard"]);
    assert_eq!(now["as_at"]["closed"], "open");
}

/// Story: a figure signed at both stages and revised after that.
fn the_lapsed_signature_is_found(servers: &Servers) {
    let ask = ["ask", "--ledger", "northmoor", "--json"];
    let signed = ["signed-by", "NM09", "FY2023-Q4"];
    let now = servers.json(&[&ask[..], &signed].concat());
    let rows = now["rows"].as_array().unwrap();
    let told: Vec<_> = rows.iter().map(|row| (&row["stage"], &row["state"])).collect();
    let [verified, accepted, lapsed] = ["verified", "accepted", "lapsed"].map(|word| json!(word));
    assert_eq!(told, [(&verified, &lapsed), (&accepted, &lapsed)]);
    let by = rows[1]["ended_by"].as_u64().unwrap();
    assert_eq!(rows[0]["ended_by"], by);
    assert_ne!(rows[0]["person"], rows[1]["person"]);
    assert_eq!(rows[0]["post_title"]["en"], "Finance Data Steward");
    let after = json!([{"position": by, "scope": "figures", "kind": "figures"}]);
    assert_eq!(rows[1]["changed_after"], after);
    // Just before the revision both covered what stood.
    let before = (by - 1).to_string();
    let before = servers.json(&[&ask[..], &["--position", &before], &signed].concat());
    assert_eq!(before["totals"]["by_state"], json!({"current": 2}));
    // A near miss: signed by nobody is not lapsed.
    let nobody = servers.json(&[&ask[..], &["signed-by", "NM02", "FY2023-Q4"]].concat());
    assert_eq!(nobody["totals"]["by_state"], json!({"outstanding": 2}));
    let words = servers.fine(&[&["ask", "--ledger", "northmoor"][..], &signed].concat());
    assert!(words.contains("figures current to 0 of 2"), "{words}");
    // The steward is the one who signed; nobody was ever made accountable.
    let on = |day: &str| servers.json(&[&ask[..], &["accountable-on", "NM09", day]].concat());
    let june = on("2024-06-01");
    let told: Vec<_> = june["rows"].as_array().unwrap().iter().map(|row| &row["duty"]).collect();
    assert_eq!(told, [&json!("accountable"), &json!("steward")]);
    assert_eq!(june["rows"][0]["post"], Value::Null);
    assert_eq!(june["rows"][1]["holder"], rows[0]["person"]);
    assert_eq!(june["rows"][1]["recorded_late"], true);
    assert_eq!(on("2024-03-31")["rows"][1]["post"], Value::Null, "the day before");
}

/// Story: a target lowered when its result was known, and put back.
fn the_lowered_target_is_found(servers: &Servers) {
    let ask = ["ask", "--ledger", "northmoor", "--json"];
    let who = ["who-changed-target", "NM02", "--period", "FY2023-Q3"];
    let answer = servers.json(&[&ask[..], &who].concat());
    let rows = answer["rows"].as_array().unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (&row["happened"], &row["ease"], &row["timing"])).collect();
    let [set, changed, known] = ["set", "changed", "after_value_known"].map(|word| json!(word));
    let [first, easier, harder] = ["first", "easier", "harder"].map(|word| json!(word));
    let after = json!("after_end");
    assert_eq!(
        told,
        [(&set, &first, &after), (&changed, &easier, &known), (&changed, &harder, &known)]
    );
    let lowered = &rows[1];
    assert_eq!(lowered["act"]["post"], "Head of Environment");
    assert_eq!(lowered["known_actual"]["value"], "45.6");
    assert_eq!(lowered["rating_before"]["level"], "amber");
    assert_eq!(lowered["rating_after"]["level"], "green");
    assert_eq!(lowered["asserted"], false);
    assert_eq!(rows[0]["asserted"], true);

    let all = ["targets-made-easier", "--from", "2024-01-01", "--to", "2090-01-01"];
    let made_easier = servers.json(&[&ask[..], &all].concat());
    let found = made_easier["rows"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{made_easier}");
    assert_eq!(found[0]["position"], lowered["position"]);
    assert_eq!(
        (&found[0]["became_met"], &found[0]["percent_of_old"]),
        (&json!(true), &json!("33.33"))
    );
    assert_eq!(found[0]["restored_at"], rows[2]["position"]);
    assert_eq!(found[0]["owners"][0]["title"]["en"], "Head of Environment");
    assert_eq!(made_easier["totals"]["by_owner"], json!({"Head of Environment": 1}));
    // Asked as at the day before, nobody had touched it; a span without a change says so.
    let before = lowered["position"].as_u64().unwrap() - 1;
    let before = servers.json(&[&ask[..], &["--position", &before.to_string()], &who].concat());
    assert_eq!(before["rows"].as_array().unwrap().len(), 1);
    let quiet = ["targets-made-easier", "--from", "2021-01-01", "--to", "2021-06-30"];
    let quiet = servers.fine(&[&["ask", "--ledger", "northmoor"][..], &quiet].concat());
    assert!(quiet.contains("Looked at 0 changes of 0 measures; none is an answer."), "{quiet}");
    let csv = servers.fine(&[&["ask", "--ledger", "northmoor", "--csv"][..], &who].concat());
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.starts_with("as_at,position,known_at,measure,"), "{csv}");
    let words = servers.fine(&[&["ask", "--ledger", "northmoor"][..], &who].concat());
    assert!(words.contains("known then: 45.6 for FY2023-Q3: amber before, green after"), "{words}");
}

fn asked_by_position_it_answers_in_the_same_bytes(servers: &Servers) {
    let first = ["as-at", "--ledger", "northmoor", "--json"];
    for what in [&["scorecard"][..], &["measure", "NM03"], &["submission", "NM09", "FY2023-Q3"]] {
        let asked = |position: u64| {
            let position = position.to_string();
            servers.fine(&[&first[..], &["--position", &position], what].concat())
        };
        let now = servers.json(&[&first[..], what].concat());
        let position = now["as_at"]["position"].as_u64().unwrap();
        let answer = asked(position);
        assert_eq!(asked(position), answer);
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["as_at"]["position"], position);
    }
}
