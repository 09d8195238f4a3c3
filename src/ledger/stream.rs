//! The stream that holds a ledger: how it must be configured, and who makes it.
//!
//! **Invariant:** nothing in the configuration may ever remove an event. `deny_delete` and
//! `deny_purge` are not enough (limits, interest and expiry erase as well), so every field counts.

use chrono::{DateTime, Utc};
use piperoll_events::envelope::micros;
use piperoll_events::ids::{LedgerId, LedgerName};
use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::profile;
use serde_json::{Map, Value, json};

use super::connection::{AskError, Connection};
use super::differences::compare;
use super::read::{Identity, Stream};
use super::replicas::Replicas;

/// The metadata key of the ledger's id.
pub(crate) const LEDGER_ID: &str = "piperoll.ledger_id";
/// The metadata key of the instant at which the stream was founded.
pub(crate) const GENESIS: &str = "piperoll.genesis";
/// The metadata key of a restore that has not ended: the digest of the file it is restored from.
pub(super) const RESTORING: &str = "piperoll.restoring";
/// The metadata key of a stream that was restored: when the stream that was exported had been made.
pub(super) const RESTORED: &str = "piperoll.restored_from";

/// JetStream counts headers towards `max_msg_size`, and ours come to some 700 bytes (measured: a
/// body of 262,143 bytes with one short header is refused at 262,144). So a body of 256 KiB, which
/// the profile allows, needs this room beside it.
const ROOM_FOR_HEADERS: usize = 4096;

/// What a stream is founded with.
#[derive(Debug, Clone, Copy)]
pub struct Founding {
    /// The id of the ledger; used if the stream does not exist yet.
    pub ledger_id: LedgerId,
    /// When; likewise.
    pub genesis: DateTime<Utc>,
    /// How many servers hold a copy.
    pub replicas: Replicas,
}

/// Why there is no stream to write to.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// A stream of that name exists and is not as a ledger needs it; the operator decides.
    #[error("the stream `{stream}` exists and is not as a ledger needs it: {}", named(.differences))]
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

/// Makes the stream of the ledger called `name`; one that exists already is taken as it is if it
/// conforms. Needs the owner's credential.
///
/// # Errors
/// A stream of that name differs, or NATS says no.
pub async fn bootstrap(
    owner: &Connection,
    name: &LedgerName,
    founding: Founding,
) -> Result<Identity, BootstrapError> {
    let stream = Stream::new(owner.clone(), name.clone());
    match stream.info().await {
        Err(error) if error.is_missing_stream() => {
            let subject = format!("$JS.API.STREAM.CREATE.{}", stream.stream_name());
            let made = owner.ask::<Value>(subject, &configuration(name, founding)).await;
            // Somebody else may have been quicker: then theirs is looked at below.
            if let Err(error) = made
                && error.code() != Some(Stream::NAME_IN_USE)
            {
                return Err(error.into());
            }
        }
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let info = stream.info().await?;
    let differences = compare(name, None, &info.config);
    match info.identity() {
        Some(identity) if differences.is_empty() => Ok(identity),
        _ => Err(BootstrapError::Differs { stream: stream.stream_name(), differences }),
    }
}

/// Removes the stream and all that it holds. Needs the owner's credential; only for a ledger that
/// is still moving in and begins again.
///
/// # Errors
/// NATS says no. A stream that does not exist is no error.
pub async fn throw_away(owner: &Connection, name: &LedgerName) -> Result<(), AskError> {
    let stream = Stream::new(owner.clone(), name.clone()).stream_name();
    let removed = owner.call(format!("$JS.API.STREAM.DELETE.{stream}")).await;
    match removed {
        Err(error) if !error.is_missing_stream() => Err(error),
        _ => Ok(()),
    }
}

/// The fields that must be exactly so, whatever the ledger; what is not named here must be absent,
/// zero, false or empty.
pub(super) fn fixed(name: &LedgerName) -> Map<String, Value> {
    let most = profile::MOST_BYTES.saturating_add(ROOM_FOR_HEADERS);
    let fields = json!({
        "name": format!("piperoll_{name}"),
        "subjects": [format!("piperoll.{name}.>")],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": 0,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msgs_per_subject": -1,
        "max_consumers": -1,
        "max_msg_size": most,
        "deny_delete": true,
        "deny_purge": true,
        "allow_direct": true,
        "allow_atomic": true,
        "duplicate_window": 120_000_000_000_u64,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(super) fn configuration(name: &LedgerName, founding: Founding) -> Map<String, Value> {
    let mut fields = fixed(name);
    fields.insert("num_replicas".to_owned(), json!(founding.replicas.count()));
    fields.insert(
        "metadata".to_owned(),
        json!({ LEDGER_ID: founding.ledger_id, GENESIS: micros(founding.genesis) }),
    );
    fields
}

/// Differences in one sentence.
pub(crate) fn named(differences: &[Difference]) -> String {
    let one =
        |d: &Difference| format!("`{}` should be `{}` and is `{}`", d.field, d.expected, d.found);
    differences.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_as_the_rules_of_the_ledger_say() {
        let name: LedgerName = "northmoor".parse().unwrap();
        let founding = Founding {
            ledger_id: LedgerId::derived(&["x"]),
            genesis: DateTime::UNIX_EPOCH,
            replicas: Replicas::Three,
        };
        let id = founding.ledger_id.to_string();
        assert_eq!(
            Value::Object(configuration(&name, founding)),
            json!({
                "name": "piperoll_northmoor", "subjects": ["piperoll.northmoor.>"],
                "retention": "limits", "storage": "file", "discard": "new", "num_replicas": 3,
                "max_age": 0, "max_msgs": -1, "max_bytes": -1, "max_msgs_per_subject": -1,
                "max_consumers": -1, "max_msg_size": 266_240, "deny_delete": true,
                "deny_purge": true, "allow_direct": true, "allow_atomic": true,
                "duplicate_window": 120_000_000_000_u64,
                "metadata": {
                    "piperoll.ledger_id": id,
                    "piperoll.genesis": "1970-01-01T00:00:00.000000Z",
                },
            })
        );
    }
}
