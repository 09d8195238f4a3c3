//! The last authentic event of every entity: what makes a repeated or skipped revision visible.
//!
//! **Invariant:** a head that is not in memory is in the table, or the entity has none. Only heads
//! that are committed are ever let go.

use std::collections::{HashMap, HashSet};

use piperoll_events::{EntityKind, EntityRef, Event, Position, Revision};
use tokio_postgres::Client;
use uuid::Uuid;

use super::copy::histories;
use super::schema::Schema;
use super::{Outcome, Placed, RuntimeError};

/// How many heads are kept in memory: some 80 MB.
pub(crate) const CAPACITY: usize = 1_000_000;

histories! { HeadRows;
    /// One entity's head.
    entity_head: HeadRow (All) { kind: i16, id: Uuid, revision: u64, position: Position }
}

/// An entity's last authentic event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) revision: Revision,
    pub(crate) position: Position,
}

/// When heads go to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// With each batch.
    Each,
    /// All together when the load is over.
    AtEnd,
}

/// The heads in memory.
#[derive(Debug)]
pub(crate) struct Heads {
    known: HashMap<EntityRef, Head>,
    /// Entities whose head moved in the batch being folded.
    moved: HashSet<EntityRef>,
    /// Whether every entity of the ledger is in memory.
    complete: bool,
    capacity: usize,
    write: Write,
}

impl Heads {
    pub(crate) fn new(complete: bool, capacity: usize, write: Write) -> Self {
        let (known, moved) = (HashMap::new(), HashSet::new());
        Self { known, moved, complete, capacity, write }
    }

    /// The entities of a batch that have to be looked up first.
    pub(crate) fn unknown(&self, batch: &[Placed]) -> HashSet<EntityRef> {
        if self.complete {
            return HashSet::new();
        }
        batch
            .iter()
            .filter_map(|placed| match &placed.outcome {
                Outcome::Event(event) => Some(event.entity),
                Outcome::Reject(..) => None,
            })
            .filter(|entity| !self.known.contains_key(entity))
            .collect()
    }

    /// Loads heads. What isn't found has none, and is remembered as such.
    pub(crate) async fn load(
        &mut self,
        client: &Client,
        schema: &Schema,
        wanted: HashSet<EntityRef>,
    ) -> Result<(), RuntimeError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let kinds: Vec<i16> = wanted.iter().map(|entity| code(entity.kind)).collect();
        let ids: Vec<Uuid> = wanted.iter().map(|entity| entity.id).collect();
        let text = "select h.kind, h.id, h.revision, h.position
                    from unnest($1::smallint[], $2::uuid[]) as w(kind, id)
                    join @.entity_head h using (kind, id)";
        let none = Head { revision: Revision::NONE, position: Position::START };
        self.known.extend(wanted.into_iter().map(|entity| (entity, none)));
        for row in client.query(&schema.sql(text), &[&kinds, &ids]).await? {
            let kind = kind(row.try_get(0)?).ok_or(RuntimeError::Row("entity_head"))?;
            let head = Head {
                revision: Revision(super::cursor::position(row.try_get(2)?).0),
                position: super::cursor::position(row.try_get(3)?),
            };
            self.known.insert(EntityRef::new(kind, row.try_get(1)?), head);
        }
        Ok(())
    }

    /// Moves an entity's head on, or says why the event can't be its next.
    pub(crate) fn admit(&mut self, position: Position, event: &Event) -> Result<(), String> {
        let none = Head { revision: Revision::NONE, position: Position::START };
        let head = self.known.get(&event.entity).copied().unwrap_or(none);
        let previous = (head.revision != Revision::NONE).then_some(head.position);
        let (revision, said) = (event.record.revision, event.record.previous);
        if revision != head.revision.next() || said != previous {
            let place = |p: Option<Position>| p.map_or("none".to_owned(), |p| p.to_string());
            return Err(format!(
                "revision {} after {} where {} follows; `previous` is {} where {} is",
                revision.0,
                head.revision.0,
                head.revision.next().0,
                place(said),
                place(previous)
            ));
        }
        self.known.insert(event.entity, Head { revision, position });
        if self.write == Write::Each {
            self.moved.insert(event.entity);
        }
        Ok(())
    }

    /// The heads to write with this batch; in a load none, unless memory is full.
    pub(crate) fn taken(&mut self, committed: Position) -> Moved {
        if self.write == Write::AtEnd {
            return if self.known.len() > self.capacity { self.spill() } else { Moved::none() };
        }
        let moved = self.moved.drain().filter_map(|e| self.known.get(&e).map(|h| (e, *h)));
        let changed = Moved { heads: moved.collect(), fresh: false };
        if self.known.len() > self.capacity {
            self.known.retain(|_, head| head.position > committed);
            self.complete = false;
        }
        changed
    }

    /// All heads of a load, sorted as the table's key is; from here on they go with each batch.
    pub(crate) fn spill(&mut self) -> Moved {
        if self.write == Write::Each {
            return Moved::none();
        }
        self.write = Write::Each;
        let mut heads: Vec<_> = self.known.iter().map(|(e, h)| (*e, *h)).collect();
        heads.sort_unstable_by_key(|(entity, _)| (code(entity.kind), entity.id));
        Moved { heads, fresh: true }
    }
}

/// Heads on their way to the table.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) heads: Vec<(EntityRef, Head)>,
    /// Whether the table is still empty.
    pub(crate) fresh: bool,
}

impl Moved {
    pub(crate) const fn none() -> Self {
        Self { heads: Vec::new(), fresh: false }
    }

    pub(crate) fn rows(&self) -> HeadRows {
        let row = |(entity, head): &(EntityRef, Head)| HeadRow {
            kind: code(entity.kind),
            id: entity.id,
            revision: head.revision.0,
            position: head.position,
        };
        HeadRows { entity_head: self.heads.iter().map(row).collect() }
    }
}

/// An entity's kind as tables keep it.
pub(crate) const fn code(kind: EntityKind) -> i16 {
    match kind {
        EntityKind::Ledger => 1,
        EntityKind::Import => 2,
        EntityKind::Framework => 3,
        EntityKind::Objective => 4,
        EntityKind::Step => 5,
        EntityKind::Area => 6,
        EntityKind::Measure => 7,
        EntityKind::Submission => 8,
        EntityKind::Post => 9,
        EntityKind::Role => 10,
    }
}

/// The kind from what tables keep.
pub(crate) fn kind(kept: i16) -> Option<EntityKind> {
    EntityKind::ALL.into_iter().find(|kind| code(*kind) == kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(capacity: usize, write: Write) -> Heads {
        let mut heads = Heads::new(true, capacity, write);
        for n in 1..=4_u64 {
            let entity = EntityRef::new(EntityKind::Measure, Uuid::from_u128(n.into()));
            let head = Head { revision: Revision(1), position: Position(n) };
            heads.known.insert(entity, head);
        }
        heads
    }

    #[test]
    fn only_heads_that_are_committed_are_let_go() {
        let mut heads = heads(3, Write::Each);
        assert!(heads.taken(Position(2)).heads.is_empty());
        let mut left: Vec<u64> = heads.known.values().map(|head| head.position.0).collect();
        left.sort_unstable();
        assert_eq!((left, heads.complete), (vec![3, 4], false));
    }

    #[test]
    fn a_load_that_outgrows_memory_writes_every_head_before_letting_one_go() {
        let mut heads = heads(3, Write::AtEnd);
        let written = heads.taken(Position(2));
        assert_eq!((written.heads.len(), written.fresh), (4, true));
        assert_eq!(heads.known.len(), 4);
        assert!(heads.complete);
    }
}
