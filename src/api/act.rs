//! One act, from a request to a command carried out: the same for all of them.
//!
//! **Invariant:** a repeated request leaves one fact. The command id follows from ledger, person and
//! `Idempotency-Key`, so whoever had no answer asks again under the same one, whatever died meanwhile.
//! A key belongs to the first entity that it was used for, which the vault remembers.

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, IF_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use piperoll_events::ids::{CommandId, EventId};
use piperoll_events::profile;
use piperoll_events::sign_off::Covered;
use piperoll_events::text::{Digest, Prose, SealedText};
use piperoll_events::{Channel, Position};
use piperoll_projections::accountability::judged::Judged;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::doors::Room;
use super::measures::WHOLE;
use super::numbers;
use super::problem::{Problem, key_reused};
use super::query::Nothing;
use super::route::{
    Allows, Answers, Call, Handling, LEDGER, Method, Operation, Precondition, Route,
};
use crate::commands::{Command, Request, SealedWords};
use crate::identity::claims::Claimed;
use crate::identity::policy::{Act, What};
use crate::ledger::{Acting, Answer, AnswerKind, Relied};

const KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 200;
/// More versions than any figure's signature covers.
const MOST_COVERED: usize = 64;

/// What a command needs before it can be made of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Nothing.
    Plain,
    /// The words under this name are sealed first.
    Seals(&'static str),
    /// The digests under `covers` are compared with the ledger.
    Covers,
}

/// What became of an act.
#[derive(Debug, Serialize, JsonSchema)]
struct Acted {
    /// The event's place; if nothing changed, the place of the thing's last event.
    position: Position,
    /// The event; absent where nothing changed.
    event_id: Option<EventId>,
    /// How it came about.
    outcome: Outcome,
    /// The versions of other things that the decision used. They are not guarded.
    relied_on: Vec<Position>,
    /// How they stood at the event's own position; absent where there was neither a table of decision
    /// rights nor a role among them.
    judged: Option<Judged>,
}

/// How an answer came about.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// This request recorded it.
    Recorded,
    /// It was so already.
    Unchanged,
    /// The same request had recorded it before.
    Repeated,
}

/// How one kind of act is carried out.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    what: What,
    precondition: Precondition,
    care: Care,
    make: Make,
}

/// How a command is made of its fields.
type Make = fn(&Map<String, Value>) -> Result<Box<dyn Request>, Problem>;

/// The route of a command.
pub(super) fn act<C: Command + DeserializeOwned + JsonSchema + 'static>(
    (path, summary): (&str, &str),
    may: Act,
    precondition: Precondition,
    care: Care,
) -> Route {
    let what = What::Act(may);
    let way = Way { name: C::NAME, what, precondition, care, make: make::<C> };
    let handle = move |call: Call| -> Handling { Box::pin(perform(call, way)) };
    Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Post(precondition),
            path: format!("{LEDGER}{path}"),
            id: C::NAME.replace('.', " "),
            summary: summary.to_owned(),
            allows: Allows::Role(what),
            query: <Nothing as JsonSchema>::json_schema,
            body: Some(C::json_schema),
            answer: Some(SchemaGenerator::subschema_for::<Acted>),
        },
        handle: Arc::new(handle),
    }
}

fn make<C: Command + DeserializeOwned + 'static>(
    fields: &Map<String, Value>,
) -> Result<Box<dyn Request>, Problem> {
    let command = C::deserialize(Value::Object(fields.clone()));
    Ok(Box::new(command.map_err(|error| wrong_body(&error))?))
}

async fn perform(call: Call, way: Way) -> Result<Response, Problem> {
    let room = Arc::clone(call.room()?);
    let answer = carry_out(&room, call, way).await;
    room.ended(answer.as_ref().err());
    answer
}

