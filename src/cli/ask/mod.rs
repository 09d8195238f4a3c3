//! `piperoll ask`: the questions of committees and auditors, by name; one file a kind of answer, which
//! reads its arguments, asks and says how it is printed.

mod answerable;
mod changes;
mod compared;
mod dropped;
mod figures;
mod judged;
mod overridden;
mod signed;
mod turned;

use clap::{Parser, Subcommand};

use super::asked::Asked;
use super::{Ended, output};
use crate::asking::answer::Desk;
use crate::asking::moment::{When, instant, instant_from};
use crate::asking::questions::{Between, Reply};
use crate::config::Config;

/// Asks a question of a ledger, as it stands or as it stood at any date.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll ask --ledger northmoor who-changed-target NM02\n  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2024-12-31 --csv\n\n--known-at and --position say when the question is asked: what was recorded later is not seen.\n--from and --to say when the changes were known: a date means its start, or its end, in London. --a and --b are two moments: a date (its end in London), an instant or a position."
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
    WhoChangedTarget(changes::WhoChanged),
    /// Every target made easier than before, or than a year earlier, or lost.
    TargetsMadeEasier(changes::MadeEasier),
    /// Why a figure is told otherwise at one moment than at another.
    FigureDiffers(figures::FigureDiffers),
    /// What differs between two moments, figure by figure, and why.
    Changes(compared::Changes),
    /// Measures that are looked at less than before or no longer, and how they were doing.
    MeasuresDropped(dropped::MeasuresDropped),
    /// At which stages a figure was signed, what each signature covers, what changed since.
    SignedBy(signed::SignedBy),
    /// Whether the figures of two periods can be compared, as they are or after a factor.
    Comparable(figures::Comparable),
    /// A figure worked out again from what was counted.
    RePerform(figures::RePerform),
    /// What progress is counted from, whether that moved, and progress told from each.
    BaselineMoved(figures::BaselineMoved),
    /// Ratings that were stated otherwise than the rule makes them, or reported otherwise.
    Overridden(overridden::Overridden),
    /// Figures of the same period that were off track at one moment and on track at another.
    TurnedGreen(turned::TurnedGreen),
    /// Who had which duty towards a measure on a day, and who held the posts.
    AccountableOn(answerable::AccountableOn),
}

/// How an answer is printed.
#[derive(Clone, Copy)]
enum Form {
    Words,
    Json,
    Csv,
}

/// Whom a question is put to: a ledger's desk, at a moment; and how the answer is printed.
struct Put<'a> {
    desk: &'a Desk,
    when: When,
    form: Form,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let (ledger, when) = (args.asked.ledger()?, args.asked.when()?);
    let form = match (args.json, args.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Words,
    };
    let desk = Desk::open(config, ledger).await?;
    let put = Put { desk: &desk, when, form };
    match args.question {
        Question::WhoChangedTarget(asked) => asked.put(put).await,
        Question::TargetsMadeEasier(asked) => asked.put(put).await,
        Question::FigureDiffers(asked) => asked.put(put).await,
        Question::Changes(asked) => asked.put(put).await,
        Question::MeasuresDropped(asked) => asked.put(put).await,
        Question::SignedBy(asked) => asked.put(put).await,
        Question::Comparable(asked) => asked.put(put).await,
        Question::RePerform(asked) => asked.put(put).await,
        Question::BaselineMoved(asked) => asked.put(put).await,
        Question::Overridden(asked) => asked.put(put).await,
        Question::TurnedGreen(asked) => asked.put(put).await,
        Question::AccountableOn(asked) => asked.put(put).await,
    }?;
    Ok(Ended::Fine)
}

/// When changes were known.
#[derive(Debug, clap::Args)]
struct Within {
    /// The first day or instant.
    #[arg(long)]
    from: Option<String>,
    /// The last day or instant.
    #[arg(long)]
    to: Option<String>,
}

impl Within {
    fn between(&self) -> anyhow::Result<Between> {
        let from = self.from.as_deref().map(instant_from).transpose()?;
        let to = self.to.as_deref().map(instant).transpose()?;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            anyhow::bail!("--to lies before --from");
        }
        Ok(Between { from, to })
    }

    /// As [`Self::between`], where both are needed.
    fn span(&self) -> anyhow::Result<Between> {
        if self.from.is_none() || self.to.is_none() {
            anyhow::bail!(
                "which span? give --from and --to, for example --from 2024-01-01 --to 2024-12-31"
            );
        }
        self.between()
    }
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
    let parts = [(looked.submissions, "figure"), (looked.changes, "change")];
    let parts = parts.into_iter().filter(|(n, what)| *n > 0 || *what == "change");
    let parts: Vec<String> = parts.map(|(n, what)| count(n, what)).collect();
    let (parts, measures) = (parts.join(" and "), count(looked.measures, "measure"));
    if reply.rows.is_empty() {
        output::line(format!("Looked at {parts} of {measures}; none is an answer."))?;
    } else {
        output::line(format!("Looked at {parts} of {measures}; {} found.", reply.rows.len()))?;
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
