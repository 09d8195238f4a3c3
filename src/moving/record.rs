//! Recording: drives a sequence into a ledger, batch by batch, and goes on where it was stopped.
//!
//! **Invariant:** what is recorded is never recorded, or sealed, again: the stream is read first,
//! and what bears a command id of the sequence is skipped. A plan that differs from the one that
//! the ledger was created with is refused.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;

use piperoll_events::ids::{ActorId, CommandId};
use piperoll_events::ledger::{Created, Ledger as LedgerFact};
use piperoll_events::text::{Digest, Label, Prose};
use piperoll_events::{Channel, Event, Fact, Position};
use piperoll_projections::{Outcome, Placed};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use super::prologue::Prologue;
use super::sequence::{Batches, Planned};
use crate::commands::{Request, SealedWords};
use crate::ledger::{Acting, BatchError, ExecuteError, FollowError, Following, Ledger, Prepared};

/// Why recording stopped. What was acknowledged stands; the same call goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The ledger was created with another plan; whoever edited it decides.
    #[error(
        "this ledger was begun with another plan (`{held}`, this one is `{found}`): the plan, a mapping or a file was changed since. Put it back and go on, or throw the ledger away and begin again with --begin-again"
    )]
    OtherPlan {
        /// The digest that the ledger was created with; none: it was created without a plan.
        held: String,
        /// The digest of the plan at hand.
        found: Digest,
    },
    /// The ledger has been opened, and holds not all of the plan.
    #[error(
        "this ledger has been opened; history can't be asserted into it any more, use `piperoll import`"
    )]
    Opened,
    /// The stream can't be read.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// A batch was not recorded; the source says who acts next. The same call goes on.
    #[error("batch {batch} of {batches} was not recorded; run the same command again to go on")]
    Batch {
        /// Which, from 1.
        batch: usize,
        /// Of how many.
        batches: usize,
        /// Why.
        source: BatchError,
    },
    /// A request was not recorded; the source says who acts next. The same call goes on.
    #[error("batch {batch} of {batches} was not recorded; run the same command again to go on")]
    Request {
        /// Which, from 1.
        batch: usize,
        /// Of how many.
        batches: usize,
        /// Why.
        source: ExecuteError,
    },
    /// The vault can't seal a text; the operator looks at it.
    #[error("the vault can't seal the words of batch {batch}")]
    Seal {
        /// Which, from 1.
        batch: usize,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A fact that no command makes. It is our fault.
    #[error("no command makes `{0}`")]
    NoCommand(&'static str),
}

/// What a ledger holds already, as far as going on needs it.
#[derive(Debug, Clone)]
pub struct Past {
    commands: HashSet<CommandId>,
    created: Option<Created>,
    opened: Option<Position>,
    head: Position,
}

impl Default for Past {
    fn default() -> Self {
        Self { commands: HashSet::new(), created: None, opened: None, head: Position::START }
    }
}

impl Past {
    /// Reads a ledger up to its head; `each` sees every part of it, in order.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn read(
        following: &mut Following,
        mut each: impl AsyncFnMut(&[Placed]),
    ) -> Result<Self, FollowError> {
        let mut past = Self::default();
        while let Some(placed) = following.next().await {
            let placed = placed?;
            past.take(&placed);
            each(&placed).await;
        }
        Ok(past)
    }

    /// Takes in a part of the stream.
    pub fn take(&mut self, placed: &[Placed]) {
        for placed in placed {
            self.head = placed.position;
            let Outcome::Event(event) = &placed.outcome else { continue };
            self.take_event(placed.position, event);
        }
    }

    fn take_event(&mut self, position: Position, event: &Event) {
        self.commands.insert(event.record.command_id);
        match &event.fact {
            Fact::Ledger(LedgerFact::Created(fact)) => self.created = Some(fact.clone()),
            Fact::Ledger(LedgerFact::Opened(_)) => self.opened = Some(position),
            _ => {}
        }
    }

    /// The last position read.
    #[must_use]
    pub const fn head(&self) -> Position {
        self.head
    }

    /// Where the ledger was opened, if it was.
    #[must_use]
    pub const fn opened(&self) -> Option<Position> {
        self.opened
    }

    fn holds(&self, planned: &Planned) -> bool {
        self.commands.contains(&planned.command_id)
    }

    /// Whether a plan may go on here.
    ///
    /// # Errors
    /// The ledger was begun with another plan, or was opened before all of this one was recorded.
    pub fn admits(&self, prologue: &Prologue<'_>) -> Result<(), RecordError> {
        let found = prologue.plan_digest;
        if let Some(created) = &self.created
            && created.plan_digest != Some(found)
        {
            let held = created.plan_digest.map_or_else(|| "none".to_owned(), |it| it.to_string());
            return Err(RecordError::OtherPlan { held, found });
        }
        let mut planned = prologue.batches().each.flatten();
        if self.opened.is_some() && planned.any(|planned| !self.holds(&planned)) {
            return Err(RecordError::Opened);
        }
        Ok(())
    }
}

/// How far recording is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Events recorded, those of an earlier call included.
    pub done: u64,
    /// Events in all.
    pub total: u64,
    /// The file that the last of them come from; none: the plan itself.
    pub file: Option<&'a Label>,
}

/// One acknowledged request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The request.
    pub command_id: CommandId,
    /// Where its event stands.
    pub position: Position,
}

/// What recording came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Events recorded by this call.
    pub recorded: u64,
    /// Events that an earlier call had recorded.
    pub before: u64,
    /// The last position that an event of the sequence has.
    pub head: Position,
}

/// What is told while recording.
pub struct Told<'a> {
    /// After every batch.
    pub progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    /// After every acknowledgement, once for each request of the batch.
    pub receipt: &'a mut (dyn FnMut(Receipt) + Send),
}