async fn carry_out(room: &Room, call: Call, way: Way) -> Result<Response, Problem> {
    let bearer = call.bearer()?;
    if !call.query.is_empty() {
        return Err(Problem::bad("unknown_parameter", "an act takes no parameters in its address"));
    }
    let key = key(&call.headers)?;
    let expected = expected(&call.headers, way.precondition)?;
    let mut fields = fields(&call)?;
    let words = match way.care {
        Care::Seals(name) => take_words(&mut fields, name)?.map(|words| (name, words)),
        _ => None,
    };
    let mut command = (way.make)(&fields)?;
    let vault = room.vault().await?;
    let actor = vault.find_actor(bearer.sub.as_str()).await?.ok_or_else(|| {
        let detail = "the token names somebody whom this ledger doesn't know";
        Problem::new(StatusCode::FORBIDDEN, "unknown_person", detail)
    })?;
    let ledger_id = room.source.identity.ledger_id.to_string();
    let command_id = CommandId::derived(&[&ledger_id, "http", &actor.to_string(), key]);
    exists(room, expected).await?;
    if way.care == Care::Covers {
        compare(room, &fields).await?;
    }
    if vault.claim(command_id, command.entity()).await? == Claimed::Another {
        return Err(key_reused());
    }
    if let Some((name, words)) = words {
        let sealed = vault.seal(&[words]).await?.pop();
        fields.insert(name.to_owned(), sealed.as_ref().map_or(Value::Null, as_json));
        command = (way.make)(&fields)?;
    }
    let mut acting = Acting::new(actor, Channel::Api, command_id);
    acting.post.clone_from(&bearer.post);
    acting.role = way.what.allowed_by(&bearer.roles).and_then(|role| role.as_str().parse().ok());
    acting.expected = expected;
    acting.trace = Some(call.trace);
    let writer = room.writer().await?;
    let answer = writer.execute(command, acting).await;
    numbers::acted(way.name, answer.as_ref().map(|answer| answer.kind));
    let answer = answer?;
    let relied = writer.ledger().relied(answer, command_id).await?;
    accepted(call.part("ledger"), answer, relied)
}

/// The caller's name for this request.
fn key(headers: &HeaderMap) -> Result<&str, Problem> {
    let needed = || {
        let detail =
            "give an `Idempotency-Key`: a name for this request, the same when it is repeated";
        Problem::bad("idempotency_key_needed", detail)
    };
    let mut given = headers.get_all(KEY).iter();
    let (Some(key), None) = (given.next(), given.next()) else { return Err(needed()) };
    let key = key.to_str().unwrap_or_default();
    let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > LONGEST_KEY || !plain {
        let detail = "an `Idempotency-Key` is 1 to 200 visible ASCII characters";
        return Err(Problem::bad("malformed_idempotency_key", detail));
    }
    Ok(key)
}

/// Where the caller read what it changes.
fn expected(headers: &HeaderMap, precondition: Precondition) -> Result<Option<Position>, Problem> {
    let mut given = headers.get_all(IF_MATCH).iter();
    match (given.next(), given.next(), precondition) {
        (None, _, Precondition::Optional) => Ok(None),
        (None, _, Precondition::Needed) => {
            let detail = "give `If-Match` with the position at which you read this, in quotes";
            let status = StatusCode::PRECONDITION_REQUIRED;
            Err(Problem::new(status, "precondition_needed", detail))
        }
        (Some(value), None, _) => {
            let text = value.to_str().unwrap_or_default();
            let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let digits = digits.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
            let position = digits.and_then(|digits| digits.parse().ok()).map(Position);
            position.map(Some).ok_or_else(malformed_precondition)
        }
        (Some(_), Some(_), _) => Err(malformed_precondition()),
    }
}

fn malformed_precondition() -> Problem {
    let detail = "write `If-Match` as one position in quotes: \"377\"";
    Problem::bad("malformed_precondition", detail)
}

/// Nobody has read what is not there yet.
async fn exists(room: &Room, expected: Option<Position>) -> Result<(), Problem> {
    let Some(expected) = expected else { return Ok(()) };
    let head = room.head_from(expected).await?;
    if expected <= head {
        return Ok(());
    }
    let detail = format!("`If-Match` names position {expected}, and the last is {head}");
    Err(Problem::bad("no_such_position", detail))
}

