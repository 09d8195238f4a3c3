//! A connection to NATS under one credential, and the plain request that everything here is made of.
//!
//! **Invariant:** a call that the permissions forbid fails at once and says so. To NATS itself such
//! a call looks like one that nobody answered; the reason comes on the connection's events only.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{
    Client, ConnectErrorKind, ConnectOptions, Event, HeaderMap, Message, Request, RequestErrorKind,
    Server, ServerAddr, ServerError, ServerInfo,
};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use super::pulse::{Pulse, another};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// JetStream is not available: there is no leader (`server/errors.json`).
const NOT_AVAILABLE: u64 = 10_008;
const LOST: &str = "piperoll_nats_disconnections_total";

/// Whose credential a connection uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Makes and removes streams; kept offline.
    Owner,
    /// Appends to ledgers and reads them back.
    Writer,
    /// Reads, through consumers of its own.
    Reader,
    /// Appends updates.
    Publisher,
    /// Reads updates.
    Subscriber,
}

impl Role {
    /// The word in user names and inbox prefixes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is malformed; whoever configured it mends it.
    #[error(
        "the NATS address for the `{role}` is malformed; `nats://user:password@host:port` is needed"
    )]
    Address {
        /// Whose address.
        role: &'static str,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },
    /// Nobody answers there; the operator starts NATS or mends the address.
    #[error(
        "NATS at `{at}` can't be reached as `{role}`; start it (`deploy/local start`) or mend the address"
    )]
    Unreachable {
        /// Host and port.
        at: String,
        /// As whom.
        role: &'static str,
        /// What the connection said.
        #[source]
        source: async_nats::ConnectError,
    },
    /// The credential is not accepted; the operator mends it.
    #[error(
        "NATS at `{at}` does not accept the `{role}` credential; `deploy/local env` prints the right one"
    )]
    Credential {
        /// Host and port.
        at: String,
        /// Whose credential.
        role: &'static str,
    },
}

/// Why a request has no useful answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    /// The permissions forbid it; the operator mends them or uses another credential.
    #[error("the `{role}` credential may not use `{subject}`; the operator mends the permissions")]
    Denied {
        /// Whose credential.
        role: &'static str,
        /// What was asked.
        subject: String,
    },
    /// Nothing came back. Whether it was carried out is not known; ask again.
    #[error("NATS gave no answer on `{subject}` ({kind}); try again")]
    NoAnswer {
        /// What was asked.
        subject: String,
        /// How it ended.
        kind: RequestErrorKind,
    },
    /// NATS said no.
    #[error("NATS refused `{subject}` with error {code}: {description}")]
    Refused {
        /// What was asked.
        subject: String,
        /// JetStream's error code.
        code: u64,
        /// JetStream's own words.
        description: String,
    },
    /// The answer is not what the protocol says.
    #[error("NATS's answer on `{subject}` can't be read; is it NATS 2.15 or later?")]
    Malformed {
        /// What was asked.
        subject: String,
        /// What is wrong with it. Shared, since one answer may be that of many requests.
        #[source]
        source: Arc<serde_json::Error>,
    },
}

impl AskError {
    pub(super) fn malformed(subject: &str, source: serde_json::Error) -> Self {
        Self::Malformed { subject: subject.to_owned(), source: Arc::new(source) }
    }

    /// JetStream's error code, when it gave one.
    #[must_use]
    pub const fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether it passes by itself: nobody answered, or those who would have just lost their leader.
    #[must_use]
    pub fn passes(&self) -> bool {
        // Incomplete answers, no peers to be found, JetStream not available (`server/errors.json`).
        matches!(self, Self::NoAnswer { .. })
            || matches!(self.code(), Some(10_004 | 10_005 | NOT_AVAILABLE))
    }

    /// Whether there was no leader who could have answered.
    #[must_use]
    pub fn is_leaderless(&self) -> bool {
        self.code() == Some(NOT_AVAILABLE)
    }

    /// Whether the ledger asked about has no stream.
    #[must_use]
    pub fn is_missing_stream(&self) -> bool {
        self.code() == Some(super::read::Stream::NOT_FOUND)
    }
}

/// One connection under one credential; clones share it.
#[derive(Debug, Clone)]
pub struct Connection {
    client: Client,
    role: Role,
    denials: watch::Receiver<String>,
    patience: Duration,
    /// None where there is no other server to go to.
    pulse: Option<Pulse>,
}

