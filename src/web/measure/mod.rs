//! One measure: its figures over time as a picture and a table, every version of one of them, how it
//! stands under each version of its target, and who signed it.

mod chart;
mod chosen;
mod over_time;

use askama::Template;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::{Period, Polarity, Position};
use piperoll_projections::scorecard::{DefinitionVersion, Part};
use schemars::JsonSchema;
use serde::Deserialize;

use super::event::{AroundEvent, EventName};
use super::frame::{Frame, Looking, Moment, Stood, part};
use super::lang::{Lang, Written};
use super::mark::Mark;
use super::page::{Page, Shown, Visit, page};
use super::shown::{Room, Why};
use super::wording::wording;
use crate::api::problem::Problem;
use crate::api::route::{Allows, Method, Route};
use crate::asking::answer::{Answer, MeasureAnswer, code_of};
use crate::asking::moment::When;
use crate::asking::questions::accountable_on;
use crate::identity::policy::What;
use chart::Chart;
use chosen::Chosen;
use over_time::Point;

pub(super) const PAGE: Page = Page { wording: wording!(), routes };

/// So many periods keep a page within its size.
const ON_A_PAGE: usize = 40;
/// What is written at length of its definitions takes no more of a page than this.
const ROOM: usize = 8_000;

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    #[serde(flatten)]
    moment: Moment,
    /// The period of which every version is shown; without it, the latest.
    period: Option<Period>,
}

#[derive(Template)]
#[template(path = "measure/page.html")]
struct MeasurePage {
    frame: Frame,
    stood: Stood,
    /// The period asked for, as it stands in the address; or nothing.
    asked: String,
    scorecard: String,
    code: String,
    title: Written,
    /// Where its targets' changes are told; absent for readers who may not ask.
    changes: Option<String>,
    figure: String,
    period: String,
    target: String,
    mark: Mark,
    /// What the rule makes it, where somebody states otherwise; and where they did.
    stated: Option<Mark>,
    stated_at: Option<AroundEvent>,
    /// The publisher's own rating.
    reported: Option<String>,
    short: String,
    long: String,
    better: String,
    places: Vec<Written>,
    answerable: Vec<Duties>,
    /// Why it is measured no longer.
    ended: Option<String>,
    asserted: bool,
    chart: Option<Chart>,
    points: Vec<Point>,
    /// How many earlier periods are not shown.
    earlier: u64,
    chosen: Option<Chosen>,
    definitions: Vec<DefinitionRow>,
}

/// Who has a duty.
struct Duties {
    duty: String,
    who: Vec<Written>,
}

/// One version of the definition.
struct DefinitionRow {
    when: String,
    unit: String,
    formula: Option<Written>,
    effect: String,
    why: Why,
    event: EventName,
}

fn routes(lang: Lang) -> Vec<Route> {
    let who = (Method::Get, Allows::Role(What::ReadScorecard));
    vec![page((lang, "/{ledger}/measures/{measure}", "measure"), who, show)]
}

async fn show(visit: Visit, asked: Asked) -> Result<Shown, Problem> {
    if let Some(to) = visit.led(&[("known_at", &asked.moment.typed())]) {
        return Ok(Shown::Elsewhere(to, None));
    }
    let looking = visit.look(&asked.moment).await?;
    let code = visit.call.part("measure").to_owned();
    let answer = looking.desk.measure(&code, looking.when).await?;
    let looking = Looking { when: When::At(answer.as_at.position), ..looking };
    let parts = async { Ok(looking.desk.structure(looking.when).await?) };
    let (points, chosen, parts, answerable, definitions) = tokio::try_join!(
        over_time::points(&visit, &looking, &asked, &answer),
        chosen::chosen(&visit, &looking, asked.period, &answer),
        parts,
        answerable(&visit, &looking, &answer),
        definitions(&visit, &looking, &answer),
    )?;
    let (points, earlier) = last(points);
    let made = looking.desk.lines_made_under([&answer.answer.line.facts]).await?;
    let (lang, line) = (visit.lang, &answer.answer.line);
    let facts = &line.facts;
    let code = code_of(&facts.measure);
    let changes = format!("/measures/{}/target-changes{}", part(&code), asked.moment.kept());
    let more = asked.period.map(|period| format!("&period={period}")).unwrap_or_default();
    let ended = facts.measure.ended.as_ref().map(|ended| {
        let key = if ended.replaced_by.is_some() { "measure-replaced" } else { "measure-retired" };
        lang.say_with(key, &[("day", &lang.day(ended.from))])
    });
    let title = lang.pick(&facts.measure.title);
    let page = MeasurePage {
        frame: visit.frame(format!("{code} {}", title.text)).await?,
        stood: asked.moment.stood(&visit, answer.as_at, &more),
        asked: asked.period.map(|period| period.to_string()).unwrap_or_default(),
        scorecard: visit.address(&format!("/scorecard{}", asked.moment.kept())),
        changes: visit.may(What::ReadQuestions)?.then(|| visit.address(&changes)),
        figure: lang.figure(line, &made),
        period: facts.period.map(|period| lang.period(period)).unwrap_or_default(),
        target: lang.target(facts, &made),
        stated: line.computed.as_ref().map(|computed| Mark::of(lang, computed, facts.scale())),
        stated_at: facts.overridden.as_ref().map(|it| visit.say_event("stated", it.position, &[])),
        reported: facts.rating_as_reported.clone(),
        earlier,
        mark: Mark::of(lang, &line.rating, facts.scale()),
        short: lang.direction(line.short_direction),
        long: lang.direction(line.long_direction),
        better: better(lang, facts.definition.as_ref().map(|it| &it.polarity)),
        places: places(lang, &answer, &parts),
        answerable,
        ended,
        asserted: facts.headline.as_ref().is_some_and(|headline| headline.asserted),
        chart: Chart::of(lang, &code, &points),
        points,
        chosen,
        definitions,
        code,
        title,
    };
    Shown::page(&page)
}

