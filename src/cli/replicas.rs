//! `piperoll replicas`: a ledger moved to three servers, or back to one.

use std::time::Duration;

use clap::Parser;
use piperoll_events::ids::LedgerName;

use super::{Ended, output};
use crate::config::Config;
use crate::ledger::{Follower, Replicas, Replication};
use crate::operate::replicating::{Copies, Replicated, replicated};
use crate::operate::site::Site;

/// Moves a ledger and its updates to three servers, or back to one, while they are written and read.
/// Needs the owner's credential.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll replicas --ledger northmoor --to 3\n\nIt ends when every server holds all that it is to hold. Stopped before, NATS goes on by itself, and\nthe same command waits for it. `piperoll doctor --ledger northmoor` says who holds what."
)]
pub struct Args {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// How many servers hold a copy: 1 or 3.
    #[arg(long)]
    to: Replicas,
    /// How long to wait for the copies.
    #[arg(long, default_value_t = 600)]
    wait_seconds: u64,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let site = Site::new(config, &args.ledger);
    let bar = output::waiting();
    let patience = Duration::from_secs(args.wait_seconds);
    let found = replicated(&site, args.to, patience, |found| {
        bar.set_message(found.waiting_for.join("; "));
        bar.tick();
    });
    let found = found.await?;
    bar.finish_and_clear();
    let ended = if found.waiting_for.is_empty() { Ended::Fine } else { Ended::Finding };
    if args.json {
        output::json(&found)?;
    } else {
        show(&found)?;
    }
    Ok(ended)
}

fn show(found: &Replicated) -> anyhow::Result<()> {
    let row = |Copies { stream, replication }: &Copies| {
        let Some(Replication { replicas, leader, followers }) = replication else {
            return vec![stream.clone(), "?".to_owned(), "?".to_owned(), String::new()];
        };
        let follower = |it: &Follower| {
            let note = if it.is_away() {
                " (away)"
            } else if it.is_level() {
                ""
            } else {
                " (behind)"
            };
            format!("{}{note}", it.name)
        };
        let followers: Vec<_> = followers.iter().map(follower).collect();
        let leader = leader.clone().unwrap_or_else(|| "nobody".to_owned());
        vec![stream.clone(), replicas.to_string(), leader, followers.join(", ")]
    };
    let rows: Vec<_> = found.streams.iter().map(row).collect();
    output::table(&["stream", "replicas", "leader", "followers"], &rows)?;
    for waiting in &found.waiting_for {
        output::line(format!("still waiting for {waiting}; NATS goes on by itself"))?;
    }
    Ok(())
}
