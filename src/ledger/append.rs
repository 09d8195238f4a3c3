//! From a request to a recorded event: look up, load, decide, append, and never guess.
//!
//! **Invariant:** an answer is `Recorded` only if JetStream holds exactly the bytes that we sent. The
//! same command, asked a hundred times by any number of writers, leaves one event:
//!
//! ```text
//! caller                      we                                  JetStream
//!   │ command 7                │ not in the history, decide          │
//!   │                          │ append after 12 ───────────────────►│ stored at 13
//!   │                          │          (the answer is lost) ◄─ ✗ ─│
//!   │                          │ read the entity: 13 bears command 7 │
//!   │ ◄── recorded at 13 ──────│ and our event id and our bytes      │
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::ids::EventId;
use piperoll_events::ledger::Ledger as LedgerFact;
use piperoll_events::{EntityRef, Event, Fact, Position};
use piperoll_projections::{Outcome, Placed};

use super::asked::{
    Acting, Answer, AnswerKind, Asked, BatchError, ExecuteError, Look, MOST_ENTITIES, certain,
    go_on,
};
use super::authenticity::{Verifier, WriterKey};
use super::batch::{self, Stop};
use super::draft::Draft;
use super::guard::Gate;
use super::held::{Held, Shelf};
use super::place::{Judge, Raw};
use super::read::{Identity, Stream};
use crate::clock;
use crate::commands::Request;

/// How often an append that came too late is decided again.
const AGAIN: usize = 3;
/// How many entities are read at a time.
const READS_AT_ONCE: usize = 32;
/// How many entities are held at most, twice over, unless all are.
const MOST_HELD: usize = 20_000;

/// A writer's handle on one ledger.
#[derive(Debug)]
pub struct Ledger {
    stream: Stream,
    identity: Identity,
    key: WriterKey,
    judge: Judge,
    gate: Gate,
    shelf: Mutex<Shelf>,
    last_time: Mutex<DateTime<Utc>>,
}

/// What is held of a request's entity, and whether the leader has just confirmed it.
struct Loaded {
    held: Arc<Held>,
    fresh: Fresh,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fresh {
    Yes,
    No,
}

/// What a request comes to over what is held.
enum Step {
    Answer(Answer),
    Draft(Box<Draft>),
}

/// Which request failed, and how; none when all did.
type Failed = (Option<usize>, ExecuteError);

impl Ledger {
    /// A writer on `stream`. The gate is the guard's, and the guard has inspected or is about to.
    ///
    /// # Errors
    /// The stream is no ledger's, or NATS can't be asked.
    pub async fn open(
        stream: Stream,
        key: WriterKey,
        verifier: Verifier,
        gate: Gate,
    ) -> Result<Self, ExecuteError> {
        let info = stream.info().await?;
        let identity = info.identity().ok_or(ExecuteError::OtherStream)?;
        let judge = Judge::new(stream.name(), identity.ledger_id, verifier);
        gate.reached(Position(info.state.last_seq));
        let shelf = Mutex::new(Shelf::new(MOST_HELD));
        let last_time = Mutex::new(DateTime::UNIX_EPOCH);
        let ledger = Self { stream, identity, key, judge, gate, shelf, last_time };
        // Its history says which differences somebody has accepted.
        ledger.load(identity.ledger_id.into()).await?;
        Ok(ledger)
    }

    /// Which stream this writes to.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The stream, for reading.
    #[must_use]
    pub const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The writer's key.
    #[must_use]
    pub const fn key(&self) -> &WriterKey {
        &self.key
    }

    /// Carries out one request.
    ///
    /// # Errors
    /// See [`ExecuteError`]; nothing was recorded, unless it is `Unconfirmed`.
    pub async fn execute(
        &self,
        request: &dyn Request,
        acting: &Acting,
    ) -> Result<Answer, ExecuteError> {
        let asked = [Asked::new(request, acting)];
        let mut answers = self.run(&asked).await.map_err(|(_, error)| error)?;
        answers.pop().ok_or(ExecuteError::Conflict)
    }

    /// Carries out all of the requests or none, in one atomic batch; the answers in their order.
    ///
    /// # Errors
    /// See [`BatchError`]; nothing was recorded, unless it holds `Unconfirmed`.
    pub async fn execute_batch(
        &self,
        requests: &[(Box<dyn Request>, Acting)],
    ) -> Result<Vec<Answer>, BatchError> {
        if requests.len() > MOST_ENTITIES {
            return Err(BatchError::TooMany(requests.len()));
        }
        let asked: Vec<_> =
            requests.iter().map(|(request, acting)| Asked::new(request.as_ref(), acting)).collect();
        let mut seen = HashMap::new();
        for (second, entity) in asked.iter().map(|asked| asked.entity).enumerate() {
            if let Some(first) = seen.insert(entity, second) {
                return Err(BatchError::SameEntity { first, second, entity });
            }
        }
        self.run(&asked).await.map_err(|failed| match failed {
            (Some(index), source) => BatchError::At { index, source },
            (None, source) => BatchError::Whole(source),
        })
    }

