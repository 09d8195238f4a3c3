//! `piperoll as-at`: what stood at any date, and what stands now.

use clap::{Parser, Subcommand};
use piperoll_events::{Period, Quantity};
use piperoll_projections::score::{Direction, FigureState, Rating};
use piperoll_projections::scorecard::{Headline, Line};

use super::asked::Asked;
use super::{Ended, output};
use crate::asking::answer::{
    Answer, Board, Desk, MeasureAnswer, Scored, SubmissionAnswer, code_of,
};
use crate::config::Config;
use crate::identity::vault::Opened;
use crate::operate::site::Site;

/// Asks the record as it stands, or as it stood at any date.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll as-at --ledger northmoor --known-at 2022-06-01 measure NM03\n  piperoll as-at --ledger northmoor --position 120 scorecard --period FY2021-Q4\n  piperoll as-at --ledger northmoor submission NM09 FY2023-Q3 --json\n\nA date means its end in London. Without --known-at or --position: as it stands now."
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every measure with its figure, target, rating and directions.
    #[command(
        after_help = "Example:\n  piperoll as-at --ledger northmoor --known-at 2023-06-01 scorecard --period FY2022-Q4"
    )]
    Scorecard {
        /// One period; without it, the latest of each measure.
        #[arg(long)]
        period: Option<Period>,
    },
    /// One measure over all its periods.
    #[command(
        after_help = "Example:\n  piperoll as-at --ledger northmoor --known-at 2022-06-01 measure NM03"
    )]
    Measure {
        /// Its code or id.
        code: String,
    },
    /// One figure with its cells, its words and every version.
    #[command(
        after_help = "Example:\n  piperoll as-at --ledger northmoor submission NM09 FY2023-Q3"
    )]
    Submission {
        /// The measure's code or id.
        code: String,
        /// The period, `FY2023-Q3`; without it, the declaration about the measure as a whole.
        period: Option<Period>,
    },
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    let (ledger, when) = (args.asked.ledger()?, args.asked.when()?);
    let desk = Desk::open(config, ledger).await?;
    match args.what {
        What::Scorecard { period } => {
            let answer = desk.scorecard(when, period).await?;
            if args.json { output::json(&answer)? } else { scorecard(&answer)? }
        }
        What::Measure { code } => {
            let answer = desk.measure(&code, when).await?;
            if args.json { output::json(&answer)? } else { measure(&answer)? }
        }
        What::Submission { code, period } => {
            let answer = desk.submission(&code, period, when).await?;
            let words = words(&Site::new(config, ledger), &answer.answer).await?;
            if args.json {
                let mut value = serde_json::to_value(&answer)?;
                if let (Some(object), Some(words)) = (value.as_object_mut(), &words) {
                    object.insert("commentary".to_owned(), words.clone().into());
                }
                output::json(&value)?;
            } else {
                submission(&answer, words.as_deref())?;
            }
        }
    }
    Ok(Ended::Fine)
}

async fn words(site: &Site, answer: &SubmissionAnswer) -> anyhow::Result<Option<String>> {
    let Some(sealed) = answer.words() else { return Ok(None) };
    let identity = site.source().await?.identity;
    let vault = site.vault(identity).await?;
    let opened = vault.unseal(std::slice::from_ref(sealed)).await?.pop();
    Ok(opened.map(|opened| match opened {
        Opened::Words(words) => words,
        Opened::Erased => "(erased)".to_owned(),
    }))
}

fn scorecard(answer: &Answer<Board>) -> anyhow::Result<()> {
    output::heading(&answer.as_at, answer.answer.asserted > 0)?;
    if answer.answer.lines.is_empty() {
        output::line("no measure had been adopted by then")?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = answer.answer.lines.iter().map(row).collect();
    let headings =
        ["code", "measure", "period", "figure", "target", "rating", "before", "year before"];
    output::table(&headings, &rows)?;
    Ok(())
}

fn row(line: &Scored<Line>) -> Vec<String> {
    let facts = &line.facts;
    let title: String = facts.measure.title.en.as_str().chars().take(48).collect();
    vec![
        code_of(&facts.measure),
        title,
        facts.period.map(|period| period.to_string()).unwrap_or_default(),
        figure(line),
        target(facts),
        rating(&line.rating, facts),
        arrow(line.short_direction).to_owned(),
        arrow(line.long_direction).to_owned(),
    ]
}

fn figure(line: &Scored<Line>) -> String {
    let unit = line.facts.unit().unwrap_or_default();
    match (&line.facts.headline, line.published) {
        (Some(headline), Some(value)) => {
            format!("{}{}", with_unit(value, unit), mark(headline))
        }
        _ => state(line.figure_state).to_owned(),
    }
}

fn with_unit(value: Quantity, unit: &str) -> String {
    if unit.is_empty() || unit == "%" {
        format!("{value}{unit}")
    } else {
        format!("{value} {unit}")
    }
}

const fn mark(headline: &Headline) -> &'static str {
    if headline.asserted { "*" } else { "" }
}

