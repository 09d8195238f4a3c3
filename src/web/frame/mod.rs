//! What stands around every page: the body's name, the way to the other language, who looks, which
//! moment the page is about; and the page that says what went wrong.

mod moment;
mod typed;

use askama::Template;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use piperoll_events::ledger::created::Reality;

use super::assets;
use super::lang::{Lang, Written};
use super::page::{Visit, wrong};
use super::wording::{Wording, wording};
use crate::api::problem::Problem;
use crate::identity::tokens::Bearer;
pub(super) use moment::{Looking, Moment, Stood};
pub(super) use typed::{DateField, Typed};

/// The words that all pages share.
pub(super) const WORDING: Wording = wording!();

/// What stands around a page.
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// What the page is called, in the window's title.
    pub(super) title: String,
    /// Whose record it is.
    pub(super) body: Option<Body>,
    /// Where the style sheet is.
    pub(super) style: &'static str,
    /// The page itself, without what is asked of it.
    pub(super) here: String,
    /// The same page in the other language.
    pub(super) mirror: String,
    /// Who looks.
    pub(super) visitor: Option<String>,
}

/// Whose record a page is about.
pub(super) struct Body {
    /// What it is called.
    pub(super) title: Written,
    /// Whether it is invented.
    pub(super) illustrative: bool,
}

impl Frame {
    /// A message.
    pub(super) fn say(&self, key: &str) -> std::borrow::Cow<'static, str> {
        self.lang.say(key)
    }

    /// A message about so many of something.
    pub(super) fn count(&self, key: &str, count: u64) -> String {
        self.lang.count(key, count)
    }

    /// An address in the page's language.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.lang.prefix())
    }

    /// The front page.
    pub(super) fn front(&self) -> String {
        self.at("/")
    }

    /// Where a session ends.
    pub(super) fn sign_out(&self) -> String {
        self.at("/sign-out")
    }
}

impl Visit {
    /// The frame of a page called `title`.
    ///
    /// # Errors
    /// The ledger's first event can't be read.
    pub(super) async fn frame(&self, title: String) -> Result<Frame, Problem> {
        let body = match &self.call.room {
            Some(room) => {
                let founded = room.founded().await?;
                Some(Body {
                    title: self.lang.pick(&founded.title),
                    illustrative: founded.reality == Reality::Illustrative,
                })
            }
            None => None,
        };
        let visitor = self.call.bearer.as_ref().map(called);
        let (here, mirror) = around(self.lang, &self.call.address);
        let style = assets::address();
        Ok(Frame { lang: self.lang, title, body, style, here, mirror, visitor })
    }

    /// An address of the same ledger, in the same language.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}/{}{path}", self.lang.prefix(), self.call.part("ledger"))
    }
}

/// Somebody, with their post.
fn called(bearer: &Bearer) -> String {
    match &bearer.post {
        Some(post) => format!("{}, {post}", bearer.sub),
        None => bearer.sub.to_string(),
    }
}

/// A page without what is asked of it, and the same address in the other language.
fn around(lang: Lang, address: &Uri) -> (String, String) {
    let whole = address.path_and_query().map_or("/", |it| it.as_str());
    (address.path().to_owned(), lang.mirrored(whole))
}

/// A part of a path, so that whatever it holds it is one part.
pub(super) fn part(text: &str) -> String {
    let written: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    written.replace('+', "%20")
}

#[derive(Template)]
#[template(path = "frame/wrong.html")]
struct Wrong {
    frame: Frame,
    heading: String,
    detail: Written,
    /// What was asked for.
    asked: Option<String>,
    /// The same address without what was asked of it.
    plain: Option<String>,
}

/// A page that says what went wrong. Who isn't signed in is led to where that is done.
pub(super) fn refused(problem: Problem, visitor: Option<&Bearer>, address: &Uri) -> Response {
    let lang = Lang::of(address.path());
    if problem.status() == StatusCode::UNAUTHORIZED {
        let to = address.path_and_query().map_or("/", |it| it.as_str());
        let to = form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>();
        let location = [(axum::http::header::LOCATION, format!("{}/?to={to}", lang.prefix()))];
        return (StatusCode::SEE_OTHER, location).into_response();
    }
    let key = match problem.status() {
        StatusCode::FORBIDDEN => "wrong-not-allowed",
        StatusCode::NOT_FOUND => "wrong-not-found",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "wrong-not-yet",
        status if status.is_client_error() => "wrong-asked",
        _ => "wrong-ours",
    };
    let heading = lang.say(key).into_owned();
    let asked = address.query().is_some() && problem.status().is_client_error();
    let (here, mirror) = around(lang, address);
    let page = Wrong {
        frame: Frame {
            lang,
            title: heading.clone(),
            body: None,
            style: assets::address(),
            here,
            mirror,
            visitor: visitor.map(called),
        },
        heading,
        detail: detail(lang, &problem),
        asked: problem.asked().map(str::to_owned),
        plain: asked.then(|| address.path().to_owned()),
    };
    match page.render() {
        Ok(text) => wrong(lang, problem, text),
        Err(error) => Problem::ours(&error).into_response(),
    }
}

/// What happened and what to do, in the page's language.
fn detail(lang: Lang, problem: &Problem) -> Written {
    let roles = problem.roles();
    if !roles.is_empty() {
        let roles: Vec<_> = roles.iter().map(|role| lang.word("role", role)).collect();
        let told = lang.say_with("wrong-roles", &[("roles", &roles.join(", "))]);
        return Written::own(told);
    }
    match lang.find("problem", problem.code()) {
        Some(told) => Written::own(told.into_owned()),
        None => lang.english(problem.detail()),
    }
}
