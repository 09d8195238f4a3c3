//! From one event to its rows.
//!
//! **Invariant:** total and stateless. Where an event names one key twice, the last one counts, so
//! that no event can break a unique index.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use chrono::NaiveDate;
use piperoll_events::comparability::DefinitionChange;
use piperoll_events::definition::Polarity;
use piperoll_events::import::Import;
use piperoll_events::measure::Measure;
use piperoll_events::measure::adopted::Adopted;
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::text::Words;
use piperoll_events::{
    Authority, Breakdown, Definition, Event, Fact, Position, Reason, Target, TargetKey,
};
use uuid::Uuid;

use super::catalogue::EVERY_PERIOD;
use super::rows::{
    BaselineRow, BreakdownRow, ClassificationRow, CodeRow, DefinitionRow, DefinitionText,
    EndingRow, EverRow, Histories, ImportRow, MeasureRow, MeasureText, PlacementRow, ProposalRow,
    TargetText,
};
use super::targets::{Placing, rows as target_rows};
use super::words::{ImportState, PlaceKind, PolarityKind, TargetHappened};
use crate::runtime::copy::Json;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;

/// The namespace of breakdowns.
const BREAKDOWN: Uuid = Uuid::from_u128(0x3a0b_6c15_d2f7_5c84_9a61_70b9_44e8_1d2a);

/// A breakdown as a key; nought for the headline.
pub(crate) fn breakdown_key(breakdown: &Breakdown) -> Uuid {
    if breakdown.is_headline() {
        return Uuid::nil();
    }
    Uuid::new_v5(&BREAKDOWN, breakdown.to_string().as_bytes())
}

/// The rows of some events, each folded by itself.
pub(crate) fn fold<'e>(events: impl IntoIterator<Item = (Position, &'e Event)>) -> Histories {
    let mut fold = Fold::default();
    for (position, event) in events {
        fold.event(position, event);
    }
    fold.out
}

#[derive(Default)]
pub(super) struct Fold {
    pub(super) out: Histories,
    /// Keys already worked out; a saving, not a memory.
    breakdowns: HashMap<Breakdown, Uuid>,
    /// What measures are already known to have had; the table keeps the first of each.
    ever: HashSet<(Uuid, i16)>,
}

/// What every row of an event shares.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) position: Position,
    pub(super) event: &'a Event,
    pub(super) id: Uuid,
    pub(super) asserted: bool,
}

/// Why and by whose leave.
type Ground<'a> = (&'a Reason, Option<&'a Authority>);

/// Whether a measure stands at a place from here on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Yes,
    No,
}

