//! Updates as server-sent events: resumed, refused, followed live, and ended when the service stops.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use super::{BOUND, publish, updates};
use crate::routes::{MOST, Out, Served};

/// One event of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    id: u64,
    kind: String,
    data: String,
}

/// Takes a line of server-sent events apart; comments are left out.
fn events(text: &str) -> Vec<Heard> {
    text.split("\n\n").filter_map(event).collect()
}

fn event(block: &str) -> Option<Heard> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let id = field("id")?.parse().unwrap();
    Some(Heard { id, kind: field("event")?.to_owned(), data: field("data")?.to_owned() })
}

#[test]
fn whoever_goes_on_after_the_last_id_hears_exactly_what_was_missed() {
    let served = Served::new();
    let token = served.token("Ann", &["internal_auditor"]);
    publish(&served.servers, &served.body.ledger);
    let stored = updates(&served.servers, &served.body.ledger);
    let path = served.at("/updates?until=head");
    let hear = |headers: Vec<(&str, &str)>, path: &str| {
        let heard = served.send("GET", path, &Out { token: Some(&token), headers, body: None });
        assert_eq!(heard.status, 200, "{heard:?}");
        assert_eq!(heard.header("content-type"), Some("text/event-stream"));
        events(std::str::from_utf8(&heard.bytes).unwrap())
    };
    let all = hear(Vec::new(), &path);
    let due: Vec<Heard> = stored
        .iter()
        .map(|message| Heard {
            id: message.position,
            kind: message.json()["type"].as_str().unwrap().to_owned(),
            data: String::from_utf8(message.body.clone()).unwrap(),
        })
        .collect();
    assert!(all == due, "what is heard is not what is stored");
    for after in [1, due.len() / 2, due.len() - 1, due.len()] {
        let id = after.to_string();
        assert!(hear(vec![("last-event-id", &id)], &path) == due[after..], "after {after}");
        assert!(hear(Vec::new(), &format!("{path}&after={after}")) == due[after..]);
    }
    // A browser that breaks off asks the same address again: the header says where it was.
    assert!(hear(vec![("last-event-id", "3")], &format!("{path}&after=1")) == due[3..]);
}

#[test]
fn an_id_that_nobody_heard_is_refused() {
    let served = Served::new();
    let token = served.token("Ann", &["internal_auditor"]);
    publish(&served.servers, &served.body.ledger);
    let path = served.at("/updates?until=head");
    let hear = |id: &str| {
        let headers = vec![("last-event-id", id)];
        served.send("GET", &path, &Out { token: Some(&token), headers, body: None })
    };
    for bad in ["-1", "1.5", "1e3", "0x1", "x", "1,2", "99999999999999999999", "''"] {
        hear(bad).problem(400, "malformed_last_event_id");
    }
    hear("9007199254740991").problem(409, "beyond_the_last_update");
    served.get(&token, &served.at("/updates?until=never")).problem(400, "malformed_parameter");
    served.get(&token, &served.at("/updates?after=-1")).problem(400, "malformed_parameter");
    let reader = served.token("Bob", &["scrutiny_reader"]);
    served.get(&reader, &path).problem(403, "not_allowed");
}

#[test]
fn what_is_recorded_is_heard_at_once_and_the_line_ends_with_the_service() {
    let mut served = Served::with(&["--lines", "1"]);
    let token = served.token("Ann", MOST);
    publish(&served.servers, &served.body.ledger);
    let publisher = served.servers.start(&["publish", "--ledger", &served.body.ledger]);
    let after = updates(&served.servers, &served.body.ledger).len().to_string();
    let address = format!("{}{}", served.base, served.at("/updates"));
    let agent = ureq::Agent::config_builder().timeout_global(Some(BOUND)).build().new_agent();
    let request = agent.get(&address).header("authorization", format!("Bearer {token}"));
    let line = request.header("last-event-id", &after).call().unwrap();
    let mut line = BufReader::new(line.into_body().into_reader());
    // The only line is taken; everything else is served as before.
    served.get(&token, &served.at("/updates")).problem(503, "busy");
    served.get(&token, &served.at("/scorecard")).fine();
    let scorecard = served.get(&token, &served.at("/measures")).fine();
    let measure = &scorecard["items"][0]["measure"].as_str().unwrap().to_owned();
    let body = json!({"period": "FY2030-Q1", "cells": [{"value": "12.5"}]});
    let path = served.at(&format!("/measures/{measure}/submissions/FY2030-Q1/submit"));
    let accepted =
        served.post(&token, &path, ("heard", None), &without(&body, "period")).accepted();
    let mut block = String::new();
    let heard = loop {
        let mut text = String::new();
        assert!(line.read_line(&mut text).unwrap() > 0, "the line ended: {block}");
        block += &text;
        if text == "\n"
            && let Some(heard) = event(&std::mem::take(&mut block))
        {
            break heard;
        }
    };
    assert_eq!(heard.kind, "piperoll.update.figure.v1");
    let update: Value = serde_json::from_str(&heard.data).unwrap();
    assert_eq!(update["position"], accepted["position"].to_string());
    assert_eq!(update["data"]["value"], "12.5");
    let program = served.take_program();
    program.terminate();
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut line, &mut rest).unwrap();
    assert_eq!(program.end(BOUND).0, Some(0), "it stopped while somebody listened");
    drop(publisher);
}

fn without(body: &Value, name: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(name);
    body
}
