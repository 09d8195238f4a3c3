//! `piperoll restore`: a ledger put back from its export.

use std::path::PathBuf;

use clap::Parser;
use piperoll_events::ids::LedgerName;

use super::{Ended, output};
use crate::config::Config;
use crate::ledger::Replicas;
use crate::operate::backup::{self, Half, Restoring};
use crate::operate::site::Site;

/// Puts a ledger back from its export, every event at the position it had. Needs the owner's credential.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll restore --ledger northmoor northmoor.ndjson\n\nKilled halfway, the same command goes on. Restore the state folder and the vault first\n(deploy/backup.md has the order). Writing stays closed until somebody has accepted the restore on\nthe record: `piperoll accept --help`."
)]
pub struct Args {
    /// The ledger; it must not exist.
    #[arg(long)]
    ledger: LedgerName,
    /// The file that `piperoll export` wrote.
    file: PathBuf,
    /// How many servers hold a copy: 1 or 3; as many as NATS has servers when not given.
    #[arg(long)]
    replicas: Option<Replicas>,
    /// Throws away what a restore has begun and not ended, and begins again.
    #[arg(long)]
    begin_again: bool,
    /// Restores so many messages that no known writer's code vouches for; the ledger held them as rejects.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    accept_unauthentic: u64,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let site = Site::new(config, &args.ledger);
    let bar = output::progress(0, "positions");
    let how = Restoring {
        replicas: args.replicas,
        half: if args.begin_again { Half::BeginAgain } else { Half::GoOn },
        unauthentic: args.accept_unauthentic,
    };
    let restored = backup::restore(&site, &args.file, how, |at, of| {
        bar.set_length(of.0);
        bar.set_position(at.0);
    });
    let restored = restored.await?;
    bar.finish_and_clear();
    if args.json {
        output::json(&restored)?;
        return Ok(Ended::Fine);
    }
    output::line(format!(
        "{}: restored up to position {}, of which {} stood there before",
        args.ledger, restored.head, restored.before
    ))?;
    output::line(format!(
        "next: piperoll accept --ledger {} --difference created --why \"restored from a backup\"",
        args.ledger
    ))?;
    Ok(Ended::Fine)
}