/// What became of a target.
#[derive(Clone, Copy)]
enum Became<'a> {
    Set(&'a Target),
    Changed(&'a Target, &'a Target),
    Corrected(&'a Target, &'a Target),
    Withdrawn(&'a Target),
}

impl<'a> Became<'a> {
    /// What happened, what stood and what stands.
    const fn parts(self) -> (TargetHappened, Option<&'a Target>, Option<&'a Target>) {
        match self {
            Self::Set(new) => (TargetHappened::Set, None, Some(new)),
            Self::Changed(old, new) => (TargetHappened::Changed, Some(old), Some(new)),
            Self::Corrected(old, new) => (TargetHappened::Corrected, Some(old), Some(new)),
            Self::Withdrawn(old) => (TargetHappened::Withdrawn, Some(old), None),
        }
    }
}

impl Fold {
    fn event(&mut self, position: Position, event: &Event) {
        let asserted = event.record.asserted.is_some();
        let at = At { position, event, id: event.entity.id, asserted };
        match &event.fact {
            // These move known-at and nothing else here.
            Fact::Ledger(_) | Fact::Post(_) | Fact::Role(_) => {}
            Fact::Import(fact) => self.out.import.push(import(at, fact)),
            Fact::Framework(fact) => self.framework(at, fact),
            Fact::Objective(fact) => self.objective(at, fact),
            Fact::Step(fact) => self.step(at, fact),
            Fact::Area(fact) => self.area(at, fact),
            Fact::Measure(fact) => self.measure(at, fact),
            Fact::Submission(fact) => self.submission(at, fact),
        }
    }

    fn measure(&mut self, at: At<'_>, fact: &Measure) {
        match fact {
            Measure::Adopted(fact) => self.adopted(at, fact),
            Measure::DefinitionSet(f) => {
                let change = f.change.as_ref();
                self.definition(at, (&f.definition, change), (&f.reason, f.authority.as_ref()));
            }
            Measure::BaselineSet(f) => {
                self.baseline(at, f.baseline, (&f.reason, f.authority.as_ref()));
            }
            Measure::TargetSet(f) => {
                let ground = (&f.reason, f.authority.as_ref());
                self.target(at, &f.key, Became::Set(&f.target), ground);
            }
            Measure::TargetChanged(f) => {
                let ground = (&f.reason, f.authority.as_ref());
                self.target(at, &f.key, Became::Changed(&f.old, &f.new), ground);
            }
            Measure::TargetCorrected(f) => {
                let ground = (&f.reason, f.authority.as_ref());
                self.target(at, &f.key, Became::Corrected(&f.old, &f.new), ground);
            }
            Measure::TargetWithdrawn(f) => {
                let ground = (&f.reason, f.authority.as_ref());
                self.target(at, &f.key, Became::Withdrawn(&f.old), ground);
            }
            Measure::Placed(fact) => self.place(at, fact.place, Stands::Yes),
            Measure::Removed(fact) => self.place(at, fact.place, Stands::No),
            Measure::Retitled(fact) => self.title(at, &fact.new, (&fact.reason, None)),
            Measure::CodeAssigned(fact) => self.code(at, &fact.code),
            Measure::Reclassified(fact) => self.out.classification.push(ClassificationRow {
                measure: at.id,
                position: at.position,
                treatment: fact.treatment.map(Numbered::number),
                level: fact.level.map(Numbered::number),
            }),
            Measure::BaselineProposed(f) => self.out.baseline_proposal.push(ProposalRow {
                measure: at.id,
                position: at.position,
                period: Key::of(f.baseline.period),
                value: f.baseline.value,
                source: f.source.as_ref().map(ToString::to_string),
                asserted: at.asserted,
            }),
            Measure::Retired(f) => self.out.ending.push(ending(at, f.from)),
            Measure::Replaced(f) => self.out.ending.push(EndingRow {
                replaced_by: Some(f.by.uuid()),
                comparability: Some(Json::of(&f.comparability)),
                ..ending(at, f.from)
            }),
            // Who answers for a measure, and what it has to do with, moves no figure.
            Measure::Tagged(_)
            | Measure::AccountableAssigned(_)
            | Measure::StewardAssigned(_)
            | Measure::ContributorAssigned(_)
            | Measure::DutyEnded(_) => {}
        }
    }

    fn adopted(&mut self, at: At<'_>, fact: &Adopted) {
        let ground = (&fact.reason, fact.authority.as_ref());
        self.out.measure.push(MeasureRow {
            measure: at.id,
            position: at.position,
            framework: fact.framework.uuid(),
            treatment: fact.treatment.number(),
            level: fact.level.number(),
            subject: fact.measures.number(),
            asserted: at.asserted,
        });
        self.title(at, &fact.title, ground);
        self.definition(at, (&fact.definition, None), ground);
        if let Some(baseline) = fact.baseline {
            self.baseline(at, baseline, ground);
        }
        for code in last_of_each(&fact.codes, |code| &code.scheme) {
            self.code(at, code);
        }
        for first in last_of_each(&fact.targets, |first| &first.key) {
            self.target(at, &first.key, Became::Set(&first.target), ground);
        }
        for place in last_of_each(&fact.places, |place| *place) {
            self.place(at, *place, Stands::Yes);
        }
    }

    fn title(&mut self, at: At<'_>, title: &Words, (reason, authority): Ground<'_>) {
        self.out.measure_text.push(MeasureText {
            measure: at.id,
            position: at.position,
            title: Json::of(title),
            reason: Json::of(reason),
            authority: authority.map(Json::of),
        });
    }

    fn definition(
        &mut self,
        at: At<'_>,
        (definition, change): (&Definition, Option<&DefinitionChange>),
        (reason, authority): Ground<'_>,
    ) {
        let (polarity, low, high) = match definition.polarity {
            Polarity::HigherIsBetter {} => (PolarityKind::Higher, None, None),
            Polarity::LowerIsBetter {} => (PolarityKind::Lower, None, None),
            Polarity::Goldilocks { low, high } => (PolarityKind::Goldilocks, Some(low), Some(high)),
            Polarity::None {} => (PolarityKind::None, None, None),
        };
        self.out.definition.push(DefinitionRow {
            measure: at.id,
            position: at.position,
            polarity: polarity.number(),
            low,
            high,
            decimals: definition.decimals.map(i16::from),
            asserted: at.asserted,
            unit: definition.unit.as_ref().map(ToString::to_string),
        });
        self.out.definition_text.push(DefinitionText {
            measure: at.id,
            position: at.position,
            definition: Json::of(definition),
            reason: Json::of(reason),
            authority: authority.map(Json::of),
            change: change.map(Json::of),
        });
    }

    fn baseline(&mut self, at: At<'_>, baseline: Baseline, (reason, authority): Ground<'_>) {
        self.out.baseline.push(BaselineRow {
            measure: at.id,
            position: at.position,
            period: Key::of(baseline.period),
            value: baseline.value,
            asserted: at.asserted,
            reason: Json::of(reason),
            authority: authority.map(Json::of),
        });
    }

    fn target(
        &mut self,
        at: At<'_>,
        key: &TargetKey,
        became: Became<'_>,
        (reason, authority): Ground<'_>,
    ) {
        let (happened, old, new) = became.parts();
        let breakdown = self.breakdown(at, &key.breakdown);
        let placing = Placing { key, measure: at.id, position: at.position, asserted: at.asserted };
        for row in target_rows(placing, new, old) {
            let named = row.period.period();
            let kind = named.map_or(EVERY_PERIOD, |period| period.period_type().number());
            self.ever(row.measure, kind, row.position);
            self.out.target.push(row);
        }
        let Some(shown) = new.or(old) else { return };
        self.out.target_text.push(TargetText {
            measure: at.id,
            span: Key::of(key.period),
            breakdown,
            tier: key.tier.number(),
            position: at.position,
            happened: happened.number(),
            target: Json::of(shown),
            old: old.filter(|_| new.is_some()).map(Json::of),
            reason: Json::of(reason),
            authority: authority.map(Json::of),
            asserted: at.asserted,
        });
    }

    fn place(&mut self, at: At<'_>, place: Place, stands: Stands) {
        let (kind, place) = match place {
            Place::Objective(id) => (PlaceKind::Objective, id.uuid()),
            Place::Step(id) => (PlaceKind::Step, id.uuid()),
            Place::Area(id) => (PlaceKind::Area, id.uuid()),
        };
        let (measure, position, asserted) = (at.id, at.position, at.asserted);
        let (kind, removed) = (kind.number(), stands == Stands::No);
        self.out.placement.push(PlacementRow { measure, position, kind, place, removed, asserted });
    }

    fn code(&mut self, at: At<'_>, code: &Code) {
        self.out.code.push(CodeRow {
            measure: at.id,
            position: at.position,
            scheme: code.scheme.to_string(),
            code: code.code.to_string(),
            valid_from: code.from,
            asserted: at.asserted,
        });
    }

    /// What a measure has had from here on at the latest.
    pub(super) fn ever(&mut self, measure: Uuid, kind: i16, position: Position) {
        if self.ever.insert((measure, kind)) {
            self.out.ever.push(EverRow { measure, kind, position });
        }
    }

    /// The key of a breakdown, with a row for the dictionary the first time.
    pub(super) fn breakdown(&mut self, at: At<'_>, breakdown: &Breakdown) -> Uuid {
        if breakdown.is_headline() {
            return Uuid::nil();
        }
        if let Some(key) = self.breakdowns.get(breakdown) {
            return *key;
        }
        let key = breakdown_key(breakdown);
        let (tags, position) = (Json::of(breakdown), at.position);
        self.out.breakdown.push(BreakdownRow { breakdown: key, tags, position });
        self.breakdowns.insert(breakdown.clone(), key);
        key
    }
}

fn ending(at: At<'_>, valid_from: NaiveDate) -> EndingRow {
    EndingRow {
        measure: at.id,
        position: at.position,
        valid_from,
        replaced_by: None,
        comparability: None,
        asserted: at.asserted,
    }
}

fn import(at: At<'_>, fact: &Import) -> ImportRow {
    let row = |state: ImportState| ImportRow {
        import: at.id,
        position: at.position,
        state: state.number(),
        file_name: None,
        file_digest: None,
        mapping_digest: None,
        bytes: None,
        encoding: None,
        read: None,
        recorded: None,
        unchanged: None,
        declared: None,
        refused: None,
        events: None,
        withdrawn: None,
        reason: None,
    };
    match fact {
        Import::Received(fact) => ImportRow {
            file_name: Some(fact.file_name.to_string()),
            file_digest: Some(fact.file_digest),
            mapping_digest: Some(fact.mapping_digest),
            bytes: Some(fact.bytes),
            encoding: Some(fact.encoding.to_string()),
            read: Some(fact.rows),
            ..row(ImportState::Received)
        },
        Import::Applied(fact) => ImportRow {
            read: Some(fact.rows.read),
            recorded: Some(fact.rows.recorded),
            unchanged: Some(fact.rows.unchanged),
            declared: Some(fact.rows.declared),
            refused: Some(fact.rows.refused),
            events: Some(fact.events),
            withdrawn: Some(fact.withdrawn),
            ..row(ImportState::Applied)
        },
        Import::Rejected(fact) => {
            ImportRow { reason: Some(Json::of(&fact.reason)), ..row(ImportState::Rejected) }
        }
        Import::Reversed(fact) => ImportRow {
            events: Some(fact.events),
            reason: Some(Json::of(&fact.reason)),
            ..row(ImportState::Reversed)
        },
    }
}

/// The items without those that a later one of the same key takes the place of.
pub(super) fn last_of_each<'a, T, K: Eq + Hash>(
    items: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> Vec<&'a T> {
    let mut seen = HashSet::with_capacity(items.len());
    let mut kept: Vec<&T> =
        items.iter().rev().filter(|item: &&'a T| seen.insert(key(*item))).collect();
    kept.reverse();
    kept
}