fn target(facts: &Line) -> String {
    let level = facts.level();
    match level {
        Some(level) => match level.to {
            Some(to) => format!("{} to {to}", level.at),
            None => level.at.to_string(),
        },
        None => "none".to_owned(),
    }
}

fn rating(rating: &Rating, facts: &Line) -> String {
    let ours = match rating {
        Rating::Level(code) => {
            let scale = facts.rule.as_ref().and_then(|rule| rule.scale.as_ref());
            let level = scale.and_then(|scale| scale.levels.iter().find(|l| l.code == *code));
            level.map_or_else(|| code.to_string(), |level| level.words.en.to_string())
        }
        other => output::unrated(other).to_owned(),
    };
    match &facts.rating_as_reported {
        Some(theirs) => format!("{ours} (reported: {theirs})"),
        None => ours,
    }
}

const fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Better => "better",
        Direction::Worse => "worse",
        Direction::Same => "same",
        Direction::Unknown => "–",
    }
}

const fn state(state: FigureState) -> &'static str {
    match state {
        FigureState::Present => "present",
        FigureState::Discontinued => "discontinued",
        FigureState::NotApplicable => "not applicable",
        FigureState::NotCollected => "not collected",
        FigureState::SuppressedAtSource => "kept back by its source",
        FigureState::WithheldPendingValidation => "kept back until checked",
        FigureState::AwaitingSource => "awaiting its source",
        FigureState::NotDue => "not due",
        FigureState::Late => "late",
        FigureState::Absent => "no figure",
    }
}

fn measure(answer: &Answer<MeasureAnswer>) -> anyhow::Result<()> {
    let MeasureAnswer { line, series, targets, definitions } = &answer.answer;
    output::heading(&answer.as_at, series.iter().any(|point| point.headline.asserted))?;
    output::line(format!("{}  {}", code_of(&line.facts.measure), line.facts.measure.title.en))?;
    output::line(format!(
        "{} targets and {} definitions recorded by then",
        targets.len(),
        definitions.len()
    ))?;
    let unit = line.facts.unit().unwrap_or_default();
    let rows: Vec<Vec<String>> = series
        .iter()
        .map(|point| {
            let value = point.headline.value.map(|value| with_unit(value, unit));
            let status = point.headline.status.as_ref().map(output::words);
            vec![
                point.period.to_string(),
                value.unwrap_or_else(|| "no figure".to_owned()) + mark(&point.headline),
                status.unwrap_or_default(),
                point.cells.to_string(),
                point.headline.position.to_string(),
            ]
        })
        .collect();
    output::table(&["period", "figure", "status", "cells beside", "since position"], &rows)?;
    output::line(format!(
        "latest {}: {}, target {}, {}",
        line.facts.period.map_or("none".to_owned(), |period| period.to_string()),
        figure(line),
        target(&line.facts),
        rating(&line.rating, &line.facts)
    ))?;
    Ok(())
}

fn submission(answer: &Answer<SubmissionAnswer>, words: Option<&str>) -> anyhow::Result<()> {
    let SubmissionAnswer { line, submission } = &answer.answer;
    output::heading(&answer.as_at, submission.headline.asserted)?;
    output::line(format!("{}  {}", code_of(&line.facts.measure), line.facts.measure.title.en))?;
    output::line(format!(
        "{}: {}, target {}, {}",
        line.facts.period.map_or("as a whole".to_owned(), |period| period.to_string()),
        figure(line),
        target(&line.facts),
        rating(&line.rating, &line.facts)
    ))?;
    if let Some(words) = words {
        output::line(format!("words: {}", words.replace('\n', "\n       ")))?;
    }
    if submission.cells.len() > 1 {
        let rows: Vec<Vec<String>> = submission
            .cells
            .iter()
            .map(|cell| {
                let value = cell.value.map_or("–".to_owned(), |value| value.to_string());
                vec![cell.breakdown.to_string(), value, cell.position.to_string()]
            })
            .collect();
        output::table(&["part", "figure", "since position"], &rows)?;
    }
    let rows: Vec<Vec<String>> = submission
        .versions
        .iter()
        .map(|version| {
            let when = version.reported_known_at.unwrap_or(version.recorded_at);
            let how = if version.asserted { "asserted" } else { "witnessed" };
            let value = version.headline.as_ref().and_then(|headline| headline.value);
            let reason = version.reason.as_ref();
            let text = reason.and_then(|reason| reason.text.as_ref());
            let code = reason.map(|reason| output::words(&reason.code)).unwrap_or_default();
            vec![
                version.position.to_string(),
                when.format("%Y-%m-%d %H:%M:%S").to_string(),
                output::words(&version.happened),
                value.map(|value| value.to_string()).unwrap_or_default(),
                how.to_owned(),
                text.map_or(code, ToString::to_string),
            ]
        })
        .collect();
    output::table(&["position", "known (UTC)", "what", "figure", "how", "why"], &rows)?;
    Ok(())
}
