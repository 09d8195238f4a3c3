//! One period of a measure: every version of its figure, its status under each version of the target, who
//! signed, and what was written about it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use piperoll_events::{Period, Position, Quantity};
use piperoll_projections::scorecard::{CellLine, SubmissionVersion};

use super::super::event::EventName;
use super::super::frame::Looking;
use super::super::lang::{Lang, Written};
use super::super::mark::Mark;
use super::super::page::Visit;
use super::super::shown::{Room, Why, parted, with_unit};
use crate::api::measures::{Commentary, commentary};
use crate::api::problem::Problem;
use crate::asking::answer::{Answer, AskingError, MeasureAnswer, SubmissionAnswer};
use crate::asking::made_under::MadeUnder;
use crate::asking::questions::signed_by::{self, Signed, State, Touch};
use crate::asking::under_targets::{Governs, UnderTarget};
use crate::identity::policy::What;

/// So many parts of the population keep a page within its size.
const MOST_PARTS: usize = 40;

/// And so many changes after a signature.
const MOST_SINCE: usize = 12;
/// And so many versions of a figure.
const MOST_VERSIONS: usize = 40;
/// What is written at length takes no more of a table than this.
const ROOM: usize = 12_000;

/// A period, with all that is known of its figure.
pub(super) struct Chosen {
    pub(super) period: String,
    pub(super) versions: Vec<Version>,
    /// Where the earlier versions are told, where there are more than a page holds.
    pub(super) earlier: Option<String>,
    pub(super) under: Vec<Under>,
    /// The stages of signing; empty for readers who may not ask.
    pub(super) signed: Vec<Stage>,
    pub(super) words: Option<Written>,
    /// The parts of the population.
    pub(super) parts: Vec<Part>,
    /// That there are none, and why where somebody said.
    pub(super) no_parts: String,
    /// How many parts are not shown.
    pub(super) more: u64,
}

/// A part of the population, with its figure.
pub(super) struct Part {
    pub(super) what: Written,
    pub(super) figure: String,
    pub(super) status: Written,
    pub(super) event: EventName,
}

/// One version of the figure.
pub(super) struct Version {
    pub(super) when: String,
    pub(super) what: String,
    pub(super) figure: String,
    pub(super) why: Why,
    pub(super) how: String,
    pub(super) event: EventName,
}

/// The figure under one version of the target.
pub(super) struct Under {
    pub(super) when: String,
    pub(super) what: String,
    pub(super) target: String,
    pub(super) mark: Mark,
    pub(super) why: Why,
    pub(super) governs: bool,
    pub(super) event: EventName,
}

/// One stage of signing, with one signature or none.
pub(super) struct Stage {
    pub(super) title: Written,
    pub(super) scope: String,
    pub(super) state: String,
    /// Whether it covers what stands.
    pub(super) current: bool,
    pub(super) post: Option<Written>,
    /// When it was signed or refused, and where that stands.
    pub(super) when: Option<(String, EventName)>,
    pub(super) covers: Vec<EventName>,
    pub(super) ended_by: Option<EventName>,
    /// What changed since, the first first.
    pub(super) since: Vec<Since>,
    /// How many further changes are not shown.
    pub(super) more: u64,
}

/// A change after a signature.
pub(super) struct Since {
    pub(super) event: EventName,
    pub(super) what: String,
    /// Whether any signature covers it.
    pub(super) covered: bool,
}

