//! The stream of one ledger's updates: made, examined, and appended to under its fence.
//!
//! **Invariant:** an update is sent with the sequence that it must follow, and JetStream stores it there
//! or nowhere. What the fence refuses, or leaves in doubt, is looked at again before anything is sent.

use async_nats::HeaderMap;
use chrono::{DateTime, Utc};
use piperoll_events::envelope::micros;
use piperoll_events::ids::{LedgerId, LedgerName};
use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::update::{NotAnUpdate, Placing, Published};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::ledger::{
    API, AskError, Connection, GENESIS, Identity, LEDGER_ID, Place, Replicas, Replication, Stored,
    Stream, StreamReport, compare_with, named, report, stored,
};

/// Where the owner of streams asks the JetStream of the account that holds updates.
const OWNERS_API: &str = "$JS.OUTBOUND.API";
/// An update holds no more than its event and the names of what it is about.
const MOST_BYTES: u32 = 512 * 1024;

/// The stream of one ledger's updates, seen through one connection.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    connection: Connection,
    name: LedgerName,
}

/// How far the updates have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The sequence of the last update; nought before the first.
    pub(crate) sequence: u64,
    /// Where that one comes from, and its body.
    pub(crate) last: Option<(Placing, Vec<u8>)>,
}

/// Why updates can't be published or read.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nobody made it yet; the owner does.
    #[error(
        "`{0}` has no stream of updates yet; its owner makes it: piperoll publish --ledger {0} --make-stream"
    )]
    Missing(LedgerName),
    /// It holds the updates of another ledger of that name; the owner decides.
    #[error(
        "the updates of `{name}` are of ledger {found}, and the ledger is {wanted}: it was made anew. Tell its subscribers to begin again, then: piperoll publish --ledger {name} --make-stream --begin-again"
    )]
    OtherLedger {
        /// The ledger's name.
        name: LedgerName,
        /// Whose updates it holds.
        found: String,
        /// Which ledger it should be.
        wanted: LedgerId,
    },
    /// What stands at its end is no update; the operator looks.
    #[error(
        "what stands at sequence {sequence} is no update of this service; find out who wrote it"
    )]
    NotAnUpdate {
        /// Where.
        sequence: u64,
        /// What is wrong with it.
        #[source]
        source: NotAnUpdate,
    },
    /// NATS says no, or nothing.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Why there is no stream to publish on.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A stream of that name exists and is not as updates need it; the operator decides.
    #[error("the stream `{stream}` exists and is not as updates need it: {}", named(.differences))]
    Differs {
        /// The stream.
        stream: String,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// NATS said no or nothing.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Why an update was not stored.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// Another publisher was quicker, or it may be stored: look how far the updates have come.
    Look,
    /// NATS says no, or nothing.
    Ask(AskError),
}

#[derive(Deserialize)]
struct Ack {
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

impl Outbound {
    /// The updates of the ledger called `name`.
    pub(crate) const fn new(connection: Connection, name: LedgerName) -> Self {
        Self { connection, name }
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn stream_name(&self) -> String {
        stream_name(&self.name)
    }

    pub(super) async fn report(&self) -> Result<StreamReport, OutboundError> {
        report(&self.connection, API, &self.stream_name()).await.map_err(|error| {
            if error.is_missing_stream() {
                return OutboundError::Missing(self.name.clone());
            }
            error.into()
        })
    }

    /// The sequence of the last update, and when the stream was made.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub(crate) async fn head(&self) -> Result<(u64, Option<DateTime<Utc>>), OutboundError> {
        let report = self.report().await?;
        Ok((report.state.last_seq, report.identity().map(|identity| identity.created)))
    }

    /// What differs from how it must be configured.
    ///
    /// # Errors
    /// It does not exist, or NATS can't be asked.
    pub(crate) async fn differences(&self) -> Result<Vec<Difference>, OutboundError> {
        Ok(compare_with(&fixed(&self.name), None, &self.report().await?.config))
    }

    /// Who holds them.
    ///
    /// # Errors
    /// They do not exist, or NATS can't be asked.
    pub(crate) async fn replication(&self) -> Result<Replication, OutboundError> {
        Ok(self.report().await?.replication())
    }

