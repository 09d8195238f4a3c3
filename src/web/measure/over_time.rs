//! A measure's figures period by period, each with what was aimed at and how it was rated.

use std::collections::{HashMap, HashSet};

use piperoll_events::{Period, PeriodType, Position, Quantity};

use super::Asked;
use crate::api::problem::Problem;
use crate::asking::answer::{Answer, MeasureAnswer};
use crate::asking::questions::linking::Linked;
use crate::web::frame::Looking;
use crate::web::lang::Lang;
use crate::web::mark::Mark;
use crate::web::page::Visit;
use crate::web::shown::with_unit;

/// One period.
pub(super) struct Point {
    pub(super) period: Period,
    pub(super) told: String,
    pub(super) value: Option<Quantity>,
    pub(super) aim: Option<Quantity>,
    pub(super) figure: String,
    pub(super) target: String,
    pub(super) mark: Mark,
    /// Where this version of the figure was recorded.
    recorded_at: Option<Position>,
    /// Why it does not go on the line of the period before.
    pub(super) broken: Option<String>,
    /// How many versions of the figure there are.
    pub(super) versions: u64,
    pub(super) asserted: bool,
    /// Where every one of them is shown.
    pub(super) address: String,
}

/// Every period with something to say, the first first.
pub(super) async fn points(
    visit: &Visit,
    looking: &Looking<'_>,
    asked: &Asked,
    answer: &Answer<MeasureAnswer>,
) -> Result<Vec<Point>, Problem> {
    let facts = &answer.answer.line.facts;
    let measure = facts.measure.measure;
    let mut versions: HashMap<Period, u64> = HashMap::new();
    for version in looking.desk.figure_versions(measure, answer.as_at.position).await? {
        let count = versions.entry(version.period).or_default();
        *count = count.saturating_add(1);
    }
    // What was taken back stands in no series, and was said all the same.
    let said = answer.answer.series.iter().map(|point| point.period);
    let periods: HashSet<Period> = said.chain(versions.keys().copied()).collect();
    let periods: Vec<Period> = periods.into_iter().collect();
    let lines = looking.desk.periods(measure, &periods, answer.as_at).await?;
    let made = looking.desk.lines_made_under(lines.iter().map(|(_, line)| &line.facts)).await?;
    let lang = visit.lang;
    let path = visit.call.address.path();
    let mut points: Vec<Point> = lines
        .into_iter()
        .map(|(period, line)| Point {
            period,
            told: lang.period(period),
            value: line.facts.headline.as_ref().and_then(|headline| {
                Some(made.published(&line.facts, headline.value?, headline.position).0)
            }),
            recorded_at: line.facts.headline.as_ref().map(|headline| headline.position),
            broken: None,
            aim: line.facts.level().map(|level| level.at),
            figure: lang.figure(&line, &made),
            target: lang.target(&line.facts, &made),
            mark: Mark::of(lang, &line.rating, line.facts.scale()),
            versions: versions.get(&period).copied().unwrap_or_default(),
            asserted: line.facts.headline.as_ref().is_some_and(|headline| headline.asserted),
            address: format!(
                "{path}{}#versions",
                asked.moment.kept_and(&format!("period={period}"))
            ),
        })
        .collect();
    points.sort_by_key(|point| (point.period.days(), point.period.to_string()));
    let pairs = neighbours(&points);
    let at: Vec<_> = pairs.iter().map(|(_, positions)| *positions).collect();
    let found = looking.desk.breaks(measure, &at, answer.as_at.position).await?;
    for ((n, _), found) in pairs.into_iter().zip(found) {
        if let Some((point, linked)) = points.get_mut(n).zip(found) {
            point.broken = Some(told(lang, &linked));
        }
    }
    Ok(points)
}

/// Each figure with the one before it of the same kind of period, and where both were recorded.
fn neighbours(points: &[Point]) -> Vec<(usize, (Position, Position))> {
    let mut before: HashMap<PeriodType, Position> = HashMap::new();
    let mut pairs = Vec::new();
    for (n, point) in points.iter().enumerate() {
        let Some(at) = point.recorded_at.filter(|_| point.value.is_some()) else { continue };
        if let Some(before) = before.insert(point.period.period_type(), at) {
            pairs.push((n, (before, at)));
        }
    }
    pairs
}

/// How a figure compares with the one before it.
fn told(lang: Lang, linked: &Linked) -> String {
    match linked.factor {
        Some(factor) => lang.say_with("break-factor", &[("factor", &with_unit(factor, None))]),
        None => lang.say("break-broken").into_owned(),
    }
}
