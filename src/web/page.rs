//! What a page is: a route in each language whose answer is a document that needs no script.
//!
//! **Invariant:** nothing on a page comes from elsewhere and nothing runs; the header says so to browsers.

use std::future::Future;
use std::sync::Arc;

use askama::Template;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::lang::Lang;
use super::wording::Wording;
use crate::api::problem::Problem;
use crate::api::query::Parameters;
use crate::api::reply::{Representation, represent};
use crate::api::route::{Allows, Answers, Call, Handling, Method, Operation, Route};
use crate::identity::policy::What;

/// One page, as the list of pages has it.
pub(super) struct Page {
    /// Its words.
    pub(super) wording: Wording,
    /// Its routes in a language.
    pub(super) routes: fn(Lang) -> Vec<Route>,
}

/// Somebody looks at a page.
pub(super) struct Visit {
    pub(super) call: Call,
    pub(super) lang: Lang,
}

/// What they get.
pub(super) enum Shown {
    /// A document.
    Document(String),
    /// Another address. Where a session begins or ends, its cookie.
    Elsewhere(String, Option<String>),
}

impl Visit {
    /// Whether the visitor's roles let them.
    ///
    /// # Errors
    /// Nobody has signed in.
    pub(super) fn may(&self, what: What) -> Result<bool, Problem> {
        Ok(what.allowed_by(&self.call.bearer()?.roles).is_some())
    }
}

impl Shown {
    /// A page of a template.
    ///
    /// # Errors
    /// It can't be written; this is our fault.
    pub(super) fn page(template: &impl Template) -> Result<Self, Problem> {
        template.render().map(Self::Document).map_err(|error| Problem::ours(&error))
    }
}

const HTML: &str = "text/html; charset=utf-8";
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// A route whose answer is a page.
pub(super) fn page<Q, F, Showing>(
    (lang, path, id): (Lang, &str, &str),
    (method, allows): (Method, Allows),
    handler: F,
) -> Route
where
    Q: DeserializeOwned + JsonSchema + Send,
    F: Fn(Visit, Q) -> Showing + Clone + Send + Sync + 'static,
    Showing: Future<Output = Result<Shown, Problem>> + Send + 'static,
{
    let parameters = Arc::new(Parameters::of::<Q>());
    let handle = move |call: Call| -> Handling {
        let (handler, parameters) = (handler.clone(), Arc::clone(&parameters));
        Box::pin(async move {
            let asked = match method {
                Method::Get => parameters.read::<Q>(&filled(call.query.as_bytes()))?,
                Method::Post(_) => parameters.read::<Q>(&filled(&call.body))?,
            };
            let headers = call.headers.clone();
            let shown = handler(Visit { call, lang }, asked).await?;
            respond(&headers, lang, shown)
        })
    };
    Route {
        operation: Operation {
            answers: Answers::People(super::refused),
            method,
            path: format!("{}{path}", lang.prefix()),
            id: id.to_owned(),
            summary: String::new(),
            allows,
            query: Q::json_schema,
            body: None,
            answer: None,
        },
        handle: Arc::new(handle),
    }
}

/// A form sends every field that it has; what was left empty is not asked for.
fn filled(query: &[u8]) -> String {
    let given = form_urlencoded::parse(query).filter(|(_, value)| !value.trim().is_empty());
    let mut filled = form_urlencoded::Serializer::new(String::new());
    filled.extend_pairs(given.map(|(name, value)| (name, value.trim().to_owned())));
    filled.finish()
}

fn respond(asked: &HeaderMap, lang: Lang, shown: Shown) -> Result<Response, Problem> {
    match shown {
        Shown::Document(text) => {
            let told = Representation {
                body: text.into_bytes(),
                media_type: HTML,
                language: lang.code(),
                varies: "authorization, cookie",
            };
            represent(asked, told).map(guarded)
        }
        Shown::Elsewhere(address, cookie) => {
            let mut response = StatusCode::SEE_OTHER.into_response();
            let headers = response.headers_mut();
            headers.insert(LOCATION, header(&address)?);
            if let Some(cookie) = cookie {
                headers.insert(SET_COOKIE, header(&cookie)?);
            }
            Ok(response)
        }
    }
}

fn header(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|error| Problem::ours(&error))
}

/// With what tells a browser that nothing runs here.
pub(super) fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that says what went wrong, with the headers that belong to that.
pub(super) fn wrong(lang: Lang, problem: Problem, text: String) -> Response {
    let (status, more) = problem.ended();
    let mut response = guarded((status, text).into_response());
    let headers = response.headers_mut();
    headers.extend(more);
    headers
        .insert(axum::http::header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(axum::http::header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(axum::http::header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    response
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn what_a_form_leaves_empty_is_not_asked_for() {
        assert_eq!(filled(b"known_at=&compare=+&position=7"), "position=7");
        assert_eq!(filled(b"known_at=2022-10-14&x=a%26b"), "known_at=2022-10-14&x=a%26b");
    }
}