    /// How far the updates of a ledger have come.
    ///
    /// # Errors
    /// No stream, another ledger's, or NATS can't be asked.
    pub(crate) async fn reached(&self, ledger: LedgerId) -> Result<Reached, OutboundError> {
        let report = self.report().await?;
        let found = report.identity().map(|identity| identity.ledger_id);
        if found != Some(ledger) {
            let found = found.map_or_else(|| "nobody's".to_owned(), |id| id.to_string());
            return Err(OutboundError::OtherLedger {
                name: self.name.clone(),
                found,
                wanted: ledger,
            });
        }
        let sequence = report.state.last_seq;
        let last = self.find(sequence).await?;
        let last = last.map(|stored| {
            let (_, placing) = Published::placed(&stored.body)
                .map_err(|source| OutboundError::NotAnUpdate { sequence, source })?;
            Ok::<_, OutboundError>((placing, stored.body.to_vec()))
        });
        Ok(Reached { sequence, last: last.transpose()? })
    }

    /// What stands at a sequence.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub(crate) async fn find(&self, sequence: u64) -> Result<Option<Stored>, AskError> {
        if sequence == 0 {
            return Ok(None);
        }
        stored(&self.connection, &self.stream_name(), json!({ "seq": sequence })).await
    }

    /// Appends an update after the sequence `after`.
    ///
    /// # Errors
    /// The fence refused it, or it is not known whether it is stored.
    pub(crate) async fn append(
        &self,
        after: u64,
        update: &Published,
        body: Vec<u8>,
    ) -> Result<(), Unsent> {
        let (_, id) = update.update.about();
        let kind = update.update.kind();
        let subject = format!("piperoll-out.{}.{kind}.{}", self.name, id.simple());
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Stream", self.stream_name());
        headers.insert("Nats-Expected-Last-Sequence", after.to_string());
        headers.insert("Nats-Msg-Id", update.id().to_string());
        headers.insert("Piperoll-Type", update.update.update_type());
        let sent = self.connection.store::<Ack>(&subject, headers, body.into()).await;
        match sent {
            // A cluster may say `duplicate` where one server refuses the sequence: another publisher
            // was quicker, or another update bears this id.
            Ok(ack) if ack.seq == after.saturating_add(1) && !ack.duplicate => Ok(()),
            Ok(_) => Err(Unsent::Look),
            Err(error) => Err(match error.code() {
                // Wrong last sequence (one server, a cluster); the same id on its way.
                Some(10071 | 10164 | 10158) => Unsent::Look,
                _ => Unsent::Ask(error),
            }),
        }
    }
}

/// Makes the stream of a ledger's updates; one that exists already is taken as it is if it conforms.
/// Needs the owner's credential.
///
/// # Errors
/// A stream of that name differs, or NATS says no.
pub async fn make(
    owner: &Connection,
    name: &LedgerName,
    ledger: Identity,
    replicas: Replicas,
) -> Result<(), MakeError> {
    let stream = stream_name(name);
    let mut wanted = fixed(name);
    wanted.insert("num_replicas".to_owned(), json!(replicas.count()));
    let metadata = json!({ LEDGER_ID: ledger.ledger_id, GENESIS: micros(ledger.genesis) });
    wanted.insert("metadata".to_owned(), metadata);
    let made = owner.ask::<Value>(format!("{OWNERS_API}.STREAM.CREATE.{stream}"), &wanted).await;
    // One that exists is looked at below, whoever made it.
    if let Err(error) = made
        && error.code() != Some(Stream::NAME_IN_USE)
    {
        return Err(error.into());
    }
    let found = report(owner, OWNERS_API, &stream).await?;
    let differences = compare_with(&fixed(name), Some(&ledger), &found.config);
    if differences.is_empty() { Ok(()) } else { Err(MakeError::Differs { stream, differences }) }
}

/// Removes the stream of updates and all that it holds. Needs the owner's credential.
///
/// # Errors
/// NATS says no. A stream that does not exist is no error.
pub async fn throw_away(owner: &Connection, name: &LedgerName) -> Result<(), AskError> {
    let removed = owner.call(format!("{OWNERS_API}.STREAM.DELETE.{}", stream_name(name))).await;
    match removed {
        Err(error) if !error.is_missing_stream() => Err(error),
        _ => Ok(()),
    }
}

/// Where the owner finds the updates of the ledger called `name`.
pub(crate) fn owners_place(name: &LedgerName) -> Place {
    Place { api: OWNERS_API, stream: stream_name(name) }
}

fn stream_name(name: &LedgerName) -> String {
    format!("piperoll_out_{name}")
}

/// The fields that must be exactly so; what is not named here must be absent, zero, false or empty.
fn fixed(name: &LedgerName) -> Map<String, Value> {
    let fields = json!({
        "name": stream_name(name),
        "subjects": [format!("piperoll-out.{name}.>")],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": 0,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msgs_per_subject": -1,
        "max_consumers": -1,
        "max_msg_size": MOST_BYTES,
        "deny_delete": true,
        "deny_purge": true,
        "allow_direct": true,
        "duplicate_window": 120_000_000_000_u64,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
