//! The service started by `deploy/local` while not all three servers are up.

use crate::journeys::Body;
use crate::support::program::Servers;

#[test]
fn the_service_starts_on_two_servers_of_three_and_not_on_one() {
    let servers = Servers::own_cluster("starting");
    let body = Body::moved_in(&servers);
    servers.kill("nats-2");
    let ran = servers.serve_locally(&body.ledger);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("cluster: without nats-2\npiperoll: up, http://"), "{ran:?}");
    servers.kill("nats-3");
    servers.serve_locally(&body.ledger).refused_with("nats-2 and nats-3 not up");
    servers.up();
    servers.kill("postgres");
    servers.serve_locally(&body.ledger).refused_with("postgres not up");
}
