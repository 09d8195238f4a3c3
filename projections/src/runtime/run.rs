//! The loop: while Postgres commits one batch, the next is received and folded.
//!
//! **Invariant:** two batches at most are on their way, and they are committed in order by one
//! connection. When either half fails, both stop and what was not committed is forgotten.

use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use futures::future::try_join_all;
use futures::{Stream, StreamExt};
use piperoll_events::Position;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::advance::{Committer, Listener};
use super::batch::{Batch, shared};
use super::cursor::Cursor;
use super::fence::Fence;
use super::folding::Folder;
use super::heads::Heads;
use super::schema::Schema;
use super::{Link, RuntimeError, connect};
use crate::Projection;

/// What a reader's error may be.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// One read model being moved on.
pub(crate) struct Worker {
    folder: Folder,
    committer: Option<Committer>,
    lookup: Link,
    reached: watch::Sender<Position>,
}

impl Worker {
    pub(crate) async fn new(
        url: &str,
        link: Link,
        schema: Schema,
        model: &'static dyn Projection,
        cursor: Cursor,
        heads: Heads,
    ) -> Result<Self, RuntimeError> {
        let lookup = connect(url).await?;
        let (reached, _) = watch::channel(cursor.position);
        let committer = Some(Committer::new(link, schema.clone()));
        Ok(Self { folder: Folder { schema, model, cursor, heads }, committer, lookup, reached })
    }

    pub(crate) fn cursor(&self) -> &Cursor {
        &self.folder.cursor
    }

