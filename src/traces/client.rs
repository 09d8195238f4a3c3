//! How spans reach a collector over HTTP: one request after another, each with its time.
//!
//! **Invariant:** it waits on the thread of whoever exports, which is nobody else's, and never for longer than
//! was said.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;

/// More than any answer of a collector is.
const MOST_BYTES: u64 = 64 * 1024;

/// Why a collector was not reached the last time; the exporter only says that it was not.
pub(super) type Why = Arc<Mutex<Option<String>>>;

/// Asks a collector.
pub(super) struct Client {
    agent: Agent,
    why: Why,
}

impl Client {
    /// One that gives up after `time`.
    pub(super) fn new(time: Duration, why: Why) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(time))
            .http_status_as_error(false)
            // Whatever sends us on is not the collector.
            .max_redirects(0)
            // Nor is a proxy that others of this machine are meant to use.
            .proxy(None)
            .user_agent(concat!("piperoll/", env!("CARGO_PKG_VERSION")));
        Self { agent: config.build().new_agent(), why }
    }

    fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let response = self.agent.run(Request::from_parts(parts, &*body))?;
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(MOST_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.ask(request).map_err(|error| {
            let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
            *why = Some(error.to_string());
            error.into()
        })
    }
}
