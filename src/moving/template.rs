//! Templates: what a measure is adopted with, put together from the plan, the mapping and the
//! definitions as they stood at first.
//!
//! **Invariant:** the plan outweighs a file, a file the mapping. What only a mapping says is named
//! in the definition as asserted by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use piperoll_events::ids::{AreaId, FrameworkId, LedgerId, ObjectiveId, StepId};
use piperoll_events::measure::Adopted;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Definition, Polarity};

use super::compare::{Codes, called};
use super::define::Parts;
use super::mapping::{Asserted, Mapping};
use super::open::Source;
use super::plan::{Definitions, Loaded, MeasurePart, PlacePart, none_recorded};
use super::reading::{MeasureKey, ReadRow, Statement};

/// What measures are adopted with.
pub(super) struct Templates<'a> {
    ledger: LedgerId,
    stated: BTreeMap<MeasureKey, &'a MeasurePart>,
    first: BTreeMap<MeasureKey, Parts>,
    codes: BTreeMap<MeasureKey, String>,
}

impl<'a> Templates<'a> {
    pub(super) fn new(plan: &'a Loaded, sources: &[Source], ledger: LedgerId) -> Self {
        let stated = plan.plan.measures.iter();
        Self {
            ledger,
            stated: stated.map(|part| (MeasureKey::new(part.key.as_str()), part)).collect(),
            first: at_first(sources),
            codes: codes(sources),
        }
    }

    /// Without a plan: what the mapping asserts is all.
    pub(super) const fn without_plan(ledger: LedgerId) -> Self {
        Self { ledger, stated: BTreeMap::new(), first: BTreeMap::new(), codes: BTreeMap::new() }
    }

    /// A measure that a file brings and the plan does not state.
    pub(super) fn met(
        &self,
        key: &MeasureKey,
        code: &str,
        framework: FrameworkId,
        mapping: &Mapping,
    ) -> Adopted {
        let asserted = mapping.asserted(key);
        let code = self.codes.get(key).map_or(code, String::as_str);
        let fact = self.adopted(key, code, framework, Some(&asserted));
        match self.first.get(key) {
            Some(parts) => parts.adopted(fact),
            None => fact,
        }
    }

    /// A measure that the plan states, with what its first rows say of it.
    pub(super) fn stated(
        &self,
        key: &MeasureKey,
        framework: FrameworkId,
        met: Option<(&Source, &[ReadRow])>,
    ) -> Adopted {
        let of_key = |row: &&ReadRow| row.measure == *key;
        let rows = met.map(|(_, rows)| rows).unwrap_or_default();
        let mut parts = Parts::default();
        let rows: Vec<&ReadRow> = rows.iter().filter(of_key).collect();
        rows.iter().flat_map(|row| &row.statements).for_each(|said| parts.hear(said));
        let asserted = met.map(|(source, _)| source.mapping.asserted(key));
        let written = rows.first().map_or(key.as_str(), |row| called(row));
        let code = self.codes.get(key).map_or(written, String::as_str);
        let fact = self.adopted(key, code, framework, asserted.as_ref());
        let fact = self.first.get(key).map_or(fact.clone(), |first| first.adopted(fact));
        let said = parts.adopted(fact);
        self.stated_again(key, said)
    }

    /// The plan outweighs the files.
    fn stated_again(&self, key: &MeasureKey, mut fact: Adopted) -> Adopted {
        let Some(part) = self.stated.get(key) else { return fact };
        if let Some(title) = &part.title {
            fact.title = title.clone();
        }
        if let Some(definition) = &part.definition {
            fact.definition = definition.clone();
        }
        if let Some(polarity) = &part.polarity {
            fact.definition.polarity = polarity.clone();
        }
        fact
    }

    fn adopted(
        &self,
        key: &MeasureKey,
        code: &str,
        framework: FrameworkId,
        asserted: Option<&Asserted>,
    ) -> Adopted {
        let part = self.stated.get(key).copied();
        let code = part.and_then(|part| part.code.clone()).unwrap_or_else(|| label(code, key));
        let title = asserted.and_then(|it| it.title.clone()).unwrap_or_else(|| code.clone());
        let scheme = part.map_or_else(super::plan::local, |part| part.scheme.clone());
        let treatment = asserted.and_then(|it| it.treatment).unwrap_or(Treatment::Tracker);
        let level = asserted.and_then(|it| it.level).unwrap_or(MeasureLevel::Strategic);
        let measures = asserted.and_then(|it| it.measures);
        let fact = Adopted {
            framework,
            title: Words { en: title, cy: None },
            treatment: part.and_then(|part| part.treatment).unwrap_or(treatment),
            level: part.and_then(|part| part.level).unwrap_or(level),
            measures: part
                .and_then(|part| part.measures)
                .or(measures)
                .unwrap_or(Subject::PerformanceMeasure),
            definition: definition(asserted),
            codes: vec![Code { scheme, code, from: None }],
            baseline: part.and_then(|part| part.baseline),
            targets: part.map(|part| part.targets.clone()).unwrap_or_default(),
            places: part.map(|part| self.places(part)).unwrap_or_default(),
            reason: none_recorded(),
            authority: None,
        };
        self.stated_again(key, fact)
    }