    /// Where the committed rows end.
    pub(crate) fn position(&self) -> Position {
        *self.reached.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Position> {
        self.reached.subscribe()
    }

    /// Has `listener` told of each batch from here on.
    pub(crate) fn heard_by(&mut self, listener: Listener) {
        if let Some(committer) = &mut self.committer {
            committer.listener = Some(listener);
        }
    }

    /// The connection that commits, between two runs.
    pub(crate) fn link(&mut self) -> Result<&mut Link, RuntimeError> {
        Ok(self.committer.as_mut().ok_or(RuntimeError::Task)?.link())
    }

    /// Both connections, between two runs: the one that commits, and the one that looks up.
    pub(crate) fn links(&mut self) -> Result<[&Link; 2], RuntimeError> {
        let committer = self.committer.as_mut().ok_or(RuntimeError::Task)?;
        Ok([committer.link(), &self.lookup])
    }

    /// Writes every head of a load; from here on they go with each batch.
    pub(crate) async fn spill(&mut self) -> Result<(), RuntimeError> {
        let folded = self.folder.spill();
        self.committer.as_mut().ok_or(RuntimeError::Task)?.advance(folded).await
    }

    /// Writes every head of a load that is cut short, so that it can be gone on with.
    pub(crate) async fn mark(&mut self) -> Result<(), RuntimeError> {
        let folded = self.folder.mark();
        self.committer.as_mut().ok_or(RuntimeError::Task)?.advance(folded).await
    }

    /// Takes batches until the events end or `until` is committed.
    pub(crate) async fn run<S>(
        &mut self,
        batches: &mut S,
        until: Option<Position>,
    ) -> Result<(), RuntimeError>
    where
        S: Stream<Item = Result<Batch, SourceError>> + Unpin,
    {
        let committer = self.committer.take().ok_or(RuntimeError::Task)?;
        let (folded, to_commit) = mpsc::channel(1);
        let mut committing = JoinSet::new();
        let model = self.folder.model.name();
        committing.spawn(committer.run(to_commit, self.reached.clone(), model));
        let fed = self.feed(batches, folded, until, &mut committing).await;
        match fed {
            Ok(Some(ended)) => ended,
            Ok(None) | Err(_) => match committing.join_next().await {
                Some(Ok((committer, ended))) => {
                    self.committer = Some(committer);
                    ended.and(fed.map(drop))
                }
                Some(Err(_)) | None => Err(RuntimeError::Task),
            },
        }
    }

    /// Folds what comes. `Some`: the committing half ended first, and this is how.
    async fn feed<S>(
        &mut self,
        batches: &mut S,
        folded: mpsc::Sender<super::folding::Folded>,
        until: Option<Position>,
        committing: &mut JoinSet<(Committer, Result<(), RuntimeError>)>,
    ) -> Result<Option<Result<(), RuntimeError>>, RuntimeError>
    where
        S: Stream<Item = Result<Batch, SourceError>> + Unpin,
    {
        while until.is_none_or(|until| self.folder.cursor.position < until) {
            let batch = tokio::select! {
                ended = committing.join_next() => return Ok(Some(match ended {
                    Some(Ok((_, ended))) => ended.and(Err(RuntimeError::Task)),
                    Some(Err(_)) | None => Err(RuntimeError::Task),
                })),
                batch = batches.next() => batch,
            };
            let Some(batch) = batch else { break };
            let batch = batch.map_err(RuntimeError::Source)?;
            self.folder.prepare(&self.lookup, &batch).await?;
            let (committed, begun) = (self.position(), Instant::now());
            let batch = self.folder.fold(&batch, committed)?;
            let model = self.folder.model.name();
            metrics::histogram!("piperoll_projection_fold_duration_seconds", "model" => model)
                .record(begun.elapsed());
            if let Some(batch) = batch
                && folded.send(batch).await.is_err()
            {
                break;
            }
        }
        Ok(None)
    }
}

/// Moves a read model on for as long as events come. `reached` hears of every commit.
///
/// # Errors
/// Fenced, a gap, an error of the reader, Postgres. The caller takes the fence again and goes on
/// from the cursor, save for a gap, which somebody has to look at.
pub async fn follow<S, B>(
    fence: Fence,
    batches: S,
    reached: &watch::Sender<Position>,
) -> Result<Cursor, RuntimeError>
where
    S: Stream<Item = Result<B, SourceError>>,
    B: Into<Batch>,
{
    let mut batches = std::pin::pin!(batches.map(|batch| batch.map(Into::into)));
    let mut worker = fence.into_worker();
    let mut committed = worker.watch();
    reached.send_replace(worker.position());
    let telling = async {
        while committed.changed().await.is_ok() {
            reached.send_replace(*committed.borrow_and_update());
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = worker.run(&mut batches, None) => ended?,
        () = telling => {}
    }
    reached.send_replace(worker.position());
    Ok(worker.cursor().clone())
}

/// Moves several read models of one ledger on with one reading of it, which begins after the lowest
/// of their cursors; what each holds already is passed over. Ends with the first that is stopped, the
/// others where they are: the caller begins anew with all of them. `reached` hears of every commit.
///
/// # Errors
/// As [`follow`].
pub async fn follow_beside<S, B>(
    fences: Vec<Fence>,
    batches: S,
    reached: &watch::Sender<Position>,
) -> Result<(), RuntimeError>
where
    S: Stream<Item = Result<B, SourceError>> + Send,
    B: Into<Batch> + Send,
{
    let (handing, handed) = shared(batches, fences.len());
    let working = fences.into_iter().zip(handed);
    let working = try_join_all(working.map(|(fence, handed)| follow(fence, handed, reached)));
    let mut working = std::pin::pin!(working);
    let ended = tokio::select! {
        ended = &mut working => ended,
        () = handing => working.await,
    };
    ended.map(drop)
}

/// Waits until a read model holds a position: to read what was just written.
///
/// # Errors
/// Not reached within `limit`; the answer says how far it is.
pub async fn wait_for(
    pool: &Pool,
    schema: &Schema,
    wanted: Position,
    limit: Duration,
) -> Result<Cursor, RuntimeError> {
    let client = pool.get().await?;
    let deadline = tokio::time::Instant::now().checked_add(limit);
    loop {
        let cursor = Cursor::read(&**client, schema).await?;
        if cursor.position >= wanted {
            return Ok(cursor);
        }
        if deadline.is_none_or(|deadline| tokio::time::Instant::now() >= deadline) {
            let (schema, reached) = (schema.clone(), cursor.position);
            return Err(RuntimeError::StillBehind { schema, reached, wanted });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
