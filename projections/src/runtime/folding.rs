//! From what a reader hands over to finished rows: order, revisions, known-at, folds.
//!
//! **Invariant:** a position is never left out. What is not authentic is stepped over and shown;
//! what is missing stops the worker.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use piperoll_events::{Event, Position};
use tokio_postgres::Client;

use super::copy::{Copied, histories};
use super::cursor::Cursor;
use super::heads::{Heads, Moved};
use super::schema::Schema;
use super::{Outcome, Placed, RejectReason, RuntimeError};
use crate::Projection;

histories! { OwnRows;
    /// What was stepped over.
    reject: RejectRow (All) { position: Position, reason: String, detail: String, entity: Option<String> }
    /// Known-at grew.
    moment: MomentRow (All) { position: Position, known_at: DateTime<Utc> }
}

/// A batch that only has to be written.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) from: Position,
    pub(crate) cursor: Cursor,
    pub(crate) tables: Vec<Copied>,
    pub(crate) heads: Moved,
}

/// Folds batches, ahead of what is committed.
pub(crate) struct Folder {
    pub(crate) schema: Schema,
    pub(crate) model: &'static dyn Projection,
    /// Where the last folded batch ends; the table's cursor follows.
    pub(crate) cursor: Cursor,
    pub(crate) heads: Heads,
}

impl Folder {
    /// Loads what folding the batch needs.
    pub(crate) async fn prepare(
        &mut self,
        client: &Client,
        batch: &[Placed],
    ) -> Result<(), RuntimeError> {
        let wanted = self.heads.unknown(batch);
        self.heads.load(client, &self.schema, wanted).await
    }

    /// Folds a batch; none where all of it was folded before.
    pub(crate) fn fold(
        &mut self,
        batch: &[Placed],
        committed: Position,
    ) -> Result<Option<Folded>, RuntimeError> {
        let from = self.cursor.position;
        let mut own = OwnRows::default();
        let mut events = Vec::with_capacity(batch.len());
        for placed in batch {
            // A batch handed over twice counts once.
            if placed.position <= self.cursor.position {
                continue;
            }
            let expected = self.cursor.position.next();
            if placed.position != expected {
                let (schema, found) = (self.schema.clone(), placed.position);
                return Err(RuntimeError::Gap { schema, expected, found });
            }
            self.cursor.position = placed.position;
            match self.admit(placed) {
                Ok(event) => {
                    let before = self.cursor.known_at;
                    self.cursor.know(placed.position, event);
                    if let Some(known_at) = self.cursor.known_at.filter(|at| before != Some(*at)) {
                        own.moment.push(MomentRow { position: placed.position, known_at });
                    }
                    events.push((placed.position, event));
                }
                Err((reason, detail)) => {
                    own.reject.push(rejected(placed, reason, detail.into_owned()));
                }
            }
        }
        if from == self.cursor.position {
            return Ok(None);
        }
        let mut tables = self.model.fold(&events);
        tables.extend(own.copied());
        let heads = self.heads.taken(committed, self.cursor.position);
        Ok(Some(Folded { from, cursor: self.cursor.clone(), tables, heads }))
    }

    /// What ends a load: every head, and the cursor where it is.
    pub(crate) fn spill(&mut self) -> Folded {
        let heads = self.heads.spill();
        self.alone(heads)
    }

    /// What a load leaves that is cut short: every head, and the cursor where it is.
    pub(crate) fn mark(&mut self) -> Folded {
        let heads = self.heads.mark(self.cursor.position);
        self.alone(heads)
    }

    fn alone(&self, heads: Moved) -> Folded {
        let (from, cursor) = (self.cursor.position, self.cursor.clone());
        Folded { from, cursor, tables: Vec::new(), heads }
    }

    fn admit<'p>(&mut self, placed: &'p Placed) -> Result<&'p Event, (RejectReason, Cow<'p, str>)> {
        match &placed.outcome {
            Outcome::Reject(reason, detail) => Err((*reason, Cow::Borrowed(detail))),
            Outcome::Event(event) if event.ledger != self.cursor.ledger => {
                let detail = format!("the event is of ledger {}", event.ledger);
                Err((RejectReason::Ledger, detail.into()))
            }
            Outcome::Event(event) => match self.heads.admit(placed.position, event) {
                Ok(()) => Ok(event),
                Err(detail) => Err((RejectReason::Revision, detail.into())),
            },
        }
    }
}

fn rejected(placed: &Placed, reason: RejectReason, detail: String) -> RejectRow {
    let position = placed.position;
    tracing::warn!(%position, %reason, %detail, "an entry of the ledger is not authentic");
    let entity = placed.entity.map(|entity| entity.to_string());
    RejectRow { position, reason: reason.as_str().to_owned(), detail, entity }
}
