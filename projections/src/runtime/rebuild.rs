//! A read model made again from the first event, beside the rows in use, and put in their place.
//!
//! **Invariant:** until the last transaction nothing that a reader sees is touched. A rebuild that
//! was cut short leaves a shadow behind, which the next one goes on with.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::try_join;
use futures::{Stream, StreamExt};
use piperoll_events::Position;
use serde::Serialize;
use tokio::sync::watch;
use tokio_postgres::NoTls;

use super::batch::Batch;
use super::compare::{Comparison, Heads as Compared, compare};
use super::cursor::{Cursor, Origin};
use super::run::{SourceError, Worker};
use super::schema::{Schema, index_statements};
use super::shadow::{Begun, shadow, to_vacuum};
use super::swap::{live, swap};
use super::{Link, RuntimeError};
use crate::Projection;

/// After how many events a load writes its heads, so that one that is killed goes on from there: some
/// seconds of a few minutes' work.
const MARK_EVERY: u64 = 5_000_000;

/// What is to be rebuilt.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// The address of Postgres.
    pub url: &'a str,
    /// The schema in use.
    pub schema: &'a Schema,
    /// Its read model.
    pub model: &'static dyn Projection,
    /// Which ledger.
    pub origin: Origin,
    /// Where the ledger ends.
    pub head: Position,
    /// What becomes of a shadow that was cut short.
    pub start: Start,
    /// What becomes of the rows that the last rebuild put aside.
    pub old: Old,
    /// After how many events heads are written.
    pub mark_every: u64,
}

impl<'a> Plan<'a> {
    /// As people rebuild: what was cut short is gone on with, and nothing is dropped unasked.
    #[must_use]
    pub const fn new(
        url: &'a str,
        schema: &'a Schema,
        model: &'static dyn Projection,
        origin: Origin,
        head: Position,
    ) -> Self {
        let (start, old, mark_every) = (Start::GoOn, Old::Kept, MARK_EVERY);
        Self { url, schema, model, origin, head, start, old, mark_every }
    }
}

/// What becomes of a shadow that was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// It is gone on with, where it can be.
    GoOn,
    /// It is thrown away.
    Anew,
}

/// What becomes of the rows that the last rebuild put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// They stay, and nothing is rebuilt while they do.
    Kept,
    /// They make room for the rows in use when those are put aside.
    Dropped,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// The last position handed over.
    pub position: Position,
    /// Where the ledger ends.
    pub head: Position,
    /// Events a second since it began.
    pub rate: u64,
    /// How long the rest of the events will take at that rate.
    pub left: Option<Duration>,
}

/// What a rebuild is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading and folding events.
    Loading,
    /// Making indexes.
    Indexing,
    /// Comparing with the rows in use.
    Comparing,
    /// Changing places with the rows in use.
    Swapping,
}

/// What to do with the rebuilt rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Put them in use; those in use are put aside.
    Swap,
    /// Leave them in the shadow, to be looked at.
    Leave,
}

/// What a rebuild came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rebuilt {
    /// How it began.
    pub begun: Begun,
    /// The last position that the rebuilt rows hold.
    pub position: Position,
    /// What differs from the rows that were in use; absent where there were none.
    pub comparison: Option<Comparison>,
    /// Whether the rebuilt rows are in use.
    pub swapped: bool,
    /// How long reading, folding and writing took.
    pub loading: Duration,
    /// How long indexes took.
    pub indexing: Duration,
    /// How long comparing with the rows in use took.
    pub comparing: Duration,
}

/// A rebuild that has its shadow and has read nothing yet.
pub struct Rebuild<'a> {
    plan: Plan<'a>,
    worker: Worker,
    begun: Begun,
}

