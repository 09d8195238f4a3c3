//! Serving: the listener, the router made of the routes, and a stop that finishes what was begun.
//!
//! **Invariant:** every response of the API is an answer or a problem; what the transport refuses by
//! itself is a problem as well.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, MatchedPath, RawPathParams, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use metrics_exporter_prometheus::BuildError;
use piperoll_events::profile::MOST_BYTES;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tracing::Instrument;

use super::admit::{admit, identify, visitor};
use super::doors::Doors;
use super::numbers::{self, UnderWay};
use super::pace::Pace;
use super::problem::Problem;
use super::route::{Allows, Answers, Call, Method, Route};
use super::traced;
use crate::config::Config;
use crate::operate::numbers::Numbers;
use crate::operate::site::SiteError;
use crate::operate::standing::Board;
use crate::traces::Trace;
use crate::web;

/// How long a response may linger, beside the time of a request, once the service stops.
const LINGER: Duration = Duration::from_secs(5);

/// How much is served at a time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a request may take.
    pub time: Duration,
    /// How many may be under way.
    pub at_once: usize,
    /// How many acts may be under way.
    pub acts: usize,
    /// How many one person may make in a second, for long.
    pub per_second: NonZeroU32,
    /// How many may follow updates at a time.
    pub lines: usize,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A setting, or the issuer's key.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The address can't be listened on.
    #[error("`{address}` can't be listened on")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What is measured can't be; this is our fault.
    #[error("the bounds of what is measured are wrong")]
    Numbers(#[from] BuildError),
    /// Listening ended.
    #[error("listening ended")]
    Ended(#[source] std::io::Error),
}

struct Serving {
    doors: Arc<Doors>,
    limits: Limits,
    places: Semaphore,
    acts: Semaphore,
    pace: Pace,
    /// The methods of each path, for those who use another.
    methods: HashMap<String, String>,
}

/// Serves until `stop` ends, then finishes the requests under way. `listening` is told the address.
///
/// # Errors
/// The settings, or the address.
pub async fn serve(
    config: &Config,
    address: SocketAddr,
    limits: Limits,
    board: Arc<Board>,
    listening: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let numbers = Numbers::new()?;
    numbers::begin();
    let (stops, stopping) = watch::channel(false);
    let (doors, writers) =
        Doors::new(config, (numbers.clone(), board), limits.lines, stopping.clone())?;
    let listened = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listened)?;
    listening(listener.local_addr().map_err(listened)?);
    let router = router(doors, limits);
    let mut stopped = stopping.clone();
    let stop = async move {
        stop.await;
        stops.send_replace(true);
    };
    // Whoever doesn't read what is sent to them can't keep the service from stopping.
    let given_up = async move {
        stopped.wait_for(|stopped| *stopped).await.ok();
        tokio::time::sleep(limits.time.saturating_add(LINGER)).await;
    };
    let served = async { axum::serve(listener, router).with_graceful_shutdown(stop).await };
    tokio::select! {
        ended = served => ended.map_err(ServeError::Ended),
        () = writers.run() => Ok(()),
        () = numbers.keep_up() => Ok(()),
        () = given_up => Ok(()),
    }
}

fn router(doors: Arc<Doors>, limits: Limits) -> Router {
    let (places, pace) = (Semaphore::new(limits.at_once), Pace::new(limits.per_second));
    let acts = Semaphore::new(limits.acts);
    let (mut router, mut methods) = (Router::new(), HashMap::<String, String>::new());
    for route in super::routes().into_iter().chain(web::routes()) {
        let (filter, names) = match route.operation.method {
            Method::Get => (MethodFilter::GET, "GET, HEAD"),
            Method::Post(_) => (MethodFilter::POST, "POST"),
        };
        let path = route.operation.path.clone();
        let known = methods.entry(path.clone()).or_default();
        *known = if known.is_empty() { names.to_owned() } else { format!("{known}, {names}") };
        let handler = move |State(serving): State<Arc<Serving>>,
                            parts: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| {
            let route = route.clone();
            async move { enter(&serving, &route, parts, request).await }
        };
        router = router.route(&path, on(filter, handler));
    }
    let serving = Arc::new(Serving { doors, limits, places, acts, pace, methods });
    router
        .fallback(no_such_address)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(serving)
}

/// Nothing is found here. Whoever looks at pages is told so with one.
async fn no_such_address(State(serving): State<Arc<Serving>>, request: Request) -> Response {
    let problem = Problem::missing("no_such_address", "nothing is found here");
    refuse(&serving, problem, request).await
}

