//! `piperoll project`: the projector role.

use clap::Parser;
use piperoll_events::ids::LedgerName;
use piperoll_projections::READ_MODELS;
use tokio::task::JoinSet;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::projecting;
use crate::operate::site::Site;

/// Keeps every read model of the ledgers named up to date until it is stopped.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  piperoll project --ledger northmoor --ledger severnside")]
#[group(skip)]
pub struct Args {
    /// The ledger; may be given several times.
    #[arg(long, required = true)]
    ledger: Vec<LedgerName>,
}

impl Args {
    /// The ledgers named.
    pub(super) fn ledgers(&self) -> &[LedgerName] {
        &self.ledger
    }
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    tokio::select! {
        ended = keep_up(args, config) => ended?,
        stopped = tokio::signal::ctrl_c() => stopped?,
    }
    output::line("stopped")?;
    Ok(Ended::Fine)
}

/// Keeps read models up to date until one of them can't be.
pub(super) async fn keep_up(args: Args, config: &Config) -> anyhow::Result<()> {
    let mut work = JoinSet::new();
    for name in args.ledger {
        for model in READ_MODELS {
            let site = Site::new(config, &name);
            work.spawn(async move { projecting::keep_up(&site, *model).await });
        }
    }
    if let Some(ended) = work.join_next().await {
        ended??;
    }
    Ok(())
}
