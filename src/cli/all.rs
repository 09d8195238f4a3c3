//! `piperoll all`: every role in one process.

use clap::Parser;

use super::{Ended, project, serve};
use crate::config::Config;

/// Serves the HTTP API and keeps the read models up to date, in one process, until it is stopped.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll all --listen 127.0.0.1:8080 --ledger northmoor --ledger severnside"
)]
pub struct Args {
    #[command(flatten)]
    serving: serve::Args,
    #[command(flatten)]
    projecting: project::Args,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    // Whichever ends first ends the other: half a service would look like a whole one.
    tokio::select! {
        served = serve::run(args.serving, config) => served,
        projected = project::keep_up(args.projecting, config) => {
            projected?;
            anyhow::bail!("the projectors ended by themselves")
        }
    }
}
