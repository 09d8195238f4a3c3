//! Random histories of a ledger: valid ones, with forged and repeated entries thrown in.
//!
//! A history is made from numbers alone, so proptest can shrink it. Names, spans and breakdowns
//! come from few, so that they clash: two spellings of the same quarter, a half and its year.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use piperoll_events::decision_right::Change;
use piperoll_events::ids::{ActorId, CommandId, EventId, ImportId, LedgerId};
use piperoll_events::{
    Asserted, Channel, EntityKind, EntityRef, Event, Fact, Position, Record, Revision,
};
use piperoll_projections::{Outcome, Placed, RejectReason};

use super::facts::{self, World};
use super::makers;

/// The numbers that one step is made from.
pub(crate) type Seed = [u8; 8];

/// What stands at one position: the bytes, and what a reader hands over.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) body: Vec<u8>,
    pub(crate) placed: Placed,
    /// Whether it was written and not forged.
    counts: bool,
}

/// A ledger's entries, position 1 first.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) ledger: LedgerId,
    pub(crate) entries: Vec<Entry>,
}

impl History {
    /// Bodies by position, for the second opinion.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (1..).zip(self.entries.iter().map(|entry| entry.body.as_slice()))
    }

    /// What a reader hands over after `from`, in batches of the sizes given, over and over.
    pub(crate) fn batches(&self, from: usize, sizes: &[usize]) -> Vec<Vec<Placed>> {
        let mut rest = &self.entries[from..];
        let mut batches = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                return batches;
            }
            let (batch, after) = rest.split_at((*size).clamp(1, rest.len()));
            batches.push(batch.iter().map(|entry| entry.placed.clone()).collect());
            rest = after;
        }
        batches
    }

    /// Where what was written stands, and not what was forged.
    pub(crate) fn written(&self) -> Vec<Position> {
        let counted = self.entries.iter().filter(|entry| entry.counts);
        counted.map(|entry| entry.placed.position).collect()
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.entries.len().try_into().unwrap())
    }
}

/// Which entries a history may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgery {
    Thrown,
    Absent,
}

/// The history that these seeds make, in the ledger that `name` makes.
pub(crate) fn history(name: &str, seeds: &[Seed], forgery: Forgery) -> History {
    let mut writer = Writer::new(name);
    let first = facts::beginning(&mut writer.world);
    for (entity, fact) in first {
        writer.write(entity, fact, [0; 8]);
    }
    for seed in seeds {
        if seed[0] % 8 == 7 {
            if forgery == Forgery::Thrown {
                writer.forge(*seed);
            }
        } else if let Some((entity, fact)) = writer.world.step(*seed, writer.next()) {
            writer.write(entity, fact, *seed);
        }
    }
    History { ledger: writer.world.ledger, entries: writer.entries }
}

