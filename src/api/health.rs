//! Is it alive, is it ready, which release; and the document that describes all of this.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::connect;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::document;
use super::doors::{Doors, Room};
use super::problem::Problem;
use super::query::Nothing;
use super::route::{Allows, Answers, Call, Handling, Method, Operation, Route};
use crate::ledger::{Connection, Role};
use crate::operate::projecting;

/// A read model further behind than this can't be asked for what stands.
const MOST_BEHIND: u64 = 10_000;
/// How long what was seen of the servers is told again.
const FRESH: Duration = Duration::from_secs(1);

/// It answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Alive {
    /// Always.
    alive: &'static str,
}

/// Which release.
#[derive(Debug, Serialize, JsonSchema)]
struct Version {
    /// The release of this service.
    version: &'static str,
}

/// Every part is ready.
#[derive(Debug, Serialize, JsonSchema)]
struct Ready {
    /// Each part by name: `ready`, or what is wrong with it.
    parts: BTreeMap<String, Part>,
}

/// A part of the service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Part {
    /// Whether it can be used.
    state: State,
    /// Events that a read model is behind, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<u64>,
}

/// Whether a part can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PartState")]
enum State {
    /// It can.
    Ready,
    /// It can't.
    NotReady,
}

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let anybody = Allows::Anybody;
    let livez = ("/livez", "livez", "Whether the service is alive.");
    let readyz = ("/readyz", "readyz", "Whether NATS, Postgres and the read models can be used.");
    let version = ("/version", "version", "Which release answers.");
    vec![
        Route::read(livez, anybody, |_, _: Nothing| async { Ok(Alive { alive: "yes" }) }),
        Route::read(readyz, anybody, |call, _: Nothing| async move {
            told(call.doors.looked.look(|| look(&call.doors)).await)
        }),
        Route::read(version, anybody, |_, _: Nothing| async {
            Ok(Version { version: env!("CARGO_PKG_VERSION") })
        }),
        measured(),
        described(),
    ]
}

fn measured() -> Route {
    let handle = |call: Call| -> Handling {
        Box::pin(async move {
            let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            Ok((kind, call.doors.numbers.render()).into_response())
        })
    };
    Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Get,
            path: "/metrics".to_owned(),
            id: "metrics".to_owned(),
            summary: "What is measured and counted, as Prometheus reads it.".to_owned(),
            allows: Allows::Anybody,
            query: <Nothing as JsonSchema>::json_schema,
            body: None,
            answer: None,
        },
        handle: Arc::new(handle),
    }
}

fn described() -> Route {
    let handle = |_| -> Handling {
        Box::pin(async {
            let body = document::text().map_err(|error| Problem::ours(&error))?;
            Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
        })
    };
    Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Get,
            path: "/api/openapi.json".to_owned(),
            id: "openapi".to_owned(),
            summary: "This document.".to_owned(),
            allows: Allows::Anybody,
            query: <Nothing as JsonSchema>::json_schema,
            body: None,
            answer: Some(|_| schemars::json_schema!({"type": "object"})),
        },
        handle: Arc::new(handle),
    }
}

/// What was seen last. Anybody may ask, so however many do, the servers are looked at once a second.
#[derive(Default)]
pub(super) struct Looked(tokio::sync::Mutex<Option<(Instant, Parts)>>);

type Parts = BTreeMap<String, Part>;

impl Looked {
    async fn look<Seeing: Future<Output = Parts>>(&self, see: impl FnOnce() -> Seeing) -> Parts {
        let mut last = self.0.lock().await;
        if let Some((at, parts)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return parts.clone();
        }
        let parts = see().await;
        *last = Some((Instant::now(), parts.clone()));
        parts
    }
}

fn told(parts: Parts) -> Result<Ready, Problem> {
    let not_ready = |part: &Part| part.state == State::NotReady;
    if !parts.values().any(not_ready) {
        return Ok(Ready { parts });
    }
    let named: Vec<&str> =
        parts.iter().filter(|(_, part)| not_ready(part)).map(|(name, _)| &**name).collect();
    let problem = Problem::later("not_ready", format!("not ready: {}", named.join(", ")));
    Err(problem.with("parts", json!(parts)))
}

async fn look(doors: &Doors) -> Parts {
    let mut parts = BTreeMap::new();
    let config = &doors.config;
    let nats = match config.nats_reader_url() {
        Ok(url) => Connection::open(Role::Reader, url).await.is_ok(),
        Err(_) => false,
    };
    let postgres = match config.postgres_url() {
        Ok(url) => connect(url).await.is_ok(),
        Err(_) => false,
    };
    let state = |good: bool| if good { State::Ready } else { State::NotReady };
    parts.insert("nats".to_owned(), Part { state: state(nats), behind: None });
    parts.insert("postgres".to_owned(), Part { state: state(postgres), behind: None });
    for room in doors.opened() {
        let head = room.source.stream.head().await.ok();
        for model in READ_MODELS {
            let behind = behind(&room, *model, head).await;
            let state = state(behind.is_some_and(|behind| behind <= MOST_BEHIND));
            parts.insert(format!("{}/{}", room.site.name, model.name()), Part { state, behind });
        }
    }
    parts
}

async fn behind(
    room: &Room,
    model: &'static dyn piperoll_projections::Projection,
    head: Option<piperoll_events::Position>,
) -> Option<u64> {
    let cursor = projecting::cursor(&room.site, model).await.ok().flatten()?;
    Some(head?.0.saturating_sub(cursor.position.0))
}