/// The period asked for, else the latest; none where nothing was ever said.
pub(super) async fn chosen(
    visit: &Visit,
    looking: &Looking<'_>,
    asked: Option<Period>,
    answer: &Answer<MeasureAnswer>,
) -> Result<Option<Chosen>, Problem> {
    let facts = &answer.answer.line.facts;
    let Some(period) = asked.or(facts.period) else { return Ok(None) };
    let measure = facts.measure.measure.to_string();
    let may_ask = visit.may(What::ReadQuestions)?;
    let signed = async {
        if !may_ask {
            return Ok(Vec::new());
        }
        let question = signed_by::Asked { measure: measure.clone(), period };
        Ok::<_, Problem>(looking.desk.signed_by(question, looking.when).await?.rows)
    };
    let found = looking.desk.submission(&measure, Some(period), looking.when);
    let (found, signed) = tokio::join!(found, signed);
    let signed = signed?;
    let submission = match found {
        Ok(found) => found.answer,
        Err(AskingError::NoSubmission { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let under = looking.desk.under_targets(&submission.line, &answer.answer.targets).await?;
    let facts = &submission.line.facts;
    let measured = facts.measure.measure;
    let figures = submission.submission.versions.iter();
    let figures = figures.filter_map(|version| Some(version.headline.as_ref()?.position));
    let more = cells(&submission).count().saturating_sub(MOST_PARTS);
    let figures = figures.chain(cells(&submission).map(|cell| cell.position));
    let asked: Vec<_> =
        figures.chain(under.iter().map(|it| it.position)).map(|at| (measured, at)).collect();
    let made = looking.desk.made_under(&asked).await?;
    let (lang, mut room) = (visit.lang, Room::of(ROOM));
    let positions: Vec<Position> = signed.iter().filter_map(|row| row.position).collect();
    let instants = looking.desk.instants(&positions).await?;
    let words = commentary(&visit.call, &submission).await?.map(|told| match told {
        Commentary::Open { text } => lang.english(text),
        Commentary::Erased {} => Written::own(lang.say("words-erased").into_owned()),
        Commentary::Withheld {} => Written::own(lang.say("words-withheld").into_owned()),
    });
    Ok(Some(Chosen {
        period: lang.period(period),
        parts: parts(visit, &submission, &made),
        no_parts: no_parts(lang, &submission),
        more: number(more),
        earlier: earlier(visit, &submission, period),
        versions: versions(visit, &submission, (&made, period)),
        under: under
            .iter()
            .map(|it| row(visit, it, &submission, (&made, &mut room, period)))
            .collect(),
        signed: signed.iter().map(|it| stage(visit, (it, &signed), &instants)).collect(),
        words,
    }))
}

/// The parts of the population in force.
fn cells(submission: &SubmissionAnswer) -> impl Iterator<Item = &CellLine> {
    submission.submission.cells.iter().filter(|cell| !cell.breakdown.is_headline())
}

fn parts(visit: &Visit, submission: &SubmissionAnswer, made: &MadeUnder) -> Vec<Part> {
    let (lang, facts) = (visit.lang, &submission.line.facts);
    let part = |cell: &CellLine| Part {
        what: lang.english(parted(&cell.breakdown)),
        figure: match cell.value {
            Some(value) => exactly(lang, value, made.published(facts, value, cell.position)),
            None => lang.say("no-figure").into_owned(),
        },
        status: match (&cell.status_as_reported, cell.status) {
            (_, Some(status)) => Written::own(lang.word("figure-status", &status).into_owned()),
            (Some(reported), None) => lang.english(reported.as_str()),
            (None, None) => Written::own(String::new()),
        },
        event: visit.event(cell.position),
    };
    cells(submission).take(MOST_PARTS).map(part).collect()
}

fn no_parts(lang: Lang, submission: &SubmissionAnswer) -> String {
    match submission.submission.headline.no_value {
        Some(state) => lang.say_with("parts-state", &[("state", &lang.word("state", &state))]),
        None => lang.say("parts-none").into_owned(),
    }
}

/// The last first.
/// Where the versions are told that the page does not hold.
fn earlier(visit: &Visit, submission: &SubmissionAnswer, period: Period) -> Option<String> {
    let mut versions = submission.submission.versions.iter().rev();
    versions.nth(MOST_VERSIONS).map(|version| as_at(visit, version.position, period))
}

/// This page as it stood at a position.
fn as_at(visit: &Visit, position: Position, period: Period) -> String {
    format!("{}?position={position}&period={period}#versions", visit.call.address.path())
}

fn versions(
    visit: &Visit,
    submission: &SubmissionAnswer,
    (made, period): (&MadeUnder, Period),
) -> Vec<Version> {
    let mut room = Room::of(ROOM);
    let (lang, facts) = (visit.lang, &submission.line.facts);
    let row = |version: &SubmissionVersion| {
        let reason = version.reason.as_ref().map(|reason| lang.reason(reason));
        let value = version.headline.as_ref().map(|headline| match headline.value {
            Some(value) => exactly(lang, value, made.published(facts, value, headline.position)),
            None => lang.say("no-figure").into_owned(),
        });
        let how = if version.asserted { "how-asserted" } else { "how-witnessed" };
        Version {
            when: lang.moment(version.reported_known_at.unwrap_or(version.recorded_at)),
            what: lang.word("submission", &version.happened).into_owned(),
            figure: value.unwrap_or_default(),
            why: reason
                .map(|it| it.within(&mut room, || as_at(visit, version.position, period)))
                .unwrap_or_default(),
            how: lang.say(how).into_owned(),
            event: visit.event(version.position),
        }
    };
    submission.submission.versions.iter().rev().take(MOST_VERSIONS).map(row).collect()
}

/// A figure as it was published, and exactly where that says more.
fn exactly(lang: Lang, value: Quantity, (shown, unit): (Quantity, Option<&str>)) -> String {
    let figure = with_unit(shown, unit);
    if value == shown {
        return figure;
    }
    let told = [("figure", figure.as_str()), ("exact", &with_unit(value, unit))];
    lang.say_with("figure-exactly", &told)
}

fn row(
    visit: &Visit,
    under: &UnderTarget,
    submission: &SubmissionAnswer,
    (made, room, period): (&MadeUnder, &mut Room, Period),
) -> Under {
    let lang = visit.lang;
    let facts = &submission.line.facts;
    Under {
        when: under.known_at.map(|at| lang.moment(at)).unwrap_or_default(),
        what: lang.word("target", &under.happened).into_owned(),
        target: match (&under.words, under.level) {
            (Some(words), None) => format!("“{words}”"),
            (_, level) => lang.aimed(level, made.unit(facts, under.position)),
        },
        mark: Mark::of(lang, &under.rating, facts.scale()),
        why: lang.reason(&under.reason).within(room, || as_at(visit, under.position, period)),
        governs: under.governs == Governs::Yes,
        event: visit.event(under.position),
    }
}

fn stage(
    visit: &Visit,
    (signed, all): (&Signed, &[Signed]),
    instants: &HashMap<Position, DateTime<Utc>>,
) -> Stage {
    let lang = visit.lang;
    let scope: Vec<_> =
        signed.scope.iter().map(|scope| lang.word("scope", scope).into_owned()).collect();
    Stage {
        title: match &signed.title {
            Some(title) => lang.pick(title),
            None => lang.english(signed.stage.to_string()),
        },
        scope: scope.join(", "),
        state: lang.word("signature", &signed.state).into_owned(),
        current: signed.state == State::Current,
        post: signed.post_title.as_ref().map(|title| lang.pick(title)),
        when: signed.position.map(|position| {
            let known = instants.get(&position).map(|at| lang.moment(*at)).unwrap_or_default();
            (known, visit.event(position))
        }),
        covers: signed.covers.iter().map(|covered| visit.event(covered.position)).collect(),
        ended_by: signed.ended_by.map(|position| visit.event(position)),
        since: since(visit, signed, all),
        more: number(signed.changed_after.len().saturating_sub(MOST_SINCE)),
    }
}

/// What changed after a signature, and whether any that still counts covers it.
fn since(visit: &Visit, signed: &Signed, all: &[Signed]) -> Vec<Since> {
    let counts = |it: &&Signed| matches!(it.state, State::Current | State::Lapsed);
    let covered = all.iter().filter(counts).flat_map(|it| &it.covers);
    let covered: HashSet<Position> = covered.map(|covered| covered.position).collect();
    let told = |touch: &Touch| Since {
        event: visit.event(touch.position),
        what: visit.lang.word("touched", &touch.kind).into_owned(),
        covered: covered.contains(&touch.position),
    };
    signed.changed_after.iter().take(MOST_SINCE).map(told).collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