/// The periods that a page holds, and how many earlier ones there are.
fn last(mut points: Vec<Point>) -> (Vec<Point>, u64) {
    let earlier = points.len().saturating_sub(ON_A_PAGE);
    points.drain(..earlier);
    (points, u64::try_from(earlier).unwrap_or(u64::MAX))
}

fn better(lang: Lang, polarity: Option<&Polarity>) -> String {
    let key = match polarity {
        None => "better-unknown",
        Some(Polarity::HigherIsBetter {}) => "better-higher",
        Some(Polarity::LowerIsBetter {}) => "better-lower",
        Some(Polarity::Goldilocks { .. }) => "better-between",
        Some(Polarity::None {}) => "better-neither",
    };
    lang.say(key).into_owned()
}

fn places(lang: Lang, answer: &Answer<MeasureAnswer>, parts: &[Part]) -> Vec<Written> {
    let places = answer.answer.line.facts.measure.places.iter();
    let found = places.filter_map(|place| parts.iter().find(|part| part.id == place.place));
    found.map(|part| lang.pick(&part.title)).collect()
}

async fn answerable(
    visit: &Visit,
    looking: &Looking<'_>,
    answer: &Answer<MeasureAnswer>,
) -> Result<Vec<Duties>, Problem> {
    let may = visit.may(What::ReadQuestions)?;
    let Some(instant) = answer.as_at.instant.filter(|_| may) else { return Ok(Vec::new()) };
    let measure = answer.answer.line.facts.measure.measure.to_string();
    let on = instant.with_timezone(&chrono_tz::Europe::London).date_naive();
    let asked = accountable_on::Asked { measure, on };
    let reply = looking.desk.accountable_on(asked, looking.when).await?;
    let lang = visit.lang;
    let duty = |duty: Duty| {
        let rows = reply.rows.iter().filter(|row| row.duty == duty);
        let who = rows.filter_map(|row| {
            let post = row.post_title.as_ref().map(|title| lang.pick(title));
            post.or_else(|| row.organisation.as_ref().map(|it| lang.english(it.as_str())))
        });
        let mut who: Vec<Written> = who.collect();
        who.dedup();
        if who.is_empty() {
            who.push(Written::own(lang.say("duty-nobody").into_owned()));
        }
        Duties { duty: lang.word("duty", &duty).into_owned(), who }
    };
    Ok([Duty::Accountable, Duty::Steward].map(duty).into())
}

async fn definitions(
    visit: &Visit,
    looking: &Looking<'_>,
    answer: &Answer<MeasureAnswer>,
) -> Result<Vec<DefinitionRow>, Problem> {
    let versions = &answer.answer.definitions;
    let positions: Vec<Position> = versions.iter().map(|it| it.position).collect();
    let instants = looking.desk.instants(&positions).await?;
    let (lang, mut room) = (visit.lang, Room::of(ROOM));
    let row = |version: &DefinitionVersion| {
        let effect = version.change.as_ref().map(|change| lang.comparability(change.comparability));
        DefinitionRow {
            when: instants.get(&version.position).map(|at| lang.moment(*at)).unwrap_or_default(),
            unit: version.definition.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
            formula: version.definition.formula.as_ref().map(|it| lang.english(it.to_string())),
            effect: effect.unwrap_or_else(|| {
                let first =
                    versions.first().is_some_and(|first| first.position == version.position);
                let key = if first { "definition-first" } else { "definition-unknown" };
                lang.say(key).into_owned()
            }),
            why: lang.reason(&version.reason).within(&mut room, || {
                format!("{}?position={}", visit.call.address.path(), version.position)
            }),
            event: visit.event(version.position),
        }
    };
    Ok(versions.iter().rev().map(row).collect())
}
