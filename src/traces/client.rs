//! How spans reach a collector over HTTP: one request after another, each with its time.
//!
//! **Invariant:** it waits on the thread of whoever exports, which is nobody else's, and never for longer than
//! was said.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;

/// More than any answer of a collector is.
const MOST_BYTES: u64 = 64 * 1024;

/// Asks a collector.
pub(super) struct Client(Agent);

impl Client {
    /// One that gives up after `time`.
    pub(super) fn new(time: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(time))
            .http_status_as_error(false)
            // Whatever sends us on is not the collector.
            .max_redirects(0)
            // Nor is a proxy that others of this machine are meant to use.
            .proxy(None)
            .user_agent(concat!("piperoll/", env!("CARGO_PKG_VERSION")));
        Self(config.build().new_agent())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").finish()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(parts, &*body))?;
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(MOST_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}
