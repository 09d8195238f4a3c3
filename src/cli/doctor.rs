//! `piperoll doctor`: everything that Piperoll depends on.

use clap::Parser;
use piperoll_events::ids::LedgerName;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::doctor::{Verdict, examine};
use crate::operate::site::Site;

/// Checks the servers, the keys, the disk and the ledgers named; each finding says what to do.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  piperoll doctor --ledger northmoor")]
pub struct Args {
    /// A ledger to look at as well; may be given several times.
    #[arg(long)]
    ledger: Vec<LedgerName>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let sites: Vec<Site> = args.ledger.iter().map(|name| Site::new(config, name)).collect();
    let checks = examine(config, &sites).await;
    let found = checks.iter().any(|check| check.verdict == Verdict::Finding);
    let ended = if found { Ended::Finding } else { Ended::Fine };
    if args.json {
        output::json(&checks)?;
        return Ok(ended);
    }
    for check in &checks {
        let mark = match check.verdict {
            Verdict::Fine => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Finding => "FINDING",
        };
        output::line(format!("{mark}  {}: {}", check.of, check.seen))?;
        if !check.remedy.is_empty() {
            output::line(format!("         → {}", check.remedy))?;
        }
    }
    Ok(ended)
}