/// Tells whoever looks at pages with one, and programs as usual, where no route says whom it answers.
async fn refuse(serving: &Serving, problem: Problem, request: Request) -> Response {
    let (address, headers) = (request.uri().clone(), request.headers().clone());
    // As in `handle`: whatever it is, it is read before it is refused.
    read_body(request).await.ok();
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !address.path().starts_with("/api/") && accepts.contains("text/html") {
        let visitor = visitor(&serving.doors, &headers).ok();
        return web::refused(problem, visitor.as_ref(), &address);
    }
    problem.into_response()
}

async fn other_method(
    State(serving): State<Arc<Serving>>,
    path: Option<MatchedPath>,
    request: Request,
) -> Response {
    let methods = path.as_ref().and_then(|path| serving.methods.get(path.as_str()));
    let problem = Problem::method(methods.map(String::as_str).unwrap_or_default());
    refuse(&serving, problem, request).await
}

/// One request, from the first byte to the response.
async fn enter(
    serving: &Serving,
    route: &Route,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let (operation, begun) = (&route.operation, Instant::now());
    let address = request.uri().clone();
    // A page that says what went wrong is headed by who looks.
    let headers =
        matches!(operation.answers, Answers::People(_)).then(|| request.headers().clone());
    let (told, trace) = match traced::begin(operation, &request) {
        Ok(begun) => begun,
        Err(error) => return operation.refuse(Problem::ours(&error), None, &address),
    };
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        route = operation.path,
        trace_id = trace.id(),
    );
    let handled = async {
        // Whether it lives must be told however busy it is.
        let place = match operation.allows {
            Allows::Anybody => None,
            _ => Some(place(&serving.places)?),
        };
        let work = handle(serving, route, parts, request, trace);
        let response = tokio::time::timeout(serving.limits.time, work).await;
        drop(place);
        response.map_err(|_| {
            numbers::put_off("took_too_long");
            let detail = "it took too long; repeat it, an act with the same Idempotency-Key";
            Problem::later("took_too_long", detail)
        })?
    };
    let shown = async {
        let _under_way = UnderWay::request();
        let refuse = |problem| {
            let visitor = headers.and_then(|headers| visitor(&serving.doors, &headers).ok());
            operation.refuse(problem, visitor.as_ref(), &address)
        };
        let response = handled.await.unwrap_or_else(refuse);
        let status = response.status().as_u16();
        tracing::info!(status, "answered");
        let method = operation.method.as_str();
        numbers::answered(method, &operation.path, status, begun.elapsed());
        traced::answered(told, status);
        response
    };
    shown.instrument(span).await
}

async fn handle(
    serving: &Serving,
    route: &Route,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    trace: Trace,
) -> Result<Response, Problem> {
    let (address, headers) = (request.uri().clone(), request.headers().clone());
    let query = address.query().unwrap_or_default().to_owned();
    // Read before anything is refused: a connection with a body left in it is cut off, and its caller
    // would be told nothing.
    let body = match route.operation.method {
        Method::Get => Ok(Bytes::new()),
        Method::Post(_) => read_body(request).await,
    };
    let parts = parts.map_err(|_| Problem::missing("no_such_address", "the path is not UTF-8"))?;
    let path: HashMap<String, String> =
        parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let bearer = identify(&serving.doors, &route.operation, &headers)?;
    if let Some(bearer) = &bearer {
        serving.pace.take(bearer.sub.as_str())?;
    }
    let room = admit(&serving.doors, &route.operation, bearer.as_ref(), &path).await?;
    if let (Method::Post(_), Answers::Programs) = (route.operation.method, route.operation.answers)
    {
        is_json(&headers)?;
    }
    let body = body?;
    let doors = Arc::clone(&serving.doors);
    // Its body is read and its caller known: whoever is put off is told.
    let _act = match (route.operation.method, route.operation.answers) {
        (Method::Post(_), Answers::Programs) => Some(act(&serving.acts)?),
        _ => None,
    };
    let call = Call { doors, bearer, room, path, address, query, headers, body, trace };
    (route.handle)(call).await
}

/// A place among the requests under way.
fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
    places.try_acquire().map_err(|_| {
        numbers::put_off("busy");
        Problem::later("busy", "too much is asked at once; try again in a moment")
    })
}

/// A place among the acts under way.
fn act(acts: &Semaphore) -> Result<(SemaphorePermit<'_>, UnderWay), Problem> {
    let permit = acts.try_acquire().map_err(|_| {
        numbers::put_off("too_many_acts");
        let detail = "too many acts are under way; repeat it with the same Idempotency-Key";
        Problem::later("too_many_acts", detail)
    })?;
    Ok((permit, UnderWay::act()))
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "send `Content-Type: application/json`";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
}

async fn read_body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return piperoll_events::ProfileError::TooLong.into();
        }
        Problem::bad("body_cut_short", "the body ended before it was whole")
    })
}