    fn places(&self, part: &MeasurePart) -> Vec<Place> {
        let ledger = self.ledger.to_string();
        let place = |place: &PlacePart| match place {
            PlacePart::Objective(code) => {
                Place::Objective(ObjectiveId::derived(&[&ledger, code.as_str()]))
            }
            PlacePart::Step(code) => Place::Step(StepId::derived(&[&ledger, code.as_str()])),
            PlacePart::Area(code) => Place::Area(AreaId::derived(&[&ledger, code.as_str()])),
        };
        part.places.iter().map(place).collect()
    }
}

fn definition(asserted: Option<&Asserted>) -> Definition {
    let mut definition = Definition::bare(Polarity::None {});
    if let Some(asserted) = asserted {
        definition.polarity = asserted.polarity.clone().unwrap_or(Polarity::None {});
        definition.unit.clone_from(&asserted.unit);
        definition.asserted_by_mapping.clone_from(&asserted.parts);
    }
    definition
}

/// Every row that was known at some instant, with that instant.
fn dated<'s>(
    sources: impl IntoIterator<Item = &'s Source>,
) -> impl Iterator<Item = (DateTime<Utc>, ReadRow)> {
    let then = sources.into_iter().filter(|of| of.part.definitions == Definitions::Then);
    then.flat_map(|source| {
        let stated = source.part.known_at.map(|at| at.0);
        source.reading.rows.iter().filter_map(move |row| Some((stated.or(row.known_at)?, row)))
    })
}

/// What measures were called at first.
fn codes(sources: &[Source]) -> BTreeMap<MeasureKey, String> {
    let listed = |said: &Statement| matches!(said, Statement::Listed);
    let mut codes: BTreeMap<MeasureKey, (_, String)> = BTreeMap::new();
    for (at, row) in dated(sources.iter().filter(|source| source.part.codes == Codes::InUse)) {
        // At one instant a code may be struck off a list and another put on: the one struck off
        // is the one that stood before.
        let place = (at, row.statements.iter().any(listed));
        if codes.get(&row.measure).is_none_or(|(first, _)| place < *first) {
            let code = called(&row).to_owned();
            codes.insert(row.measure, (place, code));
        }
    }
    codes.into_iter().map(|(measure, (_, code))| (measure, code)).collect()
}

/// The definitions as they stood at first: the latest, undone with every change listed since.
fn at_first(sources: &[Source]) -> BTreeMap<MeasureKey, Parts> {
    let mut first: BTreeMap<MeasureKey, Parts> = BTreeMap::new();
    for source in sources.iter().filter(|of| of.part.definitions == Definitions::Latest) {
        for row in source.reading.rows.iter() {
            let parts = first.entry(row.measure).or_default();
            row.statements.iter().for_each(|said| parts.hear(said));
        }
    }
    let defines = |said: &Statement| matches!(said, Statement::Definition { .. });
    let rows = dated(sources.iter().filter(|_| !first.is_empty()));
    let mut changes: Vec<_> = rows.filter(|(_, row)| row.statements.iter().any(defines)).collect();
    changes.sort_by_key(|(at, _)| *at);
    for (_, row) in changes.iter().rev() {
        if let Some(parts) = first.get_mut(&row.measure) {
            row.statements.iter().rev().for_each(|said| parts.undo(said));
        }
    }
    first
}

/// The code as written, where it can stand in an event; else the key.
fn label(code: &str, key: &MeasureKey) -> Label {
    let spare = || key.as_str().parse().unwrap_or_else(|_| super::plan::local());
    code.trim().parse().unwrap_or_else(|_| spare())
}

/// How plans are written.
pub(super) fn utf8() -> Label {
    #[expect(clippy::unwrap_used, reason = "the word is a label; every plan goes through here")]
    "UTF-8".parse().unwrap()
}
