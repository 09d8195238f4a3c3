//! The ledger's events as they are stored, each examined.
//!
//! **Invariant:** an event is shown in the bytes that were published, and beside it whether they are
//! part of the record and whether the signature over them verifies.

use base64::prelude::{BASE64_STANDARD, Engine};
use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::Position;
use piperoll_events::text::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::doors::Room;
use super::pages::{self, Cursor, Page};
use super::problem::Problem;
use super::query::Nothing;
use super::route::{Call, Route};
use crate::identity::policy::What;
use crate::ledger::{Signature, Stored};

/// How many messages are read at a time.
const READS_AT_ONCE: usize = 32;

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
struct EventsAsked {
    /// Those after this position. Not beside `cursor`.
    after: Option<Position>,
    #[serde(flatten)]
    page: pages::Asked,
}

/// What stands at a position.
#[derive(Debug, Serialize, JsonSchema)]
struct Told {
    /// Where.
    position: Position,
    /// On which subject.
    subject: String,
    /// SHA-256 of the body as it was published: what a signature covers.
    digest: Digest,
    /// What its signature is worth.
    signature: Signature,
    /// Why it is no part of the record; absent where it is.
    reject: Option<Reject>,
    /// The body as it was published; absent where that is not JSON.
    #[schemars(with = "Option<Value>")]
    event: Option<Box<RawValue>>,
    /// The body in base64, where it is not JSON.
    body_base64: Option<String>,
}

/// Why something is no part of the record.
#[derive(Debug, Serialize, JsonSchema)]
struct Reject {
    /// The kind.
    reason: &'static str,
    /// What was found.
    detail: String,
}

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let list = "The events in order, the newest last, page by page. The cursor pins the end.";
    let show = "One event, byte for byte, and whether its signature verifies.";
    vec![
        Route::ask(("/events", "list_events", list), What::ReadEvents, list_events),
        Route::ask(
            ("/events/{position}", "show_event", show),
            What::ReadEvents,
            |call, _: Nothing| async move {
                let stored = find(&call).await?;
                told(call.room()?, stored).await
            },
        ),
    ]
}

/// What stands at the position that an address names.
///
/// # Errors
/// No position, or one at which nothing stands; NATS.
pub(crate) async fn find(call: &Call) -> Result<Stored, Problem> {
    let position = call.part("position").parse().map(Position).map_err(|_| {
        let asked = call.part("position");
        Problem::bad("malformed_position", "a position is a whole number").about(asked)
    })?;
    let room = call.room()?;
    let head = room.source.stream.head_from(position).await?;
    let stored = match position {
        Position::START => None,
        position if position > head => None,
        position => room.source.stream.find(position).await?,
    };
    let detail = format!("nothing stands at {position}; the last position is {head}");
    stored.ok_or_else(|| Problem::missing("no_such_position", detail).about(position.to_string()))
}

async fn list_events(call: Call, asked: EventsAsked) -> Result<Page<Told>, Problem> {
    let (room, issuer) = (call.room()?, &call.doors.issuer);
    let list = format!("events of {}", call.part("ledger"));
    let (limit, cursor) = (asked.page.limit()?, asked.page.cursor(issuer, &list)?);
    if cursor.is_some() && asked.after.is_some() {
        return Err(Problem::bad(
            "two_moments",
            "a cursor goes on where it was; leave out `after`",
        ));
    }
    let (pinned, after) = match cursor {
        Some(cursor) => (cursor.pinned, cursor.shown),
        None => (room.source.stream.head().await?, asked.after.map_or(0, |position| position.0)),
    };
    let last = after.saturating_add(limit.into()).min(pinned.0);
    let found: Vec<Option<Stored>> = stream::iter(after.saturating_add(1)..=last)
        .map(|position| room.source.stream.find(Position(position)))
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await?;
    let mut items = Vec::with_capacity(found.len());
    for stored in found.into_iter().flatten() {
        items.push(told(room, stored).await?);
    }
    let next = (last < pinned.0).then(|| Cursor { pinned, shown: last }.write(issuer, &list));
    Ok(Page { position: pinned, items, next })
}

async fn told(room: &Room, stored: Stored) -> Result<Told, Problem> {
    let examined = room.examiner.examine(&stored).await?;
    let text = std::str::from_utf8(&stored.body).ok();
    let event = text.and_then(|text| serde_json::from_str::<Box<RawValue>>(text).ok());
    let body_base64 = event.is_none().then(|| BASE64_STANDARD.encode(&stored.body));
    Ok(Told {
        position: stored.position,
        digest: stored.digest(),
        subject: stored.subject,
        signature: examined.signature,
        reject: examined.reject.map(|(reason, detail)| Reject { reason: reason.as_str(), detail }),
        event,
        body_base64,
    })
}
