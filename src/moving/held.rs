//! What is held so far: the figures, targets, definitions and codes that a file is compared with.
//!
//! **Invariant:** `take` is total, as folding is. It is fed with intents while a plan is worked out
//! and with recorded events when a file comes to a ledger in use, and both lead to the same state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::{FrameworkId, ImportId, LedgerId, MeasureId};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::text::{Digest, Label, Prose};
use piperoll_events::{
    Definition, EntityRef, Event, Fact, Period, Target, TargetKey, framework, import, measure,
};

use super::intent::Intent;
use super::reading::MeasureKey;
use crate::commands::submission::Cells;

/// What a ledger holds that a file could change.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    ledger: LedgerId,
    framework: Option<FrameworkId>,
    measures: BTreeMap<MeasureId, HeldMeasure>,
    by_code: BTreeMap<String, MeasureId>,
    returns: BTreeMap<(MeasureId, Option<Period>), Content>,
    imports: BTreeMap<ImportId, Digest>,
    fed: BTreeMap<Digest, BTreeSet<MeasureId>>,
}

/// A measure as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldMeasure {
    /// What it is called.
    pub title: Label,
    /// What it means.
    pub definition: Definition,
    /// What people call it, the code in use of each scheme.
    pub codes: Vec<Code>,
    /// What it aims at.
    pub targets: HashMap<TargetKey, Target>,
    /// Where it starts from.
    pub baseline: Option<Baseline>,
    /// Where it is shown.
    pub places: Vec<Place>,
}

/// What stands for one measure and period.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Figures.
    Figures(Figures),
    /// The declaration that there are none.
    Declared(NoValue),
}

/// Figures with what stands beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// By breakdown.
    pub cells: Cells,
    /// The publisher's own rating.
    pub rating: Option<Label>,
    /// The commentary, opened.
    pub words: Option<Prose>,
}

impl Figures {
    /// Whether neither a rating nor words stand beside the cells.
    #[must_use]
    pub const fn says_nothing_else(&self) -> bool {
        self.rating.is_none() && self.words.is_none()
    }
}