impl Connection {
    /// Connects to the servers that `urls` names (comma-separated; the credentials in
    /// one of them are used for all). Once there
    /// it reconnects for ever.
    ///
    /// # Errors
    /// Nobody there, or the credential is not accepted.
    pub async fn open(role: Role, urls: &str) -> Result<Self, ConnectError> {
        let role_name = role.as_str();
        let servers: Vec<ServerAddr> = urls
            .split(',')
            .map(|url| url.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|source| ConnectError::Address { role: role_name, source })?;
        let at = servers.iter().map(place).collect::<Vec<_>>().join("`, `");
        let (denied, denials) = watch::channel(String::new());
        // async-nats reads the credentials of an address but does not use them.
        let options = match servers
            .iter()
            .find_map(|server| Some((server.username()?.to_owned(), server.password()?.to_owned())))
        {
            Some((user, password)) => ConnectOptions::with_user_and_password(user, password),
            None => ConnectOptions::new(),
        };
        let pulse = (servers.len() > 1).then(Pulse::new);
        let felt = pulse.clone();
        let client = options
            .reconnect_to_server_callback(move |pool: Vec<Server>, left: ServerInfo| {
                std::future::ready(another(&pool, &left))
            })
            .name(format!("piperoll {role_name}"))
            .custom_inbox_prefix(format!("_INBOX_{role_name}"))
            .connection_timeout(PATIENCE)
            .ping_interval(Duration::from_secs(10))
            .subscription_capacity(128 * 1024)
            .max_reconnects(None)
            .event_callback(move |event| {
                if let Some(pulse) = &felt {
                    pulse.hear(&event);
                }
                listen(role_name, &event, &denied);
                std::future::ready(())
            })
            .connect(servers)
            .await
            .map_err(|source| match source.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    ConnectError::Credential { at: at.clone(), role: role_name }
                }
                _ => ConnectError::Unreachable { at: at.clone(), role: role_name, source },
            })?;
        // Counted from the start, so that the first loss is seen as one.
        metrics::counter!(LOST, "role" => role_name).increment(0);
        Ok(Self { client, role, denials, patience: PATIENCE, pulse })
    }

    /// The same connection, waiting so long for each answer.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whose credential this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The server's version, as it introduced itself.
    #[must_use]
    pub fn server_version(&self) -> String {
        self.client.server_info().version
    }

    /// Whether the server belongs to a cluster, as it introduced itself.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.client.server_info().cluster.is_some_and(|name| !name.is_empty())
    }

    /// How many messages were sent over it so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.client.statistics().out_messages.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Asks the JetStream API: JSON out, JSON in.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &self,
        subject: String,
        question: &(impl Serialize + Sync),
    ) -> Result<A, AskError> {
        let payload =
            serde_json::to_vec(question).map_err(|source| AskError::malformed(&subject, source))?;
        let answer = self.request(&subject, Request::new().payload(payload.into())).await?;
        self.heard(read_answer(&subject, &answer.payload)).await
    }

    /// Calls the JetStream API where it takes no words beside the subject, not even `{}`.
    pub(crate) async fn call(&self, subject: String) -> Result<(), AskError> {
        let answer = self.request(&subject, Request::new()).await?;
        self.heard(read_answer::<Value>(&subject, &answer.payload).map(|_| ())).await
    }

    /// Publishes into a stream and waits for what JetStream says.
    pub(crate) async fn store<A: DeserializeOwned>(
        &self,
        subject: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<A, AskError> {
        let request = Request::new().headers(headers).payload(body);
        let answer = self.request(subject, request).await?;
        self.heard(read_answer(subject, &answer.payload)).await
    }

    /// Takes note of an answer. Where it says that its server is of no use, and that server has been of
    /// none for some time, the connection goes to another.
    async fn heard<A>(&self, answer: Result<A, AskError>) -> Result<A, AskError> {
        let Some(pulse) = &self.pulse else { return answer };
        match &answer {
            Err(error) if error.passes() => {
                if pulse.stopped() {
                    tracing::warn!(role = self.role.as_str(), %error, "going to another NATS server");
                    // What is lost is the connection; it is lost already if this fails.
                    self.client.force_reconnect().await.ok();
                }
            }
            // A refusal proves nothing: one that is cut off says "in process" of what never ends.
            Err(_) => {}
            Ok(_) => pulse.beat(),
        }
        answer
    }

    /// One request, ended early when the server says that it was denied.
    pub(super) async fn request(
        &self,
        subject: &str,
        request: Request,
    ) -> Result<Message, AskError> {
        let request = request.timeout(Some(self.patience));
        let mut denials = self.denials.clone();
        denials.mark_unchanged();
        // Quoted by the server exactly so; there is no code for it in the protocol.
        let quoted = format!("\"{subject}\"");
        let denied = async {
            // The sender lives as long as the client, so an error here means the client is gone
            // and the request ends by itself.
            if denials.wait_for(|text| text.contains(&quoted)).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            answer = self.client.send_request(subject.to_owned(), request) => match answer {
                Ok(answer) => Ok(answer),
                Err(error) => {
                    let subject = subject.to_owned();
                    self.heard(Err(AskError::NoAnswer { subject, kind: error.kind() })).await
                }
            },
            () = denied => Err(AskError::Denied {
                role: self.role.as_str(),
                subject: subject.to_owned(),
            }),
        }
    }
}

