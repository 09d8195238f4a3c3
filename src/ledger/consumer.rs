//! One pull consumer of ours on a stream, and what arrives on it.
//!
//! The consumer is our own: async-nats's ordered one replays from the beginning after a restart of
//! an idle server, and waits for ever on a deleted stream (measured).
//!
//! **Invariant:** silence is noticed. The server says at an interval that it is still there, and
//! whoever does not hear it twice makes the consumer anew.

use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures::StreamExt;
use futures::stream::ReadyChunks;
use piperoll_events::Position;
use serde_json::{Value, json};

use super::connection::{AskError, Connection};
use crate::ids::{NoRandomness, random};

/// The most messages asked for at a time.
pub(super) const BATCH: usize = 5_000;
/// The most messages taken in at one waking.
const CHUNK: usize = 512;
/// The most bytes on their way to us at a time; events are 1 KiB, but may be 256.
const BATCH_BYTES: usize = 64 * 1024 * 1024;
/// How long one request for messages stands.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it is still there; twice missed, it is not.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long the server keeps a consumer that nobody asks.
const INACTIVE: Duration = Duration::from_mins(2);

/// How much is asked for at a time, and how long the server keeps a consumer that nobody asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pull {
    /// The most messages.
    pub(crate) batch: usize,
    /// The most bytes.
    pub(crate) bytes: usize,
    /// How long the server keeps it.
    pub(crate) inactive: Duration,
}

impl Pull {
    /// For whoever reads a ledger.
    pub(super) const LEDGER: Self = Self { batch: BATCH, bytes: BATCH_BYTES, inactive: INACTIVE };
}

/// A consumer, and where its messages arrive.
#[derive(Debug)]
pub(crate) struct Consumer {
    connection: Connection,
    /// The stream's name.
    on: String,
    pull: Pull,
    name: String,
    inbox: String,
    messages: ReadyChunks<Subscriber>,
    /// Messages asked for and not here yet.
    due: usize,
}

/// A message of the stream, at its place.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) position: Position,
    pub(crate) message: Message,
}

/// Why there is no consumer.
pub(crate) enum NoConsumer {
    /// NATS says no, or nothing.
    Ask(AskError),
    /// No random bits for its name.
    Randomness(NoRandomness),
    /// The connection could not listen.
    Deaf(String),
}

impl From<AskError> for NoConsumer {
    fn from(error: AskError) -> Self {
        Self::Ask(error)
    }
}

impl From<NoRandomness> for NoConsumer {
    fn from(error: NoRandomness) -> Self {
        Self::Randomness(error)
    }
}

impl Consumer {
    /// Makes one on the stream called `on`, that begins after `cursor`.
    pub(crate) async fn create(
        connection: &Connection,
        on: String,
        cursor: Position,
        pull: Pull,
    ) -> Result<Self, NoConsumer> {
        let name = format!("follow_{}", hex::encode(random::<8>()?));
        let config = json!({
            "name": name,
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": cursor.next(),
            "replay_policy": "instant",
            "mem_storage": true,
            "num_replicas": 1,
            "inactive_threshold": nanos(pull.inactive),
        });
        make(connection, &on, &name, &config).await?;
        let inbox = connection.client().new_inbox();
        let messages = connection.client().subscribe(inbox.clone()).await;
        let messages = messages.map_err(|error| NoConsumer::Deaf(error.to_string()))?;
        Ok(Self {
            connection: connection.clone(),
            on,
            pull,
            name,
            inbox,
            messages: messages.ready_chunks(CHUNK),
            due: 0,
        })
    }

