//! The ledger on three replicas.
//!
//! **Invariant:** what a caller is told is the same as on one server, although NATS answers
//! otherwise and a member may be gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Assign;
use crate::support::program::{Servers, block_on};
use crate::support::{acting, ask_raw, ground_on, raw};

const ROUNDS: usize = 100;
/// How long the others may take to agree on a leader.
const BOUND: Duration = Duration::from_secs(30);

#[test]
fn clustered_writers_on_one_entity_lose_no_update_and_go_on_without_a_member() {
    let servers = Servers::own_cluster("clustered");
    block_on(async {
        let ground = ground_on(&servers).await;
        let about = format!("$JS.API.STREAM.INFO.piperoll_{}", ground.name);
        let client = raw::client(&servers, "owner").await;
        let info = ask_raw(&client, about, &json!({})).await;
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
        // The leader goes: whatever a try in doubt comes to, the command is recorded once.
        let leader = info["cluster"]["leader"].as_str().unwrap();
        servers.kill(&format!("nats-{}", leader.rsplit('-').next().unwrap()));
        let (last, by) = (Assign::new("m", "LAST"), acting());
        let mut answer = one.execute(&last, &by).await;
        let begun = Instant::now();
        while answer.is_err() && begun.elapsed() < BOUND {
            answer = one.execute(&last, &by).await;
        }
        assert_eq!(answer.unwrap().position.0, 201);
    });
}
