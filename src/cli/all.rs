//! `piperoll all`: every role in one process.

use std::sync::Arc;

use clap::Parser;

use super::{Ended, project, publish, serve};
use crate::config::Config;
use crate::operate::standing::Board;

/// Serves the HTTP API, keeps the read models up to date and publishes updates, in one process, until it
/// is stopped. Updates are published where the publisher's credential is given.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll all --listen 127.0.0.1:8080 --ledger northmoor --ledger severnside"
)]
pub struct Args {
    #[command(flatten)]
    serving: serve::Args,
    #[command(flatten)]
    projecting: project::Ledgers,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let board = Arc::<Board>::default();
    let ledgers = args.projecting.named().to_vec();
    let publishing = async {
        if config.nats_publisher_url.is_none() {
            tracing::warn!("nothing is published: PIPEROLL_NATS_PUBLISHER_URL is not set");
            return std::future::pending().await;
        }
        publish::keep_up(&ledgers, config, &board).await
    };
    // Whichever ends first ends the other: half a service would look like a whole one.
    tokio::select! {
        served = serve::run(args.serving, config, Arc::clone(&board)) => served,
        projected = project::keep_up(&ledgers, config) => {
            projected?;
            anyhow::bail!("the projectors ended by themselves")
        }
        published = publishing => {
            published?;
            anyhow::bail!("the publishers ended by themselves")
        }
    }
}
