//! The HTTP API as its callers meet it: over a ledger of each test's own, through the program.

mod conventions;
mod document;
mod hostile;
pub(crate) mod judged;
mod killed;
mod limits;
pub(crate) mod outage;
pub(crate) mod story;
mod traced;
mod walk;
mod watched;

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request};

use crate::journeys::Body;
use crate::support::program::{Running, Servers, runtime};
use crate::support::raw;

/// Everything but what may not be: holds every role that acts or reads.
pub(crate) const MOST: &[&str] =
    &["framework_admin", "officer", "coordinator", "access_admin", "internal_auditor"];

/// A ledger that is served.
pub(crate) struct Served {
    pub(crate) servers: Servers,
    pub(crate) body: Body,
    pub(crate) base: String,
    agent: Agent,
    program: Option<Running>,
    projector: Option<Running>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// What goes out.
#[derive(Clone, Default)]
pub(crate) struct Out<'a> {
    pub(crate) token: Option<&'a str>,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Served {
    /// A body that has moved in, served and kept up.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, served with further arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::over(Servers::shared(), arguments)
    }

    /// The same on servers of the test's own.
    pub(crate) fn over(servers: Servers, arguments: &[&str]) -> Self {
        let body = Body::moved_in(&servers);
        let mut served = Self::bare(servers, body);
        served.serve(arguments);
        served.project();
        served
    }

    /// A ledger that was restored, served and kept up.
    pub(crate) fn restored(servers: Servers, ledger: &str) -> Self {
        let mut body = Body::new();
        ledger.clone_into(&mut body.ledger);
        let mut served = Self::bare(servers, body);
        served.serve(&[]);
        served.project();
        served
    }

    fn bare(servers: Servers, body: Body) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)));
        let agent = config.build().new_agent();
        Self { servers, body, base: String::new(), agent, program: None, projector: None }
    }

    /// Starts the server.
    pub(crate) fn serve(&mut self, arguments: &[&str]) {
        let first = ["serve", "--listen", "127.0.0.1:0"];
        let (program, heard) = self.servers.start_and_hear(&[&first[..], arguments].concat());
        heard.strip_prefix("listening on ").unwrap().clone_into(&mut self.base);
        self.program = Some(program);
    }

    /// Starts the projector.
    pub(crate) fn project(&mut self) {
        self.projector = Some(self.servers.start(&["project", "--ledger", &self.body.ledger]));
    }

    /// Ends the projector.
    pub(crate) fn stop_projecting(&mut self) {
        self.projector.take().unwrap().kill();
    }

    /// The projector, to be waited for.
    pub(crate) fn take_projector(&mut self) -> Running {
        self.projector.take().unwrap()
    }

    /// The server, to be ended.
    pub(crate) fn take_program(&mut self) -> Running {
        self.program.take().unwrap()
    }

    /// A token for somebody in this ledger.
    pub(crate) fn token(&self, name: &str, roles: &[&str]) -> String {
        let mut arguments = vec!["token", "--ledger", &self.body.ledger, "--name", name];
        arguments.extend(["--post", "Performance Manager"]);
        for role in roles {
            arguments.extend(["--role", role]);
        }
        self.servers.fine(&arguments).trim().to_owned()
    }

    /// An address of this ledger.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("/api/v1/ledgers/{}{path}", self.body.ledger)
    }

    /// One request.
    pub(crate) fn send(&self, method: &str, path: &str, out: &Out<'_>) -> Heard {
        let method: Method = method.parse().unwrap();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = out.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if out.body.is_some() && !out.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &out.headers {
            request = request.header(*name, *value);
        }
        let response = match &out.body {
            Some(body) => self.agent.run(request.body(body.as_slice()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap_or_else(|error| panic!("{path}: {error}"));
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        Heard { status: response.status().as_u16(), headers: response.headers().clone(), bytes }
    }

    /// A read with a token.
    pub(crate) fn get(&self, token: &str, path: &str) -> Heard {
        self.send("GET", path, &Out { token: Some(token), ..Out::default() })
    }

    /// An act with a token, a key and where it was read.
    pub(crate) fn post(
        &self,
        token: &str,
        path: &str,
        (key, read_at): (&str, Option<u64>),
        body: &Value,
    ) -> Heard {
        let read_at = read_at.map(|position| format!("\"{position}\""));
        let mut headers = vec![("idempotency-key", key)];
        headers.extend(read_at.as_deref().map(|position| ("if-match", position)));
        let body = Some(serde_json::to_vec(body).unwrap());
        self.send("POST", path, &Out { token: Some(token), headers, body })
    }

    /// How many events the ledger holds.
    pub(crate) fn length(&self) -> u64 {
        runtime().block_on(async {
            let client = raw::client(&self.servers, "owner").await;
            raw::length(&client, &self.body.ledger).await.unwrap()
        })
    }
}

impl Heard {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// It was accepted; what became of it.
    #[track_caller]
    pub(crate) fn accepted(&self) -> Value {
        assert_eq!(self.status, 202, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// It is an answer.
    #[track_caller]
    pub(crate) fn fine(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// It is a problem of this status and code, as the RFC has it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let said = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{said}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{said}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{said}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:piperoll:problem:{code}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        problem
    }
}
