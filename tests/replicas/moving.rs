//! A ledger moved to one server and back to three while it is written, projected and published.

use std::time::Duration;

use serde_json::json;

use super::{UNHURRIED, during};
use crate::drills::messages;
use crate::feed::{bytes, publish, updates};
use crate::routes::judged::target;
use crate::routes::{MOST, Served};
use crate::support::program::{Servers, block_on, runtime, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_secs(30);
/// How many acts go on before, between and after.
const ACTS: usize = 60;
/// What guards a whole stream.
const WHOLE: &str = "Nats-Expected-Last-Sequence";

#[test]
fn a_ledger_moves_to_three_servers_while_events_flow_and_each_of_them_holds_all() {
    let served = Served::over(Servers::own_cluster("moving"), UNHURRIED);
    let (servers, ledger) = (&served.servers, &served.body.ledger);
    let mut publisher = servers.start(&["publish", "--ledger", ledger]);
    let replicas = |to: &str| {
        let moved = servers.json(&["replicas", "--ledger", ledger, "--to", to, "--json"]);
        assert_eq!(moved["waiting_for"], json!([]), "{moved}");
        for stream in moved["streams"].as_array().unwrap() {
            assert_eq!(stream["replication"]["replicas"].to_string(), to, "{moved}");
        }
        assert_eq!(moved["streams"].as_array().unwrap().len(), 2, "{moved}");
    };
    during(&served, |flow| {
        flow.goes_on(ACTS);
        replicas("1");
        flow.goes_on(ACTS);
        replicas("3");
        flow.goes_on(ACTS);
    });
    assert!(!publisher.ended(), "the publisher gave up");
    let token = served.token("Bob", MOST);
    let now = served.at(&format!("/scorecard?min_position={}", served.length()));
    wait_until("the read models hold it", BOUND, || served.get(&token, &now).status == 200);
    publisher.kill();
    the_guard_found_nothing(&served);
    publish(servers, ledger);
    let published = updates(servers, ledger);
    servers.fine(&["doctor", "--ledger", ledger]);
    servers.fine(&["publish", "--ledger", ledger, "--make-stream", "--begin-again"]);
    publish(servers, ledger);
    assert!(bytes(&updates(servers, ledger)) == bytes(&published), "updates were lost or doubled");
    each_holds_all(&served);
}

/// With any one of the three gone, the other two have it all.
fn each_holds_all(served: &Served) {
    let (servers, ledger) = (&served.servers, &served.body.ledger);
    let runtime = runtime();
    let client = runtime.block_on(raw::client(servers, "owner"));
    let whole = messages(servers, ledger);
    for member in servers.members() {
        servers.kill(member);
        runtime.block_on(raw::leader(&client, ledger));
        assert!(messages(servers, ledger) == whole, "without {member} something is missing");
        servers.up();
    }
}

fn the_guard_found_nothing(served: &Served) {
    let url = served.servers.setting("PIPEROLL_POSTGRES_URL");
    let found: i64 = block_on(async {
        let link = piperoll_projections::runtime::connect(url).await.unwrap();
        let there = "select to_regclass('operations.guard_finding') is not null";
        if !link.query_one(there, &[]).await.unwrap().get::<_, bool>(0) {
            return 0;
        }
        let text = "select count(*) from operations.guard_finding";
        link.query_one(text, &[]).await.unwrap().get(0)
    });
    assert_eq!(found, 0, "the guard took the move for damage");
}

#[test]
fn a_ledger_of_a_server_alone_is_restored_onto_three() {
    let served = Served::over(Servers::own_single("from"), &[]);
    let (alone, ledger) = (&served.servers, &served.body.ledger);
    let token = served.token("Ann", MOST);
    let measure = served.get(&token, &served.at("/measures/NM02")).fine();
    let measure = measure["line"]["measure"]["measure"].as_str().unwrap();
    let set = served.at(&format!("/measures/{measure}/set-target"));
    for period in (2041..2071).map(|year| format!("FY{year}")) {
        served.post(&token, &set, (&period, None), &target(&period)).accepted();
    }
    // The service was the only writer for long enough to guard the whole stream as well.
    let whole_guarded = |message: &raw::Message| message.header(WHOLE).is_some();
    assert!(raw::read(alone, ledger).iter().any(whole_guarded));
    let file = served.body.file("moved.ndjson");
    let file = file.to_str().unwrap();
    alone.fine(&["export", "--ledger", ledger, "--to", file]);
    let whole = messages(alone, ledger);
    // The keys stay; NATS is another, and so is Postgres here.
    let state = alone.setting("PIPEROLL_STATE").to_owned();
    let three = Servers::own_cluster("onto").by("PIPEROLL_STATE", &state);
    three.fine(&["restore", "--ledger", ledger, file]);
    assert!(messages(&three, ledger) == whole, "something is missing or otherwise");
    three.fine(&["publish", "--ledger", ledger, "--make-stream"]);
    let why = ["--why", "moved to three servers"];
    let accept = ["accept", "--ledger", ledger, "--difference", "created"];
    three.fine(&[&accept[..], &why].concat());
    for model in ["scorecard", "accountability"] {
        three.fine(&["projections", "rebuild", model, "--ledger", ledger]);
    }
    let said = three.fine(&["doctor", "--ledger", ledger]);
    assert_eq!(said.matches("3 of 3 are level").count(), 2, "{said}");
}
