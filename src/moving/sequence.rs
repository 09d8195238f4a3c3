//! Sequences: what is to be recorded, in order, checked by the rules and cut into batches.
//!
//! **Invariant:** a batch holds one event an entity, at most 999, and nothing in it relies on
//! another event of it: `previous` and every version are known before it is sent. The same input
//! gives the same sequence, the same batches and the same command ids.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use piperoll_events::ids::{ActorId, CommandId, ImportId, LedgerId, MeasureId};
use piperoll_events::text::Digest;
use piperoll_events::{Asserted, EntityKind, EntityRef, Fact, Position, import};

use super::intent::Intent;
use super::request::as_if_sealed;
use crate::commands::{Decision, Ground, Occurred, Rejection, State, Witness};

/// The most entities of one batch.
pub const MOST_ENTITIES: usize = 999;

/// The most bytes of a fact: an event's 256 KiB less its envelope.
pub const MOST_BYTES: usize = 252 * 1024;

/// One thing to be recorded, with what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The request's id: the same for the same plan.
    pub command_id: CommandId,
    /// Of what.
    pub entity: EntityRef,
    /// What.
    pub intent: Intent,
    /// The file that says so; none for the ledger, its keys and the imports themselves.
    pub asserted: Option<Asserted>,
    /// Which of the plan's files it comes from, from nought; none: the plan itself.
    pub file: Option<usize>,
}

/// Why a sequence can't be recorded. Nothing has been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// A rule says no.
    #[error(
        "line {line} of file {file}: `{event}` is refused: {rejection}; correct the file, its mapping or the plan"
    )]
    Refused {
        /// Which file, from 1; 0: the plan itself.
        file: usize,
        /// The line; 0: none in particular.
        line: u64,
        /// The type of the event.
        event: &'static str,
        /// What the rule says.
        rejection: Rejection,
    },
    /// One event would be longer than events may be.
    #[error(
        "line {line} of file {file}: one event would have {bytes} bytes with {cells} cells; {} bytes are the most; split the breakdowns into several measures",
        MOST_BYTES
    )]
    TooLong {
        /// Which file, from 1; 0: the plan itself.
        file: usize,
        /// The line; 0: none in particular.
        line: u64,
        /// The length found.
        bytes: usize,
        /// The cells that the event has.
        cells: usize,
    },
}

/// Numbers the requests of a plan.
#[derive(Debug)]
pub struct Numbering {
    ledger: String,
    plan: String,
    /// The instant that requests were numbered for last, as text.
    instant: (Option<DateTime<Utc>>, String),
    file: (Digest, String),
    /// Of that instant, which a sequence sorted by instants does not come back to.
    dated: HashMap<(Digest, EntityRef), u64>,
    undated: HashMap<(Digest, EntityRef), u64>,
}

impl Numbering {
    /// For the ledger and the plan (or file) of these digests.
    #[must_use]
    pub fn new(ledger: LedgerId, plan: Digest) -> Self {
        Self {
            ledger: ledger.to_string(),
            plan: plan.to_string(),
            instant: (None, String::new()),
            file: (plan, plan.to_string()),
            dated: HashMap::new(),
            undated: HashMap::new(),
        }
    }

    /// The id of the next request about an entity, of a file and an instant.
    pub fn next(
        &mut self,
        file: Digest,
        entity: EntityRef,
        known_at: Option<DateTime<Utc>>,
    ) -> CommandId {
        if self.file.0 != file {
            self.file = (file, file.to_string());
        }
        let (seen, instant) = match known_at {
            None => (&mut self.undated, ""),
            Some(at) => {
                if self.instant.0 != known_at {
                    self.instant = (known_at, piperoll_events::envelope::micros(at));
                    self.dated.clear();
                }
                (&mut self.dated, self.instant.1.as_str())
            }
        };
        let n = seen.entry((file, entity)).or_insert(0);
        *n = n.saturating_add(1);
        let (entity, n) = (entity.to_string(), n.to_string());
        CommandId::derived(&[&self.ledger, &self.plan, &self.file.1, &entity, instant, &n])
    }
}

/// Every request through its rule over what stands before it, one after the other; and its event
/// measured.
#[derive(Debug)]
pub struct Checking {
    states: HashMap<EntityRef, State>,
    recorded: u64,
    witness: Witness,
}

impl Default for Checking {
    /// Of a ledger that moves in.
    fn default() -> Self {
        Self { states: HashMap::new(), recorded: 0, witness: Witness::Elsewhere }
    }
}

