//! One act: what happened, by whom and on what ground, what it changed from what to what, what it relied
//! on, and what an auditor copies to find it again.
//!
//! **Invariant:** it tells what the event says and nothing that its reader's roles don't let them see:
//! names and words stand in the vault, each behind its own line of policy.

mod about;
mod changed;
mod figures;
mod framework;
mod ground;
mod measure;
mod people;
mod rules;

use std::collections::HashMap;

use askama::Template;
use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::{Event, Position};

use super::event::EventName;
use super::frame::Frame;
use super::lang::{Lang, Written};
use super::page::{Page, Shown, Visit, page};
use super::shown::Why;
use super::wording::wording;
use crate::api::events;
use crate::api::problem::Problem;
use crate::api::query::Nothing;
use crate::api::route::{Allows, Method, Route};
use crate::asking::answer::Desk;
use crate::identity::policy::What;
use crate::ledger::{Examined, Stored};
use about::About;
use changed::Row;
use ground::Ground;
use people::People;

pub(super) const PAGE: Page = Page { wording: wording!(), routes };

/// So many changed parts keep a page within its size.
const ON_A_PAGE: usize = 60;
/// How many other events are read at a time.
const READS_AT_ONCE: usize = 16;

#[derive(Template)]
#[template(path = "act/page.html")]
struct ActPage {
    frame: Frame,
    /// `event 383`.
    event: String,
    /// What happened.
    happened: String,
    /// What it is about.
    about: About,
    told: Option<Told>,
    /// Why it is no part of the record.
    reject: Option<String>,
    traces: Vec<Trace>,
    /// The events before and after it about the same thing.
    before: Option<EventName>,
    after: Option<EventName>,
}

/// What an event of the record tells.
struct Told {
    by: Vec<Pair>,
    recorded: String,
    /// When the file says it was known; none where it was witnessed.
    reported: Option<String>,
    why: Why,
    case: Vec<Pair>,
    authority: Vec<Pair>,
    rows: Vec<Row>,
    /// Whether anything stood before.
    compares: bool,
    covers: Vec<Covers>,
    relied_on: Vec<Relied>,
    /// How many parts are not shown.
    more: u64,
    file: Vec<Trace>,
    /// Where that file was received.
    received: Option<EventName>,
}

/// Something under its name.
struct Pair {
    name: String,
    what: Written,
}

/// A name under which an auditor finds the event again.
struct Trace {
    name: String,
    what: String,
}

/// A version that a signature covers.
struct Covers {
    event: EventName,
    happened: String,
    digest: String,
}

/// A version that the decision used, or that it speaks of.
struct Relied {
    /// As what it is spoken of; nothing where it was relied on.
    how: String,
    event: EventName,
    happened: String,
}

/// An event, and what its page is told with.
struct Telling<'a> {
    visit: &'a Visit,
    desk: &'a Desk,
    event: &'a Event,
    at: Position,
}

fn routes(lang: Lang) -> Vec<Route> {
    let who = (Method::Get, Allows::Role(What::ReadEvents));
    vec![page((lang, "/{ledger}/acts/{position}", "act"), who, show)]
}

async fn show(visit: Visit, _: Nothing) -> Result<Shown, Problem> {
    let stored = events::find(&visit.call).await?;
    let room = visit.call.room()?;
    let examined = room.examiner.examine(&stored).await?;
    let event = Event::decode(&stored.body).ok().filter(|_| examined.reject.is_none());
    let lang = visit.lang;
    let name = lang.event(stored.position);
    let page = match &event {
        Some(event) => {
            let desk = room.desk().await?;
            let telling = Telling { visit: &visit, desk, event, at: stored.position };
            let (about, told) = tokio::try_join!(telling.about(), telling.told())?;
            let happened = lang.happened(short(event.fact.event_type()));
            let title = format!("{happened}: {name}");
            let next = room.source.stream.next_of(event.entity, stored.position).await?;
            ActPage {
                frame: visit.frame(title).await?,
                event: name,
                happened,
                about,
                told: Some(told),
                reject: None,
                traces: traces(lang, &stored, &examined, Some(event)),
                before: event.record.previous.map(|position| visit.event(position)),
                after: next.map(|next| visit.event(next.position)),
            }
        }
        None => ActPage {
            frame: visit.frame(name.clone()).await?,
            event: name,
            happened: lang.say("act-rejected").into_owned(),
            about: About::default(),
            told: None,
            reject: Some(examined.reject.as_ref().map(|it| it.1.clone()).unwrap_or_default()),
            traces: traces(lang, &stored, &examined, None),
            before: None,
            after: None,
        },
    };
    Shown::page(&page)
}

/// `measure.target_changed`.
fn short(event_type: &str) -> &str {
    let short = event_type.strip_prefix("piperoll.").unwrap_or(event_type);
    short.strip_suffix(".v1").unwrap_or(short)
}

