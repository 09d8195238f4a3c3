//! The scorecard: every measure in use with its figure, target and rating, as this record knew them on a
//! date; and, beside another date, what has changed since and what was dropped.

mod compared;
mod lines;

use askama::Template;
use chrono::NaiveDate;
use piperoll_events::Position;
use schemars::JsonSchema;
use serde::Deserialize;

use super::frame::{DateField, Frame, Moment, Stood, Typed};
use super::lang::Lang;
use super::page::{Page, Shown, Visit, page};
use super::wording::wording;
use crate::api::problem::Problem;
use crate::api::route::{Allows, Method, Route};
use crate::asking::moment::When;
use crate::identity::policy::What;
use compared::Compared;
use lines::Group;

pub(super) const PAGE: Page = Page { wording: wording!(), routes };

/// So many measures keep a page within its size.
const ON_A_PAGE: usize = 40;
/// And so many beside a comparison.
const BESIDE: usize = 15;

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    #[serde(flatten)]
    moment: Moment,
    /// Another day, to compare with; or an instant, or a position.
    #[schemars(length(max = 40))]
    compare: Option<String>,
    /// The same as it was typed.
    #[schemars(length(max = 40))]
    compare_day: Option<String>,
    /// Its month.
    #[schemars(length(max = 40))]
    compare_month: Option<String>,
    /// Its year.
    #[schemars(length(max = 40))]
    compare_year: Option<String>,
    /// Which page of measures; the first is 1.
    page: Option<u16>,
}

impl Asked {
    fn compare_day(&self) -> Option<NaiveDate> {
        self.compare.as_ref()?.parse().ok()
    }
}

#[derive(Template)]
#[template(path = "scorecard/page.html")]
struct Scorecard {
    frame: Frame,
    stood: Stood,
    /// Where the day compared with is typed.
    compare: DateField,
    /// Whether its reader may compare.
    may_compare: bool,
    compared: Option<Compared>,
    groups: Vec<Group>,
    measures: u64,
    /// How many rest on a file's word.
    asserted: u64,
    pages: Vec<Leaf>,
}

/// A page of measures.
struct Leaf {
    number: usize,
    address: String,
    here: bool,
}

fn routes(lang: Lang) -> Vec<Route> {
    let who = (Method::Get, Allows::Role(What::ReadScorecard));
    vec![
        page((lang, "/{ledger}/scorecard", "scorecard"), who, show),
        page((lang, "/{ledger}", "ledger"), who, |visit: Visit, moment: Moment| async move {
            let address = format!("/scorecard{}", moment.kept());
            Ok(Shown::Elsewhere(visit.address(&address), None))
        }),
    ]
}

async fn show(visit: Visit, asked: Asked) -> Result<Shown, Problem> {
    let typed = Typed::of([&asked.compare_day, &asked.compare_month, &asked.compare_year]);
    if let Some(to) = visit.led(&[("known_at", &asked.moment.typed()), ("compare", &typed)]) {
        return Ok(Shown::Elsewhere(to, None));
    }
    let looking = visit.look(&asked.moment).await?;
    let answer = looking.desk.scorecard(looking.when, None).await?;
    let at = answer.as_at.position;
    let parts = looking.desk.structure(When::At(at)).await?;
    let compared = match &asked.compare {
        Some(day) => Some(compared::compared(&visit, &asked, day, &answer).await?),
        None => None,
    };
    let more = asked.compare.as_ref().map(|day| format!("&compare={}", super::frame::part(day)));
    let more = more.unwrap_or_default();
    let measures = answer.answer.lines.len();
    let number = asked.page.unwrap_or(1).max(1);
    let on_a_page = if compared.is_some() { BESIDE } else { ON_A_PAGE };
    let skipped = usize::from(number).saturating_sub(1).saturating_mul(on_a_page);
    let count = measures.div_ceil(on_a_page);
    if usize::from(number) > count.max(1) {
        return Err(Problem::missing("no_such_page", "the scorecard has no such page"));
    }
    let (kept, doubtful) = (asked.moment.kept(), lines::doubtful(&answer.answer.lines));
    let groups = lines::groups(&visit, &answer.answer.lines, &parts);
    let made = answer.answer.lines.iter().map(|line| &line.facts);
    let made = looking.desk.lines_made_under(made).await?;
    let groups = lines::within(groups, skipped, on_a_page, |line| {
        lines::row(&visit, line, (&kept, &doubtful, &made), compared.as_ref())
    });
    let page = Scorecard {
        frame: visit.frame(visit.lang.say("scorecard-title").into_owned()).await?,
        stood: asked.moment.stood(&visit, answer.as_at, &more),
        may_compare: visit.may(What::ReadQuestions)?,
        compare: DateField::of(visit.lang, "compare_", typed, asked.compare_day()),
        compared,
        groups,
        measures: u64::try_from(measures).unwrap_or(u64::MAX),
        asserted: answer.answer.asserted,
        pages: pages(&visit, (&asked, &more), at, (count, number)),
    };
    Shown::page(&page)
}

/// The other pages of the same scorecard; they stay where this one is.
fn pages(
    visit: &Visit,
    (asked, more): (&Asked, &str),
    at: Position,
    (count, here): (usize, u16),
) -> Vec<Leaf> {
    if count < 2 {
        return Vec::new();
    }
    let kept = if asked.moment.kept().is_empty() {
        format!("?position={at}")
    } else {
        asked.moment.kept()
    };
    let address = visit.address("/scorecard");
    let leaf = |number: usize| Leaf {
        number,
        address: format!("{address}{kept}{more}&page={number}"),
        here: number == usize::from(here),
    };
    (1..=count).map(leaf).collect()
}
