//! A measure's figures period by period, each with what was aimed at and how it was rated.

use std::collections::{HashMap, HashSet};

use piperoll_events::{Period, Quantity};

use super::Asked;
use crate::api::problem::Problem;
use crate::asking::answer::{Answer, MeasureAnswer};
use crate::web::frame::Looking;
use crate::web::mark::Mark;
use crate::web::page::Visit;

/// One period.
pub(super) struct Point {
    pub(super) period: Period,
    pub(super) told: String,
    pub(super) value: Option<Quantity>,
    pub(super) aim: Option<Quantity>,
    pub(super) figure: String,
    pub(super) target: String,
    pub(super) mark: Mark,
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
    let lang = visit.lang;
    let path = visit.call.address.path();
    let mut points: Vec<Point> = lines
        .into_iter()
        .map(|(period, line)| Point {
            period,
            told: lang.period(period),
            value: line.published,
            aim: line.facts.level().map(|level| level.at),
            figure: lang.figure(&line),
            target: lang.target(&line.facts),
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
    Ok(points)
}
