//! The one transaction: the cursor first, then the rows it counts.
//!
//! **Invariant:** the first statement moves the cursor from exactly where this worker left it, or
//! nothing is written. So of two workers one stops, and rows never stand without their cursor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::SinkExt;
use tokio::sync::{mpsc, watch};
use tokio_postgres::{Statement, Transaction};
use uuid::Uuid;

use piperoll_events::Position;

use super::RuntimeError;
use super::connect::Link;
use super::copy::{Copied, Keep};
use super::cursor::bigint;
use super::folding::Folded;
use super::heads::{Are, Moved, code};
use super::schema::Schema;

const MOVE: &str = "update @.cursor set position = $4, known_at = $5, opened_at = $6
    where position = $1 and epoch = $2 and ledger_id = $3";
const HEADS: &str = "insert into @.entity_head (kind, id, revision, position)
    select * from unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[])
    on conflict (kind, id) do update
    set revision = excluded.revision, position = excluded.position";
/// Only a shadow has this table.
const MARK: &str = "update @.loading set position = $1, known_at = $2, opened_at = $3";

/// A batch that stands in Postgres.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Its last position.
    pub upto: Position,
    /// How many rows came of it.
    pub rows: u64,
    /// How long its transaction took.
    pub took: Duration,
}

/// Who is told of each batch as soon as it stands; it must not wait.
pub type Listener = Arc<dyn Fn(Written) + Send + Sync>;

/// Writes folded batches, one transaction each.
pub(crate) struct Committer {
    pub(crate) listener: Option<Listener>,
    link: Link,
    schema: Schema,
    statements: HashMap<String, Statement>,
}

impl Committer {
    pub(crate) fn new(link: Link, schema: Schema) -> Self {
        Self { listener: None, link, schema, statements: HashMap::new() }
    }

    /// The connection, between two batches.
    pub(crate) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Writes what comes until there is no more; gives itself back with how it ended.
    pub(crate) async fn run(
        mut self,
        mut batches: mpsc::Receiver<Folded>,
        reached: watch::Sender<Position>,
        model: &'static str,
    ) -> (Self, Result<(), RuntimeError>) {
        while let Some(folded) = batches.recv().await {
            let position = folded.cursor.position;
            let rows = folded.tables.iter().map(|table| table.rows).sum::<u64>();
            let begun = Instant::now();
            if let Err(error) = self.advance(folded).await {
                return (self, Err(error));
            }
            let took = begun.elapsed();
            metrics::histogram!("piperoll_projection_write_duration_seconds", "model" => model)
                .record(took);
            metrics::histogram!("piperoll_projection_batch_rows", "model" => model)
                .record(u32::try_from(rows).unwrap_or(u32::MAX));
            if let Some(listener) = &self.listener {
                listener(Written { upto: position, rows, took });
            }
            reached.send_replace(position);
        }
        (self, Ok(()))
    }

    /// One batch: cursor, rows, heads, or none of them.
    pub(crate) async fn advance(&mut self, mut folded: Folded) -> Result<(), RuntimeError> {
        let Self { link, schema, statements, .. } = self;
        let transaction = link.transaction().await?;
        let mut writing = Writing { transaction, schema, statements };
        writing.move_cursor(&folded).await?;
        for table in std::mem::take(&mut folded.tables) {
            writing.copy(table).await?;
        }
        writing.heads(&folded).await?;
        Ok(writing.transaction.commit().await?)
    }
}

/// A transaction under way.
struct Writing<'a> {
    transaction: Transaction<'a>,
    schema: &'a Schema,
    statements: &'a mut HashMap<String, Statement>,
}

impl Writing<'_> {
    async fn statement(&mut self, text: &str) -> Result<Statement, RuntimeError> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.transaction.prepare(&self.schema.sql(text)).await?;
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    async fn move_cursor(&mut self, folded: &Folded) -> Result<(), RuntimeError> {
        let statement = self.statement(MOVE).await?;
        let cursor = &folded.cursor;
        let moved = self
            .transaction
            .execute(
                &statement,
                &[
                    &bigint(folded.from),
                    &cursor.epoch,
                    &cursor.ledger.uuid(),
                    &bigint(cursor.position),
                    &cursor.known_at,
                    &cursor.opened_at.map(bigint),
                ],
            )
            .await?;
        if moved == 1 {
            return Ok(());
        }
        Err(RuntimeError::Fenced { schema: self.schema.clone() })
    }

    async fn copy(&mut self, copied: Copied) -> Result<(), RuntimeError> {
        let Copied { table, columns, keep, bytes, .. } = copied;
        match keep {
            Keep::All => self.copy_into(&format!("@.{table}"), columns, bytes).await,
            Keep::First => {
                // COPY knows no conflicts, so the rows come by way of a table of this session.
                let made = format!(
                    "create temporary table if not exists incoming_{table}
                     (like @.{table}) on commit delete rows"
                );
                let made = self.statement(&made).await?;
                self.transaction.execute(&made, &[]).await?;
                self.copy_into(&format!("incoming_{table}"), columns, bytes).await?;
                let kept = format!(
                    "insert into @.{table} ({columns}) select {columns} from incoming_{table}
                     on conflict do nothing"
                );
                let kept = self.statement(&kept).await?;
                self.transaction.execute(&kept, &[]).await?;
                Ok(())
            }
        }
    }

    async fn copy_into(
        &mut self,
        table: &str,
        columns: &str,
        bytes: Bytes,
    ) -> Result<(), RuntimeError> {
        let statement =
            self.statement(&format!("copy {table} ({columns}) from stdin (format binary)")).await?;
        let mut sink = std::pin::pin!(self.transaction.copy_in::<_, Bytes>(&statement).await?);
        sink.send(bytes).await?;
        sink.finish().await?;
        Ok(())
    }

    async fn heads(&mut self, folded: &Folded) -> Result<(), RuntimeError> {
        let mark = match folded.heads.are {
            Are::Changed => return self.heads_changed(&folded.heads).await,
            Are::All => Some(bigint(folded.cursor.position)),
            Are::Last => None,
        };
        let text = self.schema.sql("truncate @.entity_head");
        self.transaction.batch_execute(&text).await?;
        for table in folded.heads.pieces().flat_map(|rows| rows.copied()) {
            self.copy(table).await?;
        }
        let statement = self.statement(MARK).await?;
        let (known_at, opened_at) = (folded.cursor.known_at, folded.cursor.opened_at.map(bigint));
        self.transaction.execute(&statement, &[&mark, &known_at, &opened_at]).await?;
        Ok(())
    }

    async fn heads_changed(&mut self, moved: &Moved) -> Result<(), RuntimeError> {
        let heads = &moved.heads;
        if heads.is_empty() {
            return Ok(());
        }
        let kinds: Vec<i16> = heads.iter().map(|(entity, _)| code(entity.kind)).collect();
        let ids: Vec<Uuid> = heads.iter().map(|(entity, _)| entity.id).collect();
        let revisions: Vec<i64> =
            heads.iter().map(|(_, head)| bigint(Position(head.revision.0))).collect();
        let positions: Vec<i64> = heads.iter().map(|(_, head)| bigint(head.position)).collect();
        let statement = self.statement(HEADS).await?;
        self.transaction.execute(&statement, &[&kinds, &ids, &revisions, &positions]).await?;
        Ok(())
    }
}
