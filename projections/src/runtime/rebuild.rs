//! A read model made again from the first event, beside the rows in use, and put in their place.
//!
//! **Invariant:** until the last transaction nothing that a reader sees is touched. A rebuild that
//! was cut short leaves a shadow behind, which the next one throws away.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::try_join;
use futures::{Stream, StreamExt};
use piperoll_events::Position;
use serde::Serialize;
use tokio::sync::watch;
use tokio_postgres::Row;

use super::compare::{Comparison, Heads as Compared, compare};
use super::cursor::{Cursor, Origin, position};
use super::fence::lock;
use super::heads::{CAPACITY, Heads, Write};
use super::run::{SourceError, Worker};
use super::schema::{Schema, create, index_statements};
use super::{Link, Placed, RuntimeError};
use crate::Projection;

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

/// Rebuilds a read model from `batches`, which begin at position 1 and should go on past the head
/// for as long as the ledger does. `cancel` set to true ends it; `judge` sees what differs.
///
/// # Errors
/// Another rebuild is at it, cancelled, events missing, Postgres. The rows in use are untouched.
pub async fn rebuild<S>(
    plan: Plan<'_>,
    batches: S,
    mut cancel: watch::Receiver<bool>,
    progress: impl FnMut(Progress) + Send,
    judge: impl FnOnce(&Comparison) -> Verdict + Send,
) -> Result<Rebuilt, RuntimeError>
where
    S: Stream<Item = Result<Vec<Placed>, SourceError>> + Send,
{
    let schema = plan.schema.clone();
    tokio::select! {
        biased;
        // A sender that is gone can't cancel any more.
        () = async {
            if cancel.wait_for(|cancelled| *cancelled).await.is_err() {
                std::future::pending::<()>().await;
            }
        } => Err(RuntimeError::Cancelled { schema }),
        done = work(plan, batches, progress, judge) => done,
    }
}

async fn work<S>(
    plan: Plan<'_>,
    batches: S,
    progress: impl FnMut(Progress) + Send,
    judge: impl FnOnce(&Comparison) -> Verdict + Send,
) -> Result<Rebuilt, RuntimeError>
where
    S: Stream<Item = Result<Vec<Placed>, SourceError>> + Send,
{
    let mut worker = shadow(plan).await?;
    let began = Instant::now();
    let pace = Pace { began, head: plan.head, tell: Mutex::new(progress) };
    let mut reading = std::pin::pin!(batches.inspect(|batch| {
        let last = batch.as_ref().ok().and_then(|batch| batch.last());
        if let Some(last) = last {
            pace.tell(Stage::Loading, last.position);
        }
    }));
    reach(&mut worker, &mut reading, plan.head).await?;
    worker.spill().await?;
    let loading = began.elapsed();
    let began = Instant::now();
    pace.tell(Stage::Indexing, worker.position());
    finish(&mut worker, plan).await?;
    let indexing = began.elapsed();
    let mut rebuilt = Rebuilt {
        position: worker.position(),
        comparison: None,
        swapped: false,
        loading,
        indexing,
        comparing: Duration::ZERO,
    };
    if let Some(live) = live(worker.link()?, plan.schema).await? {
        if live.ledger == plan.origin.ledger && worker.position() < live.position {
            reach(&mut worker, &mut reading, live.position).await?;
        }
        let at = live.position.min(worker.position());
        let heads =
            if live.position == worker.position() { Compared::Compared } else { Compared::Left };
        let shadow = plan.schema.shadow();
        pace.tell(Stage::Comparing, at);
        let began = Instant::now();
        let found = compare(worker.links()?, [plan.schema, &shadow], at, heads).await?;
        rebuilt.comparing = began.elapsed();
        let verdict = judge(&found);
        rebuilt.comparison = Some(found);
        if verdict == Verdict::Leave {
            return Ok(Rebuilt { position: worker.position(), ..rebuilt });
        }
    }
    pace.tell(Stage::Swapping, worker.position());
    // The rows in use may have moved on in the meantime; the last of it is caught up here.
    while let Some(further) = swap(worker.link()?, plan).await? {
        reach(&mut worker, &mut reading, further).await?;
    }
    Ok(Rebuilt { position: worker.position(), swapped: true, ..rebuilt })
}

