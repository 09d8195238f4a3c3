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
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use piperoll_events::ids::EventId;
use piperoll_events::ledger::Ledger as LedgerFact;
use piperoll_events::{EntityRef, Event, Fact, Position};
use piperoll_projections::{Outcome, Placed};

use super::asked::{
    Acting, Answer, AnswerKind, Asked, BatchError, ExecuteError, Look, certain, fits_one_batch,
    go_on,
};
use super::authenticity::{Verifier, WriterKey};
use super::batch::{self, Letter, Stop};
use super::draft::{Draft, Step};
use super::guard::{Closed, Gate, Unstored};
use super::held::{Held, Shelf};
use super::loading::{Fresh, Loaded};
use super::numbers;
use super::place::Judge;
use super::read::{Identity, PAUSES_MS, Stream};
use super::sole::{Sole, Sure};
use crate::clock;
use crate::commands::Request;

/// How often an append that came too late is decided again.
const AGAIN: usize = 3;
/// How many entities are read at a time.
pub(super) const READS_AT_ONCE: usize = 32;
/// How many entities are held at most, twice over, unless all are.
const MOST_HELD: usize = 20_000;

/// A writer's handle on one ledger.
#[derive(Debug)]
pub struct Ledger {
    pub(super) stream: Stream,
    identity: Identity,
    key: WriterKey,
    pub(super) judge: Judge,
    pub(super) gate: Gate,
    shelf: Mutex<Shelf>,
    pub(super) sole: Sole,
    times: Mutex<Times>,
    /// Whether moving in is over.
    pub(super) opened: AtomicBool,
}

/// The latest times of this handle's own events.
#[derive(Debug, Default)]
struct Times {
    drafted: DateTime<Utc>,
    recorded: DateTime<Utc>,
}

/// Requests decided, and what was to be recorded of them drafted; nothing is sent yet.
pub(super) struct Decided {
    pub(super) loaded: Vec<Loaded>,
    pub(super) steps: Vec<Step>,
}

/// What was sent and had no plain yes, by event.
#[derive(Default)]
pub(super) struct Sent(HashMap<EventId, Bytes>);

impl Sent {
    pub(super) fn of(draft: &Draft) -> Self {
        Self(HashMap::from([(draft.event.id, draft.letter.body.clone())]))
    }

    fn add(&mut self, draft: &Draft) {
        self.0.insert(draft.event.id, draft.letter.body.clone());
    }
}