fn read_answer<A: DeserializeOwned>(subject: &str, payload: &[u8]) -> Result<A, AskError> {
    let malformed = |source| AskError::malformed(subject, source);
    let mut answer: Value = serde_json::from_slice(payload).map_err(malformed)?;
    if let Some(error) = answer.get_mut("error").map(Value::take) {
        let code = error.get("err_code").and_then(Value::as_u64).unwrap_or_default();
        let description = error.get("description").and_then(Value::as_str).unwrap_or_default();
        return Err(refused(subject, code, description));
    }
    // One that is cut off from its cluster tells of a stream what it knows itself. It names no leader.
    let cluster = answer.get("cluster").filter(|_| subject.contains(".STREAM.INFO."));
    if cluster.is_some_and(|it| it.is_object() && it.get("leader").is_none()) {
        return Err(refused(subject, NOT_AVAILABLE, "the stream has no leader"));
    }
    serde_json::from_value(answer).map_err(malformed)
}

fn refused(subject: &str, code: u64, description: &str) -> AskError {
    AskError::Refused { subject: subject.to_owned(), code, description: description.to_owned() }
}

fn listen(role: &'static str, event: &Event, denied: &watch::Sender<String>) {
    match event {
        Event::ServerError(ServerError::Other(text)) if text.contains("ermissions") => {
            // The doctor asks for what must be denied.
            if !text.contains(super::permissions::NOBODYS) {
                tracing::error!(role, refusal = %text, "NATS denied a call; mend its permissions");
            }
            denied.send_replace(text.clone());
        }
        Event::ServerError(error) => tracing::error!(role, %error, "NATS reports an error"),
        Event::ClientError(error) => {
            tracing::warn!(role, %error, "the NATS connection has trouble");
        }
        Event::SlowConsumer(id) => tracing::warn!(role, id, "a reader of NATS is too slow"),
        Event::Connected => tracing::info!(role, "connected to NATS"),
        Event::Disconnected => {
            metrics::counter!(LOST, "role" => role).increment(1);
            tracing::warn!(role, "the connection to NATS is lost; reconnecting");
        }
        Event::LameDuckMode | Event::Draining | Event::Closed => {
            tracing::info!(role, %event, "the NATS connection changes");
        }
    }
}

fn place(server: &ServerAddr) -> String {
    format!("{}:{}", server.host(), server.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_a_cluster_without_a_leader_is_not_available() {
        let info = "$JS.API.STREAM.INFO.piperoll_a";
        let read = |subject, answer: &str| read_answer::<Value>(subject, answer.as_bytes());
        let leaderless = r#"{"cluster":{"name":"c"},"state":{"last_seq":4}}"#;
        assert_eq!(read(info, leaderless).unwrap_err().code(), Some(NOT_AVAILABLE));
        for (subject, answer) in [
            (info, r#"{"cluster":{"name":"c","leader":"a"}}"#),
            (info, r#"{"state":{}}"#),
            ("$JS.API.CONSUMER.INFO.a.b", leaderless),
        ] {
            assert!(read(subject, answer).is_ok(), "{subject} {answer}");
        }
    }

    #[test]
    fn a_leader_lost_passes_and_a_stream_that_is_not_there_does_not() {
        let refused = |code| {
            let (subject, description) = (String::new(), String::new());
            AskError::Refused { subject, code, description }
        };
        assert!(refused(10_008).passes());
        assert!(!refused(super::super::read::Stream::NOT_FOUND).passes());
        let kind = RequestErrorKind::TimedOut;
        assert!(AskError::NoAnswer { subject: String::new(), kind }.passes());
    }
}
