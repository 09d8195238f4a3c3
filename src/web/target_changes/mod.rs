//! Who changed a measure's targets: each change in order, with why, on whose authority, and what was
//! known when it was made.

use std::borrow::Cow;

use askama::Template;
use piperoll_events::Period;
use piperoll_events::decision_right::RightThen;
use piperoll_events::ease::Ease;
use piperoll_events::rating::Scale;
use piperoll_projections::accountability::Act;
use piperoll_projections::accountability::judged::RoleThen;
use piperoll_projections::score::Rating;
use schemars::JsonSchema;
use serde::Deserialize;

use super::event::EventName;
use super::frame::{Frame, Moment, Stood, part};
use super::lang::{Lang, Written};
use super::mark::Mark;
use super::page::{Page, Shown, Visit, page};
use super::shown::{Room, Why, with_unit};
use super::wording::wording;
use crate::api::problem::Problem;
use crate::api::route::{Allows, Method, Route};
use crate::asking::answer::code_of;
use crate::asking::moment::When;
use crate::asking::questions::retargeting::Retargeting;
use crate::asking::questions::who_changed;
use crate::identity::policy::What;

pub(super) const PAGE: Page = Page { wording: wording!(), routes };

/// So many changes keep a page within its size.
const ON_A_PAGE: usize = 40;
/// What is written at length takes no more of a page than this.
const ROOM: usize = 20_000;

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    #[serde(flatten)]
    moment: Moment,
    /// The target for this period alone.
    period: Option<Period>,
}

#[derive(Template)]
#[template(path = "target_changes/page.html")]
struct TargetChanges {
    frame: Frame,
    stood: Stood,
    /// The period asked for, as it stands in the address; or nothing.
    asked: String,
    measure: String,
    title: Written,
    code: String,
    /// The same in words.
    period: Option<String>,
    /// The changes for every period.
    all: String,
    changes: Vec<Change>,
    looked_at: u64,
    asserted: bool,
    /// Where the earlier changes are told, where there are more than a page holds.
    earlier: Option<String>,
}

/// One change.
struct Change {
    period: String,
    what: String,
    old: String,
    new: String,
    ease: Option<String>,
    /// Whether a committee that asks for targets made easier is to see it.
    loosens: bool,
    year_on_year: Option<String>,
    timing: Option<String>,
    when: String,
    post: Option<String>,
    known: Option<String>,
    before: Option<Mark>,
    after: Option<Mark>,
    why: Why,
    authority: Option<Written>,
    /// That its right or its role stood no more when it was recorded.
    stood_then: Vec<String>,
    asserted: bool,
    event: EventName,
}

fn routes(lang: Lang) -> Vec<Route> {
    let who = (Method::Get, Allows::Role(What::ReadQuestions));
    vec![page((lang, "/{ledger}/measures/{measure}/target-changes", "target-changes"), who, show)]
}

async fn show(visit: Visit, asked: Asked) -> Result<Shown, Problem> {
    if let Some(to) = visit.led(&[("known_at", &asked.moment.typed())]) {
        return Ok(Shown::Elsewhere(to, None));
    }
    let looking = visit.look(&asked.moment).await?;
    let code = visit.call.part("measure").to_owned();
    let question = who_changed::Asked { period: asked.period, ..who_changed::Asked::of(&code) };
    let reply = looking.desk.who_changed_target(question, looking.when).await?;
    let answer = looking.desk.measure(&code, When::At(reply.as_at.position)).await?;
    let facts = &answer.answer.line.facts;
    let lang = visit.lang;
    let (code, kept) = (code_of(&facts.measure), asked.moment.kept());
    let title = lang.pick(&facts.measure.title);
    let heading = lang.say_with("changes-title", &[("measure", &format!("{code} {}", title.text))]);
    let more = asked.period.map(|period| format!("&period={period}")).unwrap_or_default();
    let mut room = Room::of(ROOM);
    let shown = reply.rows.iter().rev().take(ON_A_PAGE);
    let before = reply.rows.iter().rev().nth(ON_A_PAGE).map(|row| row.position);
    let earlier =
        before.map(|position| format!("{}?position={position}{more}", visit.call.address.path()));
    let page = TargetChanges {
        frame: visit.frame(heading).await?,
        stood: asked.moment.stood(&visit, reply.as_at, &more),
        asked: asked.period.map(|period| period.to_string()).unwrap_or_default(),
        all: format!("{}{kept}", visit.call.address.path()),
        measure: visit.address(&format!("/measures/{}{kept}", part(&code))),
        period: asked.period.map(|period| lang.period(period)),
        asserted: reply.rows.iter().any(|row| row.asserted),
        changes: shown.map(|row| change(&visit, row, (facts.scale(), &mut room, &more))).collect(),
        earlier,
        looked_at: reply.looked_at.changes,
        title,
        code,
    };
    Shown::page(&page)
}

fn change(
    visit: &Visit,
    row: &Retargeting,
    (scale, room, more): (Option<&Scale>, &mut Room, &str),
) -> Change {
    let lang = visit.lang;
    let unit = row.unit.as_deref();
    let mark = |rating: &Option<Rating>| rating.as_ref().map(|it| Mark::of(lang, it, scale));
    let against = |ease: Ease, period: Period| {
        let told = [("ease", &*lang.word("ease", &ease)), ("period", &lang.period(period))];
        lang.say_with("changes-year", &told)
    };
    let known = row.known_actual.as_ref().map(|known| {
        let figure = with_unit(known.said.value, unit);
        let told = [("figure", figure.as_str()), ("period", &lang.period(known.said.period))];
        lang.say_with("changes-known", &told)
    });
    Change {
        period: lang.key(&row.key),
        what: lang.word("target", &row.happened).into_owned(),
        old: lang.aim(row.old.as_ref(), unit),
        new: lang.aim(row.new.as_ref(), unit),
        ease: row.ease.map(|ease| lang.word("ease", &ease).into_owned()),
        loosens: row.ease.is_some_and(Ease::loosens),
        year_on_year: row.year_on_year.map(|it| against(it.ease, it.period)),
        timing: row.timing.map(|timing| lang.word("timing", &timing).into_owned()),
        when: row.known_at.map(|at| lang.moment(at)).unwrap_or_default(),
        post: row.act.as_ref().and_then(|act| act.post.clone()),
        known,
        before: mark(&row.rating_before),
        after: mark(&row.rating_after),
        why: lang.reason(&row.reason).within(room, || {
            format!("{}?position={}{more}", visit.call.address.path(), row.position)
        }),
        authority: row.authority.as_ref().map(|authority| lang.authority(authority)),
        stood_then: row.act.iter().flat_map(|act| stood_then(lang, act)).collect(),
        asserted: row.asserted,
        event: visit.event(row.position),
    }
}

fn stood_then(lang: Lang, act: &Act) -> Vec<String> {
    let judged = act.judged.as_ref();
    let right = match judged.and_then(|judged| judged.right) {
        Some(RightThen::OtherRights) => Some(lang.say("changes-other-rights")),
        Some(RightThen::WithoutTheRight) => Some(lang.say("changes-without-the-right")),
        Some(RightThen::AsDecided) | None => None,
    };
    let role = match judged.and_then(|judged| judged.role) {
        Some(RoleThen::WithoutTheRole) => Some(lang.say("changes-without-the-role")),
        Some(RoleThen::Held) | None => None,
    };
    right.into_iter().chain(role).map(Cow::into_owned).collect()
}