/// A long history, the same each time, in which everything happens.
pub(crate) fn some_history() -> History {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let seeds = (0..900).map(|_| {
        // Marsaglia's xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    history("some", &seeds.collect::<Vec<Seed>>(), Forgery::Thrown)
}

struct Writer {
    world: World,
    heads: BTreeMap<EntityRef, (Revision, Position)>,
    entries: Vec<Entry>,
    asserted: DateTime<Utc>,
    clock: DateTime<Utc>,
    opened: bool,
}

impl Writer {
    fn new(name: &str) -> Self {
        Self {
            world: World::new(LedgerId::derived(&["laws", name])),
            heads: BTreeMap::new(),
            entries: Vec::new(),
            asserted: DateTime::from_timestamp(1_407_711_599, 0).unwrap(),
            clock: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
            opened: false,
        }
    }

    fn next(&self) -> Position {
        Position(u64::try_from(self.entries.len()).unwrap() + 1)
    }

    fn write(&mut self, entity: EntityRef, fact: Fact, seed: Seed) {
        let (revision, previous) = match self.heads.get(&entity) {
            Some((revision, at)) => (revision.next(), Some(*at)),
            None => (Revision::NONE.next(), None),
        };
        // Files assert in order, several facts at one instant; once in a while one looks back.
        self.asserted +=
            TimeDelta::hours(i64::from(seed[6] % 4) * 6 - i64::from(seed[6] / 250) * 24);
        self.clock += TimeDelta::milliseconds(i64::from(seed[7]) * 40 - 500);
        self.opened |= makers::opens(&fact);
        let known = !self.opened && makers::asserts(&fact);
        let mut event = self.event(entity, fact, revision, previous, known);
        if Change::of(&event.fact).is_some() {
            event.record.relied_on = self.relied_on(seed);
        }
        self.heads.insert(entity, (revision, self.next()));
        self.push(event.encode().unwrap(), true);
    }

    /// A version of a framework and one of a role, the last or one long gone: in a history written by
    /// one hand nothing comes between a decision and its place, so it is planted.
    fn relied_on(&self, seed: Seed) -> Vec<Position> {
        let of = |kind: EntityKind, n: u8| {
            let counted = self.entries.iter().filter(|it| it.counts);
            let seen = counted.filter(|it| it.placed.entity.is_some_and(|it| it.kind == kind));
            let seen: Vec<Position> = seen.map(|it| it.placed.position).collect();
            let back = usize::from(n) % 6;
            (n < 192).then(|| seen.iter().rev().nth(back).copied()).flatten()
        };
        let seen = [of(EntityKind::Framework, seed[3]), of(EntityKind::Role, seed[4])];
        seen.into_iter().flatten().collect()
    }

    fn event(
        &self,
        entity: EntityRef,
        fact: Fact,
        revision: Revision,
        previous: Option<Position>,
        known: bool,
    ) -> Event {
        let place = self.next().to_string();
        let id = |kind: &str| [kind.to_owned(), place.clone()];
        let derived = id("event");
        let parts: Vec<&str> = derived.iter().map(String::as_str).collect();
        let asserted = Asserted {
            known_at: Some(self.asserted),
            import: ImportId::derived(&["laws"]),
            file_digest: makers::digest(7),
            row: None,
        };
        Event {
            id: EventId::derived(&parts),
            ledger: self.world.ledger,
            entity,
            time: self.clock,
            record: Record {
                revision,
                previous,
                actor: ActorId::derived(&["laws"]),
                post: None,
                on_behalf_of: None,
                role: None,
                channel: Channel::Import,
                command_id: CommandId::derived(&parts),
                request_digest: makers::digest(1),
                correlation: None,
                causation: None,
                nonce: "0".repeat(32),
                relied_on: Vec::new(),
                asserted: known.then_some(asserted),
            },
            fact,
        }
    }

    /// An entry that is not part of the record, in one of the ways that there are.
    fn forge(&mut self, seed: Seed) {
        let at = usize::from(seed[1]) % self.entries.len();
        let Outcome::Event(mut event) = self.entries[at].placed.outcome.clone() else {
            return;
        };
        match seed[2] % 4 {
            0 => {}
            1 => event.record.revision = Revision(event.record.revision.0 + u64::from(seed[3]) + 9),
            2 => {
                let (revision, at) = self.heads[&event.entity];
                event.record.revision = revision.next();
                event.record.previous = Some(Position(at.0 + 1));
            }
            _ => {
                let reason = RejectReason::Mac;
                let outcome = Outcome::Reject(reason, "no key of ours made it".to_owned());
                let placed = Placed { position: self.next(), entity: Some(event.entity), outcome };
                self.entries.push(Entry { body: Vec::new(), placed, counts: false });
                return;
            }
        }
        self.push(event.encode().unwrap(), false);
    }

    fn push(&mut self, body: Vec<u8>, counts: bool) {
        let event = Event::decode(&body).unwrap();
        let placed = Placed {
            position: self.next(),
            entity: Some(event.entity),
            outcome: Outcome::Event(event),
        };
        self.entries.push(Entry { body, placed, counts });
    }
}

#[test]
fn everything_that_the_scorecard_is_about_happens_in_these_histories() {
    let happened: std::collections::BTreeSet<&str> = some_history()
        .entries
        .iter()
        .filter_map(|entry| match &entry.placed.outcome {
            Outcome::Event(event) => Some(event.fact.event_type()),
            Outcome::Reject(..) => None,
        })
        .collect();
    // Keys, configuration and what ends an import badly are no business of the scorecard's figures.
    let others = ["key_added", "configuration_observed", "rejected", "reversed"];
    for event in piperoll_events::schemas() {
        let name = event.event_type;
        let other = others.iter().any(|other| name.contains(other));
        assert_eq!(happened.contains(name), !other, "`{name}`");
    }
}
