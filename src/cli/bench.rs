//! `piperoll bench`: this machine measured.

use clap::Parser;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::bench::invented::Size;
use crate::operate::bench::{Report, planted, run as measure};
use crate::operate::bench::table::Figure;

/// Measures this machine: import (W6), rebuild (W2) and as-at (W4), with ceilings and goals.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cargo run --release -- bench --versions 1000000\n\nIt takes some minutes and some gigabytes of disk. Figures of a debug build mean nothing."
)]
pub struct Args {
    /// Figures with their versions in the invented ledger; ten million are the long form.
    #[arg(long, default_value_t = 1_000_000)]
    versions: u32,
    /// Measure only as-at (W4), on so many invented versions fed straight into the projection.
    #[arg(long, conflicts_with = "versions")]
    planted: Option<u32>,
    /// Runs of each measurement.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let bar = output::progress(0, "");
    let mut say = |what: &str| bar.println(what);
    let report = match args.planted.map(Size::of) {
        Some(size) => {
            let figures = planted::measure(config, size, args.runs, &mut say).await?;
            Report { size, figures }
        }
        None => through_a_file(&args, config, &mut say).await?,
    };
    if args.json {
        output::json(&report)?;
        return Ok(Ended::Fine);
    }
    let rows: Vec<Vec<String>> = report.figures.iter().map(row).collect();
    output::table(&["what", "median", "least", "most", "unit", "runs", "goal"], &rows)?;
    Ok(Ended::Fine)
}

async fn through_a_file(
    args: &Args,
    config: &Config,
    say: &mut (dyn FnMut(&str) + Send),
) -> anyhow::Result<Report> {
    let folder = config.state()?.join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let report = measure(config, &folder, Size::of(args.versions), args.runs, say).await;
    std::fs::remove_dir_all(&folder)?;
    Ok(report?)
}

fn row(figure: &Figure) -> Vec<String> {
    let shown = |value: f64| {
        if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
    };
    let spread = &figure.spread;
    vec![
        figure.of.clone(),
        shown(spread.median),
        shown(spread.least),
        shown(spread.most),
        figure.unit.to_owned(),
        spread.runs.to_string(),
        figure.verdict(),
    ]
}
