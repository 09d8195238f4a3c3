//! Reading a stream message by message, from its leader.
//!
//! **Invariant:** every read here asks the leader (`STREAM.MSG.GET`). `DIRECT.GET` may be answered
//! by a server that lags behind an append already acknowledged (measured: 17 of 80 on a cluster).

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use piperoll_events::envelope::parse_micros;
use piperoll_events::ids::{LedgerId, LedgerName};
use piperoll_events::{EntityRef, Position};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::connection::{AskError, Connection};
use super::replicas::{Cluster, Place, Replication};
use super::room::{Room, room};
use super::stream::{GENESIS, LEDGER_ID};

/// How long what is on its way in a cluster is waited for, in turn.
pub(super) const PAUSES_MS: [u64; 8] = [2, 5, 10, 20, 50, 100, 200, 400];

/// How long a leader that is being chosen is waited for, in turn.
const CHOOSING_MS: [u64; 7] = [50, 100, 200, 400, 800, 1_600, 3_200];

/// Which stream this is: a stream deleted and made again has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The ledger's id, from the stream's metadata.
    pub ledger_id: LedgerId,
    /// When NATS made the stream, to the microsecond (what Postgres can remember).
    pub created: DateTime<Utc>,
    /// When the ledger was founded, from the stream's metadata.
    pub genesis: DateTime<Utc>,
}

/// One ledger's stream, seen through one connection.
#[derive(Debug, Clone)]
pub struct Stream {
    connection: Connection,
    name: LedgerName,
}

/// What NATS says of a stream.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamReport {
    pub(crate) config: Map<String, Value>,
    pub(super) created: DateTime<Utc>,
    pub(crate) state: StreamState,
    /// NATS's clock when it answered.
    pub(super) ts: DateTime<Utc>,
    #[serde(default)]
    pub(super) cluster: Cluster,
}

/// What a stream holds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct StreamState {
    pub(super) messages: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place.
    pub position: Position,
    /// Its subject.
    pub subject: String,
    /// Its `Piperoll-Type`.
    pub event_type: Option<String>,
    /// Its `Piperoll-Mac`.
    pub mac: Option<String>,
    /// Its `Piperoll-Signature`.
    pub signature: Option<String>,
    /// All of its headers, as NATS stores them.
    pub headers: Bytes,
    /// Its body, byte for byte.
    pub body: Bytes,
}

#[derive(Deserialize)]
struct Got {
    message: GotMessage,
}

#[derive(Deserialize)]
struct GotMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl StreamReport {
    pub(crate) fn identity(&self) -> Option<Identity> {
        let metadata = self.config.get("metadata")?;
        Some(Identity {
            ledger_id: metadata.get(LEDGER_ID)?.as_str()?.parse().ok()?,
            created: self.created.trunc_subsecs(6),
            genesis: parse_micros(metadata.get(GENESIS)?.as_str()?)?,
        })
    }

    /// What the stream's metadata says under a key.
    pub(super) fn mark(&self, key: &str) -> Option<&str> {
        self.config.get("metadata")?.get(key)?.as_str()
    }
}

impl Stream {
    /// JetStream's code for a stream that does not exist.
    pub(super) const NOT_FOUND: u64 = 10059;
    /// JetStream's code for a stream that exists with another configuration.
    pub(crate) const NAME_IN_USE: u64 = 10058;
    /// JetStream's code for a message that does not exist.
    const NO_MESSAGE: u64 = 10037;

    /// The stream of the ledger called `name`.
    #[must_use]
    pub const fn new(connection: Connection, name: LedgerName) -> Self {
        Self { connection, name }
    }

    /// The ledger's name.
    #[must_use]
    pub const fn name(&self) -> &LedgerName {
        &self.name
    }

