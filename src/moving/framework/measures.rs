//! Measures of a file, compared with those that are agreed.
//!
//! **Invariant:** each part of a measure that differs is a change of its own, as each is an event of its
//! own. What another definition or target does is worked out here as the rules work it out.

use piperoll_events::comparability::change as comparing_definitions;
use piperoll_events::ease::ease;
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::ids::{AreaId, MeasureId, ObjectiveId, StepId};
use piperoll_events::measure::adopted::FirstTarget;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::measure::{
    Adopted, BaselineSet, CodeAssigned, DefinitionSet, Placed, Reclassified, Removed, Retired,
    Retitled, Tagged, TargetChanged, TargetSet, TargetWithdrawn,
};
use piperoll_events::text::Label;
use piperoll_events::{Fact, Polarity, TargetKey, Tier};

use super::super::plan::PlacePart;
use super::agreed::Measured;
use super::change::{Change, Field, Phase, aim, differing, field, stated, word, words};
use super::compare::Comparing;
use super::file::{MeasurePart, TargetPart};
use super::parts::{Index, retired};

/// The most targets, places and codes that a measure is adopted with.
const MOST_TARGETS: usize = 64;
const MOST_PLACES: usize = 16;

/// A measure of the file and who it is.
struct Of<'a> {
    key: String,
    part: &'a MeasurePart,
    id: MeasureId,
}

