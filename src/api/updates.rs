//! Updates as server-sent events: what subscribers on NATS read, for whoever has HTTP only.
//!
//! **Invariant:** an event's id is the sequence of its update and its data are the bytes that are
//! stored, so one who goes on after the last id has what one has who never broke off. How many listen
//! is bounded, and how much waits for each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::doors::Room;
use super::problem::Problem;
use super::query::Parameters;
use super::route::{Allows, Answers, Call, Handling, LEDGER, Method, Operation, Route};
use crate::identity::policy::What;
use crate::publish::outbound::Outbound;
use crate::publish::reading::{Reading, Sent};

/// The operation, which the document describes by another type of answer.
pub(super) const ID: &str = "follow_updates";
/// How often a quiet line is told that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The header in which a browser says where it was when it broke off.
const LAST_EVENT_ID: &str = "last-event-id";

/// From where, and how far.
#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// Those after this sequence; `Last-Event-ID` goes before it. Neither: from the first.
    after: Option<u64>,
    /// How far: `head` ends with the updates that are there; absent, those to come follow for ever.
    until: Option<UntilAsked>,
}

/// How far updates are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum UntilAsked {
    /// To the last that is there.
    Head,
}

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let parameters = Arc::new(Parameters::of::<Asked>());
    let handle = move |call: Call| -> Handling {
        let parameters = Arc::clone(&parameters);
        Box::pin(async move {
            let asked = parameters.read::<Asked>(&call.query)?;
            follow(&call, asked).await
        })
    };
    vec![Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Get,
            path: format!("{LEDGER}/updates"),
            id: ID.to_owned(),
            summary:
                "What changed, update by update, as server-sent events: the id is the update's \
                      sequence, the data the CloudEvent as it is stored."
                    .to_owned(),
            allows: Allows::Role(What::ReadUpdates),
            query: <Asked as JsonSchema>::json_schema,
            body: None,
            answer: None,
        },
        handle: Arc::new(handle),
    }]
}

/// A line that is open, from one update to the next.
struct Line {
    reading: Reading,
    stopping: watch::Receiver<bool>,
    /// Where it ends, if it does.
    head: Option<u64>,
    after: u64,
    /// Given back when the line ends.
    _place: OwnedSemaphorePermit,
}

async fn follow(call: &Call, asked: Asked) -> Result<Response, Problem> {
    let room = call.room()?;
    let place = Arc::clone(&call.doors.lines).try_acquire_owned().map_err(|_| {
        super::numbers::put_off("too_many_lines");
        Problem::later("busy", "too many follow the updates; try again in a moment")
    })?;
    let outbound = outbound(room).await?;
    let (head, created) = outbound.head().await?;
    let after = last_event_id(&call.headers)?.or(asked.after).unwrap_or(0);
    if after > head {
        let detail = format!(
            "you have read up to {after} and the last update is {head}: they were published anew; \
             begin again with an empty copy"
        );
        return Err(Problem::new(StatusCode::CONFLICT, "beyond_the_last_update", detail));
    }
    let line = Line {
        reading: Reading::new(outbound.clone(), created, after),
        stopping: call.doors.stopping.clone(),
        head: asked.until.map(|UntilAsked::Head| head),
        after,
        _place: place,
    };
    let events = stream::unfold(line, |mut line| async {
        let event = line.next().await?;
        Some((Ok::<_, Infallible>(event), line))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // Proxies that gather what they pass on would hold updates back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Line {
    /// The next event; none where the line ends.
    async fn next(&mut self) -> Option<Event> {
        if self.head.is_some_and(|head| self.after >= head) {
            return None;
        }
        let sent = tokio::select! {
            biased;
            // An error means that nobody can say so any more.
            _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            sent = self.reading.next() => sent,
        };
        match sent {
            Ok(sent) => {
                self.after = sent.sequence;
                event(&sent)
            }
            Err(error) => {
                tracing::error!(%error, after = self.after, "a line of updates ends");
                None
            }
        }
    }
}

/// An update as a server-sent event; none where it is no text, which no update is.
fn event(sent: &Sent) -> Option<Event> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        r#type: &'a str,
    }
    let text = std::str::from_utf8(&sent.body).ok()?;
    let typed: Typed<'_> = serde_json::from_str(text).ok()?;
    Some(Event::default().id(sent.sequence.to_string()).event(typed.r#type).data(text))
}

/// The sequence that the caller heard last.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let mut given = headers.get_all(LAST_EVENT_ID).iter();
    let header = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header,
        (Some(_), Some(_)) => return Err(malformed()),
    };
    let text = header.to_str().map_err(|_| malformed())?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let sequence = text.parse().ok().filter(|_| digits);
    sequence.map(Some).ok_or_else(malformed)
}

fn malformed() -> Problem {
    let detail = "`Last-Event-ID` is the id of an event that was heard: a whole number, given once";
    Problem::bad("malformed_last_event_id", detail)
}

async fn outbound(room: &Room) -> Result<&Outbound, Problem> {
    let open = || room.site.outbound(crate::ledger::Role::Subscriber);
    Ok(room.outbound.get_or_try_init(open).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_last_is_a_whole_number_given_once() {
        let heard = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(LAST_EVENT_ID, HeaderValue::from_static(value));
            }
            last_event_id(&headers).ok()
        };
        assert_eq!(heard(&[]), Some(None));
        assert_eq!(heard(&["42"]), Some(Some(42)));
        for bad in ["", "-1", "+1", "1.0", " 1", "0x1", "18446744073709551616"] {
            assert_eq!(heard(&[bad]), None, "{bad:?}");
        }
        assert_eq!(heard(&["1", "1"]), None);
    }
}