/// The body's fields with those that the path gives.
fn fields(call: &Call) -> Result<Map<String, Value>, Problem> {
    let text = profile::check(&call.body)?;
    let mut fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| wrong_body(&error))?;
    for (name, part) in call.path.iter().filter(|(name, _)| *name != "ledger") {
        let value = match name.as_str() {
            "period" if part == WHOLE => Value::Null,
            "period" => json!(part),
            _ if is_id(part) => json!(part),
            _ => {
                let detail = format!("`{name}` is 32 lower-case hexadecimal digits");
                return Err(Problem::bad("malformed_id", detail));
            }
        };
        if fields.insert(name.clone(), value).is_some() {
            let detail = format!("`{name}` stands in the path; leave it out of the body");
            return Err(Problem::bad("wrong_body", detail));
        }
    }
    Ok(fields)
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn wrong_body(error: &serde_json::Error) -> Problem {
    Problem::bad("wrong_body", error.to_string())
}

/// Takes plain words out of a body; in their place stands what is only good for being read.
fn take_words(fields: &mut Map<String, Value>, name: &str) -> Result<Option<Prose>, Problem> {
    let words = match fields.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text
            .parse::<Prose>()
            .map_err(|error| Problem::bad("wrong_body", format!("`{name}`: {error}")))?,
        Some(_) => return Err(Problem::bad("wrong_body", format!("`{name}` is a text"))),
    };
    let nothing = SealedText {
        key_id: piperoll_events::ids::TextKeyId::derived(&[name]),
        nonce: String::new(),
        ciphertext: String::new(),
        commitment: Digest::new([0; 32]),
    };
    let nothing = SealedWords { sealed: nothing, digest: Digest::new([0; 32]) };
    fields.insert(name.to_owned(), as_json(&nothing));
    Ok(Some(words))
}

/// As its own deserializer takes it; its serializer shows the digest alone.
fn as_json(words: &SealedWords) -> Value {
    json!({ "sealed": words.sealed, "digest": words.digest })
}

/// What a signature covers must be what the ledger holds there.
async fn compare(room: &Room, fields: &Map<String, Value>) -> Result<(), Problem> {
    let covers = fields.get("covers").cloned().unwrap_or_default();
    let covers: Vec<Covered> =
        serde_json::from_value(covers).map_err(|error| wrong_body(&error))?;
    if covers.len() > MOST_COVERED {
        let detail = format!("a signature covers {MOST_COVERED} versions at most");
        return Err(Problem::bad("wrong_body", detail));
    }
    let positions: Vec<Position> = covers.iter().map(|it| it.position).collect();
    let found = room.source.stream.covered(&positions).await?;
    match covers.iter().zip(&found).find(|(said, found)| said.digest != found.digest) {
        None => Ok(()),
        Some((said, _)) => {
            let at = said.position;
            let detail =
                format!("what stands at {at} has another digest than the one to be signed");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "other_digest", detail).with("position", json!(at)))
        }
    }
}

fn accepted(ledger: &str, answer: Answer, relied: Relied) -> Result<Response, Problem> {
    let outcome = match answer.kind {
        AnswerKind::Recorded => Outcome::Recorded,
        AnswerKind::Unchanged => Outcome::Unchanged,
        AnswerKind::Repeated => Outcome::Repeated,
    };
    let Answer { position, event_id, .. } = answer;
    let Relied { on: relied_on, judged } = relied;
    let acted = Acted { position, event_id, outcome, relied_on, judged };
    let body = serde_json::to_vec(&acted).map_err(|error| Problem::ours(&error))?;
    let mut response = (StatusCode::ACCEPTED, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let place = format!("/api/v1/ledgers/{ledger}/events/{}", answer.position);
    let place = HeaderValue::from_str(&place).map_err(|error| Problem::ours(&error))?;
    headers.insert(LOCATION, place);
    Ok(response)
}
