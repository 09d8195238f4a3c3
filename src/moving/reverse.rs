//! Reversing: undoes what one import recorded, entity by entity, and says so at the end.
//!
//! **Invariant:** what somebody has touched since is left alone, and then nothing is reversed. A
//! measure that the file brought stays, without figures: no event takes a measure back.

use std::collections::{BTreeMap, HashSet};

use piperoll_events::ids::{CommandId, ImportId, MeasureId};
use piperoll_events::import::Reversed;
use piperoll_events::measure::{CodeAssigned, DefinitionSet};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::submission::revised::ReportedRating;
use piperoll_events::text::Prose;
use piperoll_events::{EntityKind, EntityRef, Event, Fact, Period, Position};
use piperoll_projections::Placed;

use super::held::{Content, Figures, Held, HeldMeasure};
use super::import::{Standing, event};
use super::intent::Intent;
use super::plan::sha256;
use super::sequence::{self, Checking, Numbering, Planned, SequenceError};
use super::targets::retargeted;

/// Why an import can't be reversed. Nothing has been.
#[derive(Debug, thiserror::Error)]
pub enum ReverseError {
    /// No such import.
    #[error("no import `{0}` stands in this ledger")]
    Missing(ImportId),
    /// Others have built on it; whoever wants it undone corrects these by hand.
    #[error("{} of the entities were changed since, so nothing is reversed: {}", .0.len(), list(.0))]
    TouchedSince(Vec<Touched>),
    /// A rule says no.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
}

/// An entity that an import changed and somebody changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// Which.
    pub entity: EntityRef,
    /// Where its last change stands.
    pub position: Position,
}