/// Who records, as part of which undertaking, and from which files.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// Who.
    pub actor: ActorId,
    /// The undertaking.
    pub correlation: CommandId,
    /// The files, in plan order.
    pub files: &'a [Label],
}

/// Records a prologue, or what is left of it. `seal` seals words, in their order.
///
/// # Errors
/// See [`RecordError`]; the same call goes on where it stopped.
pub async fn record<E: Into<Box<dyn Error + Send + Sync>>>(
    ledger: &Arc<Ledger>,
    prologue: &Prologue<'_>,
    past: &Past,
    actor: ActorId,
    seal: impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    told: Told<'_>,
) -> Result<Recorded, RecordError> {
    past.admits(prologue)?;
    let files: Vec<Label> = prologue.summary.files.iter().map(|of| of.file.clone()).collect();
    let author = Author { actor, correlation: prologue.correlation, files: &files };
    drive(ledger, prologue.batches(), past, author, seal, told).await
}

/// Records batches, skipping what stands already. Three are at hand at a time: one on its way, the
/// next being decided and signed, and the one after that being put together.
///
/// # Errors
/// See [`RecordError`].
pub async fn drive<E: Into<Box<dyn Error + Send + Sync>>>(
    ledger: &Arc<Ledger>,
    batches: Batches<impl Iterator<Item = Vec<Planned>>>,
    past: &Past,
    author: Author<'_>,
    seal: impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    told: Told<'_>,
) -> Result<Recorded, RecordError> {
    let Batches { each, count: batches, events: total } = batches;
    let mut parts =
        each.zip(1..).map(|(batch, n)| Part::of(batch, Place { batch: n, batches }, past));
    let mut came = Recorded { recorded: 0, before: 0, head: past.head() };
    let mut preparing: Option<(Part, JoinHandle<_>)> = None;
    loop {
        let next = match parts.next() {
            Some(part) => Some((part.requests(&author, &seal).await?, part)),
            None => None,
        };
        let sending = match preparing.take() {
            Some((part, prepared)) => Some((done(prepared).await, part)),
            None if next.is_none() => return Ok(came),
            None => None,
        };
        preparing = next.map(|(requests, part)| (part, prepare(ledger, requests)));
        let Some((prepared, part)) = sending else { continue };
        let answers = async { ledger.commit(prepared?).await };
        let answers = answers.await.map_err(|error| part.failed(error))?;
        for (planned, answer) in part.left.iter().zip(answers) {
            came.head = came.head.max(answer.position);
            let (command_id, position) = (planned.command_id, answer.position);
            (told.receipt)(Receipt { command_id, position });
        }
        came.before = came.before.saturating_add(part.before);
        came.recorded = came.recorded.saturating_add(count(part.left.len()));
        let done = came.before.saturating_add(came.recorded);
        let file = part.file.and_then(|file| author.files.get(file));
        (told.progress)(Progress { done, total, file });
    }
}

/// Decides, encodes and signs beside whatever else goes on.
fn prepare(
    ledger: &Arc<Ledger>,
    requests: Vec<(Box<dyn Request>, Acting)>,
) -> JoinHandle<Result<Prepared, BatchError>> {
    let (ledger, runtime) = (Arc::clone(ledger), Handle::current());
    spawn_blocking(move || runtime.block_on(ledger.prepare(requests)))
}

async fn done<T>(task: JoinHandle<T>) -> T {
    task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Which batch it is, from 1, of how many.
#[derive(Clone, Copy)]
struct Place {
    batch: usize,
    batches: usize,
}

/// What of a batch is not recorded yet.
struct Part {
    place: Place,
    left: Vec<Planned>,
    /// How many of the batch stand already.
    before: u64,
    /// The file that the last of the batch comes from.
    file: Option<usize>,
}

impl Part {
    fn of(mut batch: Vec<Planned>, place: Place, past: &Past) -> Self {
        let (all, file) = (batch.len(), batch.last().and_then(|planned| planned.file));
        batch.retain(|planned| !past.holds(planned));
        let before = count(all.saturating_sub(batch.len()));
        Self { place, left: batch, before, file }
    }

    async fn requests<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        author: &Author<'_>,
        seal: &impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    ) -> Result<Vec<(Box<dyn Request>, Acting)>, RecordError> {
        let failed = |source| RecordError::Seal { batch: self.place.batch, source };
        let texts: Vec<Prose> =
            self.left.iter().filter_map(|planned| planned.intent.words().cloned()).collect();
        let sealed = if texts.is_empty() {
            Vec::new()
        } else {
            seal(&texts).await.map_err(|error| failed(error.into()))?
        };
        if sealed.len() != texts.len() {
            return Err(failed("the vault sealed another number of texts".into()));
        }
        let mut sealed = sealed.into_iter();
        let mut requests = Vec::with_capacity(self.left.len());
        for planned in &self.left {
            let words = planned.intent.words().and_then(|_| sealed.next());
            let request = planned.intent.request(words);
            let request = request.ok_or(RecordError::NoCommand(planned.intent.event_type()))?;
            let acting = Acting {
                correlation: Some(author.correlation),
                asserted: planned.asserted.clone(),
                ..Acting::new(author.actor, Channel::Import, planned.command_id)
            };
            requests.push((request, acting));
        }
        Ok(requests)
    }

    fn failed(&self, error: BatchError) -> RecordError {
        let Place { batch, batches } = self.place;
        match (self.left.as_slice(), error) {
            ([_], BatchError::At { source, .. } | BatchError::Whole(source)) => {
                RecordError::Request { batch, batches, source }
            }
            (_, source) => RecordError::Batch { batch, batches, source },
        }
    }
}
