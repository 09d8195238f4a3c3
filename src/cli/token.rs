//! `piperoll token`: a token of the demo's own issuer.

use chrono::TimeDelta;
use clap::Parser;
use piperoll_events::ids::LedgerName;
use piperoll_events::role::granted::RoleName;
use piperoll_events::text::Label;

use super::{Ended, output};
use crate::config::Config;
use crate::identity::tokens::Bearer;
use crate::operate::issuing::issue;

/// Issues a token for the HTTP API. This is the demo's issuer: whoever runs it can be anybody.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll token --ledger northmoor --name \"Gwen Marsh\" --post \"Monitoring Officer\" --role framework_admin"
)]
pub struct Args {
    /// A ledger to be seen; may be given several times.
    #[arg(long, required = true)]
    ledger: Vec<LedgerName>,
    /// The person's name; whom the vault does not know yet it knows from here on.
    #[arg(long)]
    name: Label,
    /// The post held in acting.
    #[arg(long)]
    post: Option<Label>,
    /// A role, `officer`; may be given several times.
    #[arg(long, required = true, value_parser = role)]
    role: Vec<RoleName>,
    /// How long it counts, in minutes.
    #[arg(long, default_value_t = 720)]
    minutes: u32,
}

fn role(text: &str) -> Result<RoleName, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let bearer = Bearer { sub: args.name, post: args.post, roles: args.role, ledgers: args.ledger };
    let lasts = TimeDelta::minutes(args.minutes.into());
    output::line(issue(config, &bearer, lasts).await?)?;
    output::remark("issued by the demo's own issuer: good for demos and tests, for nothing else");
    Ok(Ended::Fine)
}
