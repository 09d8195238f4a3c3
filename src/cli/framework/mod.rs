//! `piperoll framework`: the framework as a file: what it would change, applied, written back.

mod because;
mod planned;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use piperoll_events::ids::LedgerName;

use super::asked::Asked;
use super::{Ended, output};
use crate::config::Config;
use crate::moving::framework::amend::{AmendError, Stated};
use crate::moving::framework::read::AllWrong;
use crate::moving::record::{Progress, Receipt, Told};
use crate::operate::amending::{self, AmendingError};
use crate::operate::site::Site;
use because::Because;

/// Shows what a framework's file would change, applies it, and writes what is agreed as a file.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll framework show --ledger northmoor > framework.toml\n  piperoll framework plan --ledger northmoor framework.toml\n  piperoll framework apply --ledger northmoor framework.toml \\\n      --reason-code ambition_raised --reason 'The yearly round of targets' \\\n      --authority body_decision --authority-body Cabinet --resolution approved\n\nWhat a file does not state stays as it is. Something ends only where the file says so:\n`retired = \"2026-04-01\"` in an objective, a step, an area or a measure, `state = \"withdrawn\"` in a\ntarget or a decision right. Killed halfway, the same command goes on."
)]
pub struct Args {
    #[command(subcommand)]
    doing: Doing,
}

#[derive(Debug, Subcommand)]
enum Doing {
    /// Shows what a file would change; records nothing.
    #[command(
        after_help = "Example:\n  piperoll framework plan --ledger northmoor framework.toml\n\nExit code 1: something in the file is wrong, or a rule refuses it."
    )]
    Plan {
        #[command(flatten)]
        of: Of,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Applies a file as one amendment, or what is left of it.
    #[command(
        after_help = "Example:\n  piperoll framework apply --ledger northmoor framework.toml \\\n      --reason-code ambition_raised --reason 'The yearly round of targets'\n\nKilled halfway, the same command goes on. Until it has ended, answers say `being applied`."
    )]
    Apply {
        #[command(flatten)]
        of: Of,
        /// Who acts.
        #[arg(long = "as", default_value = "operator")]
        actor: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes what is agreed as a file, as it stands or as it stood at any date.
    #[command(
        after_help = "Example:\n  piperoll framework show --ledger northmoor --known-at 2023-06-01 > framework.toml"
    )]
    Show {
        #[command(flatten)]
        asked: Asked,
    },
    /// Ends the application of a file where it is; what it had recorded stands.
    #[command(
        after_help = "Example:\n  piperoll framework give-up --ledger northmoor --reason-code error \\\n      --reason 'The file is lost'"
    )]
    GiveUp {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        #[command(flatten)]
        because: Because,
        /// Who acts.
        #[arg(long = "as", default_value = "operator")]
        actor: String,
    },
}

/// Which file, in which ledger, and why.
#[derive(Debug, clap::Args)]
struct Of {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// The file (TOML), as `piperoll framework show` writes it.
    file: PathBuf,
    #[command(flatten)]
    because: Because,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    match args.doing {
        Doing::Plan { of, json } => settled(plan(of, config, json).await, json),
        Doing::Apply { of, actor, json } => settled(apply(of, config, &actor, json).await, json),
        Doing::Show { asked } => show(&asked, config).await,
        Doing::GiveUp { ledger, because, actor } => {
            give_up(&Site::new(config, &ledger), because, &actor).await
        }
    }
}

/// What is wrong with a file, and another one underway, are findings; whoever wrote it acts next.
fn settled(ran: anyhow::Result<Ended>, json: bool) -> anyhow::Result<Ended> {
    let Err(error) = ran else { return ran };
    let wrong = match error.downcast_ref::<AmendingError>() {
        Some(AmendingError::Wrong(wrong) | AmendingError::Amend(AmendError::Wrong(wrong))) => wrong,
        Some(AmendingError::Amend(underway @ AmendError::Underway { .. })) => {
            output::line(format!("{underway}; nothing was recorded"))?;
            return Ok(Ended::Finding);
        }
        _ => return Err(error),
    };
    tell_wrong(wrong, json)?;
    Ok(Ended::Finding)
}

fn tell_wrong(AllWrong(wrong): &AllWrong, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&serde_json::json!({ "wrong": wrong }));
    }
    let rows: Vec<Vec<String>> =
        wrong.iter().map(|it| vec![it.key.clone(), it.wrong.clone(), it.right.clone()]).collect();
    output::table(&["key", "what is wrong", "what would be right"], &rows)?;
    output::line("nothing was recorded; correct the file")?;
    Ok(())
}

/// The file, and why it is applied, where anybody says.
fn stated(of: Of) -> anyhow::Result<(Stated, Option<crate::moving::framework::compare::Terms>)> {
    let stated = amending::state(&of.file)?;
    let terms = amending::terms(&stated.file, of.because.given()?);
    Ok((stated, terms))
}

async fn plan(of: Of, config: &Config, json: bool) -> anyhow::Result<Ended> {
    let site = Site::new(config, &of.ledger);
    let (stated, terms) = stated(of)?;
    let ready = amending::plan(&site, &stated, terms).await?;
    planned::print(&ready, stated.digest, json)?;
    if !json && !ready.changes.is_empty() {
        output::line("a plan: nothing was recorded")?;
    }
    Ok(planned::ended(&ready))
}

async fn apply(of: Of, config: &Config, actor: &str, json: bool) -> anyhow::Result<Ended> {
    let site = Site::new(config, &of.ledger);
    let (stated, terms) = stated(of)?;
    let bar = output::progress(0, "recording");
    let mut progress = |at: Progress<'_>| {
        bar.set_length(at.total);
        bar.set_position(at.done);
    };
    let mut receipt = |_: Receipt| ();
    let told = Told { progress: &mut progress, receipt: &mut receipt };
    let (ready, recorded) = amending::apply(&site, &stated, terms, actor, told).await?;
    bar.finish_and_clear();
    if json {
        let value = serde_json::json!({
            "framework": ready.framework,
            "file_digest": stated.digest,
            "changes": ready.changes,
            "recorded": recorded,
        });
        output::json(&value)?;
        return Ok(planned::ended(&ready));
    }
    planned::print(&ready, stated.digest, false)?;
    output::line(match recorded {
        Some(recorded) => format!(
            "{} events recorded, {} had been before; the framework is amended at position {}",
            recorded.recorded, recorded.before, recorded.head
        ),
        None => "nothing was recorded".to_owned(),
    })?;
    Ok(planned::ended(&ready))
}

async fn show(asked: &Asked, config: &Config) -> anyhow::Result<Ended> {
    let ledger = asked.ledger()?;
    let site = Site::new(config, ledger);
    let (position, file) = amending::show(&site, asked.when()?).await?;
    output::line(format!("# What is agreed in `{ledger}`, as at position {position}."))?;
    output::line("")?;
    output::line(file.write()?.trim_end())?;
    Ok(Ended::Fine)
}

async fn give_up(site: &Site, because: Because, actor: &str) -> anyhow::Result<Ended> {
    let (Some(reason), _) = because.given()? else {
        return Err(AmendingError::from(AmendError::NoReason).into());
    };
    let (mut progress, mut receipt) = (|_: Progress<'_>| (), |_: Receipt| ());
    let told = Told { progress: &mut progress, receipt: &mut receipt };
    let recorded = amending::end_here(site, reason, actor, told).await?;
    output::line(format!("the file is applied no further; position {}", recorded.head))?;
    Ok(Ended::Fine)
}
