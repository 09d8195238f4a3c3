//! `piperoll demo`: two invented bodies, and what to try with them.

use std::path::PathBuf;

use clap::Parser;

use super::{Ended, output};
use crate::config::Config;
use crate::moving::record::{Progress, Receipt, Told};
use crate::operate::demo::{BODIES, witness};
use crate::operate::moving_in::{Half, MoveIn};

/// Moves two invented bodies in, records what happened since, and says what to try.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  deploy/demo            starts the servers and runs this\n\nKilled halfway, the same command goes on where it stopped."
)]
pub struct Args {
    /// The folder with a plan for each body.
    #[arg(long, default_value = "deploy/illustrative")]
    from: PathBuf,
    /// Only say which pages to open, of a demo that is served at this address: `http://127.0.0.1:8080`.
    #[arg(long)]
    served_at: Option<String>,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    if let Some(address) = &args.served_at {
        output::line(OPEN.replace("ADDRESS", address.trim_end_matches('/')))?;
        return Ok(Ended::Fine);
    }
    for body in BODIES {
        let moving = MoveIn::read(&args.from.join(body).join("plan.toml"), None)?;
        let bar = output::progress(0, body);
        let mut progress = |at: Progress<'_>| {
            bar.set_length(at.total);
            bar.set_position(at.done);
        };
        let mut receipt = |_: Receipt| ();
        let told = Told { progress: &mut progress, receipt: &mut receipt };
        let (recorded, _) = moving.run(config, Half::GoOn, "demo", told).await?;
        bar.finish_and_clear();
        let acts = witness(config, moving.ledger()).await?;
        output::line(format!(
            "{body}: moved in with {} events ({} stood already), then {acts} acts witnessed",
            recorded.recorded.saturating_add(recorded.before),
            recorded.before
        ))?;
    }
    output::line(TRY)?;
    Ok(Ended::Fine)
}

const OPEN: &str = "
Open these pages. Sign in on the first as Gwen Marsh, who audits, as Ewan Pryce, a committee member, or as
Rhys Calder, a data officer; none of them exists.
  ADDRESS/
A target lowered when its result was known, and put back:
  ADDRESS/northmoor/measures/NM02/target-changes?period=FY2023-Q3
  ADDRESS/severnside/measures/WB4/target-changes
A sign-off that lapsed:
  ADDRESS/northmoor/measures/NM09?period=FY2023-Q4
  ADDRESS/severnside/measures/WB1?period=2022
A series restated, a target made easier, a measure dropped while it was off track:
  ADDRESS/northmoor/scorecard?known_at=2024-06-01&compare=2030-01-01
  ADDRESS/severnside/scorecard?known_at=2024-06-01&compare=2030-01-01
What was known on a day, and the same in Welsh:
  ADDRESS/northmoor/scorecard?known_at=2022-06-01
  ADDRESS/cy/northmoor/scorecard?known_at=2022-06-01";

const TRY: &str = r#"
Northmoor Council and Severnside Public Services Board do not exist; every figure is invented.

First, in this shell:   eval "$(deploy/local env)"; PATH="$PWD/target/debug:$PATH"

What did the council know of homelessness prevented (NM03) in June 2022, and in September?
  piperoll as-at --ledger northmoor --known-at 2022-06-01 measure NM03
  piperoll as-at --ledger northmoor --known-at 2022-09-01 measure NM03
The whole scorecard on a date, and now:
  piperoll as-at --ledger northmoor --known-at 2023-06-01 scorecard
  piperoll as-at --ledger northmoor scorecard
One figure with every version, its file and its words:
  piperoll as-at --ledger northmoor submission NM09 FY2023-Q3
Who changed the target for missed bins, and what was known then?
  piperoll ask --ledger northmoor who-changed-target NM02 --period FY2023-Q3
Which targets were made easier this year, and were they put back?
  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2030-01-01
Who signed the figure for invoices, and what has changed since?
  piperoll ask --ledger northmoor signed-by NM09 FY2023-Q4
Who answered for it on a day?
  piperoll ask --ledger northmoor accountable-on NM09 2024-06-01
Which figures turned green without doing better?
  piperoll ask --ledger northmoor turned-green --a 2024-06-01 --b 2030-01-01
Why does the figure for planning applications differ, and can the years be compared?
  piperoll ask --ledger northmoor figure-differs NM04 FY2023-Q3 --a 2024-06-01 --b 2030-01-01
  piperoll ask --ledger northmoor comparable NM04 FY2022-Q3 FY2023-Q3
Which ratings did somebody state otherwise than the rule, and do the counts give their figure?
  piperoll ask --ledger northmoor overridden
  piperoll ask --ledger northmoor re-perform NM05 FY2023-Q4
Which measures were dropped, and how were they doing?
  piperoll ask --ledger northmoor measures-dropped --from 2024-06-01 --to 2030-01-01
The same four stories of a partnership:
  piperoll ask --ledger severnside who-changed-target WB4
  piperoll ask --ledger severnside signed-by WB1 2022
  piperoll ask --ledger severnside baseline-moved WB5 2022
  piperoll ask --ledger severnside measures-dropped --from 2024-06-01 --to 2030-01-01
The same over HTTP, at the address printed below (its document: /api/openapi.json):
  TOKEN=$(piperoll token --ledger northmoor --name "Gwen Marsh" --role internal_auditor)
  curl -H "Authorization: Bearer $TOKEN" \
    "ADDRESS/api/v1/ledgers/northmoor/changes?from=2024-06-01&to=2030-01-01"
A copy of it all in SQLite, kept up by updates (deploy/consumer/README.md: needs nats-py):
  python3 deploy/consumer/consumer.py follow --ledger northmoor --until-caught-up
  python3 deploy/consumer/consumer.py show ratings
Is everything as it should be?
  piperoll doctor --ledger northmoor --ledger severnside
Make the read model anew and compare:
  piperoll projections rebuild scorecard --ledger northmoor

To stop:    deploy/local stop            To remove everything:    deploy/local stop --wipe"#;
