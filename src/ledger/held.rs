//! What a writer holds in memory: folded entities, and the commands that made them.
//!
//! **Invariant:** what is held is a true beginning of the entity's history. It may be behind, so it
//! decides what to try, never alone what to refuse; the guard of the append does the rest.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use piperoll_events::ids::{CommandId, EventId};
use piperoll_events::text::Digest;
use piperoll_events::{EntityKind, EntityRef, Event, Position, Revision};
use piperoll_projections::{Outcome, Placed};

use crate::commands::{Occurred, State};

/// One entity's history, folded.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) state: State,
    /// The last message on the entity's subject, a reject too: what the next append expects.
    pub(super) guard: Position,
    /// The last event.
    pub(super) last: Option<Position>,
    pub(super) revision: Revision,
    /// The time of the last event.
    pub(super) time: Option<DateTime<Utc>>,
    commands: Vec<Done>,
}

/// A command that was carried out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    pub(super) command: CommandId,
    pub(super) request: Digest,
    pub(super) event: EventId,
    pub(super) position: Position,
}

impl Held {
    pub(super) fn new(kind: EntityKind) -> Self {
        Self {
            state: State::new(kind),
            guard: Position::START,
            last: None,
            revision: Revision::NONE,
            time: None,
            commands: Vec::new(),
        }
    }

    /// What a command came to, if it was carried out. From the latest back: who repeats a command
    /// does so soon.
    pub(super) fn done(&self, command: CommandId) -> Option<Done> {
        self.commands.iter().rev().find(|done| done.command == command).copied()
    }

    /// Takes in what stands next on the subject; the event, if it is one of the history.
    pub(super) fn take<'a>(&mut self, placed: &'a Placed) -> Option<&'a Event> {
        if placed.position <= self.guard {
            return None;
        }
        self.guard = placed.position;
        let Outcome::Event(event) = &placed.outcome else {
            return None;
        };
        let record = &event.record;
        // A revision repeated or skipped is a reject, as it is for every projector.
        if record.revision != self.revision.next() || record.previous != self.last {
            return None;
        }
        self.state.apply(Occurred::of(placed.position, record), &event.fact);
        self.last = Some(placed.position);
        self.revision = record.revision;
        self.time = Some(event.time);
        self.commands.push(Done {
            command: record.command_id,
            request: record.request_digest,
            event: event.id,
            position: placed.position,
        });
        Some(event)
    }
}

/// The entities held: all of them, or those asked for most recently.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Used since the last turn, and before it. When `young` is full it becomes `old`, and what was
    /// old is let go: nearly the least recently used, without a list.
    young: HashMap<EntityRef, Arc<Held>>,
    old: HashMap<EntityRef, Arc<Held>>,
    most: usize,
    /// Everything up to here was taken in.
    through: Position,
    reading: Reading,
}

/// Whether a shelf holds every entity of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Only what was asked for.
    Some,
    /// The stream is being read from its beginning.
    Everything,
    /// It was read to its end: an entity that is not here does not exist, unless another writer
    /// made it since, and then the guard says so.
    Complete,
}