/// An empty shadow, and a worker at its start. The rows put aside last time make room.
async fn shadow(plan: Plan<'_>) -> Result<Worker, RuntimeError> {
    let shadow = plan.schema.shadow();
    let mut link = lock(plan.url, &shadow).await?;
    let gone = [&shadow, &plan.schema.old()];
    for schema in gone {
        link.batch_execute(&format!("drop schema if exists {schema} cascade")).await?;
    }
    create(&mut link, &shadow, plan.model, plan.origin).await?;
    // What a crash takes of a shadow is made again anyway; the swap itself waits for the disk.
    link.batch_execute("set synchronous_commit = off").await?;
    let cursor = Cursor::read(&*link, &shadow).await?;
    let heads = Heads::new(true, CAPACITY, Write::AtEnd);
    Worker::new(plan.url, link, shadow, plan.model, cursor, heads).await
}

/// Moves the worker on to `head`, where the events go so far.
async fn reach<S>(worker: &mut Worker, batches: &mut S, head: Position) -> Result<(), RuntimeError>
where
    S: Stream<Item = Result<Vec<Placed>, SourceError>> + Unpin,
{
    worker.run(batches, Some(head)).await?;
    let reached = worker.position();
    if reached < head { Err(RuntimeError::Short { reached, head }) } else { Ok(()) }
}

/// Indexes, and what the planner and index-only reads need. Nobody else works meanwhile, so both
/// connections share the work.
async fn finish(worker: &mut Worker, plan: Plan<'_>) -> Result<(), RuntimeError> {
    let shadow = plan.schema.shadow();
    let [link, second] = worker.links()?;
    second.batch_execute("set synchronous_commit = off").await?;
    side_by_side([link, second], index_statements(&shadow, plan.model)).await?;
    let text = "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
                where relkind = 'r' and nspname = $1 order by relpages desc";
    let tables = link.query(text, &[&shadow.as_str()]).await?;
    // Marks pages as visible to all and counts rows, table by table.
    let vacuum =
        |row: &Row| Ok(format!("vacuum (analyze) {shadow}.{}", row.try_get::<_, &str>(0)?));
    let statements = tables.iter().map(vacuum).collect::<Result<_, RuntimeError>>()?;
    side_by_side([link, second], statements).await
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

async fn live(link: &Link, schema: &Schema) -> Result<Option<Cursor>, RuntimeError> {
    match Cursor::read(&**link, schema).await {
        Ok(cursor) => Ok(Some(cursor)),
        Err(RuntimeError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the shadow in use, or says how far the rows in use have come meanwhile.
///
/// Whoever waits for the old cursor's row wakes up to an epoch that is no longer theirs, so that
/// nobody moves an old cursor and copies into new tables.
async fn swap(link: &mut Link, plan: Plan<'_>) -> Result<Option<Position>, RuntimeError> {
    let (schema, shadow, old) = (plan.schema, plan.schema.shadow(), plan.schema.old());
    let there = live(link, schema).await?.is_some();
    let transaction = link.transaction().await?;
    transaction.batch_execute("set local synchronous_commit = on").await?;
    if there {
        let text = "update @.cursor set epoch = epoch + 1 returning position, epoch, ledger_id";
        let row = transaction.query_one(&schema.sql(text), &[]).await?;
        let further = position(row.try_get(0)?);
        let same = row.try_get::<_, uuid::Uuid>(2)? == plan.origin.ledger.uuid();
        let text = "select position from @.cursor";
        let ours = transaction.query_one(&shadow.sql(text), &[]).await?;
        if same && position(ours.try_get(0)?) < further {
            transaction.rollback().await?;
            return Ok(Some(further));
        }
        let text = "update @.cursor set epoch = $1";
        transaction.execute(&shadow.sql(text), &[&row.try_get::<_, i64>(1)?]).await?;
        transaction.batch_execute(&format!("alter schema {schema} rename to {old}")).await?;
    }
    transaction.batch_execute(&format!("alter schema {shadow} rename to {schema}")).await?;
    transaction.commit().await?;
    Ok(None)
}

struct Pace<F> {
    began: Instant,
    head: Position,
    tell: Mutex<F>,
}

impl<F: FnMut(Progress)> Pace<F> {
    fn tell(&self, stage: Stage, position: Position) {
        let spent = self.began.elapsed().as_millis().max(1);
        let rate = u128::from(position.0).saturating_mul(1_000).checked_div(spent).unwrap_or(0);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        let rest = self.head.0.saturating_sub(position.0);
        let left = rest.saturating_mul(1_000).checked_div(rate).map(Duration::from_millis);
        if let Ok(mut tell) = self.tell.lock() {
            tell(Progress { stage, position, head: self.head, rate, left });
        }
    }
}
