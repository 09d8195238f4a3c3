//! The cursor of a read model: whose rows these are, how far they go and what was known by then.
//!
//! **Invariant:** every as-at is by position. An instant becomes a position once, here, and
//! nothing else compares instants.

use chrono::{DateTime, TimeDelta, Utc};
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::Ledger;
use piperoll_events::{Event, Fact, Position};
use serde::Serialize;
use tokio_postgres::{GenericClient, Row};

use super::RuntimeError;
use super::schema::{Schema, shape};
use crate::Projection;

/// Which stream a ledger is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The ledger's id.
    pub ledger: LedgerId,
    /// When its stream was made: a stream made anew is another.
    pub stream_created: DateTime<Utc>,
}

/// Where a read model stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cursor {
    /// The ledger that the rows are of.
    pub ledger: LedgerId,
    /// When its stream was made.
    pub stream_created: DateTime<Utc>,
    /// The last position that the rows hold.
    pub position: Position,
    /// How often a worker took over.
    pub epoch: i64,
    /// The last instant of which something is known.
    pub known_at: Option<DateTime<Utc>>,
    /// Where the ledger opened, once it has.
    pub opened_at: Option<Position>,
}

/// How far a read model is behind its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "lag", rename_all = "snake_case")]
pub enum Lag {
    /// Not at all.
    Level {},
    /// By so many events.
    Behind {
        /// Events still to come.
        events: u64,
        /// How long the first of them has waited, where its time is known.
        seconds: Option<u64>,
    },
    /// The rows hold more than the ledger: it was lost or restored. Never shown as nought.
    Ahead {
        /// Events that the ledger no longer has.
        events: u64,
    },
}

impl Lag {
    /// From the cursor, the ledger's last position, and how long the event after the cursor has
    /// waited.
    #[must_use]
    pub fn between(cursor: Position, head: Position, waiting: Option<TimeDelta>) -> Self {
        match cursor.cmp(&head) {
            std::cmp::Ordering::Equal => Self::Level {},
            std::cmp::Ordering::Less => Self::Behind {
                events: head.0.saturating_sub(cursor.0),
                seconds: waiting.map(|w| u64::try_from(w.num_seconds()).unwrap_or(0)),
            },
            std::cmp::Ordering::Greater => Self::Ahead { events: cursor.0.saturating_sub(head.0) },
        }
    }
}

impl Cursor {
    /// Reads the cursor and checks that the rows are of this ledger and of this release.
    ///
    /// # Errors
    /// No such schema, another ledger or stream, tables of another release.
    pub async fn check<C: GenericClient>(
        client: &C,
        schema: &Schema,
        model: &dyn Projection,
        origin: Origin,
    ) -> Result<Self, RuntimeError> {
        let (cursor, found) = read(client, schema).await?;
        if cursor.ledger != origin.ledger || cursor.stream_created != origin.stream_created {
            return Err(RuntimeError::OtherLedger {
                schema: schema.clone(),
                found: cursor.ledger.uuid(),
                wanted: origin.ledger.uuid(),
            });
        }
        if found != shape(model) {
            return Err(RuntimeError::OtherShape { schema: schema.clone() });
        }
        Ok(cursor)
    }

    /// Reads the cursor.
    ///
    /// # Errors
    /// No such schema.
    pub async fn read<C: GenericClient>(client: &C, schema: &Schema) -> Result<Self, RuntimeError> {
        Ok(read(client, schema).await?.0)
    }

    /// What is known once this event is: before the ledger opens by what files assert, from then
    /// on by the clock; never less than before.
    pub(crate) fn know(&mut self, position: Position, event: &Event) {
        if matches!(event.fact, Fact::Ledger(Ledger::Opened(_))) && self.opened_at.is_none() {
            self.opened_at = Some(position);
        }
        let said = if self.opened_at.is_some() {
            Some(event.time)
        } else {
            event.record.asserted.as_ref().and_then(|asserted| asserted.known_at)
        };
        self.known_at = self.known_at.max(said);
    }
}

async fn read<C: GenericClient>(
    client: &C,
    schema: &Schema,
) -> Result<(Cursor, uuid::Uuid), RuntimeError> {
    let table = schema.sql("@.cursor");
    let there = client.query_one("select to_regclass($1) is not null", &[&table]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Err(RuntimeError::Missing { schema: schema.clone() });
    }
    let text = "select ledger_id, stream_created, position, epoch, known_at, opened_at, shape
                from @.cursor";
    let row = client.query_one(&schema.sql(text), &[]).await?;
    Ok((from_row(&row)?, row.try_get(6)?))
}

pub(crate) fn from_row(row: &Row) -> Result<Cursor, tokio_postgres::Error> {
    Ok(Cursor {
        ledger: LedgerId::new(row.try_get(0)?),
        stream_created: row.try_get(1)?,
        position: position(row.try_get(2)?),
        epoch: row.try_get(3)?,
        known_at: row.try_get(4)?,
        opened_at: row.try_get::<_, Option<i64>>(5)?.map(position),
    })
}

/// A position as Postgres keeps it.
pub(crate) fn bigint(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// A position from what Postgres keeps.
pub(crate) fn position(kept: i64) -> Position {
    Position(u64::try_from(kept).unwrap_or(0))
}

/// P(T): the last position whose known-at is not after `instant`.
///
/// # Errors
/// No such schema.
pub async fn at_instant<C: GenericClient>(
    client: &C,
    schema: &Schema,
    instant: DateTime<Utc>,
) -> Result<Position, RuntimeError> {
    let text = "select coalesce((select position - 1 from @.moment where known_at > $1
                                 order by known_at limit 1),
                                (select position from @.cursor))";
    let row = client.query_one(&schema.sql(text), &[&instant]).await?;
    Ok(position(row.try_get(0)?))
}

/// What was known at a position: the last instant asserted or witnessed by then.
///
/// # Errors
/// No such schema.
pub async fn instant_of<C: GenericClient>(
    client: &C,
    schema: &Schema,
    at: Position,
) -> Result<Option<DateTime<Utc>>, RuntimeError> {
    let text = "select known_at from @.moment where position <= $1
                order by position desc limit 1";
    let row = client.query_opt(&schema.sql(text), &[&bigint(at)]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_past_the_head_is_named_and_never_nought() {
        let at = |c, h| Lag::between(Position(c), Position(h), Some(TimeDelta::seconds(3)));
        assert_eq!(at(5, 5), Lag::Level {});
        assert_eq!(at(2, 5), Lag::Behind { events: 3, seconds: Some(3) });
        assert_eq!(at(9, 5), Lag::Ahead { events: 4 });
    }
}
