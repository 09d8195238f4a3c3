//! `piperoll publish`: the publisher role.

use std::sync::Arc;

use clap::Parser;
use piperoll_events::ids::LedgerName;
use tokio::task::JoinSet;

use super::{Ended, output, stopped, watch};
use crate::config::Config;
use crate::ledger::Until;
use crate::operate::publishing::{self, Begin};
use crate::operate::site::Site;
use crate::operate::standing::Board;

/// Tells a body's own systems what changed: updates on a stream of their own, until it is stopped.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll publish --ledger northmoor --ledger severnside\n\nA ledger is published once it has opened, as far as its read models have come (`piperoll project`).\nTwo publishers at once do no harm. `piperoll schema asyncapi` describes the updates;\ndeploy/consumer holds a subscriber to copy."
)]
#[group(skip)]
pub struct Args {
    /// The ledger; may be given several times.
    #[arg(long, required = true)]
    ledger: Vec<LedgerName>,
    /// Publish what there is, say how far that is, and end.
    #[arg(long, conflicts_with = "make_stream")]
    until_caught_up: bool,
    /// Print that as JSON, one line a ledger.
    #[arg(long, requires = "until_caught_up")]
    json: bool,
    /// Only make the stream, where it is missing. Needs the owner's credential.
    #[arg(long)]
    make_stream: bool,
    /// Throw away what was published before; every subscriber begins again.
    #[arg(long, requires = "make_stream")]
    begin_again: bool,
    #[command(flatten)]
    watching: watch::Args,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    if args.make_stream {
        let begin = if args.begin_again { Begin::Again } else { Begin::Once };
        for name in &args.ledger {
            publishing::make_stream(&Site::new(config, name), begin).await?;
            output::line(format!("{name}: the stream of updates is there"))?;
        }
        return Ok(Ended::Fine);
    }
    if args.until_caught_up {
        for name in &args.ledger {
            let at = publishing::publish(&Site::new(config, name), Until::Head, &Board::default())
                .await?;
            if args.json {
                output::json(&serde_json::json!({ "ledger": name, "standing": at }))?;
            } else {
                output::line(format!(
                    "{name}: {} updates published; the last is {} from position {}, level with the ledger at {}",
                    at.published, at.sequence, at.position, at.looked_at
                ))?;
            }
        }
        return Ok(Ended::Fine);
    }
    let (board, stop) = (Arc::<Board>::default(), stopped::stopped()?);
    tokio::select! {
        ended = keep_up(&args.ledger, config, &board) => ended?,
        ended = args.watching.watch(config, &args.ledger, Arc::clone(&board)) => ended?,
        () = stop => {}
    }
    output::line("stopped")?;
    Ok(Ended::Fine)
}

/// Keeps updates up with their ledgers until one of them can't be.
pub(super) async fn keep_up(
    ledgers: &[LedgerName],
    config: &Config,
    board: &Arc<Board>,
) -> anyhow::Result<()> {
    let mut work = JoinSet::new();
    for name in ledgers {
        let site = Site::new(config, name);
        let board = Arc::clone(board);
        work.spawn(async move { publishing::publish(&site, Until::Dropped, &board).await });
    }
    if let Some(ended) = work.join_next().await {
        ended??;
    }
    Ok(())
}
