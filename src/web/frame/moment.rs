//! Which moment a page is about: read from its address, told on it, and kept in the addresses that it
//! leads to.

use piperoll_events::Position;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::event::AroundEvent;
use super::super::lang::Lang;
use super::super::page::Visit;
use super::typed::{DateField, Typed};
use crate::api::measures::ready;
use crate::api::problem::Problem;
use crate::api::query;
use crate::asking::answer::Desk;
use crate::asking::moment::{AsAt, Closed, When};

/// Which moment is asked about. Neither: as it stands.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(in crate::web) struct Moment {
    /// The end of a day in London, or an instant.
    #[schemars(length(max = 40))]
    known_at: Option<String>,
    /// A position.
    position: Option<Position>,
    /// A day as it was typed; it leads to `known_at`.
    #[schemars(length(max = 40))]
    day: Option<String>,
    /// Its month.
    #[schemars(length(max = 40))]
    month: Option<String>,
    /// Its year.
    #[schemars(length(max = 40))]
    year: Option<String>,
}

/// Where a page looks.
pub(in crate::web) struct Looking<'a> {
    /// Who is asked.
    pub(in crate::web) desk: &'a Desk,
    /// About when.
    pub(in crate::web) when: When,
}

/// The moment that a page is about, as it says it.
pub(in crate::web) struct Stood {
    /// What stands first on the page: what was known when.
    pub(in crate::web) sentence: String,
    /// Where exactly, and whether that may still change.
    pub(in crate::web) exactly: AroundEvent,
    /// Where another day is typed.
    pub(in crate::web) field: DateField,
    /// That a file of changes was halfway then.
    pub(in crate::web) applying: Option<String>,
    /// Whether a moment was asked for.
    pub(in crate::web) past: bool,
    /// The address of this page as it stands, for good.
    pub(in crate::web) cite: String,
}

impl Moment {
    /// The day in the three fields of the form.
    pub(in crate::web) fn typed(&self) -> Typed {
        Typed::of([&self.day, &self.month, &self.year])
    }

    /// What keeps the moment in another address: `?known_at=2022-10-14`, or nothing.
    pub(in crate::web) fn kept(&self) -> String {
        match (&self.known_at, self.position) {
            (Some(text), _) => {
                let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
                format!("?known_at={text}")
            }
            (None, Some(position)) => format!("?position={position}"),
            (None, None) => String::new(),
        }
    }

    /// The same with more asked for after it.
    pub(in crate::web) fn kept_and(&self, more: &str) -> String {
        let kept = self.kept();
        let sign = if kept.is_empty() { '?' } else { '&' };
        format!("{kept}{sign}{more}")
    }

    /// The moment as a page tells it.
    pub(in crate::web) fn stood(&self, visit: &Visit, as_at: AsAt, more: &str) -> Stood {
        let lang = visit.lang;
        let position = as_at.position.to_string();
        let closed = match as_at.closed {
            Closed::Closed => "moment-closed",
            Closed::Open => "moment-open",
        };
        let (path, closed) = (visit.call.address.path(), lang.say(closed));
        let past = self.known_at.is_some() || self.position.is_some();
        let day = as_at.instant.filter(|_| past);
        let day = day.map(|at| at.with_timezone(&chrono_tz::Europe::London).date_naive());
        Stood {
            sentence: self.sentence(lang, as_at),
            exactly: visit.say_event("moment-exactly", as_at.position, &[("closed", &closed)]),
            field: DateField::of(lang, "", self.typed(), day),
            applying: as_at.being_applied.map(|_| lang.say("moment-applying").into_owned()),
            past,
            cite: format!("{path}?position={position}{more}"),
        }
    }

    fn sentence(&self, lang: Lang, as_at: AsAt) -> String {
        let Some(instant) = as_at.instant else { return lang.say("moment-before").into_owned() };
        let day = self.known_at.as_ref().and_then(|text| text.parse().ok());
        match (day, self.known_at.is_some() || self.position.is_some()) {
            (Some(day), _) => lang.say_with("moment-day", &[("day", &lang.day(day))]),
            (None, true) => lang.say_with("moment-instant", &[("instant", &lang.moment(instant))]),
            (None, false) => lang.say_with("moment-now", &[("instant", &lang.moment(instant))]),
        }
    }
}

impl Visit {
    /// Where a page about a moment looks.
    ///
    /// # Errors
    /// Not a moment, or one that is not there yet; the read models.
    pub(in crate::web) async fn look(&self, moment: &Moment) -> Result<Looking<'_>, Problem> {
        let asked = query::Moment::of(moment.known_at.clone(), moment.position);
        let desk = ready(&self.call, &asked).await?;
        Ok(Looking { desk, when: asked.when()? })
    }

    /// The address that typed days lead to: the same page, each day under the name that cites it. None
    /// where nothing was typed, or no day.
    pub(in crate::web) fn led(&self, typed: &[(&str, &Typed)]) -> Option<String> {
        let days = typed.iter().filter_map(|(name, typed)| Some((*name, typed.day()?)));
        let days: Vec<(&str, String)> = days.map(|(name, day)| (name, day.to_string())).collect();
        if days.is_empty() || typed.iter().any(|(_, typed)| typed.is_wrong()) {
            return None;
        }
        let mut address = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(self.call.query.as_bytes()) {
            let part = |field: &str| name.ends_with(field);
            let replaced = days.iter().any(|(day, _)| *day == name) || name == "position";
            if !replaced && !value.is_empty() && !["day", "month", "year"].into_iter().any(part) {
                address.append_pair(&name, &value);
            }
        }
        address.extend_pairs(days);
        Some(format!("{}?{}", self.call.address.path(), address.finish()))
    }
}
