//! `piperoll import`: a file applied to a ledger in use, or undone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use piperoll_events::ids::{ImportId, LedgerName};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Prose;

use super::move_in::{odd, show};
use super::{Ended, output};
use crate::asking::moment::instant;
use crate::config::Config;
use crate::moving::record::{Progress, Receipt, Told};
use crate::operate::importing::{Import, Rehearsal, reverse};
use crate::operate::site::Site;

/// Applies a file to a ledger that has been opened, or undoes one.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll import --ledger northmoor --mapping deploy/illustrative/northmoor/return.toml \\\n      '2024-05-17 performance return.csv' --dry-run\n  piperoll import --ledger northmoor --reverse 5b1f… --why 'last year'\"'\"'s file, sent by mistake'"
)]
pub struct Args {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// The file, CSV or XLSX.
    #[arg(required_unless_present = "reverse", requires = "mapping")]
    file: Option<PathBuf>,
    /// How the file is read (TOML).
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// What the mapping leaves open: `this_quarter=FY2024-Q1`; may be given several times.
    #[arg(long = "constant", value_name = "NAME=VALUE")]
    constants: Vec<String>,
    /// When the file was known, where neither it nor its name says so; shown, never used.
    #[arg(long)]
    known_at: Option<String>,
    /// Why figures change, in words.
    #[arg(long)]
    why: Option<Prose>,
    /// Checks everything and shows what would be recorded; records nothing.
    #[arg(long)]
    dry_run: bool,
    /// Lets figures through that look odd; the oddity is kept with the figure.
    #[arg(long)]
    allow_odd: bool,
    /// Undoes the import with this id instead.
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["file", "mapping", "dry_run"])]
    reverse: Option<ImportId>,
    /// Who acts.
    #[arg(long = "as", default_value = "operator")]
    actor: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let site = Site::new(config, &args.ledger);
    let bar = output::progress(0, "recording");
    let mut progress = |at: Progress<'_>| {
        bar.set_length(at.total);
        bar.set_position(at.done);
    };
    let mut receipt = |_: Receipt| ();
    let told = Told { progress: &mut progress, receipt: &mut receipt };
    if let Some(import) = args.reverse {
        let recorded = reverse(&site, import, args.why, &args.actor, told).await?;
        bar.finish_and_clear();
        output::line(format!("import {import} reversed with {} events", recorded.recorded))?;
        return Ok(Ended::Fine);
    }
    let import = read(&args)?;
    let reading = import.reading();
    let name = reading.file_name.as_str();
    if !args.allow_odd && odd(name, &reading.warnings, reading.more_warnings)? {
        output::line("nothing was recorded; correct the file, or let it through with --allow-odd")?;
        return Ok(Ended::Finding);
    }
    let rehearsal = if args.dry_run { Rehearsal::Only } else { Rehearsal::No };
    let (summary, id, recorded) = import.run(&site, &args.actor, rehearsal, told).await?;
    bar.finish_and_clear();
    if args.json {
        let value = serde_json::json!({ "import": id, "recorded": recorded, "summary": summary });
        output::json(&value)?;
        return Ok(Ended::Fine);
    }
    show(&summary, false)?;
    output::line(match recorded {
        Some(recorded) => format!("import {id}: {} events recorded", recorded.recorded),
        None => "a dry run: nothing was recorded".to_owned(),
    })?;
    Ok(Ended::Fine)
}

fn read(args: &Args) -> anyhow::Result<Import> {
    let (Some(file), Some(mapping)) = (&args.file, &args.mapping) else {
        anyhow::bail!("which file, and with which mapping? give FILE and --mapping");
    };
    let mut constants = BTreeMap::new();
    for text in &args.constants {
        let Some((name, value)) = text.split_once('=') else {
            anyhow::bail!("`{text}` is no constant; write NAME=VALUE");
        };
        constants.insert(name.to_owned(), value.to_owned());
    }
    let known_at = args.known_at.as_deref().map(instant).transpose()?;
    let reason =
        args.why.clone().map(|text| Reason { code: ReasonCode::SourceRevised, text: Some(text) });
    Ok(Import::read(file, mapping, constants, known_at, reason)?)
}
