//! What is asked of a ledger, by whom, and what can come of it.
//!
//! **Invariant:** an error says whether anything was recorded and who acts next. Only `Unconfirmed` and
//! `Stopping` leave it open, and they name the command id whose repetition settles it.

use std::collections::HashMap;

use piperoll_events::ids::{ActorId, CommandId, EventId, RoleId};
use piperoll_events::role::granted::{RoleName, RoleScope};
use piperoll_events::text::{Digest, Label};
use piperoll_events::{Asserted, Channel, DecodeError, EntityRef, Fact, Position};
use sha2::{Digest as _, Sha256};

use super::batch::{self, Stop};
use super::connection::AskError;
use super::guard::Closed;
use super::loading::Loaded;
use super::place::UnknownEvent;
use crate::commands::{Decision, Ground, Rejection, Request};
use crate::ids::NoRandomness;
use crate::traces::Trace;

/// The most entities of one batch: one message is left for a change set's own event.
const MOST_ENTITIES: usize = batch::MOST - 1;

/// Who acts, through which door, on what authority.
#[derive(Debug, Clone)]
pub struct Acting {
    /// Who.
    pub actor: ActorId,
    /// The post held in acting.
    pub post: Option<Label>,
    /// For whom.
    pub on_behalf_of: Option<ActorId>,
    /// In which role.
    pub role: Option<Label>,
    /// Through which door.
    pub channel: Channel,
    /// The request; repeated by a caller who had no answer.
    pub command_id: CommandId,
    /// The undertaking that several events belong to.
    pub correlation: Option<CommandId>,
    /// The event that led to this one.
    pub causation: Option<EventId>,
    /// The file that says so, where nobody witnessed it here.
    pub asserted: Option<Asserted>,
    /// Where the caller read the entity; what came after it refuses the request. No part of what is
    /// asked, so a repetition may name another.
    pub expected: Option<Position>,
    /// Which trace it belongs to. It goes beside the event, unsigned.
    pub trace: Option<Trace>,
}

impl Acting {
    /// An act under a command id, and nothing else said of it.
    #[must_use]
    pub const fn new(actor: ActorId, channel: Channel, command_id: CommandId) -> Self {
        Self {
            actor,
            post: None,
            on_behalf_of: None,
            role: None,
            channel,
            command_id,
            correlation: None,
            causation: None,
            asserted: None,
            expected: None,
            trace: None,
        }
    }

    /// The role acted in, for the whole ledger: the event names its version where the ledger knows of
    /// one, and is judged by it. Whether it counts for a part alone is nothing that is asked yet.
    pub(super) fn role_relied_on(&self) -> Option<EntityRef> {
        let role = RoleName::find(self.role.as_ref()?.as_str())?;
        Some(RoleId::of(self.actor, role, &RoleScope::Ledger).into())
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The event's place; if nothing changed, the place of the entity's last event.
    pub position: Position,
    /// The event; none if nothing changed.
    pub event_id: Option<EventId>,
    /// How it came about.
    pub kind: AnswerKind,
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// This request recorded it.
    Recorded,
    /// It was so already.
    Unchanged,
    /// The same request had recorded it before.
    Repeated,
}

/// Why a request has no answer. Each says who acts next.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The rule says no; the user decides.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The command id stands for another request; the caller uses a fresh one.
    #[error(
        "the command id `{command_id}` stands for another request, recorded at {position}; use a fresh one"
    )]
    CommandIdReused {
        /// The command id.
        command_id: CommandId,
        /// Where the other request was recorded.
        position: Position,
    },
    /// The thing has changed since the caller read it; the caller reads it again. Nothing was recorded.
    #[error(
        "it has changed since it was read, last at {position}; nothing was recorded, read it again"
    )]
    Stale {
        /// The entity's last event.
        position: Position,
    },
    /// Others keep changing the same thing; the caller asks again.
    #[error("others changed the same thing at the same time; nothing was recorded, try again")]
    Conflict,
    /// Writing is closed; the operator acts. Nothing was recorded.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Too much at once; the caller tries again in a moment. Nothing was recorded.
    #[error("too much is asked of the ledger at once; nothing was recorded, try again in a moment")]
    Busy,
    /// It may be recorded or not; the caller repeats the same command id to find out.
    #[error(
        "NATS can't be asked whether it was recorded; repeat the request with the same command id `{command_id}`"
    )]
    Unconfirmed {
        /// The command id to repeat.
        command_id: CommandId,
        /// Why NATS can't be asked.
        #[source]
        source: AskError,
    },
    /// The service stops, and who carried it out with it; the caller repeats the same command id.
    #[error(
        "the service is stopping; whether it was recorded shows when the request is repeated with the same command id `{command_id}`"
    )]
    Stopping {
        /// The command id to repeat.
        command_id: CommandId,
    },
    /// NATS took it for a duplicate of something else and stored nothing; the caller uses a fresh
    /// command id.
    #[error(
        "NATS took `{message_id}` for a duplicate of something else and stored nothing; use a fresh command id"
    )]
    NotStored {
        /// The message id that stood before.
        message_id: String,
    },
    /// What is stored is not what was sent. We look into it.
    #[error(
        "what stands at {position} is not what was sent under its event id; writing should stop until this is understood"
    )]
    StoredDiffers {
        /// Where.
        position: Position,
    },
    /// The event is longer than 256 KiB; the user sends less at once.
    #[error("the event would be longer than 262144 bytes; send less at once")]
    TooLarge,
    /// The disk or a limit is full; the operator makes room. Nothing was recorded.
    #[error("the ledger's storage is full; nothing was recorded, the operator makes room")]
    Full,
    /// The subject leads to another stream; the operator looks. Nothing was recorded.
    #[error(
        "the ledger's subjects lead to another stream; nothing was recorded, the operator looks at the streams"
    )]
    OtherStream,
    /// The event can't be written; this is our fault.
    #[error("the event can't be written as the format says")]
    Encode(#[source] DecodeError),
    /// Another release wrote to this entity; the operator updates this one.
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// NATS says no, or nothing; nothing was recorded.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Why a batch was not recorded. Nothing of it was, unless the source is `Unconfirmed`.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// More entities than an atomic batch holds; the caller sends less at once.
    #[error("{0} requests in one batch; 999 are the most")]
    TooMany(usize),
    /// Two requests about one entity; the caller puts them into two batches.
    #[error(
        "the requests {first} and {second} are about the same `{entity}`; one batch changes an entity once"
    )]
    SameEntity {
        /// The first of them, counted from 0.
        first: usize,
        /// The second of them.
        second: usize,
        /// The entity.
        entity: EntityRef,
    },
    /// One of the requests was refused.
    #[error("request {index} of the batch was refused, and with it all of them")]
    At {
        /// Which one, counted from 0.
        index: usize,
        /// Why.
        #[source]
        source: ExecuteError,
    },
    /// The batch as a whole failed.
    #[error("the batch was not recorded")]
    Whole(#[source] ExecuteError),
}

