//! Read models made anew while people write and ask; killed and stopped on the way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use piperoll::operate::site::Site;
use piperoll_projections::runtime::connect;
use serde_json::json;

use super::Body;
use crate::support::acting;
use crate::support::program::{self, Running, Servers, block_on, wait_until};

const BOUND: Duration = Duration::from_mins(1);

#[test]
fn a_rebuild_killed_and_stopped_is_swapped_in_while_commands_and_questions_run() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let mut project = servers.start(&["project", "--ledger", &body.ledger]);
    let over = AtomicBool::new(false);
    let (last, answers) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&servers, &body, &over));
        let asking = scope.spawn(|| ask(&servers, &body, &over));
        let rebuilt = std::panic::catch_unwind(|| rebuild_in_spite_of_all(&servers, &body));
        over.store(true, Ordering::Relaxed);
        let ended = (writing.join().unwrap(), asking.join().unwrap());
        rebuilt.unwrap();
        ended
    });
    assert!(answers > 5, "only {answers} questions were answered meanwhile");
    let lag = ["projections", "lag", "--ledger", &body.ledger, "--json"];
    wait_until("the read models hold what was written", BOUND, || {
        let lag = servers.json(&lag);
        let cursors = lag.as_array().unwrap().iter().map(|one| &one["cursor"]["position"]);
        cursors.map(|position| position.as_u64().unwrap()).all(|position| position >= last)
    });
    assert!(!project.ended(), "the projector did not live through the swaps");
    let again = ["projections", "rebuild", "--ledger", &body.ledger, "--drop-old", "--json"];
    let again = servers.json(&again);
    for model in again.as_array().unwrap() {
        assert_eq!(model["comparison"]["differences"], json!([]), "{model}");
        assert!(model["position"].as_u64().unwrap() >= last, "{model}");
    }
}

fn rebuild_in_spite_of_all(servers: &Servers, body: &Body) {
    let arguments = ["projections", "rebuild", "--ledger", &body.ledger, "--drop-old"];
    begin(servers, body, &arguments).kill();
    let stopped = begin(servers, body, &arguments);
    stopped.terminate();
    let (code, said) = stopped.end(BOUND);
    // It may have been through before it heard of it.
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {said}");
    let swapped = servers.run(&arguments);
    assert_eq!(swapped.code, Some(0), "{swapped:?}");
    assert_eq!(swapped.out.matches("0 differ").count(), 2, "{swapped:?}");
    assert_eq!(swapped.out.matches("swapped after").count(), 2, "{swapped:?}");
}

/// A rebuild that has made a shadow of its own, where it is not through already.
fn begin(servers: &Servers, body: &Body, arguments: &[&str]) -> Running {
    let schema = format!("{}_scorecard_shadow", body.ledger);
    let before = shadow(servers, &schema);
    let mut running = servers.start(arguments);
    wait_until("the rebuild has a shadow", BOUND, || {
        let now = shadow(servers, &schema);
        running.ended() || (now.is_some() && now != before)
    });
    running
}

/// Which shadow there is.
fn shadow(servers: &Servers, schema: &str) -> Option<u32> {
    block_on(async {
        let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
        let text = "select oid from pg_namespace where nspname = $1";
        link.query_opt(text, &[&schema]).await.unwrap().map(|row| row.get(0))
    })
}

/// Records one event after the other; where the last stands.
fn write(servers: &Servers, body: &Body, over: &AtomicBool) -> u64 {
    let site = Site::new(&program::config(servers), &body.ledger.parse().unwrap());
    block_on(async {
        let (ledger, _guard) = site.writer().await.unwrap();
        let (mut last, mut n) = (0, 0);
        while !over.load(Ordering::Relaxed) {
            let assign = crate::ledger::Assign::new("meanwhile", &format!("C{n}"));
            last = ledger.execute(&assign, &acting()).await.unwrap().position.0;
            n += 1;
        }
        last
    })
}

/// Asks again and again; no answer fails, and none knows less than the one before. How many.
fn ask(servers: &Servers, body: &Body, over: &AtomicBool) -> usize {
    let (mut known, mut answers) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let answer = servers.json(&body.asked(&["scorecard"]));
        let position = answer["as_at"]["position"].as_u64().unwrap();
        assert!(position >= known, "an answer at {position} came after one at {known}");
        assert!(!answer["lines"].as_array().unwrap().is_empty());
        (known, answers) = (position, answers + 1);
    }
    answers
}
