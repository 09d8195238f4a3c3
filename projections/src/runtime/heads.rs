//! The last authentic event of every entity: what makes a repeated or skipped revision visible.
//!
//! **Invariant:** a head that is not in memory is in the table, or the entity has none. Only heads
//! that are committed are ever let go.

use std::collections::{HashMap, HashSet};

use piperoll_events::{EntityKind, EntityRef, Event, Position, Revision};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::copy::histories;
use super::schema::Schema;
use super::{Outcome, Placed, RuntimeError};

/// How many heads are kept in memory: some 80 MB.
pub(crate) const CAPACITY: usize = 1_000_000;
/// How many heads are written as one piece: all those of a load at once would be as much again.
const PIECE: usize = 20_000;

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
    /// Where all heads of a load were last written, and after how many positions they are again.
    mark: Position,
    mark_every: u64,
}

impl Heads {
    pub(crate) fn new(complete: bool, capacity: usize, write: Write) -> Self {
        let (known, moved) = (HashMap::new(), HashSet::new());
        let (mark, mark_every) = (Position::START, u64::MAX);
        Self { known, moved, complete, capacity, write, mark, mark_every }
    }

    /// All heads of a load that was cut short and is gone on with.
    pub(crate) async fn read(
        client: &Client,
        schema: &Schema,
        capacity: usize,
    ) -> Result<Self, RuntimeError> {
        let mut heads = Self::new(true, capacity, Write::AtEnd);
        let text = "select kind, id, revision, position from @.entity_head";
        for row in client.query(&schema.sql(text), &[]).await? {
            let (entity, head) = from_row(&row)?;
            heads.known.insert(entity, head);
        }
        Ok(heads)
    }

    /// The same, of a load whose heads stand in the table up to `at` and are written again now and
    /// then.
    pub(crate) fn marked(self, at: Position, every: u64) -> Self {
        Self { mark: at, mark_every: every, ..self }
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
            let (entity, head) = from_row(&row)?;
            self.known.insert(entity, head);
        }
        Ok(())
    }

    /// Moves an entity's head on, or says why the event can't be its next.
    pub(crate) fn admit(&mut self, position: Position, event: &Event) -> Result<(), String> {
        let none = Head { revision: Revision::NONE, position: Position::START };
        let known = self.known.entry(event.entity).or_insert(none);
        let head = *known;
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
        *known = Head { revision, position };
        if self.write == Write::Each {
            self.moved.insert(event.entity);
        }
        Ok(())
    }

    /// The heads to write with the batch that ends at `at`; in a load none, unless memory is full or
    /// a mark is due.
    pub(crate) fn taken(&mut self, committed: Position, at: Position) -> Moved {
        if self.write == Write::AtEnd {
            if self.known.len() > self.capacity {
                return self.spill();
            }
            let since = at.0.saturating_sub(self.mark.0);
            return if since >= self.mark_every { self.mark(at) } else { Moved::none() };
        }
        let moved = self.moved.drain().filter_map(|e| self.known.get(&e).map(|h| (e, *h)));
        let changed = Moved { heads: moved.collect(), are: Are::Changed };
        if self.known.len() > self.capacity {
            self.known.retain(|_, head| head.position > committed);
            self.complete = false;
        }
        changed
    }

    /// All heads of a load as they are where it stands; none where they go with each batch.
    pub(crate) fn mark(&mut self, at: Position) -> Moved {
        if self.write == Write::Each {
            return Moved::none();
        }
        self.mark = at;
        Moved { heads: self.sorted(), are: Are::All }
    }

    /// All heads of a load; from here on they go with each batch.
    pub(crate) fn spill(&mut self) -> Moved {
        if self.write == Write::Each {
            return Moved::none();
        }
        self.write = Write::Each;
        Moved { heads: self.sorted(), are: Are::Last }
    }

    /// As the table's key is. An entity whose every event was stepped over has none.
    fn sorted(&self) -> Vec<(EntityRef, Head)> {
        let heads = self.known.iter().filter(|(_, head)| head.revision != Revision::NONE);
        let mut heads: Vec<_> = heads.map(|(e, h)| (*e, *h)).collect();
        heads.sort_unstable_by_key(|(entity, _)| (code(entity.kind), entity.id));
        heads
    }
}

fn from_row(row: &Row) -> Result<(EntityRef, Head), RuntimeError> {
    let kind = kind(row.try_get(0)?).ok_or(RuntimeError::Row("entity_head"))?;
    let head = Head {
        revision: Revision(super::cursor::position(row.try_get(2)?).0),
        position: super::cursor::position(row.try_get(3)?),
    };
    Ok((EntityRef::new(kind, row.try_get(1)?), head))
}

/// Heads on their way to the table.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) heads: Vec<(EntityRef, Head)>,
    pub(crate) are: Are,
}

/// What heads on their way are among those of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Are {
    /// Those that changed with the batch.
    Changed,
    /// All of them, in the place of what the table has; a load that is cut short goes on from here.
    All,
    /// The same, for the last time: from here on those that change go with each batch.
    Last,
}

impl Moved {
    pub(crate) const fn none() -> Self {
        Self { heads: Vec::new(), are: Are::Changed }
    }

    /// As rows, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = HeadRows> {
        let row = |(entity, head): &(EntityRef, Head)| HeadRow {
            kind: code(entity.kind),
            id: entity.id,
            revision: head.revision.0,
            position: head.position,
        };
        let piece = move |heads: &[_]| HeadRows { entity_head: heads.iter().map(row).collect() };
        self.heads.chunks(PIECE).map(piece)
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
        assert!(heads.taken(Position(2), Position(4)).heads.is_empty());
        let mut left: Vec<u64> = heads.known.values().map(|head| head.position.0).collect();
        left.sort_unstable();
        assert_eq!((left, heads.complete), (vec![3, 4], false));
    }

    #[test]
    fn a_load_that_outgrows_memory_writes_every_head_before_letting_one_go() {
        let mut heads = heads(3, Write::AtEnd);
        let written = heads.taken(Position(2), Position(4));
        assert_eq!((written.heads.len(), written.are), (4, Are::Last));
        assert_eq!(heads.known.len(), 4);
        assert!(heads.complete);
    }

    #[test]
    fn a_load_writes_all_heads_each_time_that_a_mark_is_due() {
        let mut heads = heads(9, Write::AtEnd).marked(Position(4), 3);
        let mut written = |at| heads.taken(Position(2), Position(at)).are;
        assert_eq!(
            [6, 7, 9, 10].map(&mut written),
            [Are::Changed, Are::All, Are::Changed, Are::All]
        );
        assert_eq!((heads.spill().are, heads.mark(Position(11)).are), (Are::Last, Are::Changed));
    }
}