impl From<(Option<usize>, ExecuteError)> for BatchError {
    fn from((index, source): (Option<usize>, ExecuteError)) -> Self {
        match index {
            Some(index) => Self::At { index, source },
            None => Self::Whole(source),
        }
    }
}

/// One request of a run.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) request: &'a dyn Request,
    pub(super) acting: &'a Acting,
    pub(super) entity: EntityRef,
    pub(super) digest: Digest,
}

/// What a request comes to over a history.
#[expect(clippy::large_enum_variant, reason = "nearly every look finds a fact to record")]
pub(super) enum Look {
    Answer(Answer),
    Record(Fact),
}

impl<'a> Asked<'a> {
    pub(super) fn new(request: &'a dyn Request, acting: &'a Acting) -> Self {
        let digest = Digest::new(Sha256::digest(request.canonical()).into());
        Self { request, acting, entity: request.entity(), digest }
    }

    /// The command id first, then the rule.
    pub(super) fn look(&self, loaded: &Loaded) -> Result<Look, ExecuteError> {
        let held = &loaded.held;
        let command_id = self.acting.command_id;
        if let Some(done) = held.done(command_id) {
            if done.request != self.digest {
                let position = done.position;
                return Err(ExecuteError::CommandIdReused { command_id, position });
            }
            return Ok(Look::Answer(Answer {
                position: done.position,
                event_id: Some(done.event),
                kind: AnswerKind::Repeated,
            }));
        }
        // What is held is a true beginning, so a later event found in it is certain; one that is not
        // held yet is found when the guard of the append fails and the history is read on.
        if let (Some(expected), Some(position)) = (self.acting.expected, held.last)
            && position > expected
        {
            return Err(ExecuteError::Stale { position });
        }
        let beside: Vec<_> =
            loaded.beside.iter().map(|(entity, held)| (*entity, &held.state)).collect();
        let ground = Ground {
            witness: loaded.witness,
            person: self.acting.on_behalf_of.unwrap_or(self.acting.actor),
            beside: &beside,
        };
        Ok(match self.request.decide(&held.state, &ground)? {
            Decision::Record(fact) => Look::Record(fact),
            Decision::Unchanged => Look::Answer(Answer {
                position: held.last.unwrap_or(Position::START),
                event_id: None,
                kind: AnswerKind::Unchanged,
            }),
        })
    }
}

/// Whether the requests can go in one atomic batch.
pub(super) fn fits_one_batch(asked: &[Asked<'_>]) -> Result<(), BatchError> {
    if asked.len() > MOST_ENTITIES {
        return Err(BatchError::TooMany(asked.len()));
    }
    let mut seen = HashMap::with_capacity(asked.len());
    for (second, entity) in asked.iter().map(|asked| asked.entity).enumerate() {
        if let Some(first) = seen.insert(entity, second) {
            return Err(BatchError::SameEntity { first, second, entity });
        }
    }
    Ok(())
}

/// A fact is proved by its guard and a repetition by history, which never changes; a refusal and
/// `unchanged` are proved by neither.
pub(super) fn certain(look: &Result<Look, ExecuteError>) -> bool {
    match look {
        Ok(Look::Record(_)) => true,
        Ok(Look::Answer(answer)) => answer.kind == AnswerKind::Repeated,
        Err(error) => !matches!(error, ExecuteError::Rejected(_)),
    }
}

/// Whether a stop is worth another try after looking, and if not, the error it is.
pub(super) fn go_on(stop: Stop) -> Result<Stop, ExecuteError> {
    match stop {
        Stop::Stale | Stop::Doubt(_) | Stop::Duplicate => Ok(stop),
        Stop::Busy => Err(ExecuteError::Busy),
        Stop::Full => Err(ExecuteError::Full),
        Stop::TooLarge => Err(ExecuteError::TooLarge),
        Stop::OtherStream => Err(ExecuteError::OtherStream),
        Stop::Refused(error) => Err(error.into()),
        Stop::Randomness(error) => Err(error.into()),
    }
}