/// What an auditor copies.
fn traces(lang: Lang, stored: &Stored, examined: &Examined, event: Option<&Event>) -> Vec<Trace> {
    let trace = |key: &str, what: String| Trace { name: lang.say(key).into_owned(), what };
    let mut traces = vec![trace("trace-position", stored.position.to_string())];
    if let Some(event) = event {
        let record = &event.record;
        traces.extend([
            trace("trace-id", event.id.to_string()),
            trace("trace-type", event.fact.event_type().to_owned()),
            trace("trace-entity", event.entity.to_string()),
            trace("trace-revision", record.revision.0.to_string()),
        ]);
    }
    traces.extend([
        trace("trace-subject", stored.subject.clone()),
        trace("trace-digest", stored.digest().to_string()),
        trace("trace-signature", lang.word("worth", &examined.signature).into_owned()),
    ]);
    if let Some(Event { record, .. }) = event {
        traces.push(trace("trace-command", record.command_id.to_string()));
        traces.push(trace("trace-request", record.request_digest.to_string()));
        traces.extend(record.correlation.map(|it| trace("trace-correlation", it.to_string())));
        traces.extend(record.causation.map(|it| trace("trace-causation", it.to_string())));
    }
    traces
}

impl Pair {
    /// Something under its name in the page's words.
    fn of(lang: Lang, key: &str, what: Written) -> Self {
        Self { name: lang.say(key).into_owned(), what }
    }
}

impl Telling<'_> {
    const fn lang(&self) -> Lang {
        self.visit.lang
    }

    async fn told(&self) -> Result<Told, Problem> {
        let (lang, record) = (self.lang(), &self.event.record);
        let covers = changed::covered(self.event);
        let mut named = record.relied_on.clone();
        named.extend(covers.iter().map(|covered| covered.position));
        let referred = changed::referred(&self.event.fact);
        named.extend(referred.iter().map(|(_, position)| *position));
        let happened = self.happened(&named).await?;
        let known = self.desk.instants(&[self.at]).await?;
        let happened = |at: &Position| happened.get(at).cloned().unwrap_or_default();
        let relied = record.relied_on.iter().map(|position| (String::new(), *position));
        let referred = referred.iter().map(|(key, at)| (lang.say(key).into_owned(), *at));
        let relied = referred.chain(relied);
        let people = People::named(self).await?;
        let mut rows = changed::rows(self, &people).await?;
        let more = rows.len().saturating_sub(ON_A_PAGE);
        rows.truncate(ON_A_PAGE);
        let ground = Ground::of(&self.event.fact);
        let (file, received) = self.file().await?;
        Ok(Told {
            by: people.by(self),
            recorded: lang.moment(self.event.time),
            reported: record.asserted.as_ref().map(|asserted| {
                let at = asserted.known_at.or_else(|| known.get(&self.at).copied());
                at.map_or_else(String::new, |at| lang.moment(at))
            }),
            why: ground.reason.as_ref().map(|reason| lang.reason(reason)).unwrap_or_default(),
            case: ground.case(lang),
            authority: ground.authority(lang, &self.event.fact),
            compares: rows.iter().any(|row| row.before.is_some()),
            rows,
            covers: covers
                .iter()
                .map(|covered| Covers {
                    event: self.visit.event(covered.position),
                    happened: happened(&covered.position),
                    digest: covered.digest.to_string(),
                })
                .collect(),
            relied_on: relied
                .map(|(how, position)| Relied {
                    how,
                    event: self.visit.event(position),
                    happened: happened(&position),
                })
                .collect(),
            more: u64::try_from(more).unwrap_or(u64::MAX),
            file,
            received,
        })
    }

    /// What happened at some positions.
    async fn happened(&self, at: &[Position]) -> Result<HashMap<Position, String>, Problem> {
        let stream = &self.visit.call.room()?.source.stream;
        let found: Vec<Option<Stored>> = stream::iter(at.iter().copied())
            .map(|position| stream.find(position))
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        let told = found.into_iter().flatten().filter_map(|stored| {
            let event = Event::decode(&stored.body).ok()?;
            Some((stored.position, self.lang().happened(short(event.fact.event_type()))))
        });
        Ok(told.collect())
    }

    /// The file that an act came with, and where that file was received.
    async fn file(&self) -> Result<(Vec<Trace>, Option<EventName>), Problem> {
        let Some(asserted) = &self.event.record.asserted else { return Ok((Vec::new(), None)) };
        let lang = self.lang();
        let trace = |key: &str, what: String| Trace { name: lang.say(key).into_owned(), what };
        let mut traces = vec![
            trace("file-import", asserted.import.to_string()),
            trace("file-digest", asserted.file_digest.to_string()),
        ];
        traces.extend(asserted.row.map(|row| trace("file-row", row.to_string())));
        let stream = &self.visit.call.room()?.source.stream;
        let received = stream.next_of(asserted.import.into(), Position::START).await?;
        Ok((traces, received.map(|received| self.visit.event(received.position))))
    }
}
