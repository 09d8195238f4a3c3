//! The ledger on three replicas.
//!
//! **Invariant:** what a caller is told is the same as on one server, although NATS answers
//! otherwise and a member may be gone.

use std::collections::BTreeSet;

use super::Assign;
use crate::support::program::{Servers, block_on};
use crate::support::{acting, ground_on, raw};

const ROUNDS: usize = 100;

#[test]
fn clustered_writers_on_one_entity_lose_no_update_and_go_on_without_a_member() {
    let servers = Servers::own_cluster("clustered");
    block_on(async {
        let ground = ground_on(&servers).await;
        let client = raw::client(&servers, "owner").await;
        let info = raw::info(&client, ground.name.as_str()).await;
        assert_eq!(info["config"]["num_replicas"], 3);
        let (one, other) = (ground.ledger().await, ground.ledger().await);
        let mut positions = BTreeSet::new();
        for round in 0..ROUNDS {
            let (mine, theirs) =
                (Assign::new("m", &format!("A{round}")), Assign::new("m", &format!("B{round}")));
            let (mine_by, theirs_by) = (acting(), acting());
            let (a, b) =
                tokio::join!(one.execute(&mine, &mine_by), other.execute(&theirs, &theirs_by));
            positions.insert(a.unwrap().position.0);
            positions.insert(b.unwrap().position.0);
        }
        assert_eq!(positions.into_iter().collect::<Vec<_>>(), (1..=200).collect::<Vec<u64>>());
        // The leader goes; once another leads, a command is recorded as if nothing had been.
        let leader = raw::leader(&client, ground.name.as_str()).await;
        servers.kill(&format!("nats-{leader}"));
        assert_ne!(raw::leader(&client, ground.name.as_str()).await, leader);
        let (last, by) = (Assign::new("m", "LAST"), acting());
        assert_eq!(one.execute(&last, &by).await.unwrap().position.0, 201);
        // Asked again it is the same one, whoever is asked.
        assert_eq!(other.execute(&last, &by).await.unwrap().position.0, 201);
    });
}