/// Which request failed, and how; none when all did.
pub(super) type Failed = (Option<usize>, ExecuteError);

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
        let times = Mutex::default();
        let opened = AtomicBool::new(false);
        let sole = Sole::default();
        let ledger = Self { stream, identity, key, judge, gate, shelf, sole, times, opened };
        // Its history says which differences somebody has accepted, and whether it has opened.
        ledger.to_end(identity.ledger_id.into()).await?;
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
        let asked: Vec<_> =
            requests.iter().map(|(request, acting)| Asked::new(request.as_ref(), acting)).collect();
        fits_one_batch(&asked)?;
        Ok(self.run(&asked).await?)
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

    pub(super) async fn run(&self, asked: &[Asked<'_>]) -> Result<Vec<Answer>, Failed> {
        self.look_for_acceptance().await;
        self.carry_out(asked, self.decide(asked).await?, Sent::default(), Vec::new()).await
    }

    /// Where the gate is shut by what differs, reads the ledger's own history on: somebody may have
    /// accepted it through another process.
    pub(super) async fn look_for_acceptance(&self) {
        if matches!(self.gate.closed(), Some(Closed::Differs(_))) {
            // What can't be read leaves the gate as it is.
            self.to_end(self.identity.ledger_id.into()).await.ok();
        }
    }

    /// Looks every request up in its entity's history, decides it, drafts what is to be recorded.
    pub(super) async fn decide(&self, asked: &[Asked<'_>]) -> Result<Decided, Failed> {
        let loaded = self.load_all(asked, None).await?;
        self.decide_over(asked, loaded).await
    }

    pub(super) async fn decide_over(
        &self,
        asked: &[Asked<'_>],
        mut loaded: Vec<Loaded>,
    ) -> Result<Decided, Failed> {
        let mut deciding = self.deciding(asked);
        let looks = self.look_all(asked, &mut loaded).await?;
        deciding.came_to(&looks);
        // What goes in one batch happens at once.
        let time = self.next_time(&loaded);
        let steps = self.draft_all(asked, &loaded, looks, time)?;
        Ok(Decided { loaded, steps })
    }

    /// Sends what was decided; whatever is no plain yes is looked at and decided again. `sent` is what
    /// was sent before, and `tried` what came of that.
    pub(super) async fn carry_out(
        &self,
        asked: &[Asked<'_>],
        decided: Decided,
        mut sent: Sent,
        mut tried: Vec<Stop>,
    ) -> Result<Vec<Answer>, Failed> {
        let Decided { mut loaded, mut steps } = decided;
        let _under_way = self.sole.enter();
        let mut pauses = PAUSES_MS.into_iter().map(Duration::from_millis);
        loop {
            let drafts: Vec<&mut Draft> = steps.iter_mut().filter_map(Step::draft).collect();
            if drafts.is_empty() {
                let answers = steps.iter().filter_map(Step::answer).collect();
                let confirmed = self.confirmed(asked, answers, &sent).await;
                return confirmed.map_err(|error| (None, error));
            }
            if tried.len() > AGAIN {
                return Err((None, given_up(tried.pop(), &drafts)));
            }
            self.pass(&steps)?;
            let letters = steps.iter_mut().filter_map(Step::draft).map(|it| &mut it.letter);
            let stop = match self.send(letters.collect(), None).await {
                Err(stop) => stop,
                Ok(first) => {
                    // Ours alone from here, so that what is held is changed and not copied.
                    drop(loaded);
                    let answers = self.place_all(steps, first);
                    let confirmed = self.confirmed(asked, answers, &sent).await;
                    return confirmed.map_err(|error| (None, error));
                }
            };
            steps.iter_mut().filter_map(Step::draft).for_each(|draft| sent.add(draft));
            tried.push(go_on(stop).map_err(|error| (None, error))?);
            let guards = guards_of(&loaded);
            loaded = self.again(asked, loaded, tried.last()).await.map_err(|e| (None, e))?;
            // On three replicas a guard is stale as soon as another's message is on its way, which is
            // before anybody can read it. That is no try of ours; it is waited for.
            if let (Some(Stop::Stale), Some(pause)) = (tried.last(), pauses.next())
                && guards_of(&loaded) == guards
            {
                tried.pop();
                tokio::time::sleep(pause).await;
            }
            Decided { loaded, steps } = self.decide_over(asked, loaded).await?;
        }
    }

    fn pass(&self, steps: &[Step]) -> Result<(), Failed> {
        for (index, step) in steps.iter().enumerate() {
            if let Step::Draft(draft) = step {
                let passed = self.gate.pass(&draft.event.fact);
                passed.map_err(|closed| (Some(index), closed.into()))?;
            }
        }
        Ok(())
    }

    /// What every request comes to over what is held of its entity. A refusal or `unchanged` is
    /// believed only after the leader has been asked whether anything came since.
    pub(super) async fn look_all(
        &self,
        asked: &[Asked<'_>],
        loaded: &mut [Loaded],
    ) -> Result<Vec<Result<Look, ExecuteError>>, Failed> {
        let mut looks: Vec<_> =
            asked.iter().zip(loaded.iter()).map(|(asked, loaded)| asked.look(loaded)).collect();
        let doubtful = asked.iter().zip(loaded.iter_mut()).zip(&mut looks);
        let mut doubtful: Vec<_> = doubtful
            .filter(|((_, loaded), look)| loaded.fresh == Fresh::No && !certain(look))
            .collect();
        let again: Vec<Asked<'_>> = doubtful.iter().map(|((asked, _), _)| **asked).collect();
        let held = doubtful.iter().map(|((_, loaded), _)| Arc::clone(&loaded.held)).collect();
        let fresh = self.once_more(&again, held).await.map_err(|error| (None, error))?;
        for (((asked, slot), look), fresh) in doubtful.iter_mut().zip(fresh) {
            **look = asked.look(&fresh);
            **slot = fresh;
        }
        Ok(looks)
    }

    pub(super) fn draft_all(
        &self,
        asked: &[Asked<'_>],
        loaded: &[Loaded],
        looks: Vec<Result<Look, ExecuteError>>,
        time: DateTime<Utc>,
    ) -> Result<Vec<Step>, Failed> {
        let pairs = asked.iter().zip(loaded).zip(looks).enumerate();
        let draft = |(index, ((asked, loaded), look)): (_, ((_, &Loaded), _))| {
            let step = self.draft(asked, loaded, look, time);
            step.map_err(|error| (Some(index), error))
        };
        pairs.map(draft).collect()
    }

    pub(super) fn draft(
        &self,
        asked: &Asked<'_>,
        loaded: &Loaded,
        look: Result<Look, ExecuteError>,
        time: DateTime<Utc>,
    ) -> Result<Step, ExecuteError> {
        let fact = match look? {
            Look::Answer(answer) => return Ok(Step::Answer(answer)),
            Look::Record(fact) => fact,
        };
        let time = loaded.held.time.map_or(time, |last| last.max(time));
        let (identity, stream, key) = (&self.identity, &self.stream, &self.key);
        let draft = Draft::new(asked, loaded, fact, time, identity, stream, key)?;
        Ok(Step::Draft(Box::new(draft)))
    }

    /// Sends one message singly, more as an atomic batch; the position of the first, where there is
    /// one. With `sure` they are stored if the stream ends there, and not otherwise.
    pub(super) async fn send(
        &self,
        mut letters: Vec<&mut Letter>,
        sure: Option<Sure>,
    ) -> Result<Option<Position>, Stop> {
        if let (Some(sure), Some(first)) = (sure, letters.first_mut()) {
            first.headers.insert("Nats-Expected-Last-Sequence", sure.end.0.to_string());
        }
        let connection = self.stream.connection();
        let (count, began) = (letters.len(), Instant::now());
        let sending = self.sending(&mut letters);
        let first = match letters.as_mut_slice() {
            [] => return Ok(None),
            [letter] => batch::publish(connection, letter).await,
            letters => batch::publish_all(connection, letters).await,
        };
        numbers::appended(count, first.as_ref().map(|_| ()), began.elapsed());
        match &first {
            Ok(first) => {
                self.gate.appended(None);
                self.sole.stored(Position(*first), count);
            }
            Err(stop) => {
                self.sole.in_doubt();
                match stop {
                    Stop::Doubt(_) => self.gate.appended(Some(Unstored::Unanswered)),
                    Stop::Full => self.gate.appended(Some(Unstored::Full)),
                    _ => {}
                }
            }
        }
        sending.ended(&first);
        first.map(|first| Some(Position(first)))
    }

    /// Turns drafts into answers, `first` being the position of the first of them.
    fn place_all(&self, steps: Vec<Step>, first: Option<Position>) -> Vec<Answer> {
        let mut position = first.unwrap_or(Position::START);
        let mut answers = Vec::with_capacity(steps.len());
        for step in steps {
            answers.push(match step {
                Step::Answer(answer) => answer,
                Step::Draft(draft) => {
                    let answer = self.place(*draft, position);
                    position = position.next();
                    answer
                }
            });
        }
        answers
    }

    /// Takes in that a draft stands at a position.
    pub(super) fn place(&self, draft: Draft, position: Position) -> Answer {
        let Draft { event, guard, .. } = draft;
        let (entity, event_id) = (event.entity, Some(event.id));
        self.notice(&event);
        self.gate.reached(position);
        {
            let recorded = &mut self.times().recorded;
            *recorded = event.time.max(*recorded);
        }
        let placed = Placed { position, entity: Some(entity), outcome: Outcome::Event(event) };
        self.shelf().appended(entity, guard, &placed);
        Answer { position, event_id, kind: AnswerKind::Recorded }
    }

    /// The answers, when nothing is left to send. What an earlier try of ours turns out to have
    /// recorded is compared with what was sent, byte by byte.
    async fn confirmed(
        &self,
        asked: &[Asked<'_>],
        mut answers: Vec<Answer>,
        sent: &Sent,
    ) -> Result<Vec<Answer>, ExecuteError> {
        for (asked, answer) in asked.iter().zip(&mut answers) {
            let body = answer.event_id.and_then(|id| sent.0.get(&id));
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
        }
        Ok(answers)
    }

    /// Whether an entity is known to have gone on since.
    pub(super) fn moved_on(&self, entity: EntityRef, since: &Held) -> bool {
        self.shelf().find(entity).is_some_and(|held| held.guard != since.guard)
    }

    /// Whether something was recorded that bears a later time.
    pub(super) fn recorded_since(&self, time: DateTime<Utc>) -> bool {
        time < self.times().recorded
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an event changes for this handle itself: which differences are accepted, and
    /// that it has opened.
    pub(super) fn notice(&self, event: &Event) {
        match &event.fact {
            Fact::Ledger(LedgerFact::ConfigurationObserved(observed)) => {
                self.gate.accept(&observed.differences);
            }
            Fact::Ledger(LedgerFact::Opened(_)) => self.opened.store(true, Ordering::Release),
            _ => {}
        }
    }

    /// The clock, never back behind this handle's last event nor the entities'.
    pub(super) fn next_time(&self, entities: &[Loaded]) -> DateTime<Utc> {
        let mut times = self.times();
        let last = entities.iter().filter_map(|loaded| loaded.held.time).max();
        let last = times.drafted.max(last.unwrap_or_default());
        times.drafted = clock::now().max(last);
        times.drafted
    }

    pub(super) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn guards_of(loaded: &[Loaded]) -> Vec<Position> {
    loaded.iter().map(|loaded| loaded.held.guard).collect()
}

/// The error of a last try.
fn given_up(stop: Option<Stop>, drafts: &[&mut Draft]) -> ExecuteError {
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