impl Checking {
    /// Over what stands already in a ledger that is open.
    #[must_use]
    pub fn over(states: HashMap<EntityRef, State>) -> Self {
        Self { states, recorded: 0, witness: Witness::Here }
    }

    /// Takes in the next request; whether it changes anything.
    ///
    /// # Errors
    /// A rule that says no, or an event that would be too long.
    pub fn take(&mut self, planned: &Planned) -> Result<bool, SequenceError> {
        let file = planned.file.map_or(0, |file| file.saturating_add(1));
        let line = planned.asserted.as_ref().and_then(|asserted| asserted.row).unwrap_or(0);
        let event = planned.intent.event_type();
        let refused = |rejection| SequenceError::Refused { file, line, event, rejection };
        let sealed = planned.intent.words().map(as_if_sealed);
        let request = planned.intent.request(sealed).ok_or(refused(Rejection::WrongEntity))?;
        let new = || State::new(planned.entity.kind);
        let state = self.states.entry(planned.entity).or_insert_with(new);
        let relied_on = match self.witness {
            Witness::Here => request.relies_on(state),
            Witness::Elsewhere => Vec::new(),
        };
        let states = &self.states;
        let Some(state) = states.get(&planned.entity) else { return Ok(false) };
        let beside: Vec<_> =
            relied_on.into_iter().filter_map(|it| Some((it, states.get(&it)?))).collect();
        // Who asks is not known yet; a rule that tells persons apart is judged on recording.
        let ground = Ground {
            witness: self.witness,
            person: ActorId::derived(&["checking"]),
            beside: &beside,
        };
        let Decision::Record(fact) = request.decide(state, &ground).map_err(refused)? else {
            return Ok(false);
        };
        let bytes = serde_json::to_vec(&fact).map_or(usize::MAX, |bytes| bytes.len());
        if bytes > MOST_BYTES {
            let cells = cells(&planned.intent);
            return Err(SequenceError::TooLong { file, line, bytes, cells });
        }
        self.recorded = self.recorded.saturating_add(1);
        if let Some(state) = self.states.get_mut(&planned.entity) {
            let position = Position(self.recorded);
            state.apply(Occurred { position, person: ActorId::derived(&["checking"]) }, &fact);
        }
        Ok(true)
    }

    /// Takes in all of them. What turns out to be so already is left out.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_all(mut self, sequence: Vec<Planned>) -> Result<Vec<Planned>, SequenceError> {
        let mut checked = Vec::with_capacity(sequence.len());
        for planned in sequence {
            if self.take(&planned)? {
                checked.push(planned);
            }
        }
        Ok(checked)
    }
}

fn cells(intent: &Intent) -> usize {
    match intent {
        Intent::Submit { cells, .. } | Intent::Revise { changed: cells, .. } => cells.len(),
        _ => 0,
    }
}

/// Batches in order, made as they are asked for.
pub struct Batches<I> {
    /// One after the other.
    pub each: I,
    /// How many.
    pub count: usize,
    /// Events in all of them.
    pub events: u64,
}

impl Batches<std::vec::IntoIter<Vec<Planned>>> {
    /// Those that are made already.
    #[must_use]
    pub fn of(batches: Vec<Vec<Planned>>) -> Self {
        let events = batches.iter().map(Vec::len).fold(0, usize::saturating_add);
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        Self { count: batches.len(), each: batches.into_iter(), events }
    }
}

/// Cuts a sequence into batches that can be recorded whole.
pub fn cut(mut sequence: impl Iterator<Item = Planned>) -> impl Iterator<Item = Vec<Planned>> {
    let (mut cutting, mut batch) = (Cutting::default(), Vec::new());
    std::iter::from_fn(move || {
        for planned in sequence.by_ref() {
            let ends = cutting.begins(&planned) && !batch.is_empty();
            let whole = ends.then(|| std::mem::take(&mut batch));
            batch.push(planned);
            if whole.is_some() {
                return whole;
            }
        }
        (!batch.is_empty()).then(|| std::mem::take(&mut batch))
    })
}

/// Where one batch ends and the next begins: what the batch is about so far.
#[derive(Default)]
pub(super) struct Cutting {
    size: usize,
    entities: HashSet<EntityRef>,
    imports: HashSet<ImportId>,
    figures: HashSet<MeasureId>,
}

