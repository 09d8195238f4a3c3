//! `piperoll accept`: going on although a stream differs, decided on the record.

use clap::Parser;
use piperoll_events::ids::LedgerName;
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Prose;

use super::{Ended, output};
use crate::config::Config;
use crate::operate::accepting::accept;
use crate::operate::site::Site;

/// Accepts on the record what the guard finds to differ, and so opens writing again.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll accept --ledger northmoor --difference created --why \"restored from the backup of Monday\"\n\n`piperoll doctor --ledger NAME` lists what differs. Exactly that must be named, so that nothing is\naccepted unseen. Services that run already take notice at the next act."
)]
pub struct Args {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// A field that differs; each of them must be named.
    #[arg(long = "difference", value_name = "FIELD", required = true)]
    differences: Vec<String>,
    /// Why it is accepted, in words; they stand in the record.
    #[arg(long)]
    why: Prose,
    /// What kind of reason.
    #[arg(long, default_value = "emergency", value_parser = code)]
    reason: ReasonCode,
    /// Who decides.
    #[arg(long = "as", default_value = "operator")]
    actor: String,
}

fn code(text: &str) -> Result<ReasonCode, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let site = Site::new(config, &args.ledger);
    let reason = Reason { code: args.reason, text: Some(args.why) };
    let position = accept(&site, &args.differences, reason, &args.actor).await?;
    output::line(format!("{}: accepted on the record at position {position}", args.ledger))?;
    Ok(Ended::Fine)
}
