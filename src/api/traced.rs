//! The span of a request, from its caller's to the answer (OpenTelemetry's conventions for HTTP servers).
//!
//! **Invariant:** it names the route, not the path: a path may hold whatever somebody typed.

use axum::extract::Request;
use axum::http::HeaderMap;

use super::route::{Allows, Operation};
use crate::ids::NoRandomness;
use crate::traces::{Span, Trace};

/// Begins the span of a request, and says in which trace it stands.
///
/// # Errors
/// No random bits.
pub(super) fn begin(
    operation: &Operation,
    request: &Request,
) -> Result<(Span, Trace), NoRandomness> {
    let parent = parent(request.headers());
    // Probes and scrapes come all day; who wants to see one sends a trace with it.
    if parent.is_none() && operation.allows == Allows::Anybody {
        return Ok((Span::NONE, Trace::below(None)?));
    }
    let name = || format!("{} {}", operation.method.as_str(), operation.path);
    let (mut span, trace) = Span::of_request(name, parent)?;
    if span.is_some() {
        span.say("http.request.method", request.method().as_str().to_owned());
        span.say("http.route", operation.path.clone());
        span.say("url.scheme", "http");
    }
    Ok((span, trace))
}

/// It was answered. Only what is ours to mend is an error of a server.
pub(super) fn answered(mut span: Span, status: u16) {
    span.say("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.failed(status.to_string());
    }
}

/// The span that a request was made in; none where it is malformed or said twice.
fn parent(headers: &HeaderMap) -> Option<Trace> {
    let mut given = headers.get_all("traceparent").iter();
    let (Some(parent), None) = (given.next(), given.next()) else { return None };
    Trace::parse(parent.to_str().ok()?)
}