impl Cutting {
    /// Takes in the next of a sequence; whether a batch begins with it.
    pub(super) fn begins(&mut self, planned: &Planned) -> bool {
        let begins = self.size == 0 || self.size >= MOST_ENTITIES || self.bears_on(planned);
        if begins {
            *self = Self::default();
        }
        self.size = self.size.saturating_add(1);
        self.entities.insert(planned.entity);
        self.imports.extend(planned.asserted.as_ref().map(|asserted| asserted.import));
        if planned.entity.kind == EntityKind::Submission {
            self.figures.extend(planned.intent.measure());
        }
        begins
    }

    /// Whether an event may have to look back on one of this batch.
    fn bears_on(&self, planned: &Planned) -> bool {
        let entity = planned.entity;
        let import = planned.asserted.as_ref().map(|asserted| EntityRef::from(asserted.import));
        // A target set beside its figures is judged by what was known then: the figures' batch
        // comes first.
        let follows_figures =
            entity.kind == EntityKind::Measure && self.figures.contains(&MeasureId::new(entity.id));
        let ends = matches!(
            &planned.intent,
            Intent::Plain { fact: Fact::Import(import::Import::Applied(_)), .. }
        );
        self.entities.contains(&entity)
            || import.is_some_and(|import| self.entities.contains(&import))
            || planned.intent.relies_on().iter().any(|other| self.entities.contains(other))
            || follows_figures
            || (ends && self.imports.contains(&ImportId::new(entity.id)))
    }
}

/// How many events of each type a sequence has.
#[must_use]
pub fn counts<'a>(sequence: impl Iterator<Item = &'a Planned>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for planned in sequence {
        let count: &mut u64 = counts.entry(planned.intent.event_type()).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::reading::Completeness;
    use super::super::spec::{figure, held, intents, row, says, target};
    use super::*;

    fn sequence(rows: &[super::super::reading::ReadRow]) -> Vec<Planned> {
        let mut numbering = Numbering::new(held().ledger(), Digest::new([1; 32]));
        let file = Digest::new([2; 32]);
        let plan = |intent: Intent| {
            let entity = intent.entity();
            let command_id = numbering.next(file, entity, None);
            Planned { command_id, entity, intent, asserted: None, file: Some(0) }
        };
        intents(&says(&held(), rows, &Completeness::Changes)).into_iter().map(plan).collect()
    }

    #[test]
    fn nothing_stands_in_a_batch_with_what_it_relies_on_nor_twice() {
        let rows = [
            row(
                2,
                "A",
                vec![
                    figure("2021", Some("1")),
                    target("2021", Some("5")),
                    target("2022", Some("6")),
                ],
            ),
            row(3, "B", vec![figure("2021", Some("2"))]),
        ];
        let batches: Vec<_> = cut(sequence(&rows).into_iter()).collect();
        let types = |batch: &Vec<Planned>| -> Vec<&str> {
            batch.iter().map(|it| it.intent.event_type().rsplit('.').nth(1).unwrap()).collect()
        };
        let types: Vec<Vec<&str>> = batches.iter().map(types).collect();
        let set = vec!["target_set"];
        assert_eq!(types, [vec!["adopted"; 2], vec!["submitted"; 2], set.clone(), set]);
    }

    #[test]
    fn a_batch_holds_999_entities_and_the_next_begins_anew() {
        let of = |n: usize| row(2, &format!("M{n}"), vec![figure("2021", Some("1"))]);
        let rows: Vec<_> = (0..1_500).map(of).collect();
        let lengths: Vec<usize> =
            cut(sequence(&rows).into_iter()).map(|batch| batch.len()).collect();
        assert_eq!(lengths, [999, 999, 999, 3]);
    }

    #[test]
    fn the_same_plan_gives_the_same_command_ids_and_each_is_given_once() {
        let rows = [row(2, "A", vec![target("2021", Some("5")), target("2022", Some("6"))])];
        let ids = || sequence(&rows).iter().map(|it| it.command_id).collect::<Vec<_>>();
        assert_eq!(ids(), ids());
        assert_eq!(ids().iter().collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn a_rule_that_says_no_names_the_event_and_nothing_is_left_half_done() {
        let rows =
            [row(2, "A", vec![target("2020..2021", Some("5")), target("2021..2022", Some("6"))])];
        let refused = Checking::default().take_all(sequence(&rows));
        let Err(SequenceError::Refused { event, rejection, .. }) = refused else { unreachable!() };
        assert_eq!(
            (event, rejection.code()),
            ("piperoll.measure.target_set.v1", "overlapping_period")
        );
    }
}
