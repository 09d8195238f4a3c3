//! `piperoll projections`: which read models there are, how far behind, and made anew.

use std::io::IsTerminal;

use clap::{Parser, Subcommand};
use piperoll_events::ids::LedgerName;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::rebuild::Stage;
use piperoll_projections::runtime::{Comparison, Lag, Progress, Verdict};
use tokio::sync::watch;

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
    /// Makes a read model anew beside the rows in use, compares the two, and swaps them.
    #[command(after_help = "Example:\n  piperoll projections rebuild scorecard --ledger northmoor")]
    Rebuild {
        /// The read model.
        model: String,
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// Swap even if the rebuilt rows differ from the rows in use.
        #[arg(long)]
        accept_differences: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
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
        What::Rebuild { model, ledger, accept_differences, json } => {
            let site = Site::new(config, &ledger);
            let rebuild = Rebuild { model: &model, accept_differences, json };
            rebuild.run(&site).await
        }
    }
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

struct Rebuild<'a> {
    model: &'a str,
    accept_differences: bool,
    json: bool,
}

impl Rebuild<'_> {
    async fn run(&self, site: &Site) -> anyhow::Result<Ended> {
        let model = projecting::model(self.model)?;
        let head = site.source().await?.stream.head().await?;
        let bar = output::progress(head.0, "events");
        let plain = !std::io::stderr().is_terminal() && !self.json;
        let mut stage = None;
        let progress = |at: Progress| {
            bar.set_position(at.position.0);
            if plain && stage.replace(at.stage) != Some(at.stage) {
                say(at);
            }
        };
        let judge = |found: &Comparison| {
            if self.accept_differences || found.differences.is_empty() {
                Verdict::Swap
            } else {
                Verdict::Leave
            }
        };
        let (cancelling, cancelled) = watch::channel(false);
        let work = projecting::rebuild(site, model, cancelled, progress, judge);
        let rebuilt = {
            tokio::pin!(work);
            tokio::select! {
                rebuilt = &mut work => rebuilt?,
                stopped = tokio::signal::ctrl_c() => {
                    stopped?;
                    cancelling.send_replace(true);
                    work.await?
                }
            }
        };
        bar.finish_and_clear();
        if self.json {
            output::json(&rebuilt)?;
        } else {
            output::line(format!("position {} of {head}", rebuilt.position))?;
            match &rebuilt.comparison {
                Some(comparison) => show_comparison(comparison)?,
                None => output::line("there were no rows in use to compare with")?,
            }
            output::line(if rebuilt.swapped {
                format!(
                    "swapped after {:.1} s of loading, {:.1} s of indexing and {:.1} s of comparing",
                    rebuilt.loading.as_secs_f64(),
                    rebuilt.indexing.as_secs_f64(),
                    rebuilt.comparing.as_secs_f64()
                )
            } else {
                "not swapped: the rebuilt rows differ; look at them in the shadow schema, or \
                 --accept-differences"
                    .to_owned()
            })?;
        }
        Ok(if rebuilt.swapped { Ended::Fine } else { Ended::Finding })
    }
}

fn say(at: Progress) {
    let stage = match at.stage {
        Stage::Loading => "loading",
        Stage::Indexing => "making indexes",
        Stage::Comparing => "comparing with the rows in use",
        Stage::Swapping => "swapping",
    };
    tracing::info!(position = at.position.0, head = at.head.0, rate = at.rate, stage);
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

fn show_comparison(found: &Comparison) -> anyhow::Result<()> {
    let rows = found.tables.iter().map(|(_, rows)| rows).sum::<u64>();
    output::line(format!(
        "compared with the rows in use at position {}: {} tables, {rows} rows, {} differ",
        found.position,
        found.tables.len(),
        found.differences.len()
    ))?;
    for difference in &found.differences {
        let count = |rows: Option<u64>| rows.map_or("no table".to_owned(), |n| n.to_string());
        output::line(format!(
            "  {}: in use {}, rebuilt {}",
            difference.table,
            count(difference.live),
            count(difference.rebuilt)
        ))?;
        for row in &difference.only_live {
            output::line(format!("    only in use: {row}"))?;
        }
        for row in &difference.only_rebuilt {
            output::line(format!("    only rebuilt: {row}"))?;
        }
    }
    Ok(())
}
