//! How fast this machine folds, copies and answers: the figures that `piperoll bench` prints.
//!
//! **Invariant:** everything is measured in one run on one machine, against plain COPY of the same
//! rows, so that the ratios travel.

use std::time::{Duration, Instant};

use futures::{SinkExt, Stream, StreamExt};
use piperoll_events::Position;
use piperoll_events::ids::{AreaId, LedgerName};
use serde::Serialize;
use tokio::sync::watch;

use super::cursor::{Cursor, Origin};
pub use super::invented::{Invented, Shape};

use super::copy::Keep;
use super::folding::Folder;
use super::heads::{CAPACITY, Heads, Write};
use super::rebuild::{Plan, settle};
use super::run::SourceError;
use super::schema::{Schema, create, index, install};
use super::{Copied, Fence, Placed, RuntimeError, Verdict, connect, follow, pool, rebuild};
use crate::Projection;
use crate::scorecard::{Filter, Reader, Scorecard};

/// What a run found. Times are of this machine; the ratios travel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was built.
    pub shape: Shape,
    /// Events in it.
    pub events: u64,
    /// Rows that they come to.
    pub rows: u64,
    /// Folding alone, one core.
    pub fold: Duration,
    /// COPY of the finished rows into empty tables without indexes.
    pub copy: Duration,
    /// Making the indexes on those.
    pub copy_index: Duration,
    /// A rebuild's reading, folding and writing.
    pub rebuild: Duration,
    /// A rebuild's indexes and statistics.
    pub rebuild_index: Duration,
    /// Catching up with indexes in place; absent where it was not asked for.
    pub live: Option<Duration>,
    /// A scorecard of 400 measures at random positions, each time sorted.
    pub scorecard: Vec<Duration>,
}

impl Report {
    /// The time below which `share` per cent of the scorecards stayed.
    #[must_use]
    pub fn scorecard_within(&self, share: usize) -> Option<Duration> {
        let last = self.scorecard.len().checked_sub(1)?;
        self.scorecard.get(last.checked_mul(share)?.checked_div(100)?).copied()
    }
}

/// Runs all of it against an empty database: rebuild, plain COPY, catching up, scorecards.
///
/// # Errors
/// Postgres refuses; a malformed ledger name.
pub async fn run(
    url: &str,
    ledger: &LedgerName,
    shape: Shape,
    questions: u32,
) -> Result<Report, RuntimeError> {
    let model: &'static dyn Projection = &Scorecard;
    let invented = Invented::new(shape).map_err(|_| RuntimeError::Task)?;
    let (origin, schema) = (invented.origin(), Schema::live(ledger, model));
    clear(url, &schema, origin).await?;
    let batches = invented.batches();
    let events: u64 = batches.iter().map(|batch| u64::try_from(batch.len()).unwrap_or(0)).sum();
    let mut folder = Folder {
        schema: schema.clone(),
        model,
        cursor: Cursor::beginning(origin),
        heads: Heads::new(true, CAPACITY, Write::AtEnd),
    };
    let given = batches.clone();
    let began = Instant::now();
    let mut folded: Vec<Vec<Copied>> = Vec::with_capacity(given.len());
    for batch in given {
        folded.extend(folder.fold(batch, Position::START)?.map(|folded| folded.tables));
    }
    folded.push(folder.spill().heads.rows().copied());
    let fold = began.elapsed();
    let rows = folded.iter().flatten().map(|copied| copied.rows).sum();
    let (copy, copy_index) = plain(url, &schema, origin, folded).await?;
    let live = catch_up(url, &schema, origin, batches.clone()).await?;
    let plan = Plan { url, schema: &schema, model, origin, head: Position(events) };
    let (_cancelling, cancel) = watch::channel(false);
    let rebuilt = rebuild(plan, reading(batches), cancel, |_| {}, |_| Verdict::Swap).await?;
    let scorecard = ask(url, &schema, shape, questions).await?;
    Ok(Report {
        shape,
        events,
        rows,
        fold,
        copy,
        copy_index,
        rebuild: rebuilt.loading,
        rebuild_index: rebuilt.indexing,
        live: Some(live),
        scorecard,
    })
}