impl Comparing<'_> {
    pub(super) fn measures(&mut self) {
        let (agreed, file) = (self.agreed, self.file);
        let mut indexes = std::collections::BTreeMap::<Label, Index>::new();
        let ours = |it: &Measured| it.framework == self.framework;
        for part in &file.measures {
            indexes.entry(part.scheme.clone()).or_default();
        }
        for (id, held) in &agreed.measures {
            for (scheme, index) in &mut indexes {
                index.take(id.uuid());
                let by_scheme = held.codes.iter().filter(|it| it.scheme == *scheme);
                for code in by_scheme.filter(|_| ours(held)) {
                    index.add(&code.code, id.uuid(), held.retired);
                }
            }
        }
        for part in &file.measures {
            let Some(index) = indexes.get(&part.scheme) else { continue };
            // One that shares its code, or has none, is named by its id.
            let named = part.code.as_str().parse().ok();
            let named = named.filter(|id| agreed.measures.contains_key(id)).map(MeasureId::uuid);
            let by_code = || index.seek(&part.code, part.was.as_ref(), part.retired);
            let joins = || {
                let id = |parts: &[&str]| MeasureId::derived(parts).uuid();
                self.fresh(index, &part.code, id)
            };
            let id = MeasureId::new(named.or_else(by_code).unwrap_or_else(joins));
            let held = agreed.measures.get(&id);
            let of = Of { key: format!("measure `{}`", part.code), part, id };
            if !self.claim(&of.key, id.uuid()) {
                continue;
            }
            if !self.may_stand(&of.key, part.retired, held.and_then(|it| it.retired)) {
                continue;
            }
            match held {
                None => self.measure_joins(&of),
                Some(held) => self.measure(&of, held),
            }
            self.tags(&of, held);
            if let Some(from) = part.retired.filter(|_| held.is_none_or(|it| it.retired.is_none()))
            {
                let (reason, authority) = (self.reason(), self.authority());
                self.of(&of, "", Retired { from, reason, authority }, retired(from));
            }
        }
    }

    fn of(&mut self, of: &Of<'_>, key: &str, fact: impl Into<Fact>, fields: Vec<Field>) {
        let at = (Phase::Measures, "measure", of.part.code.as_str());
        self.changes.push(Change::new(at, of.id, key, fact, fields));
    }

    fn measure_joins(&mut self, of: &Of<'_>) {
        let part = of.part;
        let needed = [
            ("title", part.title.is_none(), "what it is called: title = { en = \"…\" }"),
            ("treatment", part.treatment.is_none(), "targeted, contextual, tracker or volumetric"),
            ("level", part.level.is_none(), "strategic or operational"),
            ("measures", part.measures.is_none(), "population_indicator or performance_measure"),
            ("definition", part.definition.is_none(), "what it means; a polarity at least"),
        ];
        for (what, _, right) in needed.iter().filter(|(_, missing, _)| *missing) {
            self.missing(&of.key, what, right);
        }
        self.withdrawn_or_valued(of);
        let places: Vec<Place> =
            part.places.iter().flatten().filter_map(|it| self.place(of, it)).collect();
        if places.len() > MOST_PLACES || part.codes.len() >= MOST_PLACES {
            let right = format!("{MOST_PLACES} at the most");
            self.wrong(of.key.clone(), "it has too many places or codes", right);
        }
        let (Some(title), Some(treatment), Some(level), Some(measures), Some(definition)) =
            (&part.title, part.treatment, part.level, part.measures, &part.definition)
        else {
            return;
        };
        let own = Code { scheme: part.scheme.clone(), code: part.code.clone(), from: None };
        let aimed = part.targets.iter().filter_map(|it| Some((it, it.target.clone()?)));
        let (first, later): (Vec<_>, Vec<_>) =
            aimed.enumerate().partition(|(n, _)| *n < MOST_TARGETS);
        let first = first.into_iter();
        let fact = Adopted {
            framework: self.framework,
            title: title.clone(),
            treatment,
            level,
            measures,
            definition: definition.clone(),
            codes: std::iter::once(own).chain(part.codes.iter().cloned()).collect(),
            baseline: part.baseline,
            targets: first
                .map(|(_, (it, target))| FirstTarget { key: it.key.clone(), target })
                .collect(),
            places,
            reason: self.reason(),
            authority: self.authority(),
        };
        let mut fields = vec![
            Field { name: "title".to_owned(), old: None, new: Some(words(title)) },
            Field { name: "treatment".to_owned(), old: None, new: Some(word(&treatment)) },
        ];
        let shown = |it: &FirstTarget| Field {
            name: named(&it.key),
            old: None,
            new: Some(aim(&it.target)),
        };
        fields.extend(fact.targets.iter().map(shown));
        self.of(of, "", fact, fields);
        for (_, (it, _)) in later {
            self.target(of, it, None, &definition.polarity);
        }
    }

    fn measure(&mut self, of: &Of<'_>, held: &Measured) {
        let part = of.part;
        self.names(of, held);
        if part.measures.is_some_and(|measures| measures != held.measures) {
            let right = format!("measures = \"{}\"", word(&held.measures).replace(' ', "_"));
            self.wrong(
                format!("{}: measures", of.key),
                "what it is about can't change; adopt another measure",
                right,
            );
        }
        let treatment = part.treatment.filter(|it| *it != held.treatment);
        let level = part.level.filter(|it| *it != held.level);
        let fields: Vec<Field> = [
            stated("treatment", Some(&held.treatment), part.treatment.as_ref(), word),
            stated("level", Some(&held.level), part.level.as_ref(), word),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !fields.is_empty() {
            let fact = Reclassified {
                treatment,
                old_treatment: treatment.and(Some(held.treatment)),
                level,
                old_level: level.and(Some(held.level)),
                reason: self.reason(),
                authority: self.authority(),
            };
            self.of(of, "", fact, fields);
        }
        self.definition(of, held);
        if let Some(baseline) = part.baseline.filter(|it| held.baseline != Some(*it)) {
            let fields = differing(held.baseline.as_ref(), Some(&baseline));
            let (reason, authority) = (self.reason(), self.authority());
            self.of(of, "", BaselineSet { baseline, reason, authority }, fields);
        }
        self.withdrawn_or_valued(of);
        let polarity = part.definition.as_ref().unwrap_or(&held.definition).polarity.clone();
        for target in &part.targets {
            self.target(of, target, Some(held), &polarity);
        }
        self.places(of, held);
    }

    /// What it is called: its title and its codes.
    fn names(&mut self, of: &Of<'_>, held: &Measured) {
        let part = of.part;
        if let Some(title) = part.title.as_ref().filter(|title| held.title != **title) {
            let (old, new) = (held.title.clone(), title.clone());
            let fields = stated("title", Some(&old), Some(&new), words).into_iter().collect();
            let fact = Retitled { old, new, reason: self.reason() };
            self.of(of, "", fact, fields);
        }
        let own = Code { scheme: part.scheme.clone(), code: part.code.clone(), from: None };
        let by_id = part.code.as_str() == of.id.to_string();
        for code in Some(&own).filter(|_| !by_id).into_iter().chain(&part.codes) {
            let old = held.codes.iter().find(|it| it.scheme == code.scheme).map(|it| &it.code);
            let differs = stated("code", old, Some(&code.code), ToString::to_string);
            if let Some(field) = differs {
                let fact = CodeAssigned { code: code.clone(), reason: self.reason() };
                self.of(of, code.scheme.as_str(), fact, vec![field]);
            }
        }
    }

    fn definition(&mut self, of: &Of<'_>, held: &Measured) {
        let Some(new) = of.part.definition.as_ref().filter(|it| **it != held.definition) else {
            return;
        };
        let does = comparing_definitions(&held.definition, new, of.part.factor);
        let fact = DefinitionSet {
            definition: new.clone(),
            reason: self.reason(),
            authority: self.authority(),
            change: Some(does.clone()),
        };
        self.of(of, "", fact, differing(Some(&held.definition), Some(new)));
        if let Some(change) = self.changes.last_mut() {
            change.definition = Some(does);
        }
    }

    /// A target has a value or is withdrawn, and stands once.
    fn withdrawn_or_valued(&mut self, of: &Of<'_>) {
        for (n, target) in of.part.targets.iter().enumerate() {
            let key = format!("{}: {}", of.key, named(&target.key));
            if of.part.targets.iter().take(n).any(|it| it.key == target.key) {
                self.wrong(key.clone(), "it stands twice", "once");
            }
            match (target.state, &target.target) {
                (RightState::InForce, None) => {
                    self.missing(&key, "target", "what is aimed at, or state = \"withdrawn\"");
                }
                (RightState::Withdrawn, Some(_)) => {
                    self.wrong(key, "it is withdrawn and has a value", "one of the two");
                }
                _ => {}
            }
        }
    }

    fn target(
        &mut self,
        of: &Of<'_>,
        part: &TargetPart,
        held: Option<&Measured>,
        polarity: &Polarity,
    ) {
        let TargetPart { key, target, case, .. } = part;
        let mut targets = held.into_iter().flat_map(|it| &it.targets);
        let old = targets.find(|(held, _)| held == key).map(|(_, target)| target.clone());
        if old == *target {
            return;
        }
        let compared = ease(old.as_ref(), target.as_ref(), key.period, polarity);
        let fields = field(&named(key), old.as_ref().map(aim), target.as_ref().map(aim));
        // Two ways to write one value read the same; what differs stands in the record all the same.
        let fields = fields.into_iter().collect();
        let (reason, authority, case) = (self.reason(), self.authority(), case.clone());
        let key = key.clone();
        let name = named(&key);
        let fact: Fact = match (old, target.clone()) {
            (None, None) => return,
            (None, Some(target)) => TargetSet { key, target, reason, authority, case }.into(),
            (Some(old), None) => TargetWithdrawn { key, old, reason, authority, case }.into(),
            (Some(old), Some(new)) => {
                TargetChanged { key, old, new, reason, authority, case }.into()
            }
        };
        self.of(of, &name, fact, fields);
        if let Some(change) = self.changes.last_mut() {
            change.ease = Some(compared);
        }
    }

    fn places(&mut self, of: &Of<'_>, held: &Measured) {
        let Some(places) = &of.part.places else { return };
        let mut stays = Vec::new();
        for part in places {
            let here =
                held.places.iter().find(|it| self.agreed.place_part(**it).as_ref() == Some(part));
            if let Some(here) = here {
                stays.push(*here);
                continue;
            }
            let Some(place) = self.place(of, part) else { continue };
            stays.push(place);
            if !held.places.contains(&place) {
                let fields =
                    vec![Field { name: "place".to_owned(), old: None, new: Some(word(part)) }];
                let fact = Placed { place, reason: self.reason() };
                self.of(of, &word(&place), fact, fields);
            }
        }
        for place in held.places.iter().filter(|it| !stays.contains(it)) {
            // What is shown nowhere in the file can't be named by it either.
            let Some(part) = self.agreed.place_part(*place) else { continue };
            let fields =
                vec![Field { name: "place".to_owned(), old: Some(word(&part)), new: None }];
            let fact = Removed { place: *place, reason: self.reason() };
            self.of(of, &word(place), fact, fields);
        }
    }

    fn place(&mut self, of: &Of<'_>, part: &PlacePart) -> Option<Place> {
        let (section, code, found) = match part {
            PlacePart::Objective(code) => {
                let id = self.known.objectives.get(code);
                ("objective", code, id.map(|id| Place::Objective(ObjectiveId::new(*id))))
            }
            PlacePart::Step(code) => {
                let id = self.known.steps.get(code);
                ("step", code, id.map(|id| Place::Step(StepId::new(*id))))
            }
            PlacePart::Area(code) => {
                ("area", code, self.known.areas.get(code).map(|id| Place::Area(AreaId::new(*id))))
            }
        };
        if found.is_none() {
            let (wrong, right) = (
                format!("there is no {section} `{code}`"),
                format!("the code of an [[{section}]]"),
            );
            self.wrong(format!("{}: places", of.key), wrong, right);
        }
        found
    }

    fn tags(&mut self, of: &Of<'_>, held: Option<&Measured>) {
        for (taxonomy, codes) in &of.part.tags {
            let old = held.and_then(|it| it.tags.get(taxonomy));
            if old.map_or(codes.is_empty(), |old| old == codes) {
                continue;
            }
            let terms = self.known.terms.get(taxonomy).cloned().unwrap_or_default();
            for stray in codes.iter().filter(|code| !terms.contains(code)) {
                let known: Vec<&str> = terms.iter().map(Label::as_str).collect();
                let right = match known.as_slice() {
                    [] => format!("a [[taxonomy]] of the code `{taxonomy}`"),
                    known => format!("one of: {}", known.join(", ")),
                };
                let wrong = format!("there is no term `{stray}`");
                self.wrong(format!("{}: tags.{taxonomy}", of.key), wrong, right);
            }
            let shown =
                |codes: &Vec<Label>| codes.iter().map(Label::as_str).collect::<Vec<_>>().join(", ");
            let name = format!("tags of {taxonomy}");
            let fields = field(&name, old.map(shown), Some(shown(codes))).into_iter().collect();
            let fact =
                Tagged { taxonomy: taxonomy.clone(), codes: codes.clone(), reason: self.reason() };
            self.of(of, taxonomy.as_str(), fact, fields);
        }
    }
}

/// A target as a file names it.
fn named(key: &TargetKey) -> String {
    let mut name = format!("target {}", key.period);
    if !key.breakdown.is_headline() {
        name = format!("{name} {}", key.breakdown);
    }
    match key.tier {
        Tier::Expected => name,
        Tier::Minimum => format!("{name} at least"),
        Tier::Stretch => format!("{name} stretch"),
    }
}
