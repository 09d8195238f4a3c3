//! The publisher: killed, doubled, sent to the wrong stream. What stands where is always the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{BOUND, Feed, bytes};
use crate::journeys::Body;
use crate::kills::Seeded;
use crate::support::program::{Servers, number, runtime, wait_until};
use crate::support::raw;

/// `position`, `part` and `parts` of an update.
fn placing(body: &Value) -> (u64, u64, u64) {
    let position = body["position"].as_str().unwrap().parse().unwrap();
    (position, body["part"].as_u64().unwrap(), body["parts"].as_u64().unwrap())
}

#[test]
fn a_publisher_killed_again_and_again_leaves_each_update_once_and_in_order() {
    let feed = Feed::moved_in();
    let whole = feed.publish();
    let reference = feed.updates();
    assert_eq!(reference.len() as u64, whole);
    assert_eq!(feed.publish(), 0, "there is nothing more to publish");
    feed.begin_again();
    let mut seeded = Seeded::new(number("PIPEROLL_KILL_SEED", 1));
    let mut early = 0;
    for _ in 0..number("PIPEROLL_FEED_KILLS", 8) {
        let publisher = feed.publisher();
        let upto = (feed.length() + 1 + seeded.below(whole / 8)).min(whole);
        wait_until("some updates", BOUND, || feed.length() >= upto);
        publisher.kill();
        early += u64::from(feed.length() < whole);
    }
    feed.publish();
    assert!(early > 0, "no kill came before the end");
    let updates = feed.updates();
    assert!(bytes(&updates) == bytes(&reference), "killed, it published otherwise");
    println!("publisher: {early} kills before the end of {whole} updates");
    let mut due = (0, 0, 0);
    for update in &updates {
        let (position, part, parts) = placing(&update.json());
        let next = if due.1 == due.2 {
            position > due.0 && part == 1
        } else {
            (position, part, parts) == (due.0, due.1 + 1, due.2)
        };
        assert!(next, "after {due:?} came {:?}", (position, part, parts));
        due = (position, part, parts);
    }
    assert_eq!(due.1, due.2);
    let ids: BTreeSet<String> = updates.iter().map(|it| it.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), updates.len());
}

#[test]
fn a_publisher_that_is_told_to_stop_ends_in_good_order_and_another_goes_on() {
    let feed = Feed::moved_in();
    let whole = feed.publish();
    let reference = feed.updates();
    feed.begin_again();
    let publisher = feed.publisher();
    wait_until("some updates", BOUND, || feed.length() > 0);
    publisher.terminate();
    let (code, said) = publisher.end(BOUND);
    assert_eq!(code, Some(0), "{said}");
    // What goes to a file has no colours.
    assert!(!said.contains('\x1b'), "{said}");
    feed.publish();
    assert!(feed.length() == whole && bytes(&feed.updates()) == bytes(&reference));
}

#[test]
fn two_publishers_at_once_publish_what_one_does() {
    let feed = Feed::moved_in();
    let whole = feed.publish();
    let reference = feed.updates();
    feed.begin_again();
    let shares: Vec<u64> = std::thread::scope(|scope| {
        let both = [scope.spawn(|| feed.publish()), scope.spawn(|| feed.publish())];
        both.map(|one| one.join().unwrap()).into()
    });
    assert!(bytes(&feed.updates()) == bytes(&reference), "two published otherwise than one");
    // An update whose answer one of them did not hear is counted by neither.
    assert!(shares.iter().sum::<u64>() <= whole, "{shares:?} of {whole}");
    println!("two publishers stored {shares:?} of {whole}");
}

#[test]
fn a_stream_that_is_missing_or_another_ledgers_is_refused_with_what_to_do() {
    let feed = Feed::moved_in();
    let ledger = &feed.body.ledger;
    let publish = ["publish", "--ledger", ledger, "--until-caught-up"];
    let there = feed.owner_asks("INFO", &json!({}));
    assert_eq!(feed.owner_asks("DELETE", &json!(null))["success"], true);
    let making = format!("piperoll publish --ledger {ledger} --make-stream");
    feed.servers.run(&publish).refused_with(&making);
    let mut config = there["config"].clone();
    config["metadata"] = json!({
        "piperoll.ledger_id": "0".repeat(32), "piperoll.genesis": "2022-06-01T09:30:00.123456Z",
    });
    assert_eq!(feed.owner_asks("CREATE", &config)["did_create"], true);
    feed.servers.run(&publish).refused_with("it was made anew");
    feed.servers.run(&publish).refused_with(&format!("{making} --begin-again"));
    feed.begin_again();
    assert!(feed.publish() > 0);
}

#[test]
fn nothing_is_published_of_a_ledger_that_is_moving_in() {
    let servers = Servers::shared();
    let body = Body::new();
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    let length = || runtime.block_on(raw::length(&client, &body.ledger)).unwrap_or(0);
    let move_in = servers.start(&["move-in", &body.plan()]);
    wait_until("something is recorded", BOUND, || length() > 5);
    move_in.kill();
    let project = servers.start(&["project", "--ledger", &body.ledger]);
    let publish = ["publish", "--ledger", &body.ledger, "--until-caught-up"];
    wait_until("there is a read model", BOUND, || {
        !servers.run(&publish).err.contains("is not installed")
    });
    servers.run(&publish).refused_with("still moving in");
    drop(project);
    servers.fine(&["move-in", &body.plan()]);
    servers.fine(&publish);
}

#[test]
fn a_ledger_that_is_not_there_is_said_at_once() {
    let ran = Servers::shared().run(&["publish", "--ledger", "nowhere", "--until-caught-up"]);
    ran.refused_with("stream not found");
}
