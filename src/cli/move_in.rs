//! `piperoll move-in`: a body's history becomes the prologue of its ledger.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::Parser;

use super::{Ended, output};
use crate::config::Config;
use crate::moving::prologue::Summary;
use crate::moving::reading::Finding;
use crate::moving::record::{Progress, Receipt, Told};
use crate::operate::moving_in::{Half, MoveIn};

/// Moves a body in: files and their mappings become the prologue of a ledger, which then opens.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll move-in deploy/illustrative/northmoor/plan.toml --dry-run\n  piperoll move-in deploy/illustrative/northmoor/plan.toml\n\nKilled halfway, the same command goes on where it stopped."
)]
pub struct Args {
    /// The plan (TOML): the body, its framework, its files and their mappings.
    plan: PathBuf,
    /// The folder that the plan's files lie in; without it, the plan's own.
    #[arg(long)]
    base: Option<PathBuf>,
    /// Checks everything and shows what would be recorded; records nothing.
    #[arg(long)]
    dry_run: bool,
    /// Lets figures through that look odd; the oddity is kept with the figure.
    #[arg(long)]
    allow_odd: bool,
    /// Throws a ledger away that is half moved in, and begins again with a new one.
    #[arg(long)]
    begin_again: bool,
    /// Appends a line of JSON to this file for each request that was acknowledged.
    #[arg(long)]
    receipts: Option<PathBuf>,
    /// Who acts.
    #[arg(long = "as", default_value = "operator")]
    actor: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let moving = MoveIn::read(&args.plan, args.base.as_deref())?;
    if !args.allow_odd && warn(&moving)? {
        output::line(
            "nothing was recorded; correct the files, or let them through with --allow-odd",
        )?;
        return Ok(Ended::Finding);
    }
    if args.dry_run {
        let summary = moving.rehearse()?;
        show(&summary, args.json)?;
        if !args.json {
            output::line("a dry run: nothing was recorded")?;
        }
        return Ok(Ended::Fine);
    }
    let bar = output::progress(0, "recording");
    let mut progress = |at: Progress<'_>| {
        bar.set_length(at.total);
        bar.set_position(at.done);
    };
    let mut receipts = args
        .receipts
        .as_ref()
        .map(|path| OpenOptions::new().create(true).append(true).open(path))
        .transpose()?;
    let mut unwritten = None;
    let mut receipt = |receipt: Receipt| {
        if let Some(file) = &mut receipts {
            // One write a line: a kill in between leaves whole receipts only.
            let line = format!("{}\n", serde_json::json!(receipt));
            if let Err(error) = file.write_all(line.as_bytes()) {
                unwritten = Some(error);
            }
        }
    };
    let half = if args.begin_again { Half::BeginAgain } else { Half::GoOn };
    let told = Told { progress: &mut progress, receipt: &mut receipt };
    let (recorded, summary) = moving.run(config, half, &args.actor, told).await?;
    bar.finish_and_clear();
    if let Some(error) = unwritten {
        anyhow::bail!("everything is recorded, but a receipt could not be written: {error}");
    }
    if args.json {
        output::json(&serde_json::json!({ "recorded": recorded, "summary": summary }))?;
        return Ok(Ended::Fine);
    }
    show(&summary, false)?;
    output::line(format!(
        "{}: {} events recorded, {} had been before; the ledger is open at position {}",
        moving.ledger(),
        recorded.recorded,
        recorded.before,
        recorded.head
    ))?;
    Ok(Ended::Fine)
}

/// Prints what looks odd in all files; true when something does.
fn warn(moving: &MoveIn) -> anyhow::Result<bool> {
    let mut any = false;
    for (file, findings, more) in moving.warnings() {
        any |= odd(&file.to_string_lossy(), findings, more)?;
    }
    Ok(any)
}

/// Prints what looks odd in one file; true when something does.
pub(super) fn odd(file: &str, findings: &[Finding], more: u64) -> anyhow::Result<bool> {
    if findings.is_empty() {
        return Ok(false);
    }
    output::line(format!("{file}: looks odd"))?;
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|found| {
            let found = found.clone();
            vec![found.line.to_string(), found.column, found.value, found.wrong, found.right]
        })
        .collect();
    output::table(&["line", "column", "value", "what is odd", "what would be right"], &rows)?;
    if more > 0 {
        output::line(format!("… and {more} more"))?;
    }
    Ok(true)
}

/// Prints what a plan or a file amounts to.
pub(super) fn show(summary: &Summary, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(summary);
    }
    let rows: Vec<Vec<String>> = summary
        .files
        .iter()
        .map(|file| {
            let rows = file.rows;
            [rows.read, rows.recorded, rows.unchanged, rows.declared, rows.refused, file.withdrawn]
                .iter()
                .map(ToString::to_string)
                .fold(vec![file.file.to_string()], |mut row, cell| {
                    row.push(cell);
                    row
                })
        })
        .collect();
    let headings =
        ["file", "rows read", "recorded", "unchanged", "declared", "refused", "withdrawn"];
    output::table(&headings, &rows)?;
    let types: Vec<String> = summary
        .by_type
        .iter()
        .map(|(name, count)| {
            let name = name.trim_start_matches("piperoll.").trim_end_matches(".v1");
            format!("{name} {count}")
        })
        .collect();
    output::line(format!("{} events: {}", summary.events, types.join(", ")))?;
    if let (Some(first), Some(last)) = (summary.first_known_at, summary.last_known_at) {
        let shown = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S UTC");
        output::line(format!("known from {} to {}", shown(first), shown(last)))?;
    }
    Ok(())
}