impl Shelf {
    pub(super) fn new(most: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            most,
            through: Position::START,
            reading: Reading::Some,
        }
    }

    pub(super) fn find(&mut self, entity: EntityRef) -> Option<Arc<Held>> {
        if let Some(held) = self.young.get(&entity) {
            return Some(Arc::clone(held));
        }
        if let Some(held) = self.old.remove(&entity) {
            self.put(entity, Arc::clone(&held));
            return Some(held);
        }
        (self.reading == Reading::Complete).then(|| Arc::new(Held::new(entity.kind)))
    }

    pub(super) fn put(&mut self, entity: EntityRef, held: Arc<Held>) {
        if self.reading == Reading::Some && self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(entity, held);
    }

    /// Takes in what was just appended after `guard`; what is held otherwise is let go, to be read
    /// again.
    pub(super) fn appended(&mut self, entity: EntityRef, guard: Position, placed: &Placed) {
        let mut held = match self.young.remove(&entity).or_else(|| self.old.remove(&entity)) {
            Some(held) => held,
            None if guard == Position::START => Arc::new(Held::new(entity.kind)),
            None => return,
        };
        if held.guard == guard {
            Arc::make_mut(&mut held).take(placed);
        }
        // Somebody else may have brought it further meanwhile, which is as good.
        if held.guard >= placed.position {
            self.put(entity, held);
        } else {
            self.reading = Reading::Some;
        }
    }

    /// Takes in a part of the whole stream; `false` when it does not follow what was read before.
    pub(super) fn read(&mut self, placed: &Placed) -> bool {
        if self.reading == Reading::Some && self.through == Position::START {
            self.reading = Reading::Everything;
        }
        if placed.position != self.through.next() {
            return placed.position <= self.through;
        }
        self.through = placed.position;
        if let Some(entity) = placed.entity {
            let held = self.young.remove(&entity).or_else(|| self.old.remove(&entity));
            let mut held = held.unwrap_or_else(|| Arc::new(Held::new(entity.kind)));
            Arc::make_mut(&mut held).take(placed);
            self.young.insert(entity, held);
        }
        true
    }

    /// Says that `head` is the end of the stream; whether everything up to it was read.
    pub(super) fn complete(&mut self, head: Position) -> bool {
        let all = self.reading != Reading::Some || head == Position::START;
        if all && self.through >= head {
            self.reading = Reading::Complete;
        }
        self.reading == Reading::Complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_events::ids::{ActorId, LedgerId, MeasureId};
    use piperoll_events::ledger::Opened;
    use piperoll_events::{Channel, Record};

    fn entity(n: u64) -> EntityRef {
        MeasureId::derived(&[&n.to_string()]).into()
    }

    fn placed(position: u64, entity: EntityRef, revision: u64, previous: Option<u64>) -> Placed {
        let event = Event {
            id: EventId::derived(&[&position.to_string()]),
            ledger: LedgerId::derived(&["l"]),
            entity,
            time: DateTime::UNIX_EPOCH,
            record: Record {
                revision: Revision(revision),
                previous: previous.map(Position),
                actor: ActorId::derived(&["a"]),
                post: None,
                on_behalf_of: None,
                role: None,
                channel: Channel::Api,
                command_id: CommandId::derived(&[&position.to_string()]),
                request_digest: Digest::new([0; 32]),
                correlation: None,
                causation: None,
                nonce: String::new(),
                relied_on: Vec::new(),
                asserted: None,
            },
            fact: Opened { asserted: 0 }.into(),
        };
        let outcome = Outcome::Event(event);
        Placed { position: Position(position), entity: Some(entity), outcome }
    }

    #[test]
    fn a_revision_repeated_or_skipped_moves_the_guard_only() {
        let mut held = Held::new(EntityKind::Measure);
        let e = entity(1);
        assert!(held.take(&placed(3, e, 1, None)).is_some());
        assert!(held.take(&placed(4, e, 1, None)).is_none(), "repeated");
        assert!(held.take(&placed(5, e, 3, Some(3))).is_none(), "skipped");
        assert!(held.take(&placed(6, e, 2, Some(2))).is_none(), "another previous");
        assert_eq!(
            (held.guard, held.last, held.revision),
            (Position(6), Some(Position(3)), Revision(1))
        );
        assert!(held.take(&placed(7, e, 2, Some(3))).is_some());
        assert!(held.take(&placed(7, e, 3, Some(7))).is_none(), "taken in already");
        assert!(held.done(CommandId::derived(&["7"])).is_some());
        assert!(held.done(CommandId::derived(&["5"])).is_none());
    }

    #[test]
    fn a_full_shelf_lets_go_what_was_not_asked_for_lately() {
        let mut shelf = Shelf::new(10);
        for n in 0..15 {
            shelf.put(entity(n), Arc::new(Held::new(EntityKind::Measure)));
            assert!(shelf.find(entity(0)).is_some(), "asked for again and again");
        }
        for n in 15..40 {
            shelf.put(entity(n), Arc::new(Held::new(EntityKind::Measure)));
        }
        assert!(shelf.find(entity(1)).is_none());
        assert!(shelf.find(entity(39)).is_some());
        assert!(shelf.young.len() + shelf.old.len() <= 20);
    }

    #[test]
    fn only_a_read_without_a_gap_makes_a_shelf_complete() {
        let mut shelf = Shelf::new(10);
        assert!(shelf.read(&placed(1, entity(1), 1, None)));
        assert!(!shelf.read(&placed(3, entity(2), 1, None)));
        assert!(!shelf.complete(Position(3)));
        assert!(shelf.find(entity(9)).is_none());
        assert!(shelf.read(&placed(2, entity(2), 1, None)));
        assert!(shelf.read(&placed(3, entity(3), 1, None)));
        assert!(shelf.complete(Position(3)));
        assert!(shelf.find(entity(9)).is_some(), "known not to exist");
        for n in 100..200 {
            shelf.put(entity(n), Arc::new(Held::new(EntityKind::Measure)));
        }
        assert!(shelf.find(entity(1)).is_some_and(|held| held.revision == Revision(1)));
    }

    #[test]
    fn an_empty_stream_is_read_to_its_end_at_once() {
        assert!(Shelf::new(10).complete(Position::START));
    }
}