/// Rebuilds a read model from `batches`, which begin at position 1 and should go on past the head
/// for as long as the ledger does. `cancel` set to true ends it; `judge` sees what differs.
///
/// # Errors
/// Another rebuild is at it, cancelled, events missing, Postgres. The rows in use are untouched.
pub async fn rebuild<S, B>(
    plan: Plan<'_>,
    batches: S,
    cancel: watch::Receiver<bool>,
    progress: impl FnMut(Progress) + Send,
    judge: impl FnOnce(&Comparison) -> Verdict + Send,
) -> Result<Rebuilt, RuntimeError>
where
    S: Stream<Item = Result<B, SourceError>> + Send,
    B: Into<Batch>,
{
    Rebuild::begin(plan).await?.run(batches, cancel, progress, judge).await
}

impl<'a> Rebuild<'a> {
    /// Makes the shadow, or finds the one to go on with.
    ///
    /// # Errors
    /// Another rebuild is at it; rows put aside are still there; Postgres.
    pub async fn begin(plan: Plan<'a>) -> Result<Self, RuntimeError> {
        let (worker, begun) = shadow(plan).await?;
        Ok(Self { plan, worker, begun })
    }

    /// What the shadow holds already: the events to hand over are those after it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.worker.position()
    }

    /// How it began.
    #[must_use]
    pub const fn begun(&self) -> &Begun {
        &self.begun
    }

    /// Does the rest; see [`rebuild`].
    ///
    /// # Errors
    /// As [`rebuild`].
    pub async fn run<S, B>(
        self,
        batches: S,
        cancel: watch::Receiver<bool>,
        progress: impl FnMut(Progress) + Send,
        judge: impl FnOnce(&Comparison) -> Verdict + Send,
    ) -> Result<Rebuilt, RuntimeError>
    where
        S: Stream<Item = Result<B, SourceError>> + Send,
        B: Into<Batch>,
    {
        let Self { plan, mut worker, begun } = self;
        let pace = Pace::new(worker.position(), plan.head, progress);
        let reading = batches.map(|batch| batch.map(Into::into)).inspect(|batch| {
            let last = batch.as_ref().ok().and_then(|batch: &Batch| batch.last());
            if let Some(last) = last {
                pace.tell(Stage::Loading, last.position);
            }
        });
        let mut reading = std::pin::pin!(reading.take_until(cancelled(cancel.clone())));
        let mut work = Work { plan, worker: &mut worker, cancel };
        work.reach(&mut reading, plan.head).await?;
        work.worker.spill().await?;
        let loading = pace.began.elapsed();
        let began = Instant::now();
        pace.tell(Stage::Indexing, work.worker.position());
        work.index().await?;
        let indexing = began.elapsed();
        let mut rebuilt = Rebuilt {
            begun,
            position: work.worker.position(),
            comparison: None,
            swapped: false,
            loading,
            indexing,
            comparing: Duration::ZERO,
        };
        if let Some(live) = live(work.worker.link()?, plan.schema).await? {
            if live.ledger == plan.origin.ledger && work.worker.position() < live.position {
                work.reach(&mut reading, live.position).await?;
            }
            pace.tell(Stage::Comparing, live.position.min(work.worker.position()));
            let began = Instant::now();
            let found = work.compare(&live).await?;
            rebuilt.comparing = began.elapsed();
            let verdict = judge(&found);
            rebuilt.comparison = Some(found);
            if verdict == Verdict::Leave {
                return Ok(Rebuilt { position: work.worker.position(), ..rebuilt });
            }
        }
        pace.tell(Stage::Swapping, work.worker.position());
        // The rows in use may have moved on in the meantime; the last of it is caught up here.
        while let Some(further) = swap(work.worker.link()?, plan).await? {
            work.reach(&mut reading, further).await?;
        }
        Ok(Rebuilt { position: work.worker.position(), swapped: true, ..rebuilt })
    }
}

/// A rebuild under way.
struct Work<'a> {
    plan: Plan<'a>,
    worker: &'a mut Worker,
    cancel: watch::Receiver<bool>,
}

