//! Publisher, subscriber and projector while each of three servers dies in turn.

use std::process::Stdio;

use super::subscribing::Subscriber;
use super::{BOUND, bytes, publish, updates};
use crate::replicas::{UNHURRIED, during};
use crate::routes::{MOST, Served};
use crate::support::program::{Servers, runtime, wait_until};
use crate::support::raw;

/// How many acts go on before, between and after.
const ACTS: usize = 40;

#[test]
fn no_update_is_lost_or_doubled_when_whoever_leads_them_dies() {
    let served = Served::over(Servers::own_cluster("members"), UNHURRIED);
    let (servers, ledger) = (&served.servers, &served.body.ledger);
    let mut publisher = servers.start(&["publish", "--ledger", ledger]);
    let subscriber = Subscriber::new(servers, ledger);
    let follow = ["follow", "--ledger", ledger, "--quiet"];
    let mut following = subscriber.command(&follow).stderr(Stdio::null()).spawn().unwrap();
    let runtime = runtime();
    let client = runtime.block_on(raw::client(servers, "publisher"));
    let stream = format!("out_{ledger}");
    let leader = || runtime.block_on(raw::leader(&client, &stream));
    during(&served, |flow| {
        flow.goes_on(ACTS);
        let first = leader();
        for member in [first, first % 3 + 1, (first + 1) % 3 + 1] {
            servers.kill(&format!("nats-{member}"));
            flow.goes_on(ACTS);
            assert_ne!(leader(), member, "a server that is gone can't lead");
            servers.up();
            flow.goes_on(ACTS);
        }
    });
    let token = served.token("Bob", MOST);
    let now = served.at(&format!("/scorecard?min_position={}", served.length()));
    wait_until("the read models hold it", BOUND, || served.get(&token, &now).status == 200);
    // Whoever goes on by itself brings the last one, without anybody beginning anew.
    let last = Some(served.length());
    let at = || subscriber.shown("structure")["position"].as_u64();
    wait_until("the copy has come as far", BOUND, || at() == last);
    assert!(!publisher.ended() && following.try_wait().unwrap().is_none(), "one gave up");
    following.kill().unwrap();
    following.wait().unwrap();
    publisher.kill();
    let published = updates(servers, ledger);
    servers.fine(&["publish", "--ledger", ledger, "--make-stream", "--begin-again"]);
    publish(servers, ledger);
    assert!(bytes(&updates(servers, ledger)) == bytes(&published), "updates were lost or doubled");
    let calm = Subscriber::new(servers, ledger);
    calm.catch_up();
    assert_eq!(subscriber.dump(), calm.dump());
}
