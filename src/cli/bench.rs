//! `piperoll bench`: this machine measured.

use std::path::PathBuf;

use clap::Parser;

use super::{Ended, output};
use crate::config::Config;
use crate::ledger::Terms;
use crate::operate::bench::table::Figure;
use crate::operate::bench::{Wanted, Workload, run as measure};

/// Measures this machine: import (W6), rebuild (W2), as-at and questions (W4), with ceilings and
/// goals.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cargo run --release -- bench --rows 100000 --versions 1000000\n  cargo run --release -- bench --only questions\n\nIt takes a quarter of an hour and some gigabytes of disk. Figures of a debug build mean nothing."
)]
pub struct Args {
    /// Rows of the invented file that is moved in and rebuilt from.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Versions of figures that as-at is asked of; ten million are the long form.
    #[arg(long, default_value_t = 1_000_000)]
    versions: u32,
    /// Move this plan in as well, under a name of the bench's; may be given several times.
    #[arg(long)]
    plan: Vec<PathBuf>,
    /// Where the files of those plans are looked for; beside each plan, if not said.
    #[arg(long)]
    base: Option<PathBuf>,
    /// Measure this alone; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Workload>,
    /// Runs of each measurement.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// W1: how many batches are under way at a time.
    #[arg(long, default_value_t = Terms::default().lanes)]
    lanes: usize,
    /// W1: the fewest commands that go in a batch.
    #[arg(long, default_value_t = Terms::default().batch_from)]
    batch_from: usize,
    /// W1: the most commands of a batch.
    #[arg(long, default_value_t = Terms::default().batch_most)]
    batch_most: usize,
    /// W1: how many commands go singly at a time.
    #[arg(long, default_value_t = Terms::default().singles)]
    singles: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let bar = output::progress(0, "");
    let mut say = |what: &str| bar.println(what);
    let folder = config.state()?.join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let Args { lanes, batch_from, batch_most, singles, .. } = args;
    let terms = Terms { lanes, batch_from, batch_most, singles, ..Terms::default() };
    let Args { rows, versions, plan: plans, base, only, runs, json, .. } = args;
    let workloads = if only.is_empty() { Workload::ALL.to_vec() } else { only };
    let wanted = Wanted { rows, versions, plans, base, workloads, runs, terms };
    let figures = measure(config, &folder, &wanted, &mut say).await;
    std::fs::remove_dir_all(&folder)?;
    let figures = figures?;
    if json {
        output::json(&figures)?;
        return Ok(Ended::Fine);
    }
    let rows: Vec<Vec<String>> = figures.iter().map(row).collect();
    output::table(&["what", "median", "least", "most", "unit", "runs", "goal"], &rows)?;
    Ok(Ended::Fine)
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