impl Work<'_> {
    /// Moves the worker on to `head`, where the events go so far. When it is cancelled, what it has is
    /// left so that it can be gone on with.
    async fn reach<S>(&mut self, batches: &mut S, head: Position) -> Result<(), RuntimeError>
    where
        S: Stream<Item = Result<Batch, SourceError>> + Unpin,
    {
        self.worker.run(batches, Some(head)).await?;
        let reached = self.worker.position();
        if *self.cancel.borrow() {
            self.worker.mark().await?;
            return Err(self.cancelled());
        }
        if reached < head { Err(RuntimeError::Short { reached, head }) } else { Ok(()) }
    }

    /// Indexes, and what the planner and index-only reads need. Nobody else works meanwhile, so both
    /// connections share the work.
    async fn index(&mut self) -> Result<(), RuntimeError> {
        let (shadow, model) = (self.plan.schema.shadow(), self.plan.model);
        self.unless_cancelled(async |[link, second]| {
            second.batch_execute("set synchronous_commit = off").await?;
            side_by_side([link, second], index_statements(&shadow, model)).await?;
            side_by_side([link, second], to_vacuum(link, &shadow).await?).await
        })
        .await
    }

    async fn compare(&mut self, live: &Cursor) -> Result<Comparison, RuntimeError> {
        let (schema, shadow) = (self.plan.schema, self.plan.schema.shadow());
        let at = live.position.min(self.worker.position());
        let level = live.position == self.worker.position();
        let heads = if level { Compared::Compared } else { Compared::Left };
        self.unless_cancelled(async |links| compare(links, [schema, &shadow], at, heads).await)
            .await
    }

    /// Work of Postgres, which is told to stop when the rebuild is.
    async fn unless_cancelled<T>(
        &mut self,
        work: impl AsyncFnOnce([&Link; 2]) -> Result<T, RuntimeError>,
    ) -> Result<T, RuntimeError> {
        let cancel = cancelled(self.cancel.clone());
        let links = self.worker.links()?;
        let tokens = links.map(|link| link.cancel_token());
        tokio::select! {
            biased;
            () = cancel => {}
            done = work(links) => return done,
        }
        for token in tokens {
            // Where it can't be told, it finds the connection gone.
            token.cancel_query(NoTls).await.ok();
        }
        Err(self.cancelled())
    }

    fn cancelled(&self) -> RuntimeError {
        let schema = self.plan.schema.clone();
        RuntimeError::Cancelled { schema, reached: self.worker.position() }
    }
}

/// Resolves once `cancel` says so. A sender that is gone can't cancel any more.
async fn cancelled(mut cancel: watch::Receiver<bool>) {
    if cancel.wait_for(|cancelled| *cancelled).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Runs statements that do not wait for each other; each connection takes the next when it is free.
async fn side_by_side(links: [&Link; 2], statements: Vec<String>) -> Result<(), RuntimeError> {
    let left = Mutex::new(statements.into_iter());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = async |link: &Link| {
        while let Some(statement) = next() {
            link.batch_execute(&statement).await?;
        }
        Ok(())
    };
    let [one, other] = links;
    try_join(run(one), run(other)).await.map(|((), ())| ())
}

struct Pace<F> {
    began: Instant,
    from: Position,
    head: Position,
    tell: Mutex<F>,
}

impl<F: FnMut(Progress)> Pace<F> {
    fn new(from: Position, head: Position, tell: F) -> Self {
        Self { began: Instant::now(), from, head, tell: Mutex::new(tell) }
    }

    fn tell(&self, stage: Stage, position: Position) {
        let spent = self.began.elapsed().as_millis().max(1);
        let done = u128::from(position.0.saturating_sub(self.from.0));
        let rate = done.saturating_mul(1_000).checked_div(spent).unwrap_or(0);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        let rest = self.head.0.saturating_sub(position.0);
        let left = rest.saturating_mul(1_000).checked_div(rate).map(Duration::from_millis);
        if let Ok(mut tell) = self.tell.lock() {
            tell(Progress { stage, position, head: self.head, rate, left });
        }
    }
}