impl Held {
    /// Nothing is held in `ledger`.
    #[must_use]
    pub const fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            framework: None,
            measures: BTreeMap::new(),
            by_code: BTreeMap::new(),
            returns: BTreeMap::new(),
            imports: BTreeMap::new(),
            fed: BTreeMap::new(),
        }
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The framework that measures join, once one is adopted.
    #[must_use]
    pub const fn framework(&self) -> Option<FrameworkId> {
        self.framework
    }

    /// The measure that was first met under a key, or else goes by it as a code.
    #[must_use]
    pub fn find(&self, key: &MeasureKey) -> Option<MeasureId> {
        let first = self.id_for(key);
        let by_code = || self.by_code.get(key.as_str()).copied();
        if self.measures.contains_key(&first) { Some(first) } else { by_code() }
    }

    /// The id that a measure first met under this key has.
    #[must_use]
    pub fn id_for(&self, key: &MeasureKey) -> MeasureId {
        MeasureId::derived(&[&self.ledger.to_string(), key.as_str()])
    }

    /// A measure as it stands.
    #[must_use]
    pub fn measure(&self, id: MeasureId) -> Option<&HeldMeasure> {
        self.measures.get(&id)
    }

    /// What stands for a measure and a period (none: the measure as a whole).
    #[must_use]
    pub fn content(&self, measure: MeasureId, period: Option<Period>) -> Option<&Content> {
        self.returns.get(&(measure, period))
    }

    /// The figures that stand for a measure and a period.
    #[must_use]
    pub fn figures(&self, measure: MeasureId, period: Period) -> Option<&Figures> {
        match self.content(measure, Some(period)) {
            Some(Content::Figures(figures)) => Some(figures),
            _ => None,
        }
    }

    /// Every measure, in the order of their ids.
    pub fn measures(&self) -> impl Iterator<Item = MeasureId> {
        self.measures.keys().copied()
    }

    /// Everything that stands for one measure, by period.
    pub fn of_measure(
        &self,
        measure: MeasureId,
    ) -> impl Iterator<Item = (Option<Period>, &Content)> {
        self.returns
            .range((measure, None)..)
            .take_while(move |((of, _), _)| *of == measure)
            .map(|((_, period), content)| (*period, content))
    }

    /// The measures that files of a mapping have fed.
    #[must_use]
    pub fn fed(&self, mapping: Digest) -> &BTreeSet<MeasureId> {
        static NONE: BTreeSet<MeasureId> = BTreeSet::new();
        self.fed.get(&mapping).unwrap_or(&NONE)
    }

    /// Remembers that files of a mapping feed a measure.
    pub fn feeds(&mut self, mapping: Digest, measure: MeasureId) {
        self.fed.entry(mapping).or_default().insert(measure);
    }

    /// Takes in a recorded event; `words` is its commentary, opened.
    pub fn take_event(&mut self, event: &Event, words: Option<Prose>) {
        let intent = Intent::of(event.entity, &event.fact, words);
        self.take(&intent);
        if let Fact::Import(import::Import::Received(fact)) = &event.fact {
            self.imports.insert(ImportId::new(event.entity.id), fact.mapping_digest);
        }
        let import = event.record.asserted.as_ref().map(|asserted| asserted.import);
        let mapping = import.and_then(|import| self.imports.get(&import).copied());
        if let (Some(mapping), Some(measure)) = (mapping, intent.measure()) {
            self.feeds(mapping, measure);
        }
    }

    /// Takes in what is, or is going to be, recorded.
    pub fn take(&mut self, intent: &Intent) {
        match intent {
            Intent::Plain { entity, fact } => self.take_plain(*entity, fact),
            Intent::Submit { measure, period, cells, rating, words } => {
                let figures = Figures {
                    cells: cells.iter().cloned().collect(),
                    rating: rating.clone(),
                    words: words.clone(),
                };
                self.returns.insert((*measure, Some(*period)), Content::Figures(figures));
            }
            Intent::Revise { measure, period, changed, removed, rating, .. } => {
                let Some(figures) = self.figures_mut(*measure, *period) else { return };
                for breakdown in removed {
                    figures.cells.remove(breakdown);
                }
                figures.cells.extend(changed.iter().cloned());
                if let Some(rating) = rating {
                    figures.rating.clone_from(&rating.now);
                }
            }
            Intent::Withdraw { measure, period, .. } => {
                self.returns.remove(&(*measure, *period));
            }
            Intent::Declare { measure, period, state } => {
                self.returns.insert((*measure, *period), Content::Declared(*state));
            }
            Intent::Explain { measure, period, words } => {
                if let Some(figures) = self.figures_mut(*measure, *period) {
                    figures.words.clone_from(words);
                }
            }
        }
    }

    fn figures_mut(&mut self, measure: MeasureId, period: Period) -> Option<&mut Figures> {
        match self.returns.get_mut(&(measure, Some(period))) {
            Some(Content::Figures(figures)) => Some(figures),
            _ => None,
        }
    }

    fn take_plain(&mut self, entity: EntityRef, fact: &Fact) {
        match fact {
            Fact::Framework(framework::Framework::Adopted(_)) => {
                self.framework = Some(FrameworkId::new(entity.id));
            }
            Fact::Measure(fact) => self.take_measure(MeasureId::new(entity.id), fact),
            _ => {}
        }
    }

    fn take_measure(&mut self, id: MeasureId, fact: &measure::Measure) {
        if let measure::Measure::Adopted(it) = fact {
            for code in &it.codes {
                self.by_code.insert(code.code.to_string(), id);
            }
            let first = it.targets.iter().map(|first| (first.key.clone(), first.target.clone()));
            let held = HeldMeasure {
                title: it.title.en.clone(),
                definition: it.definition.clone(),
                codes: it.codes.clone(),
                targets: first.collect(),
                baseline: it.baseline,
                places: it.places.clone(),
            };
            self.measures.insert(id, held);
            return;
        }
        let Some(held) = self.measures.get_mut(&id) else { return };
        match fact {
            measure::Measure::DefinitionSet(it) => held.definition = it.definition.clone(),
            measure::Measure::BaselineSet(it) => held.baseline = Some(it.baseline),
            measure::Measure::TargetSet(it) => {
                held.targets.insert(it.key.clone(), it.target.clone());
            }
            measure::Measure::TargetChanged(it) => {
                held.targets.insert(it.key.clone(), it.new.clone());
            }
            measure::Measure::TargetCorrected(it) => {
                held.targets.insert(it.key.clone(), it.new.clone());
            }
            measure::Measure::TargetWithdrawn(it) => {
                held.targets.remove(&it.key);
            }
            // Who answers for a measure, and whether it is still measured, is no figure of a file.
            measure::Measure::Adopted(_)
            | measure::Measure::Tagged(_)
            | measure::Measure::BaselineProposed(_)
            | measure::Measure::Reclassified(_)
            | measure::Measure::Retired(_)
            | measure::Measure::Replaced(_)
            | measure::Measure::AccountableAssigned(_)
            | measure::Measure::StewardAssigned(_)
            | measure::Measure::ContributorAssigned(_)
            | measure::Measure::DutyEnded(_) => {}
            measure::Measure::Placed(it) => held.places.push(it.place),
            measure::Measure::Removed(it) => held.places.retain(|place| *place != it.place),
            measure::Measure::Retitled(it) => held.title = it.new.en.clone(),
            measure::Measure::CodeAssigned(it) => {
                held.codes.retain(|code| code.scheme != it.code.scheme);
                held.codes.push(it.code.clone());
                self.by_code.insert(it.code.code.to_string(), id);
            }
        }
    }
}
