//! `piperoll vault`: sealed texts' keys and people's names, which are not in the ledger.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use piperoll_events::ids::LedgerName;
use uuid::Uuid;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::site::Site;
use crate::operate::vaulting::{Age, Looked, back_up, look, put_back};

/// Backs the vault up, puts it back, and says which sealed texts can no longer be opened.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll vault backup --ledger northmoor --to northmoor.vault\n\nThe file is encrypted under the vault's key, which lies in the state folder; keep the two apart."
)]
pub struct Args {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Writes what the vault holds of a ledger to a file, encrypted. Export the ledger first.
    #[command(
        after_help = "Example:\n  piperoll vault backup --ledger northmoor --to northmoor.vault"
    )]
    Backup {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// The file, which must not exist.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Puts it back, into a vault that holds nothing of that ledger.
    #[command(
        after_help = "Example:\n  piperoll vault restore --ledger northmoor northmoor.vault --erased northmoor.erased"
    )]
    Restore {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// The file that `piperoll vault backup` wrote.
        file: PathBuf,
        /// A file of the keys and actors erased since, one id a line; they stay erased.
        #[arg(long, value_name = "FILE")]
        erased: Option<PathBuf>,
        /// Restore a backup that is more than 30 days old.
        #[arg(long)]
        older: bool,
    },
    /// Lists the sealed texts whose key is gone: erased, or lost.
    #[command(
        after_help = "Example:\n  piperoll vault check --ledger northmoor --keys > northmoor.erased"
    )]
    Check {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// A file of keys that were erased; any other that is gone is a finding.
        #[arg(long, value_name = "FILE")]
        erased: Option<PathBuf>,
        /// Print the ids of those keys and nothing else.
        #[arg(long, conflicts_with = "json")]
        keys: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    match args.command {
        What::Backup { ledger, to } => {
            let rows = back_up(&Site::new(config, &ledger), &to).await?;
            output::line(format!("{ledger}: {rows} rows of the vault in {}", to.display()))?;
            Ok(Ended::Fine)
        }
        What::Restore { ledger, file, erased, older } => {
            let erased = read_ids(erased.as_deref())?;
            let age = if older { Age::Any } else { Age::Young };
            let rows = put_back(&Site::new(config, &ledger), &file, &erased, age).await?;
            output::line(format!("{ledger}: {rows} rows of the vault restored"))?;
            Ok(Ended::Fine)
        }
        What::Check { ledger, erased, keys, json } => {
            let known = erased.as_deref().map(|path| read_ids(Some(path))).transpose()?;
            let looked = look(&Site::new(config, &ledger)).await?;
            if json {
                output::json(&looked)?;
            } else if keys {
                for closed in &looked.closed {
                    output::line(closed.key_id.to_string())?;
                }
            } else {
                show(&ledger, &looked, known.as_deref())?;
            }
            let told = |key: &Uuid| known.as_ref().is_none_or(|all| all.contains(key));
            let fine = looked.closed.iter().all(|closed| told(&closed.key_id.uuid()));
            Ok(if fine { Ended::Fine } else { Ended::Finding })
        }
    }
}

fn show(ledger: &LedgerName, looked: &Looked, known: Option<&[Uuid]>) -> anyhow::Result<()> {
    for closed in &looked.closed {
        let told = known.is_none_or(|all| all.contains(&closed.key_id.uuid()));
        let mark = if told { "" } else { ", and nobody says that it was erased" };
        let (position, key) = (closed.position, closed.key_id);
        output::line(format!("position {position}: the key {key} is gone{mark}"))?;
    }
    let (texts, closed) = (looked.texts, looked.closed.len());
    output::line(format!("{ledger}: {texts} sealed texts, {closed} without a key"))?;
    Ok(())
}

/// Ids, one a line.
fn read_ids(path: Option<&Path>) -> anyhow::Result<Vec<Uuid>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| anyhow::anyhow!("`{}` can't be read: {error}", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| line.parse().map_err(|_| anyhow::anyhow!("`{line}` is no id of a key")))
        .collect()
}