fn list(touched: &[Touched]) -> String {
    let shown = touched.iter().take(20).map(|it| format!("{} at {}", it.entity, it.position));
    let more = if touched.len() > 20 { ", …" } else { "" };
    format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// What one import changed, gathered while a ledger is read.
#[derive(Debug, Clone)]
pub struct Undoing {
    import: ImportId,
    before: BTreeMap<EntityRef, Before>,
    touched: BTreeMap<EntityRef, Position>,
}

/// What stood before an import's first event on an entity.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one an entity, while one import is undone")]
enum Before {
    Measure(Option<HeldMeasure>),
    Content {
        measure: MeasureId,
        period: Option<Period>,
        content: Option<Content>,
    },
    /// The import itself.
    Other,
}

impl Undoing {
    /// Nothing gathered yet.
    #[must_use]
    pub const fn new(import: ImportId) -> Self {
        Self { import, before: BTreeMap::new(), touched: BTreeMap::new() }
    }

    /// Sees an event before `standing` takes it in; meant for [`Standing::read`].
    pub fn see(&mut self, standing: &Standing, placed: &Placed) {
        let Some(event) = event(placed) else { return };
        let by_it = event.record.asserted.as_ref().is_some_and(|by| by.import == self.import);
        if by_it {
            let before = || before(&standing.held, event);
            self.before.entry(event.entity).or_insert_with(before);
        } else if self.before.contains_key(&event.entity) {
            self.touched.insert(event.entity, placed.position);
        }
    }

    /// What restores what stood before, and the word that it was done, in batches.
    ///
    /// # Errors
    /// No such import, or somebody has touched what it changed.
    pub fn prepare(
        &self,
        standing: &Standing,
        text: Option<Prose>,
    ) -> Result<Vec<Vec<Planned>>, ReverseError> {
        if !standing.imports.contains_key(&self.import) {
            return Err(ReverseError::Missing(self.import));
        }
        if !self.touched.is_empty() {
            let touched = self.touched.iter();
            let touched =
                touched.map(|(entity, position)| Touched { entity: *entity, position: *position });
            return Err(ReverseError::TouchedSince(touched.collect()));
        }
        let reason = Reason { code: ReasonCode::ImportReversed, text };
        let mut intents = Vec::new();
        for (entity, before) in &self.before {
            match before {
                Before::Measure(before) => {
                    let id = MeasureId::new(entity.id);
                    restore_measure(&standing.held, id, before.as_ref(), &reason, &mut intents);
                }
                Before::Content { measure, period, content } => {
                    let now = standing.held.content(*measure, *period);
                    let of = Of { measure: *measure, period: *period, reason: &reason };
                    of.restore(content.as_ref(), now, &mut intents);
                }
                Before::Other => {}
            }
        }
        let events = u64::try_from(intents.len()).unwrap_or(u64::MAX);
        intents.push(Intent::import_fact(self.import, Reversed { reason, events }));
        let head = standing.past.head();
        let digest = sha256(format!("reverse {} {head}", self.import).as_bytes());
        let mut numbering = Numbering::new(standing.held.ledger(), digest);
        let planned = |intent: Intent| {
            let entity = intent.entity();
            let command_id = numbering.next(digest, entity, None);
            Planned { command_id, entity, intent, asserted: None, file: None }
        };
        let planned: Vec<Planned> = intents.into_iter().map(planned).collect();
        let checked = Checking::over(standing.states.clone()).take_all(planned)?;
        Ok(sequence::cut(checked.into_iter()).collect())
    }

    /// The undertaking that the events of the reversal belong to.
    #[must_use]
    pub fn correlation(&self) -> CommandId {
        CommandId::derived(&["reverse", &self.import.to_string()])
    }
}

fn before(held: &Held, event: &Event) -> Before {
    let intent = Intent::of(event.entity, &event.fact, None);
    match (event.entity.kind, intent.measure()) {
        (EntityKind::Measure, Some(measure)) => Before::Measure(held.measure(measure).cloned()),
        (EntityKind::Submission, Some(measure)) => {
            let period = period(&event.fact);
            Before::Content { measure, period, content: held.content(measure, period).cloned() }
        }
        _ => Before::Other,
    }
}

fn period(fact: &Fact) -> Option<Period> {
    use piperoll_events::submission::Submission;
    let Fact::Submission(fact) = fact else { return None };
    match fact {
        Submission::Submitted(it) => Some(it.period),
        Submission::Revised(it) => Some(it.period),
        Submission::CommentaryWritten(it) => Some(it.period),
        Submission::Withdrawn(it) => it.period,
        Submission::NoValueDeclared(it) => it.period,
        Submission::RatingOverridden(it) => Some(it.period),
        Submission::SignedOff(it) => it.period,
        Submission::SignOffRefused(it) => it.period,
        Submission::SignOffWithdrawn(it) => it.period,
    }
}

/// One submission to be restored.
struct Of<'a> {
    measure: MeasureId,
    period: Option<Period>,
    reason: &'a Reason,
}

impl Of<'_> {
    fn restore(&self, before: Option<&Content>, now: Option<&Content>, to: &mut Vec<Intent>) {
        let (measure, period) = (self.measure, self.period);
        match (before, now, period) {
            (before, now, _) if before == now => {}
            (Some(Content::Figures(before)), Some(Content::Figures(now)), Some(period)) => {
                self.revise(period, before, now, to);
            }
            (Some(Content::Figures(before)), _, Some(period)) => to.push(Intent::Submit {
                measure,
                period,
                cells: before.cells.iter().cloned().collect(),
                rating: before.rating.clone(),
                words: before.words.clone(),
            }),
            (Some(Content::Declared(state)), now, _) => {
                if matches!(now, Some(Content::Figures(_))) {
                    to.push(Intent::Withdraw { measure, period, reason: self.reason.clone() });
                }
                to.push(Intent::Declare { measure, period, state: *state });
            }
            _ => to.push(Intent::Withdraw { measure, period, reason: self.reason.clone() }),
        }
    }

    fn revise(&self, period: Period, before: &Figures, now: &Figures, to: &mut Vec<Intent>) {
        let measure = self.measure;
        let back =
            before.cells.iter().filter(|cell| now.cells.find(&cell.breakdown) != Some(*cell));
        let changed: Vec<_> = back.cloned().collect();
        let new = now.cells.iter().map(|cell| &cell.breakdown);
        let new = new.filter(|b| !before.cells.has(b));
        let removed: Vec<_> = new.cloned().collect();
        let rating =
            (before.rating != now.rating).then(|| ReportedRating { now: before.rating.clone() });
        if !changed.is_empty() || !removed.is_empty() || rating.is_some() {
            let reason = self.reason.clone();
            to.push(Intent::Revise { measure, period, changed, removed, rating, reason });
        }
        if before.words != now.words {
            to.push(Intent::Explain { measure, period, words: before.words.clone() });
        }
    }
}

