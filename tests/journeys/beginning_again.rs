//! A move-in that was killed and whose plan was edited: refused, thrown away, begun again.

use std::time::Duration;

use super::Body;
use crate::support::program::{Servers, runtime, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_mins(1);

#[test]
fn an_edited_plan_is_refused_after_a_kill_and_can_begin_again() {
    let servers = Servers::shared();
    let body = Body::new();
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    let length = || runtime.block_on(raw::length(&client, &body.ledger)).unwrap_or(0);
    let moving = servers.start(&["move-in", &body.plan()]);
    wait_until("it is halfway", BOUND, || length() >= 60);
    moving.kill();
    let source =
        || runtime.block_on(raw::read_one(&client, &body.ledger, 1)).json()["source"].clone();
    let first = source();

    body.edit("plan.toml", "Performance framework 2021 to 2025", "Another framework");
    let refused = servers.run(&["move-in", &body.plan()]);
    assert_eq!(refused.code, Some(2), "it had moved in by then: {refused:?}");
    refused.refused_with("--begin-again");
    // What the killed one had sent may still arrive; of the edited plan there is nothing.
    let of_plan = |message: &raw::Message| message.json()["data"]["record"]["correlation"].clone();
    let messages = raw::read(&servers, &body.ledger);
    assert!(messages.iter().all(|message| of_plan(message) == of_plan(&messages[0])));

    servers.fine(&["move-in", &body.plan(), "--begin-again"]);
    assert_ne!(source(), first, "the ledger id is the old one");
    let head = length();
    servers.run(&["move-in", &body.plan(), "--begin-again"]).refused_with("has been opened");
    assert_eq!(length(), head);
    let scorecard = servers.json(&body.asked(&["scorecard"]));
    assert_eq!(scorecard["as_at"]["position"], head);
}

#[test]
fn a_plan_edited_after_the_ledger_opened_is_refused_too() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    body.edit("plan.toml", "Performance framework 2021 to 2025", "Another framework");
    servers.run(&["move-in", &body.plan()]).refused_with("begun with another plan");
}
