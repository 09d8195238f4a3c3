//! An event that is not placed yet: made of a fact, signed, and ready to send.
//!
//! **Invariant:** a draft bears the revision and the guard of the history it was decided on. It fits
//! there or nowhere.

use async_nats::HeaderMap;
use chrono::{DateTime, Utc};
use piperoll_events::{DecodeError, Event, Fact, Position, ProfileError, Record};

use super::asked::{Answer, Asked, ExecuteError};
use super::authenticity::WriterKey;
use super::batch::Letter;
use super::loading::Loaded;
use super::read::{Identity, Stream};
use crate::ids::{event_id, nonce};

/// An event that is not placed yet.
pub(super) struct Draft {
    pub(super) event: Event,
    pub(super) guard: Position,
    pub(super) letter: Letter,
}

/// What a request comes to over what is held.
pub(super) enum Step {
    Answer(Answer),
    Draft(Box<Draft>),
}

impl Draft {
    /// The event that a fact becomes on top of what is held.
    pub(super) fn new(
        asked: &Asked<'_>,
        loaded: &Loaded,
        fact: Fact,
        time: DateTime<Utc>,
        identity: &Identity,
        stream: &Stream,
        key: &WriterKey,
    ) -> Result<Self, ExecuteError> {
        let (acting, held) = (asked.acting, &loaded.held);
        let event = Event {
            id: event_id(time)?,
            ledger: identity.ledger_id,
            entity: asked.entity,
            time,
            record: Record {
                revision: held.revision.next(),
                previous: held.last,
                actor: acting.actor,
                post: acting.post.clone(),
                on_behalf_of: acting.on_behalf_of,
                role: acting.role.clone(),
                channel: acting.channel,
                command_id: acting.command_id,
                request_digest: asked.digest,
                correlation: acting.correlation,
                causation: acting.causation,
                nonce: nonce()?,
                relied_on: loaded.beside.iter().filter_map(|(_, held)| held.last).collect(),
                asserted: acting.asserted.clone(),
            },
            fact,
        };
        let body = event.encode().map_err(|error| match error {
            DecodeError::Profile(ProfileError::TooLong) => ExecuteError::TooLarge,
            other => ExecuteError::Encode(other),
        })?;
        let subject = event.entity.subject(stream.name());
        let headers = headers(&event, held.guard, &stream.stream_name(), |headers| {
            headers.insert("Piperoll-Mac", key.mac(&subject, &body));
            headers.insert("Piperoll-Signature", key.sign(&subject, &body));
            if let Some(trace) = acting.trace {
                headers.insert("traceparent", trace.to_string());
            }
        });
        let letter = Letter { subject, headers, body: body.into(), trace: acting.trace };
        Ok(Self { event, guard: held.guard, letter })
    }

    pub(super) fn message_id(&self) -> String {
        message_id(&self.event)
    }
}

impl Step {
    pub(super) fn draft(&mut self) -> Option<&mut Draft> {
        match self {
            Self::Draft(draft) => Some(draft),
            Self::Answer(_) => None,
        }
    }

    pub(super) const fn answer(&self) -> Option<Answer> {
        match self {
            Self::Draft(_) => None,
            Self::Answer(answer) => Some(*answer),
        }
    }
}

fn message_id(event: &Event) -> String {
    format!("{}:{}", event.record.command_id, event.entity)
}

fn headers(
    event: &Event,
    guard: Position,
    stream: &str,
    sign: impl FnOnce(&mut HeaderMap),
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", message_id(event));
    headers.insert("Nats-Expected-Stream", stream);
    headers.insert("Nats-Expected-Last-Subject-Sequence", guard.0.to_string());
    headers.insert("Piperoll-Type", event.fact.event_type());
    sign(&mut headers);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_events::ids::{ActorId, CommandId, EventId, LedgerId};
    use piperoll_events::ledger::Opened;
    use piperoll_events::text::Digest;
    use piperoll_events::{Channel, Revision};

    #[test]
    fn the_headers_are_those_that_the_rules_of_the_ledger_name() {
        let ledger = LedgerId::derived(&["x"]);
        let event = Event {
            id: EventId::derived(&["e"]),
            ledger,
            entity: ledger.into(),
            time: DateTime::UNIX_EPOCH,
            record: Record {
                revision: Revision(3),
                previous: Some(Position(7)),
                actor: ActorId::derived(&["a"]),
                post: None,
                on_behalf_of: None,
                role: None,
                channel: Channel::Api,
                command_id: CommandId::derived(&["c"]),
                request_digest: Digest::new([0; 32]),
                correlation: None,
                causation: None,
                nonce: "0".repeat(32),
                relied_on: Vec::new(),
                asserted: None,
            },
            fact: Opened { asserted: 0 }.into(),
        };
        let headers = headers(&event, Position(9), "piperoll_x", |headers| {
            headers.insert("Piperoll-Mac", "k:m");
        });
        let mut found: Vec<_> = headers.iter().map(|(k, v)| format!("{k:?}={v:?}")).collect();
        found.sort();
        let value = |name: &str| headers.get(name).map(|v| v.as_str().to_owned());
        let command = CommandId::derived(&["c"]);
        assert_eq!(value("Nats-Msg-Id"), Some(format!("{command}:ledger/{ledger}")));
        assert_eq!(value("Nats-Expected-Stream").as_deref(), Some("piperoll_x"));
        // The guard is the last message on the subject, `previous` the last event.
        assert_eq!(value("Nats-Expected-Last-Subject-Sequence").as_deref(), Some("9"));
        assert_eq!(value("Piperoll-Type").as_deref(), Some("piperoll.ledger.opened.v1"));
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
