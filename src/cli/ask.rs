//! `piperoll ask`: the questions of committees and auditors, by name.

use clap::{Parser, Subcommand};
use piperoll_events::ease::Ease;
use piperoll_events::ids::LedgerName;
use piperoll_events::target::Level;
use piperoll_events::{Period, Position, Target};
use piperoll_projections::score::{Known, Rating};

use super::{Ended, output};
use crate::asking::answer::Desk;
use crate::asking::moment::{When, instant, instant_from};
use crate::asking::questions::made_easier::{self, Easier};
use crate::asking::questions::retargeting::Retargeting;
use crate::asking::questions::signed_by::{self, Signed};
use crate::asking::questions::{Between, Reply, who_changed};
use crate::config::Config;

/// Asks a question of a ledger, as it stands or as it stood at any date.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll ask --ledger northmoor who-changed-target NM02\n  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2024-12-31 --csv\n\n--known-at and --position say when the question is asked: what was recorded later is not seen.\n--from and --to say when the changes were known: a date means its start, or its end, in London."
)]
pub struct Args {
    /// The ledger.
    #[arg(long, global = true, required = false)]
    ledger: Option<LedgerName>,
    /// Asked as at this date or instant.
    #[arg(long, global = true, conflicts_with = "position")]
    known_at: Option<String>,
    /// Asked as at this position.
    #[arg(long, global = true)]
    position: Option<u64>,
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
    let Some(ledger) = args.ledger else {
        anyhow::bail!("which ledger? give --ledger, for example --ledger northmoor");
    };
    let when = match (args.known_at, args.position) {
        (Some(text), _) => When::KnownAt(instant(&text)?),
        (None, Some(position)) => When::At(Position(position)),
        (None, None) => When::Now,
    };
    let form = match (args.json, args.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Words,
    };
    let desk = Desk::open(config, &ledger).await?;
    match args.question {
        Question::WhoChangedTarget { measure, period, from, to } => {
            let between = between(from.as_deref(), to.as_deref())?;
            let asked = who_changed::Asked { period, between, ..who_changed::Asked::of(&measure) };
            let reply = desk.who_changed_target(asked, when).await?;
            print(&reply, form, &CHANGE, cells, story)?;
        }
        Question::SignedBy { measure, period } => {
            let reply = desk.signed_by(signed_by::Asked { measure, period }, when).await?;
            print(&reply, form, &SIGNED, signed_cells, signed_story)?;
        }
        Question::TargetsMadeEasier { from, to } => {
            let asked = made_easier::Asked { between: between(Some(&from), Some(&to))? };
            let reply = desk.targets_made_easier(asked, when).await?;
            let headings = [&CHANGE[..], &EASIER[..]].concat();
            print(&reply, form, &headings, easier_cells, easier_story)?;
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

const CHANGE: [&str; 24] = [
    "position",
    "known_at",
    "measure",
    "code",
    "period",
    "breakdown",
    "tier",
    "happened",
    "old",
    "new",
    "unit",
    "ease",
    "year_on_year",
    "timing",
    "known_period",
    "known_actual",
    "rating_before",
    "rating_after",
    "reason",
    "reason_text",
    "authority",
    "post",
    "actor",
    "asserted",
];

const SIGNED: [&str; 10] = [
    "stage",
    "scope",
    "state",
    "post",
    "position",
    "covers",
    "rating",
    "ended_by",
    "person",
    "changed_after",
];

fn signed_cells(row: &Signed) -> Vec<String> {
    let list = |positions: &mut dyn Iterator<Item = Position>| {
        positions.map(|position| position.to_string()).collect::<Vec<_>>().join(" ")
    };
    let post = row.post_title.as_ref().map(|title| title.en.to_string());
    vec![
        row.stage.to_string(),
        row.scope.iter().map(output::words).collect::<Vec<_>>().join(" "),
        output::words(&row.state),
        post.or_else(|| row.post.map(|post| post.to_string())).unwrap_or_default(),
        row.position.map(|position| position.to_string()).unwrap_or_default(),
        list(&mut row.covers.iter().map(|covered| covered.position)),
        row.rating.clone().unwrap_or_default(),
        row.ended_by.map(|position| position.to_string()).unwrap_or_default(),
        row.person.map(|person| person.to_string()).unwrap_or_default(),
        list(&mut row.changed_after.iter().map(|touch| touch.position)),
    ]
}

/// A stage told line by line.
fn signed_story(row: &Signed) -> Vec<String> {
    let title = row.title.as_ref().map_or_else(|| row.stage.to_string(), |it| it.en.to_string());
    let scope = row.scope.iter().map(output::words).collect::<Vec<_>>().join(" and ");
    let mut lines = vec![format!("{title} ({scope}): {}", output::words(&row.state))];
    let Some(position) = row.position else { return lines };
    let post = row.post_title.as_ref().map_or("a post".to_owned(), |it| it.en.to_string());
    let shown = row.rating.as_ref().map(|rating| format!(", shown as {rating}"));
    let covers: Vec<String> = row.covers.iter().map(|it| it.position.to_string()).collect();
    lines.push(format!("  by {post} at position {position}{}", shown.unwrap_or_default()));
    if !covers.is_empty() {
        lines.push(format!("  covers the versions at {}", covers.join(", ")));
    }
    if let Some(by) = row.ended_by {
        lines.push(format!("  {} by position {by}", output::words(&row.state)));
    }
    for touch in &row.changed_after {
        let (kind, position) = (output::words(&touch.kind), touch.position);
        let within = if row.scope.contains(&touch.scope) { "not covered" } else { "out of scope" };
        lines.push(format!("  changed since: {kind} at position {position}, {within}"));
    }
    lines
}

const EASIER: [&str; 5] = ["bases", "difference", "percent_of_old", "became_met", "restored_at"];

fn cells(row: &Retargeting) -> Vec<String> {
    let known = row.known_actual.as_ref();
    let act = row.act.as_ref();
    vec![
        row.position.to_string(),
        row.known_at.map(piperoll_events::envelope::micros).unwrap_or_default(),
        row.measure.to_string(),
        row.code.clone(),
        row.key.period.to_string(),
        row.key.breakdown.to_string(),
        output::words(&row.key.tier),
        output::words(&row.happened),
        row.old.as_ref().map(aim).unwrap_or_default(),
        row.new.as_ref().map(aim).unwrap_or_default(),
        row.unit.clone().unwrap_or_default(),
        output::words(&row.ease),
        row.year_on_year.map(|compared| output::words(&compared.ease)).unwrap_or_default(),
        output::words(&row.timing),
        known.map(|known| known.said.period.to_string()).unwrap_or_default(),
        known.map(|known| known.said.value.to_string()).unwrap_or_default(),
        rating(row.rating_before.as_ref()),
        rating(row.rating_after.as_ref()),
        output::words(&row.reason.code),
        row.reason.text.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.authority.as_ref().map(authority).unwrap_or_default(),
        act.and_then(|act| act.post.clone()).unwrap_or_default(),
        act.map(|act| act.actor.to_string()).unwrap_or_default(),
        if row.asserted { "yes" } else { "no" }.to_owned(),
    ]
}

fn easier_cells(row: &Easier) -> Vec<String> {
    let bases: Vec<String> = row.bases.iter().map(output::words).collect();
    let more = [
        bases.join(" and "),
        row.difference.map(|by| by.to_string()).unwrap_or_default(),
        row.percent_of_old.map(|share| share.to_string()).unwrap_or_default(),
        row.became_met.map(|met| if met { "yes" } else { "no" }.to_owned()).unwrap_or_default(),
        row.restored_at.map(|at| at.to_string()).unwrap_or_default(),
    ];
    let mut all = cells(&row.change);
    all.extend(more);
    all
}

/// A change told line by line.
fn story(row: &Retargeting) -> Vec<String> {
    let when = row.known_at.map_or("an unknown day".to_owned(), |at| {
        at.with_timezone(&chrono_tz::Europe::London).format("%-d %B %Y %H:%M").to_string()
    });
    let mut lines = vec![format!(
        "{}  {} for {}: {}{}",
        row.code,
        row.title.en,
        row.key.period,
        became(row),
        row.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default(),
    )];
    let how = if row.asserted { "asserted by a file for" } else { "recorded on" };
    let by = row.act.as_ref().and_then(|act| act.post.clone());
    let by = by.map(|post| format!(" by {post}")).unwrap_or_default();
    lines.push(format!("  {how} {when}{by}, position {}", row.position));
    let mut judged: Vec<String> = Vec::new();
    judged.extend(row.ease.map(|ease| output::words(&ease)));
    judged.extend(row.year_on_year.map(|compared| {
        let word = output::words(&compared.ease);
        match compared.ease {
            Ease::Easier | Ease::Harder => format!("{word} than for {}", compared.period),
            _ => format!("{word} against {}", compared.period),
        }
    }));
    judged.extend(row.timing.map(|timing| output::words(&timing)));
    lines.push(format!("  {}", judged.join("; ")));
    lines.push(format!("  {}", known(row.known_actual.as_ref(), row)));
    let text = row.reason.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let why = output::words(&row.reason.code);
    let why = if why == "none recorded" { "reason: none recorded".to_owned() } else { why };
    lines.push(format!("  {why}{text}"));
    if let Some(given) = &row.authority {
        lines.push(format!("  authority: {}", authority(given)));
    }
    lines
}

fn easier_story(row: &Easier) -> Vec<String> {
    let mut lines = story(&row.change);
    if let Some(share) = row.percent_of_old {
        let by = row.difference.map(|by| by.to_string()).unwrap_or_default();
        lines.push(format!("  {by} ({share} % of the old target)"));
    }
    if row.became_met == Some(true) {
        lines.push("  what was known missed the old target and meets the new one".to_owned());
    }
    if let Some(at) = row.restored_at {
        lines.push(format!("  put back at position {at}"));
    }
    lines
}

fn became(row: &Retargeting) -> String {
    let old = row.old.as_ref().map_or("none".to_owned(), aim);
    let new = row.new.as_ref().map_or("none".to_owned(), aim);
    format!("{} {old} → {new}", output::words(&row.happened))
}

fn known(known: Option<&Known>, row: &Retargeting) -> String {
    let Some(known) = known else { return "nothing was known of it then".to_owned() };
    let (before, after) = (rating(row.rating_before.as_ref()), rating(row.rating_after.as_ref()));
    let rated = if before.is_empty() && after.is_empty() {
        String::new()
    } else {
        format!(": {before} before, {after} after")
    };
    format!("known then: {} for {}{rated}", known.said.value, known.said.period)
}

/// What a target aims at, on one line.
fn aim(target: &Target) -> String {
    let level = |level: Level| match level.to {
        Some(to) => format!("{} to {to}", level.at),
        None => level.at.to_string(),
    };
    let points = target.points.iter().map(|it| format!("{} {}", it.period, level(it.level)));
    let words = target.words.iter().map(|words| format!("“{words}”"));
    let parts: Vec<String> =
        target.level.map(level).into_iter().chain(points).chain(words).collect();
    parts.join(", ")
}

fn rating(rating: Option<&Rating>) -> String {
    match rating {
        Some(Rating::Level(level)) => level.to_string(),
        Some(other) => output::unrated(other).to_owned(),
        None => String::new(),
    }
}

fn authority(authority: &piperoll_events::Authority) -> String {
    let mut parts = vec![output::words(&authority.kind)];
    parts.extend(authority.body.iter().map(|body| format!("of {body}")));
    parts.extend(authority.decided_on.map(|day| format!("on {day}")));
    parts.extend(authority.resolution.as_ref().map(output::words));
    parts.extend(authority.item.iter().map(|item| format!("item {item}")));
    parts.extend(authority.reference.iter().map(ToString::to_string));
    parts.push(format!("({})", output::words(&authority.state)));
    parts.join(" ")
}
