//! `piperoll projections`: which read models there are, how far behind, and made anew.

use clap::{Parser, Subcommand};
use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::{Lag, Old, Start};
use piperoll_projections::{Projection, READ_MODELS};

use super::rebuilding::Rebuilding;
use super::{Ended, output};
use crate::clock;
use crate::config::Config;
use crate::operate::projecting;
use crate::operate::site::Site;

/// Read models: list, lag, rebuild.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  piperoll projections lag --ledger northmoor")]
pub struct Args {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Names the read models.
    #[command(after_help = "Example:\n  piperoll projections list")]
    List,
    /// How far each read model is behind its ledger, in events and seconds.
    #[command(after_help = "Example:\n  piperoll projections lag --ledger northmoor --json")]
    Lag {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes read models anew beside the rows in use, compares the two, and swaps them.
    #[command(
        after_help = "Example:\n  piperoll projections rebuild scorecard --ledger northmoor\n\nOne that was stopped is gone on with. The rows that were in use are put aside, and stay until\n`piperoll projections drop-old` or the next rebuild with --drop-old."
    )]
    Rebuild {
        /// The read models; every one, if none is named. The ledger is read once for all of them.
        models: Vec<String>,
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// Swap even if the rebuilt rows differ from the rows in use.
        #[arg(long)]
        accept_differences: bool,
        /// Begin at the first event, whatever a rebuild that was stopped has left.
        #[arg(long)]
        anew: bool,
        /// Drop the rows that the last rebuild put aside when those in use are put aside.
        #[arg(long)]
        drop_old: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Drops the rows that the last rebuild put aside.
    #[command(after_help = "Example:\n  piperoll projections drop-old --ledger northmoor")]
    DropOld {
        /// The read models; every one, if none is named.
        models: Vec<String>,
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
    },
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    match args.command {
        What::List => {
            for model in READ_MODELS {
                output::line(model.name())?;
            }
            Ok(Ended::Fine)
        }
        What::Lag { ledger, json } => lag(&Site::new(config, &ledger), json).await,
        What::Rebuild { models, ledger, accept_differences, anew, drop_old, json } => {
            let start = if anew { Start::Anew } else { Start::GoOn };
            let old = if drop_old { Old::Dropped } else { Old::Kept };
            let rebuilding = Rebuilding { accept_differences, start, old, json };
            rebuilding.run(&Site::new(config, &ledger), &named(&models)?).await
        }
        What::DropOld { models, ledger } => {
            drop_old(&Site::new(config, &ledger), &named(&models)?).await
        }
    }
}

fn named(names: &[String]) -> anyhow::Result<Vec<&'static dyn Projection>> {
    if names.is_empty() {
        return Ok(READ_MODELS.to_vec());
    }
    names.iter().map(|name| Ok(projecting::model(name)?)).collect()
}

async fn drop_old(site: &Site, models: &[&'static dyn Projection]) -> anyhow::Result<Ended> {
    for model in models {
        let name = model.name();
        output::line(match projecting::drop_old(site, *model).await? {
            Some(cursor) => format!("{name}: dropped the rows up to position {}", cursor.position),
            None => format!("{name}: there were none"),
        })?;
    }
    Ok(Ended::Fine)
}

async fn lag(site: &Site, json: bool) -> anyhow::Result<Ended> {
    let source = site.source().await?;
    let head = source.stream.head().await?;
    let mut shown = Vec::new();
    let mut rows = Vec::new();
    let mut ended = Ended::Fine;
    for model in READ_MODELS {
        let Some(cursor) = projecting::cursor(site, *model).await? else {
            rows.push(vec![model.name().to_owned(), "never made".to_owned()]);
            ended = Ended::Finding;
            continue;
        };
        let waiting = source.time_of(cursor.position.next()).await?;
        let waiting = waiting.map(|time| clock::now().signed_duration_since(time));
        let lag = Lag::between(cursor.position, head, waiting);
        if matches!(lag, Lag::Ahead { .. }) {
            ended = Ended::Finding;
        }
        let words = in_words(lag);
        let position = format!("position {} of {head}", cursor.position);
        rows.push(vec![model.name().to_owned(), position, words]);
        shown.push(serde_json::json!({
            "read_model": model.name(), "cursor": cursor, "head": head, "lag": lag,
        }));
    }
    if json {
        output::json(&shown)?;
    } else {
        output::table(&["read model", "cursor", "lag"], &rows)?;
    }
    Ok(ended)
}

fn in_words(lag: Lag) -> String {
    match lag {
        Lag::Level {} => "level with the ledger".to_owned(),
        Lag::Behind { events, seconds: Some(seconds) } => {
            format!("{events} events, {seconds} s behind")
        }
        Lag::Behind { events, seconds: None } => format!("{events} events behind"),
        Lag::Ahead { events } => {
            format!("{events} events AHEAD of the ledger: its end is lost or it was restored")
        }
    }
}
