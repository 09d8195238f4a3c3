//! What the doctor says of the servers that hold a ledger.

use std::time::Duration;

use crate::journeys::Body;
use crate::support::program::{Ran, Servers, runtime, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_secs(30);

/// The line about something, and what to do about it.
#[track_caller]
fn line(ran: &Ran, of: &str) -> (String, String) {
    let mut lines = ran.out.lines();
    let found = lines.find(|line| line.contains(of));
    let found = found.unwrap_or_else(|| unreachable!("nothing of `{of}`: {}", ran.out));
    let next = lines.next().unwrap_or_default();
    (found.to_owned(), next.to_owned())
}

#[test]
fn the_doctor_names_a_server_that_is_away_and_a_ledger_on_one_server_alone() {
    let servers = Servers::own_cluster("doctor");
    let body = Body::moved_in(&servers);
    let ledger = &body.ledger;
    let (own, updates) = (format!("{ledger} replicas:"), format!("{ledger} updates replicas:"));
    let examined = || servers.run(&["doctor", "--ledger", ledger]);
    let ran = examined();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    for of in [&own, &updates] {
        let (found, _) = line(&ran, of);
        assert!(found.starts_with("ok") && found.contains("3 of 3 are level"), "{found}");
    }
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    let leader = runtime.block_on(raw::leader(&client, ledger));
    let away = format!("nats-{}", leader % 3 + 1);
    servers.kill(&away);
    wait_until("it is missed", BOUND, || examined().out.matches("is away").count() == 2);
    let ran = examined();
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    for of in [&own, &updates] {
        let (found, remedy) = line(&ran, of);
        assert!(found.starts_with("FINDING") && found.contains("2 of 3 are level"), "{found}");
        let server = format!("-{} is away", leader % 3 + 1);
        assert!(found.ends_with(&server), "{found}");
        assert!(remedy.contains("start it again"), "{remedy}");
    }
    // What can't be done as long as it is away is said, and not waited for without an end.
    let asked = ["replicas", "--ledger", ledger, "--to", "3", "--wait-seconds", "1"];
    let ran = servers.run(&asked);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("still waiting for the replicas of piperoll_"), "{}", ran.out);
    assert!(ran.out.contains("can't be reached"), "{}", ran.out);
    // With the leader gone as well nobody answers for the ledger; nothing is lost, and nobody is told to
    // restore it.
    servers.kill(&format!("nats-{leader}"));
    let ran = examined();
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let (_, remedy) = line(&ran, &format!("{ledger} stream:"));
    assert!(remedy.contains("two have to be there"), "{}", ran.out);
    assert!(!ran.out.contains("restore"), "{}", ran.out);
    servers.up();
    alone_and_back(&servers, ledger);
}

/// On one server of the cluster it is found; on three again it is as it was.
fn alone_and_back(servers: &Servers, ledger: &str) {
    let own = format!("{ledger} replicas:");
    let examined = || servers.run(&["doctor", "--ledger", ledger]);
    servers.fine(&["replicas", "--ledger", ledger, "--to", "1"]);
    let ran = examined();
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let (found, remedy) = line(&ran, &own);
    assert!(found.starts_with("FINDING") && found.contains("alone holds it"), "{found}");
    assert!(remedy.contains(&format!("piperoll replicas --ledger {ledger} --to 3")), "{remedy}");
    servers.fine(&["replicas", "--ledger", ledger, "--to", "3"]);
    let ran = examined();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(line(&ran, &own).0.contains("3 of 3 are level"), "{}", ran.out);
}

#[test]
fn one_server_alone_is_no_finding_and_can_hold_one_copy_only() {
    let servers = Servers::own_single("alone");
    let body = Body::moved_in(&servers);
    let ledger = &body.ledger;
    let ran = servers.run(&["doctor", "--ledger", ledger]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(line(&ran, &format!("{ledger} replicas:")).0.contains("on a server alone"));
    let asked = ["replicas", "--ledger", ledger, "--to", "3"];
    servers.run(&asked).refused_with("join three servers in a cluster first");
    let fine = servers.fine(&["replicas", "--ledger", ledger, "--to", "1"]);
    assert!(fine.contains(&format!("piperoll_{ledger}")), "{fine}");
}
