//! Recording: drives a sequence into a ledger, batch by batch, and goes on where it was stopped.
//!
//! **Invariant:** what is recorded is never recorded, or sealed, again: the stream is read first,
//! and what bears a command id of the sequence is skipped. A plan that differs from the one that
//! the ledger was created with is refused.

use std::collections::HashMap;
use std::error::Error;

use piperoll_events::ids::{ActorId, CommandId};
use piperoll_events::ledger::{Created, Ledger as LedgerFact};
use piperoll_events::text::{Digest, Label, Prose};
use piperoll_events::{Channel, Event, Fact, Position};
use piperoll_projections::{Outcome, Placed};
use serde::Serialize;

use super::prologue::Prologue;
use super::sequence::Planned;
use crate::commands::{Request, SealedWords};
use crate::ledger::{Acting, Answer, BatchError, ExecuteError, FollowError, Following, Ledger};

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
    commands: HashMap<CommandId, Position>,
    created: Option<Created>,
    opened: Option<Position>,
    head: Position,
}

impl Default for Past {
    fn default() -> Self {
        Self { commands: HashMap::new(), created: None, opened: None, head: Position::START }
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
        self.commands.insert(event.record.command_id, position);
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

    /// Whether a plan may go on here.
    ///
    /// # Errors
    /// The ledger was begun with another plan, or was opened before all of this one was recorded.
    pub fn admits(&self, prologue: &Prologue) -> Result<(), RecordError> {
        let found = prologue.plan_digest;
        if let Some(created) = &self.created
            && created.plan_digest != Some(found)
        {
            let held = created.plan_digest.map_or_else(|| "none".to_owned(), |it| it.to_string());
            return Err(RecordError::OtherPlan { held, found });
        }
        let waits = |planned: &Planned| !self.commands.contains_key(&planned.command_id);
        if self.opened.is_some() && prologue.batches.iter().flatten().any(waits) {
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
    ledger: &Ledger,
    prologue: &Prologue,
    past: &Past,
    actor: ActorId,
    seal: impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    told: Told<'_>,
) -> Result<Recorded, RecordError> {
    past.admits(prologue)?;
    let files: Vec<Label> = prologue.summary.files.iter().map(|of| of.file.clone()).collect();
    let author = Author { actor, correlation: prologue.correlation, files: &files };
    drive(ledger, &prologue.batches, past, author, seal, told).await
}

/// Records batches, skipping what stands already.
///
/// # Errors
/// See [`RecordError`].
pub async fn drive<E: Into<Box<dyn Error + Send + Sync>>>(
    ledger: &Ledger,
    batches: &[Vec<Planned>],
    past: &Past,
    author: Author<'_>,
    seal: impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    told: Told<'_>,
) -> Result<Recorded, RecordError> {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let total = batches.iter().fold(0, |sum: u64, batch| sum.saturating_add(count(batch.len())));
    let mut came = Recorded { recorded: 0, before: 0, head: past.head() };
    for (n, batch) in batches.iter().enumerate() {
        let left = left(batch, past);
        came.before = came.before.saturating_add(count(batch.len().saturating_sub(left.len())));
        if !left.is_empty() {
            let place = Place { batch: n.saturating_add(1), batches: batches.len() };
            let requests = requests(&left, &author, &seal, place).await?;
            let answers = send(ledger, &requests, place).await?;
            for (planned, answer) in left.iter().zip(&answers) {
                came.head = came.head.max(answer.position);
                let (command_id, position) = (planned.command_id, answer.position);
                (told.receipt)(Receipt { command_id, position });
            }
            came.recorded = came.recorded.saturating_add(count(left.len()));
        }
        let file = batch.last().and_then(|planned| author.files.get(planned.file?));
        let done = came.before.saturating_add(came.recorded);
        (told.progress)(Progress { done, total, file });
    }
    Ok(came)
}

/// What of a batch is not recorded yet.
fn left<'a>(batch: &'a [Planned], past: &Past) -> Vec<&'a Planned> {
    batch.iter().filter(|planned| !past.commands.contains_key(&planned.command_id)).collect()
}

/// Which batch it is, from 1, of how many.
#[derive(Clone, Copy)]
struct Place {
    batch: usize,
    batches: usize,
}

async fn requests<E: Into<Box<dyn Error + Send + Sync>>>(
    left: &[&Planned],
    author: &Author<'_>,
    seal: &impl AsyncFn(&[Prose]) -> Result<Vec<SealedWords>, E>,
    place: Place,
) -> Result<Vec<(Box<dyn Request>, Acting)>, RecordError> {
    let failed = |source| RecordError::Seal { batch: place.batch, source };
    let texts: Vec<Prose> =
        left.iter().filter_map(|planned| planned.intent.words().cloned()).collect();
    let sealed = if texts.is_empty() {
        Vec::new()
    } else {
        seal(&texts).await.map_err(|error| failed(error.into()))?
    };
    if sealed.len() != texts.len() {
        return Err(failed("the vault sealed another number of texts".into()));
    }
    let mut sealed = sealed.into_iter();
    let mut requests = Vec::with_capacity(left.len());
    for planned in left {
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

async fn send(
    ledger: &Ledger,
    requests: &[(Box<dyn Request>, Acting)],
    Place { batch, batches }: Place,
) -> Result<Vec<Answer>, RecordError> {
    if let [(request, acting)] = requests {
        let answer = ledger.execute(request.as_ref(), acting).await;
        return answer.map(|answer| vec![answer]).map_err(|source| RecordError::Request {
            batch,
            batches,
            source,
        });
    }
    let answers = ledger.execute_batch(requests).await;
    answers.map_err(|source| RecordError::Batch { batch, batches, source })
}