    /// The connection it is seen through.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn stream_name(&self) -> String {
        format!("piperoll_{}", self.name)
    }

    /// Which stream this is; `None` when it bears no ledger's mark.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub async fn identity(&self) -> Result<Option<Identity>, AskError> {
        Ok(self.info().await?.identity())
    }

    /// The last position; `START` when nothing is recorded yet.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub async fn head(&self) -> Result<Position, AskError> {
        Ok(Position(self.info().await?.state.last_seq))
    }

    /// What stands at a position.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub async fn find(&self, position: Position) -> Result<Option<Stored>, AskError> {
        if position == Position::START {
            return Ok(None);
        }
        self.message(json!({ "seq": position })).await
    }

    /// The last message on an entity's subject.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub async fn last_of(&self, entity: EntityRef) -> Result<Option<Stored>, AskError> {
        self.message(json!({ "last_by_subj": entity.subject(&self.name) })).await
    }

    /// The first message on an entity's subject after `after`.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub async fn next_of(
        &self,
        entity: EntityRef,
        after: Position,
    ) -> Result<Option<Stored>, AskError> {
        let subject = entity.subject(&self.name);
        self.message(json!({ "seq": after.next(), "next_by_subj": subject })).await
    }

    /// The last position, where `known` is one that somebody was told of: a leader that has just been
    /// chosen may not have taken in yet what was acknowledged before, so a head that lies before
    /// `known` is looked at again for as long as that may take.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub async fn head_from(&self, known: Position) -> Result<Position, AskError> {
        Ok(Position(self.info_from(known).await?.state.last_seq))
    }

    /// The same, with all that is said of the stream.
    pub(super) async fn info_from(&self, known: Position) -> Result<StreamReport, AskError> {
        let mut info = self.info().await?;
        if self.connection.is_clustered() {
            for pause in PAUSES_MS {
                if info.state.last_seq >= known.0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(pause)).await;
                info = self.info().await?;
            }
        }
        Ok(info)
    }

    /// Who holds it.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub(crate) async fn replication(&self) -> Result<Replication, AskError> {
        Ok(self.info().await?.replication())
    }

    /// Whether the disk of a server that holds it has room.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub(crate) async fn room(&self) -> Result<Room, AskError> {
        room(&self.connection, &self.stream_name()).await
    }

    /// Where its owner finds it.
    pub(crate) fn place(&self) -> Place {
        Place { api: API, stream: self.stream_name() }
    }

    pub(super) async fn info(&self) -> Result<StreamReport, AskError> {
        report(&self.connection, API, &self.stream_name()).await
    }

    async fn message(&self, which: Value) -> Result<Option<Stored>, AskError> {
        stored(&self.connection, &self.stream_name(), which).await
    }
}

/// Where an account's own JetStream is asked.
pub(crate) const API: &str = "$JS.API";

/// What NATS says of the stream of a name; `api` is where JetStream is asked. A server that has just come
/// back knows no leader until it hears from one, and the others may be choosing: that is waited for,
/// though not for long.
pub(crate) async fn report(
    connection: &Connection,
    api: &str,
    stream: &str,
) -> Result<StreamReport, AskError> {
    let mut pauses = CHOOSING_MS.into_iter().map(Duration::from_millis);
    loop {
        let info = connection.ask(format!("{api}.STREAM.INFO.{stream}"), &json!({})).await;
        let choosing = info.as_ref().is_err_and(AskError::is_leaderless);
        match pauses.next().filter(|_| choosing && connection.is_clustered()) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return info,
        }
    }
}

/// One message of the stream of a name, from its leader.
pub(crate) async fn stored(
    connection: &Connection,
    stream: &str,
    which: Value,
) -> Result<Option<Stored>, AskError> {
    let subject = format!("{API}.STREAM.MSG.GET.{stream}");
    match connection.ask::<Got>(subject.clone(), &which).await {
        Ok(got) => got.message.decode(&subject).map(Some),
        Err(error) if error.code() == Some(Stream::NO_MESSAGE) => Ok(None),
        Err(error) => Err(error),
    }
}

impl GotMessage {
    fn decode(self, subject: &str) -> Result<Stored, AskError> {
        let bytes = |text: &str| {
            BASE64_STANDARD
                .decode(text)
                .map_err(|error| AskError::malformed(subject, serde::de::Error::custom(error)))
        };
        let stored = bytes(&self.hdrs)?;
        let headers = String::from_utf8_lossy(&stored);
        Ok(Stored {
            position: Position(self.seq),
            subject: self.subject,
            event_type: header(&headers, "Piperoll-Type"),
            mac: header(&headers, "Piperoll-Mac"),
            signature: header(&headers, "Piperoll-Signature"),
            headers: stored.into(),
            body: bytes(&self.data)?.into(),
        })
    }
}

/// The first header of a name in a block as NATS stores it.
fn header(block: &str, name: &str) -> Option<String> {
    block
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn a_header_is_found_by_its_exact_name() {
        let block =
            "NATS/1.0\r\nPiperoll-Type: a.b\r\nPiperoll-Mac: k:x=\r\nPiperoll-Mac: second\r\n\r\n";
        assert_eq!(header(block, "Piperoll-Mac").as_deref(), Some("k:x="));
        assert_eq!(header(block, "Piperoll-Type").as_deref(), Some("a.b"));
        assert_eq!(header(block, "piperoll-type"), None);
    }
}