    /// Takes in a part of the stream, in order from its beginning; so that what follows needs no
    /// reading entity by entity. What does not follow is left out.
    pub fn preload(&self, placed: &[Placed]) {
        let mut kept = self.shelf();
        for placed in placed {
            if !kept.read(placed) {
                return;
            }
            let ledger = EntityRef::from(self.identity.ledger_id);
            if placed.entity == Some(ledger)
                && let Outcome::Event(event) = &placed.outcome
                && kept.find(ledger).is_some_and(|held| held.last == Some(placed.position))
            {
                self.notice(event);
            }
            self.gate.reached(placed.position);
        }
    }

    /// Says that [`Self::preload`] was given everything up to `head`; whether that is so. From then
    /// on an entity that is not held is taken not to exist, which its guard proves.
    pub fn preloaded(&self, head: Position) -> bool {
        self.shelf().complete(head)
    }

    async fn run(&self, asked: &[Asked<'_>]) -> Result<Vec<Answer>, Failed> {
        let entities = asked.iter().map(|asked| self.load(asked.entity));
        let mut loaded: Vec<Loaded> = stream::iter(entities)
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error| (None, error))?;
        let mut sent: HashMap<EventId, Bytes> = HashMap::new();
        let mut tried: Vec<Stop> = Vec::new();
        loop {
            let mut steps = self.consider_all(asked, &mut loaded).await?;
            let drafts: Vec<&Draft> = steps.iter().filter_map(Step::draft).collect();
            if drafts.is_empty() {
                return self.confirmed(asked, &steps, &sent).await.map_err(|error| (None, error));
            }
            if tried.len() > AGAIN {
                return Err((None, given_up(tried.pop(), &drafts)));
            }
            for (index, step) in steps.iter().enumerate() {
                if let Step::Draft(draft) = step {
                    let passed = self.gate.pass(&draft.event.fact);
                    passed.map_err(|closed| (Some(index), closed.into()))?;
                }
            }
            match self.send(&drafts).await {
                Ok(first) => {
                    // Ours alone from here, so that what is held is changed and not copied.
                    drop(loaded);
                    self.place(&mut steps, first);
                    return self
                        .confirmed(asked, &steps, &sent)
                        .await
                        .map_err(|error| (None, error));
                }
                Err(stop) => {
                    for draft in drafts {
                        sent.insert(draft.event.id, draft.letter.body.clone());
                    }
                    tried.push(go_on(stop).map_err(|error| (None, error))?);
                }
            }
            loaded = self.again(asked, loaded, tried.last()).await.map_err(|e| (None, e))?;
        }
    }

    /// Every request over what is held of its entity. A refusal or `unchanged` is believed only
    /// after the leader has been asked whether anything came since.
    async fn consider_all(
        &self,
        asked: &[Asked<'_>],
        loaded: &mut [Loaded],
    ) -> Result<Vec<Step>, Failed> {
        let mut looks: Vec<_> = asked
            .iter()
            .zip(loaded.iter())
            .map(|(asked, loaded)| asked.look(&loaded.held))
            .collect();
        let stale: Vec<_> = asked
            .iter()
            .zip(loaded.iter())
            .zip(&looks)
            .enumerate()
            .filter(|(_, ((_, loaded), look))| loaded.fresh == Fresh::No && !certain(look))
            .map(|(index, ((asked, loaded), _))| (index, asked.entity, Arc::clone(&loaded.held)))
            .collect();
        let fresh: Vec<(usize, Loaded)> = stream::iter(stale)
            .map(|(index, entity, held)| async move {
                self.catch_up(entity, held).await.map(|loaded| (index, loaded))
            })
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error| (None, error))?;
        for (index, fresh) in fresh {
            if let (Some(asked), Some(slot), Some(look)) =
                (asked.get(index), loaded.get_mut(index), looks.get_mut(index))
            {
                *look = asked.look(&fresh.held);
                *slot = fresh;
            }
        }
        let pairs = asked.iter().zip(loaded.iter()).zip(looks).enumerate();
        pairs
            .map(|(index, ((asked, loaded), look))| {
                let step = look.and_then(|look| match look {
                    Look::Answer(answer) => Ok(Step::Answer(answer)),
                    Look::Record(fact) => self.draft(asked, &loaded.held, fact).map(Step::Draft),
                });
                step.map_err(|error| (Some(index), error))
            })
            .collect()
    }

    fn draft(
        &self,
        asked: &Asked<'_>,
        held: &Held,
        fact: Fact,
    ) -> Result<Box<Draft>, ExecuteError> {
        let time = self.next_time(held.time);
        Draft::new(asked, held, fact, time, &self.identity, &self.stream, &self.key).map(Box::new)
    }

    /// Sends one message singly, more as an atomic batch; the position of the first.
    async fn send(&self, drafts: &[&Draft]) -> Result<u64, Stop> {
        let connection = self.stream.connection();
        if let [draft] = drafts {
            return batch::publish(connection, &draft.letter).await;
        }
        let letters: Vec<_> = drafts.iter().map(|draft| draft.letter.clone()).collect();
        batch::publish_all(connection, &letters).await
    }