/// Takes away what an earlier run left, and nothing that is of another ledger.
async fn clear(url: &str, schema: &Schema, origin: Origin) -> Result<(), RuntimeError> {
    let link = connect(url).await?;
    for schema in [schema.clone(), schema.shadow(), schema.old()] {
        match Cursor::read(&*link, &schema).await {
            Ok(cursor) if cursor.ledger == origin.ledger => {
                link.batch_execute(&format!("drop schema {schema} cascade")).await?;
            }
            Ok(cursor) => {
                let (found, wanted) = (cursor.ledger.uuid(), origin.ledger.uuid());
                return Err(RuntimeError::OtherLedger { schema, found, wanted });
            }
            Err(RuntimeError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn reading(batches: Vec<Vec<Placed>>) -> impl Stream<Item = Result<Vec<Placed>, SourceError>> {
    futures::stream::iter(batches.into_iter().map(Ok)).boxed()
}

/// COPY of finished rows into a schema of its own, and its indexes.
async fn plain(
    url: &str,
    schema: &Schema,
    origin: Origin,
    folded: Vec<Vec<Copied>>,
) -> Result<(Duration, Duration), RuntimeError> {
    let aside = schema.old();
    let mut link = connect(url).await?;
    link.batch_execute(&format!("drop schema if exists {aside} cascade")).await?;
    create(&mut link, &aside, &Scorecard, origin).await?;
    link.batch_execute("set synchronous_commit = off").await?;
    let began = Instant::now();
    for batch in folded {
        let transaction = link.transaction().await?;
        // Dictionaries hold each key once, which plain COPY can't know.
        let rows = batch.into_iter().filter(|copied| copied.keep == Keep::All);
        for Copied { table, columns, bytes, .. } in rows {
            let text = format!("copy {aside}.{table} ({columns}) from stdin (format binary)");
            let mut sink = std::pin::pin!(transaction.copy_in::<_, bytes::Bytes>(&text).await?);
            sink.send(bytes).await?;
            sink.finish().await?;
        }
        transaction.commit().await?;
    }
    let copy = began.elapsed();
    let began = Instant::now();
    index(&mut link, &aside, &Scorecard).await?;
    settle(&link, &aside).await?;
    Ok((copy, began.elapsed()))
}

async fn catch_up(
    url: &str,
    schema: &Schema,
    origin: Origin,
    batches: Vec<Vec<Placed>>,
) -> Result<Duration, RuntimeError> {
    let mut link = connect(url).await?;
    install(&mut link, schema, &Scorecard, origin).await?;
    let fence = Fence::take(url, schema, &Scorecard, origin).await?;
    let (reached, _) = watch::channel(Position::START);
    let began = Instant::now();
    follow(fence, reading(batches), &reached).await?;
    Ok(began.elapsed())
}

/// Scorecards of one area at positions spread over the whole ledger.
async fn ask(
    url: &str,
    schema: &Schema,
    shape: Shape,
    questions: u32,
) -> Result<Vec<Duration>, RuntimeError> {
    let reader = Reader::new(pool(url, 2)?, schema.clone());
    let head = reader.cursor().await?.position.0;
    let areas = u64::from(shape.measures.div_ceil(400)).max(1);
    let mut spent = Vec::new();
    for n in 0..u64::from(questions) {
        // A large odd factor spreads positions without a source of randomness.
        let at = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).checked_rem(head).unwrap_or(head);
        let area = AreaId::derived(&["bench", &(n.checked_rem(areas).unwrap_or(0)).to_string()]);
        let filter = Filter { place: Some(area.uuid()), ..Filter::default() };
        let began = Instant::now();
        reader.scorecard(Position(at.saturating_add(1)), None, &filter).await?;
        spent.push(began.elapsed());
    }
    spent.sort_unstable();
    Ok(spent)
}