fn restore_measure(
    held: &Held,
    id: MeasureId,
    before: Option<&HeldMeasure>,
    reason: &Reason,
    to: &mut Vec<Intent>,
) {
    let Some(now) = held.measure(id) else { return };
    if let Some(before) = before {
        if before.definition != now.definition {
            let definition = before.definition.clone();
            let fact =
                DefinitionSet { definition, reason: reason.clone(), authority: None, change: None };
            to.push(Intent::measure_fact(id, fact));
        }
        for code in before.codes.iter().filter(|code| !now.codes.contains(code)) {
            let fact = CodeAssigned { code: code.clone(), reason: reason.clone() };
            to.push(Intent::measure_fact(id, fact));
        }
    }
    let first = before.map(|before| &before.targets);
    let keys = first.into_iter().chain([&now.targets]).flat_map(|targets| targets.keys());
    let mut keys: Vec<_> = keys.collect::<HashSet<_>>().into_iter().collect();
    keys.sort_by_key(|key| (key.period, key.breakdown.clone(), key.tier));
    for key in keys {
        let old = now.targets.get(key).cloned();
        let new = before.and_then(|before| before.targets.get(key).cloned());
        to.extend(retargeted(id, key, old, new, reason));
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare::Outcome;
    use super::super::reading::Completeness;
    use super::super::spec::{figure, held, id, p, row, says, target};
    use super::*;
    use piperoll_events::submission::no_value_declared::NoValue;

    const CHANGES: Completeness = Completeness::Changes;

    /// What leads back from `now` to `before`, for the measure `A` and its years.
    fn back(before: &Held, now: &Held) -> Held {
        let reason = Reason { code: ReasonCode::ImportReversed, text: None };
        let mut intents = Vec::new();
        let of = id("A");
        restore_measure(now, of, before.measure(of), &reason, &mut intents);
        for year in ["2020", "2021", "2022"] {
            let period = Some(p(year));
            let submission = Of { measure: of, period, reason: &reason };
            submission.restore(before.content(of, period), now.content(of, period), &mut intents);
        }
        let mut held = now.clone();
        for intent in &intents {
            held.take(intent);
        }
        held
    }

    fn take(held: &mut Held, statements: Vec<super::super::reading::Statement>) {
        let found = says(held, &[row(2, "A", statements)], &CHANGES);
        assert!(found.outcomes.iter().all(|(_, outcome)| *outcome != Outcome::Unchanged));
        found.wanted.iter().for_each(|wanted| held.take(&wanted.intent));
    }

    #[test]
    fn revised_withdrawn_submitted_and_declared_figures_and_targets_go_back_to_what_stood() {
        let mut before = held();
        let first =
            vec![figure("2020", Some("1")), figure("2021", Some("2")), target("2021", Some("9"))];
        take(&mut before, first);
        let mut now = before.clone();
        take(
            &mut now,
            vec![
                figure("2020", Some("5")),
                figure("2021", None),
                figure("2022", Some("7")),
                target("2021", Some("3")),
                target("2022", Some("4")),
            ],
        );
        assert_eq!(back(&before, &now), before);
        let state = NoValue::Discontinued;
        let mut declared = before.clone();
        declared.take(&Intent::Declare { measure: id("A"), period: Some(p("2022")), state });
        assert_eq!(back(&declared, &now), declared);
    }

    #[test]
    fn a_measure_that_the_file_brought_stays_without_figures_and_targets() {
        let mut now = held();
        take(&mut now, vec![figure("2021", Some("2")), target("2021", Some("9"))]);
        let held = back(&held(), &now);
        assert!(held.measure(id("A")).is_some_and(|measure| measure.targets.is_empty()));
        assert_eq!(held.content(id("A"), Some(p("2021"))), None);
    }
}
