//! `piperoll export`: a whole ledger as a file.

use std::path::PathBuf;

use clap::Parser;
use piperoll_events::ids::LedgerName;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::backup;
use crate::operate::site::Site;

/// Writes a whole ledger, byte for byte, as lines of JSON; `piperoll restore` puts it back.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll export --ledger northmoor --to northmoor.ndjson\n  piperoll export --ledger northmoor | zstd > northmoor.ndjson.zst\n\nEvents may go on being recorded meanwhile: the file goes as far as the ledger did when this began.\nWhat the ledger does not hold, the vault and the keys, has backups of its own: `piperoll vault --help`."
)]
pub struct Args {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// The file, which must not exist; without it, standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let site = Site::new(config, &args.ledger);
    let bar = output::progress(0, "positions");
    let exported = backup::export(&site, args.to.as_deref(), |at, of| {
        bar.set_length(of.0);
        bar.set_position(at.0);
    });
    let exported = exported.await?;
    bar.finish_and_clear();
    if let Some(to) = &args.to {
        output::line(format!(
            "{}: {} positions in {}, SHA-256 {}",
            args.ledger,
            exported.head,
            to.display(),
            exported.sha256
        ))?;
    }
    Ok(Ended::Fine)
}
