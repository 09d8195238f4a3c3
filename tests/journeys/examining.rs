//! The doctor, and the events themselves.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::Body;
use crate::support::ask_raw;
use crate::support::program::{Servers, block_on};
use crate::support::raw;

#[test]
fn the_doctor_finds_nothing_on_servers_as_they_should_be() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let ran = servers.run(&["doctor", "--ledger", &body.ledger]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("level with the ledger"), "{}", ran.out);
}

#[test]
fn the_doctor_says_how_fast_a_ledger_is_written_and_read() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let ledger = &body.ledger;
    servers.fine(&["publish", "--ledger", ledger, "--until-caught-up"]);
    let length =
        block_on(async { raw::length(&raw::client(&servers, "owner").await, ledger).await });
    let length = length.unwrap();
    let checks = servers.json(&["doctor", "--ledger", ledger, "--json"]);
    let seen = |of: &str| {
        let of = json!(format!("{ledger} {of}"));
        let check = checks.as_array().unwrap().iter().find(|check| check["of"] == of);
        check.unwrap_or_else(|| panic!("{checks}"))["seen"].as_str().unwrap().to_owned()
    };
    // All of it was written just now, within the hour at the least.
    assert!(seen("writing").ends_with(&format!("{length} in the last hour")), "{checks}");
    assert!(seen("reading").starts_with(&format!("the last {length} events in ")), "{checks}");
    // The last events of moving in tell no subscriber anything.
    let told = seen("updates").rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    let behind = format!("{} events since the last that was told of", length - told);
    assert!(seen("updates behind").starts_with(&behind), "{checks}");
}

#[test]
fn the_doctor_names_what_the_owner_changed_in_a_stream() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    keep_for(&servers, &body, 86_400_000_000_000);
    let ran = servers.run(&["doctor", "--ledger", &body.ledger]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let finding = ran.out.lines().find(|line| line.contains("max_age"));
    assert!(finding.is_some_and(|line| line.starts_with("FINDING")), "{}", ran.out);
}

/// Makes NATS keep a ledger's events for so many nanoseconds; 0: for ever.
pub(crate) fn keep_for(servers: &Servers, body: &Body, nanos: u64) {
    block_on(async {
        let client = raw::client(servers, "owner").await;
        let stream = format!("piperoll_{}", body.ledger);
        let about = ask_raw(&client, format!("$JS.API.STREAM.INFO.{stream}"), &json!({})).await;
        let mut changed = about["config"].clone();
        changed["max_age"] = json!(nanos);
        let answer = ask_raw(&client, format!("$JS.API.STREAM.UPDATE.{stream}"), &changed).await;
        assert_eq!(answer["error"], Value::Null);
    });
}

#[test]
fn what_a_writer_found_shut_is_remembered_when_it_is_put_right() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let (mapping, file) = (body.file("return.toml"), body.file(super::RETURN));
    let (mapping, file) = (mapping.to_str().unwrap(), file.to_str().unwrap());
    keep_for(&servers, &body, 86_400_000_000_000);
    let import = ["import", "--ledger", &body.ledger, "--mapping", mapping, file];
    let refused = servers.run(&import);
    assert_ne!(refused.code, Some(0), "{}", refused.out);
    keep_for(&servers, &body, 0);
    let ran = servers.run(&["doctor", "--ledger", &body.ledger]);
    let remembered = ran.out.lines().find(|line| line.contains("`max_age` was"));
    assert!(remembered.is_some_and(|line| line.starts_with("warning")), "{}", ran.out);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn with_the_servers_down_the_doctor_says_how_to_start_them() {
    let servers = Servers::shared();
    let mut command = servers.piperoll(&["doctor"]);
    for role in ["WRITER", "READER"] {
        command.env(format!("PIPEROLL_NATS_{role}_URL"), "nats://x:y@127.0.0.1:9");
    }
    command.env("PIPEROLL_POSTGRES_URL", "postgres://x:y@127.0.0.1:9/x");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("→ start it (deploy/local start)").count(), 3, "{said}");
}

#[test]
fn events_are_listed_shown_and_followed() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let listed = |more: &[&str]| {
        let first = ["events", "list", "--ledger", &body.ledger, "--json"];
        let text = servers.fine(&[&first, more].concat());
        let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
        events.collect::<Vec<Value>>()
    };
    let first = listed(&["--limit", "3"]);
    assert_eq!(first.len(), 3);
    assert_eq!(first[0]["event"]["type"], "piperoll.ledger.created.v1");
    let adopted = listed(&["--type", "measure.adopted", "--limit", "100"]);
    assert_eq!(adopted.len(), 10);
    assert!(adopted.iter().all(|it| it["event"]["type"] == "piperoll.measure.adopted.v1"));
    let position = adopted[4]["position"].to_string();
    let shown = servers.json(&["events", "show", "--ledger", &body.ledger, &position, "--json"]);
    let message = block_on(async {
        let client = raw::client(&servers, "owner").await;
        raw::read_one(&client, &body.ledger, position.parse().unwrap()).await
    });
    assert_eq!(shown["body"].as_str().unwrap().as_bytes(), message.body);
    assert_eq!(shown["subject"], message.subject);
    assert_eq!(shown["headers"]["Piperoll-Mac"].as_str(), message.header("Piperoll-Mac"));

    let mut tail = servers.piperoll(&["events", "tail", "--ledger", &body.ledger, "--last", "2"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let (_, last) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
    assert!(last.contains("ledger.opened"), "{last}");
    assert!(tail.try_wait().unwrap().is_none(), "it did not wait for more");
    tail.kill().unwrap();
    tail.wait().unwrap();
}