    /// Turns drafts into answers, `first` being the position of the first of them.
    fn place(&self, steps: &mut [Step], first: u64) {
        let mut position = Position(first);
        for step in steps {
            let Step::Draft(draft) = step else { continue };
            let event_id = draft.event.id;
            self.notice(&draft.event);
            self.gate.reached(position);
            let entity = draft.event.entity;
            let outcome = Outcome::Event(draft.event.clone());
            let placed = Placed { position, entity: Some(entity), outcome };
            self.shelf().appended(entity, draft.guard, &placed);
            let kind = AnswerKind::Recorded;
            *step = Step::Answer(Answer { position, event_id: Some(event_id), kind });
            position = position.next();
        }
    }

    /// The answers, when nothing is left to send. What an earlier try of ours turns out to have
    /// recorded is compared with what was sent, byte by byte.
    async fn confirmed(
        &self,
        asked: &[Asked<'_>],
        steps: &[Step],
        sent: &HashMap<EventId, Bytes>,
    ) -> Result<Vec<Answer>, ExecuteError> {
        let mut answers = Vec::with_capacity(steps.len());
        for (asked, step) in asked.iter().zip(steps) {
            let Step::Answer(mut answer) = *step else {
                continue;
            };
            let body = answer.event_id.and_then(|id| sent.get(&id));
            if let (AnswerKind::Repeated, Some(body)) = (answer.kind, body) {
                let position = answer.position;
                let command_id = asked.acting.command_id;
                let unconfirmed = |source| ExecuteError::Unconfirmed { command_id, source };
                let stored = self.stream.find(position).await.map_err(unconfirmed)?;
                if stored.is_none_or(|stored| stored.body != body) {
                    return Err(ExecuteError::StoredDiffers { position });
                }
                answer.kind = AnswerKind::Recorded;
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Reads every entity on, after an append that did not plainly succeed.
    async fn again(
        &self,
        asked: &[Asked<'_>],
        loaded: Vec<Loaded>,
        stop: Option<&Stop>,
    ) -> Result<Vec<Loaded>, ExecuteError> {
        let pairs = asked.iter().zip(loaded);
        stream::iter(pairs.map(|(asked, loaded)| self.catch_up(asked.entity, loaded.held)))
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error| match (error, stop, asked.first()) {
                (
                    ExecuteError::Ask(source),
                    Some(Stop::Doubt(_) | Stop::Duplicate),
                    Some(asked),
                ) => ExecuteError::Unconfirmed { command_id: asked.acting.command_id, source },
                (error, _, _) => error,
            })
    }

    async fn load(&self, entity: EntityRef) -> Result<Loaded, ExecuteError> {
        let held = self.shelf().find(entity);
        match held {
            Some(held) => Ok(Loaded { held, fresh: Fresh::No }),
            None => self.catch_up(entity, Arc::new(Held::new(entity.kind))).await,
        }
    }

    /// Reads on to the end of the entity's history, as the leader has it.
    async fn catch_up(
        &self,
        entity: EntityRef,
        mut held: Arc<Held>,
    ) -> Result<Loaded, ExecuteError> {
        while let Some(stored) = self.stream.next_of(entity, held.guard).await? {
            let placed = self.judge.judge(&Raw::from(&stored))?;
            if let Some(event) = Arc::make_mut(&mut held).take(&placed) {
                self.notice(event);
            }
            self.gate.reached(stored.position);
        }
        self.shelf().put(entity, Arc::clone(&held));
        Ok(Loaded { held, fresh: Fresh::Yes })
    }

    /// What an event changes for this handle itself: which differences are accepted.
    fn notice(&self, event: &Event) {
        if let Fact::Ledger(LedgerFact::ConfigurationObserved(observed)) = &event.fact {
            self.gate.accept(&observed.differences);
        }
    }

    /// The clock, never back behind this handle's last event nor the entity's.
    fn next_time(&self, entity: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let mut last = self.last_time.lock().unwrap_or_else(PoisonError::into_inner);
        *last = clock::now().max(*last).max(entity.unwrap_or(DateTime::UNIX_EPOCH));
        *last
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    fn draft(&self) -> Option<&Draft> {
        match self {
            Self::Draft(draft) => Some(draft),
            Self::Answer(_) => None,
        }
    }
}

/// The error of a last try.
fn given_up(stop: Option<Stop>, drafts: &[&Draft]) -> ExecuteError {
    match (stop, drafts.first()) {
        (Some(Stop::Doubt(source)), Some(draft)) => {
            ExecuteError::Unconfirmed { command_id: draft.event.record.command_id, source }
        }
        (Some(Stop::Duplicate), Some(draft)) => {
            ExecuteError::NotStored { message_id: draft.message_id() }
        }
        _ => ExecuteError::Conflict,
    }
}
