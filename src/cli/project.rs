//! `piperoll project`: the projector role.

use std::sync::Arc;

use clap::Parser;
use piperoll_events::ids::LedgerName;
use piperoll_projections::READ_MODELS;
use tokio::task::JoinSet;

use super::{Ended, output, stopped, watch};
use crate::config::Config;
use crate::operate::projecting;
use crate::operate::site::Site;

/// Keeps every read model of the ledgers named up to date until it is stopped.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  piperoll project --ledger northmoor --ledger severnside")]
#[group(skip)]
pub struct Args {
    #[command(flatten)]
    ledgers: Ledgers,
    #[command(flatten)]
    watching: watch::Args,
}

/// The ledgers whose read models are kept up.
#[derive(Debug, Parser)]
#[group(skip)]
pub(super) struct Ledgers {
    /// The ledger; may be given several times.
    #[arg(long, required = true)]
    ledger: Vec<LedgerName>,
}

impl Ledgers {
    /// The ledgers named.
    pub(super) fn named(&self) -> &[LedgerName] {
        &self.ledger
    }
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let (ledgers, stop) = (args.ledgers.named(), stopped::stopped()?);
    tokio::select! {
        ended = keep_up(ledgers, config) => ended?,
        ended = args.watching.watch(config, ledgers, Arc::default()) => ended?,
        () = stop => {}
    }
    output::line("stopped")?;
    Ok(Ended::Fine)
}

/// Keeps read models up to date until one of them can't be.
pub(super) async fn keep_up(ledgers: &[LedgerName], config: &Config) -> anyhow::Result<()> {
    let mut work = JoinSet::new();
    for name in ledgers {
        for model in READ_MODELS {
            let site = Site::new(config, name);
            work.spawn(async move { projecting::keep_up(&site, *model).await });
        }
    }
    if let Some(ended) = work.join_next().await {
        ended??;
    }
    Ok(())
}