    /// Asks for more, so that the server has the next messages in hand when it has sent the last
    /// of those asked for before.
    pub(crate) async fn top_up(&mut self) -> Result<(), String> {
        while self.due <= self.pull.batch {
            let question = json!({
                "batch": self.pull.batch,
                "max_bytes": self.pull.bytes,
                "expires": nanos(EXPIRES),
                "idle_heartbeat": nanos(HEARTBEAT),
            });
            let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.on, self.name);
            self.connection
                .client()
                .publish_with_reply(subject, self.inbox.clone(), question.to_string().into())
                .await
                .map_err(|error| error.to_string())?;
            self.due = self.due.saturating_add(self.pull.batch);
        }
        Ok(())
    }

    /// What is there, as soon as there is something. Cancelling it loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Vec<Message>, String> {
        match tokio::time::timeout(HEARTBEAT.saturating_mul(2), self.messages.next()).await {
            Ok(Some(messages)) => Ok(messages),
            Ok(None) => Err("the subscription ended".to_owned()),
            Err(_) => Err("no heartbeat".to_owned()),
        }
    }

    /// A message at its place; none where the server only says how it stands.
    pub(crate) fn take(&mut self, message: Message) -> Result<Option<Arrived>, String> {
        if let Some(status) = message.status {
            return match status.as_u16() {
                100 => Ok(None),
                // A request ended before it was full: by time, by bytes, or for want of messages.
                404 | 408 | 409 if header(&message, "Nats-Pending-Messages").is_some() => {
                    let pending = header(&message, "Nats-Pending-Messages");
                    let pending = pending.and_then(|n| n.parse().ok()).unwrap_or(self.pull.batch);
                    self.due = self.due.saturating_sub(pending);
                    Ok(None)
                }
                code => {
                    let said = message.description.as_deref().unwrap_or_default();
                    Err(format!("NATS says {code} {said}"))
                }
            };
        }
        let position = position(message.reply.as_deref().unwrap_or_default())
            .ok_or_else(|| "a message bears no position".to_owned())?;
        self.due = self.due.saturating_sub(1);
        Ok(Some(Arrived { position, message }))
    }

    /// Tells the server that it is no longer needed.
    pub(crate) async fn dismiss(self) {
        dismiss(&self.connection, &self.on, &self.name).await;
    }
}

/// Has a consumer called `name` made on the stream called `on`.
pub(super) async fn make(
    connection: &Connection,
    on: &str,
    name: &str,
    config: &Value,
) -> Result<(), AskError> {
    let question = json!({ "stream_name": on, "action": "create", "config": config });
    let made = connection.ask::<Value>(format!("$JS.API.CONSUMER.CREATE.{on}.{name}"), &question);
    made.await.map(drop)
}

/// Has a consumer go. A courtesy: it would be forgotten anyway.
pub(super) async fn dismiss(connection: &Connection, on: &str, name: &str) {
    let subject = format!("$JS.API.CONSUMER.DELETE.{on}.{name}");
    if let Err(error) = connection.call(subject).await {
        tracing::debug!(%error, "a consumer was left to expire");
    }
}

/// A header of a message.
pub(super) fn header<'a>(message: &'a Message, name: &'static str) -> Option<&'a str> {
    Some(message.headers.as_ref()?.get(name)?.as_str())
}

/// The stream's sequence in a reply subject: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream
/// sequence>.…`, or with a domain and an account hash after `ACK`.
fn position(reply: &str) -> Option<Position> {
    let mut tokens = reply.strip_prefix("$JS.ACK.")?.split('.');
    let at = match tokens.clone().count() {
        7 => 3,
        10.. => 5,
        _ => return None,
    };
    tokens.nth(at)?.parse().ok().map(Position)
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_from_both_forms_of_a_reply() {
        let plain = "$JS.ACK.piperoll_x.follow_1.1.42.7.1795333919636829604.2";
        assert_eq!(position(plain), Some(Position(42)));
        let long = "$JS.ACK.hub.ACCHASH.piperoll_x.follow_1.1.42.7.1795333919636829604.2.r4nd";
        assert_eq!(position(long), Some(Position(42)));
        assert_eq!(position("_INBOX.x"), None);
    }
}
