//! What stands at a position: an authentic event, or a reject and why.
//!
//! **Invariant:** every reader judges a message by the same rules in the same order, the writer that
//! folds one entity and the projector that reads all of them.

use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use piperoll_events::ids::{LedgerId, LedgerName};
use piperoll_events::{DecodeError, EntityKind, EntityRef, Event, Position};
use piperoll_projections::{Outcome, Placed, RejectReason};

use super::authenticity::Verifier;
use super::consumer::Arrived;
use super::read::Stored;

/// An authentic event that this release does not know. Readers stop; the operator updates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "position {position} holds an event of type `{event_type}`: update to Piperoll {release} or later"
)]
pub struct UnknownEvent {
    /// Its place.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// The release that it names.
    pub release: String,
}

/// A message, wherever it was read.
pub(super) struct Raw<'a> {
    pub(super) position: Position,
    pub(super) subject: &'a str,
    pub(super) event_type: Option<&'a str>,
    pub(super) mac: Option<&'a str>,
    pub(super) body: &'a Bytes,
}

impl<'a> From<&'a Stored> for Raw<'a> {
    fn from(stored: &'a Stored) -> Self {
        Self {
            position: stored.position,
            subject: &stored.subject,
            event_type: stored.event_type.as_deref(),
            mac: stored.mac.as_deref(),
            body: &stored.body,
        }
    }
}

impl<'a> From<&'a Arrived> for Raw<'a> {
    fn from(arrived: &'a Arrived) -> Self {
        let message = &arrived.message;
        let (mut event_type, mut mac) = (None, None);
        // One pass over all of them: looking a name up makes one first, and that costs more.
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            let value = values.first().map(HeaderValue::as_str);
            match name.as_ref() {
                "Piperoll-Type" => event_type = value,
                "Piperoll-Mac" => mac = value,
                _ => {}
            }
        }
        let (position, subject) = (arrived.position, message.subject.as_str());
        Self { position, subject, event_type, mac, body: &message.payload }
    }
}

/// Judges the messages of one ledger.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    ledger_id: LedgerId,
    /// `piperoll.<ledger>.`
    prefix: String,
    verifier: Verifier,
}

impl Judge {
    pub(super) fn new(name: &LedgerName, ledger_id: LedgerId, verifier: Verifier) -> Self {
        Self { ledger_id, prefix: format!("piperoll.{name}."), verifier }
    }

    pub(super) fn judge(&self, raw: &Raw<'_>) -> Result<Placed, UnknownEvent> {
        let entity = self.entity(raw.subject);
        let outcome = match self.outcome(raw, entity) {
            Ok(event) => Outcome::Event(event),
            Err(Verdict::Reject(reason, detail)) => Outcome::Reject(reason, detail),
            Err(Verdict::Unknown(unknown)) => return Err(unknown),
        };
        Ok(Placed { position: raw.position, entity, outcome })
    }

    fn outcome(&self, raw: &Raw<'_>, entity: Option<EntityRef>) -> Result<Event, Verdict> {
        let reject = |reason, detail: String| Err(Verdict::Reject(reason, detail));
        let Some(mac) = raw.mac else {
            return reject(RejectReason::Mac, "there is no `Piperoll-Mac`".to_owned());
        };
        if !self.verifier.authentic(mac, raw.subject, raw.body) {
            return reject(RejectReason::Mac, "no known writer's code is over it".to_owned());
        }
        let header = raw.event_type.unwrap_or_default();
        let other_type = |body: &str| format!("the header says `{header}`, the body `{body}`");
        let event = match Event::decode(raw.body) {
            Ok(event) => event,
            Err(DecodeError::Unknown { event_type, release }) => {
                // A copy whose header was changed is not what a writer of any release wrote.
                if header != event_type {
                    return reject(RejectReason::TypeHeader, other_type(&event_type));
                }
                let position = raw.position;
                return Err(Verdict::Unknown(UnknownEvent { position, event_type, release }));
            }
            Err(DecodeError::Profile(error)) => {
                return reject(RejectReason::Profile, error.to_string());
            }
            Err(DecodeError::Schema(error)) => return reject(RejectReason::Schema, error),
        };
        if header != event.fact.event_type() {
            return reject(RejectReason::TypeHeader, other_type(event.fact.event_type()));
        }
        if entity != Some(event.entity) {
            return reject(RejectReason::Subject, format!("the body is about `{}`", event.entity));
        }
        if event.ledger != self.ledger_id {
            return reject(RejectReason::Ledger, format!("it belongs to `{}`", event.ledger));
        }
        Ok(event)
    }

    fn entity(&self, subject: &str) -> Option<EntityRef> {
        let (kind, id) = subject.strip_prefix(&self.prefix)?.split_once('.')?;
        let plain = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = plain.then(|| uuid::Uuid::try_parse(id).ok()).flatten()?;
        Some(EntityRef::new(EntityKind::find(kind)?, id))
    }
}

enum Verdict {
    Reject(RejectReason, String),
    Unknown(UnknownEvent),
}
