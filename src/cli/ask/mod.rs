//! `piperoll ask`: the questions of committees and auditors, by name.

mod answerable;
mod changes;
mod signed;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use piperoll_events::Period;

use super::asked::Asked;
use super::{Ended, output};
use crate::asking::answer::Desk;
use crate::asking::moment::{instant, instant_from};
use crate::asking::questions::{
    Between, Reply, accountable_on, made_easier, signed_by, who_changed,
};
use crate::config::Config;

/// Asks a question of a ledger, as it stands or as it stood at any date.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll ask --ledger northmoor who-changed-target NM02\n  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2024-12-31 --csv\n\n--known-at and --position say when the question is asked: what was recorded later is not seen.\n--from and --to say when the changes were known: a date means its start, or its end, in London."
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,
    /// As JSON.
    #[arg(long, global = true, conflicts_with = "csv")]
    json: bool,
    /// As CSV (RFC 4180).
    #[arg(long, global = true)]
    csv: bool,
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Every change of a measure's targets: who, why, on what authority, and what was known then.
    #[command(after_help = "Example:\n  piperoll ask --ledger northmoor who-changed-target NM02")]
    WhoChangedTarget {
        /// The measure's code or id.
        measure: String,
        /// The target for this period alone, `FY2023-Q3`.
        #[arg(long)]
        period: Option<Period>,
        /// The first day or instant.
        #[arg(long)]
        from: Option<String>,
        /// The last day or instant.
        #[arg(long)]
        to: Option<String>,
    },
    /// Who had which duty towards a measure on a day, and who held the posts.
    #[command(
        after_help = "Example:\n  piperoll ask --ledger northmoor accountable-on NM09 2024-06-01"
    )]
    AccountableOn {
        /// The measure's code or id.
        measure: String,
        /// The day, `2024-06-01`.
        on: NaiveDate,
    },
    /// At which stages a figure was signed, what each signature covers, what changed since.
    #[command(after_help = "Example:\n  piperoll ask --ledger northmoor signed-by NM09 FY2023-Q3")]
    SignedBy {
        /// The measure's code or id.
        measure: String,
        /// The period, `FY2023-Q3`.
        period: Period,
    },
    /// Every target made easier than before, or than a year earlier, or lost.
    #[command(
        after_help = "Example:\n  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2024-12-31"
    )]
    TargetsMadeEasier {
        /// The first day or instant.
        #[arg(long)]
        from: String,
        /// The last day or instant.
        #[arg(long)]
        to: String,
    },
}

/// How an answer is printed.
#[derive(Clone, Copy)]
enum Form {
    Words,
    Json,
    Csv,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let (ledger, when) = (args.asked.ledger()?, args.asked.when()?);
    let form = match (args.json, args.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Words,
    };
    let desk = Desk::open(config, ledger).await?;
    match args.question {
        Question::WhoChangedTarget { measure, period, from, to } => {
            let between = between(from.as_deref(), to.as_deref())?;
            let asked = who_changed::Asked { period, between, ..who_changed::Asked::of(&measure) };
            let reply = desk.who_changed_target(asked, when).await?;
            print(&reply, form, &changes::HEADINGS, changes::cells, changes::story)?;
        }
        Question::AccountableOn { measure, on } => {
            let reply = desk.accountable_on(accountable_on::Asked { measure, on }, when).await?;
            print(&reply, form, &answerable::HEADINGS, answerable::cells, answerable::story)?;
        }
        Question::SignedBy { measure, period } => {
            let reply = desk.signed_by(signed_by::Asked { measure, period }, when).await?;
            print(&reply, form, &signed::HEADINGS, signed::cells, signed::story)?;
        }
        Question::TargetsMadeEasier { from, to } => {
            let asked = made_easier::Asked { between: between(Some(&from), Some(&to))? };
            let reply = desk.targets_made_easier(asked, when).await?;
            let headings = [&changes::HEADINGS[..], &changes::EASIER[..]].concat();
            print(&reply, form, &headings, changes::easier_cells, changes::easier_story)?;
        }
    }
    Ok(Ended::Fine)
}

fn between(from: Option<&str>, to: Option<&str>) -> anyhow::Result<Between> {
    let from = from.map(instant_from).transpose()?;
    let to = to.map(instant).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        anyhow::bail!("--to lies before --from");
    }
    Ok(Between { from, to })
}

/// Prints a reply: whole as JSON, its rows as CSV, or in words.
fn print<P: serde::Serialize, R: serde::Serialize>(
    reply: &Reply<P, R>,
    form: Form,
    headings: &[&str],
    cells: impl Fn(&R) -> Vec<String>,
    story: impl Fn(&R) -> Vec<String>,
) -> anyhow::Result<()> {
    match form {
        Form::Json => return output::json(reply),
        Form::Csv => {
            let place = [format!("position {}", reply.as_at.position)];
            let rows = reply.rows.iter().map(|row| [&place[..], &cells(row)].concat());
            return output::csv(&[&["as_at"], headings].concat(), rows);
        }
        Form::Words => {}
    }
    output::heading(&reply.as_at, false)?;
    let looked = reply.looked_at;
    let counted = |name: &str| {
        let counts = reply.totals.get(name).into_iter().flatten();
        let counts: Vec<String> = counts.map(|(word, n)| format!("{n} {word}")).collect();
        counts.join(", ").replace('_', " ")
    };
    let (measures, changes) = (count(looked.measures, "measure"), count(looked.changes, "change"));
    if reply.rows.is_empty() {
        output::line(format!("Looked at {changes} of {measures}; none is an answer."))?;
    } else {
        output::line(format!("Looked at {changes} of {measures}; {} found.", reply.rows.len()))?;
    }
    for name in reply.totals.iter().filter(|(_, counts)| !counts.is_empty()).map(|(name, _)| name) {
        output::line(format!("{}: {}", name.replace('_', " "), counted(name)))?;
    }
    for row in &reply.rows {
        output::line("")?;
        for text in story(row) {
            output::line(text)?;
        }
    }
    if !reply.notes.is_empty() {
        output::line("")?;
    }
    for note in &reply.notes {
        output::line(note)?;
    }
    Ok(())
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
