//! The front page: who looks, which ledgers they may see; and the demo's way to sign in.
//!
//! **Invariant:** the demo's people can sign in to bodies that don't exist, and to no other.

use askama::Template;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::Deserialize;

use super::frame::Frame;
use super::lang::{Lang, Written};
use super::page::{Page, Shown, Visit, page};
use super::wording::wording;
use crate::api::admit::SESSION;
use crate::api::problem::Problem;
use crate::api::query::Nothing;
use crate::api::route::{Allows, Method, Precondition, Route};
use crate::clock;
use crate::identity::tokens::Bearer;
use crate::operate::demo::{BODIES, PEOPLE};
use piperoll_events::ids::LedgerName;
use piperoll_events::ledger::created::Reality;

pub(super) const PAGE: Page = Page { wording: wording!(), routes };

/// How long a session lasts.
const HOURS: i64 = 8;

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// Where to go once signed in.
    #[schemars(length(max = 2000))]
    to: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SigningIn {
    /// Who of the demo's people.
    #[schemars(length(max = 40))]
    person: Option<String>,
    /// Where to go.
    #[schemars(length(max = 2000))]
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "front/page.html")]
struct Front {
    frame: Frame,
    ledgers: Vec<Listed>,
    /// The demo's people; empty where none may sign in.
    people: Vec<Offered>,
    to: String,
}

/// A ledger that may be seen.
struct Listed {
    title: Written,
    address: String,
}

/// One of the demo's people.
struct Offered {
    name: &'static str,
    post: &'static str,
    what: String,
}

fn routes(lang: Lang) -> Vec<Route> {
    let read = (Method::Get, Allows::Anybody);
    let act = (Method::Post(Precondition::Optional), Allows::Anybody);
    let mut routes = Vec::new();
    if lang == Lang::Cy {
        routes.push(page((lang, "", "front-cy"), read, |_, _: Nothing| async {
            Ok(Shown::Elsewhere(format!("{}/", Lang::Cy.prefix()), None))
        }));
    }
    routes.extend([
        page((lang, "/", "front"), read, show),
        page((lang, "/sign-in", "sign-in"), act, sign_in),
        page((lang, "/sign-out", "sign-out"), act, sign_out),
    ]);
    routes
}

async fn show(visit: Visit, asked: Asked) -> Result<Shown, Problem> {
    let lang = visit.lang;
    let mut ledgers = Vec::new();
    for name in visit.call.bearer.iter().flat_map(|bearer| &bearer.ledgers) {
        let room = visit.call.doors.room(name).await?;
        let title = lang.pick(&room.founded().await?.title);
        ledgers.push(Listed { title, address: format!("{}/{name}/scorecard", lang.prefix()) });
    }
    let invited = visit.call.bearer.is_none() && !invented(&visit).await?.is_empty();
    let people = PEOPLE.iter().filter(|_| invited);
    let page = Front {
        frame: visit.frame(lang.say("front-title").into_owned()).await?,
        ledgers,
        people: people
            .map(|person| Offered {
                name: person.name,
                post: person.post,
                what: lang.say(person.what).into_owned(),
            })
            .collect(),
        to: asked.to.filter(|to| is_ours(to)).unwrap_or_default(),
    };
    Shown::page(&page)
}

/// The ledgers here that the demo made.
async fn invented(visit: &Visit) -> Result<Vec<LedgerName>, Problem> {
    let mut found = Vec::new();
    for name in BODIES.iter().filter_map(|name| name.parse::<LedgerName>().ok()) {
        // A body that isn't here is none of the demo's; whatever else is wrong is said by its pages.
        let Ok(room) = visit.call.doors.room(&name).await else { continue };
        if room.founded().await?.reality == Reality::Illustrative {
            found.push(name);
        }
    }
    Ok(found)
}

async fn sign_in(visit: Visit, asked: SigningIn) -> Result<Shown, Problem> {
    same_site(&visit)?;
    let ledgers = invented(&visit).await?;
    let person = PEOPLE.iter().find(|person| Some(person.name) == asked.person.as_deref());
    let Some(person) = person.filter(|_| !ledgers.is_empty()) else {
        let detail = "choose one of the people shown; where none is, ask who runs this for a token";
        return Err(Problem::bad("nobody_chosen", detail));
    };
    for name in &ledgers {
        visit.call.doors.room(name).await?.vault().await?.actor(person.name).await?;
    }
    let label = |text: &str| text.parse().map_err(|error| Problem::ours(&error));
    let bearer = Bearer {
        sub: label(person.name)?,
        post: Some(label(person.post)?),
        roles: person.roles.to_vec(),
        ledgers,
    };
    let lasts = TimeDelta::hours(HOURS);
    let token = visit.call.doors.issuer.issue(&bearer, clock::now(), lasts)?;
    let age = lasts.num_seconds();
    let cookie = format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}");
    let to = asked.to.filter(|to| is_ours(to));
    Ok(Shown::Elsewhere(to.unwrap_or_else(|| format!("{}/", visit.lang.prefix())), Some(cookie)))
}

async fn sign_out(visit: Visit, _: Nothing) -> Result<Shown, Problem> {
    same_site(&visit)?;
    let cookie = format!("{SESSION}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(Shown::Elsewhere(format!("{}/", visit.lang.prefix()), Some(cookie)))
}

/// Another site's form neither signs anybody in nor out. Browsers say where a form stands.
fn same_site(visit: &Visit) -> Result<(), Problem> {
    let from = visit.call.headers.get(HeaderName::from_static("sec-fetch-site"));
    let from = from.map(|value| value.to_str().unwrap_or_default());
    let header = |name: HeaderName| {
        visit.call.headers.get(name).map(|value| value.to_str().unwrap_or_default())
    };
    let told = matches!(from, None | Some("same-origin" | "none"));
    // Over plain HTTP browsers say nothing of the site, but name the origin.
    let ours = |origin: &str| origin.split("//").nth(1) == header(HOST);
    if told && header(ORIGIN).is_none_or(ours) {
        return Ok(());
    }
    Err(Problem::bad("another_site", "this form was sent from another site"))
}

/// Whether an address is one of this service's own pages. Two strokes, or a stroke that leans the other
/// way, would lead elsewhere.
fn is_ours(address: &str) -> bool {
    let rest = address.strip_prefix('/').unwrap_or("//");
    !rest.starts_with(['/', '\\']) && address.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_an_address_of_this_service_is_led_to() {
        for ours in ["/", "/northmoor/scorecard?known_at=2022-10-14", "/cy/northmoor/measures/NM02"]
        {
            assert!(is_ours(ours), "{ours}");
        }
        for other in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "x"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }
}
