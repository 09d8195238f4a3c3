//! What is agreed at a position: the framework in force, with its parts, measures, rights and chain,
//! folded from the ledger.
//!
//! **Invariant:** folding is total. What is written as a file here and compared with the same state
//! differs in nothing: both go through [`Agreed::file`].

use std::collections::BTreeMap;

use chrono::NaiveDate;
use piperoll_events::area::Area;
use piperoll_events::framework::{AmendmentBegun, Framework};
use piperoll_events::ids::{AreaId, FrameworkId, MeasureId, ObjectiveId, StepId};
use piperoll_events::measure::Measure;
use piperoll_events::measure::adopted::{Adopted, MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::objective::Objective;
use piperoll_events::sign_off::SignOffChain;
use piperoll_events::step::Step;
use piperoll_events::step::added::StepLevel;
use piperoll_events::taxonomy::Taxonomy;
use piperoll_events::text::{Label, Words};
use piperoll_events::{
    DecisionRight, Definition, EntityRef, Event, Fact, Position, Target, TargetKey,
};

use super::file::FrameworkPart;

/// What is agreed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agreed {
    /// The framework that was adopted last: the one in force.
    current: Option<FrameworkId>,
    frameworks: BTreeMap<FrameworkId, Whole>,
    pub(super) objectives: BTreeMap<ObjectiveId, Group>,
    pub(super) steps: BTreeMap<StepId, Planned>,
    pub(super) areas: BTreeMap<AreaId, Group>,
    pub(super) measures: BTreeMap<MeasureId, Measured>,
}

/// What belongs to the framework itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Whole {
    pub(super) part: FrameworkPart,
    pub(super) taxonomies: Vec<Taxonomy>,
    pub(super) rights: Vec<DecisionRight>,
    pub(super) chain: Option<SignOffChain>,
    /// The file that is being applied, and where that began.
    pub(super) underway: Option<(AmendmentBegun, Position)>,
    /// How many files were applied or given up.
    pub(super) amendments: u64,
}

/// An objective or an area.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) framework: FrameworkId,
    pub(super) since: Position,
    pub(super) code: Label,
    pub(super) title: Words,
    pub(super) retired: Option<NaiveDate>,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) framework: FrameworkId,
    pub(super) since: Position,
    pub(super) code: Label,
    pub(super) title: Words,
    pub(super) objective: Option<ObjectiveId>,
    pub(super) level: StepLevel,
    pub(super) lead: Option<Label>,
    pub(super) retired: Option<NaiveDate>,
}

/// A measure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) framework: FrameworkId,
    pub(super) since: Position,
    pub(super) codes: Vec<Code>,
    pub(super) title: Words,
    pub(super) treatment: Treatment,
    pub(super) level: MeasureLevel,
    pub(super) measures: Subject,
    pub(super) definition: Definition,
    pub(super) baseline: Option<Baseline>,
    pub(super) targets: Vec<(TargetKey, Target)>,
    pub(super) places: Vec<Place>,
    pub(super) tags: BTreeMap<Label, Vec<Label>>,
    pub(super) retired: Option<NaiveDate>,
}

impl Agreed {
    /// The framework in force, with what belongs to it itself.
    #[must_use]
    pub fn current(&self) -> Option<(FrameworkId, &Whole)> {
        let id = self.current?;
        Some((id, self.frameworks.get(&id)?))
    }

    /// Takes in one event.
    pub fn take(&mut self, position: Position, event: &Event) {
        let (entity, id) = (event.entity, event.entity.id);
        match &event.fact {
            Fact::Framework(fact) => self.framework(position, FrameworkId::new(id), fact),
            Fact::Objective(fact) => {
                let said = match fact {
                    Objective::Added(it) => Said::Is(it.framework, &it.code, &it.title),
                    Objective::Revised(it) => Said::Is(it.framework, &it.code, &it.title),
                    Objective::Retired(it) => Said::Ends(it.from),
                };
                said.of_group(&mut self.objectives, ObjectiveId::new(id), position);
            }
            Fact::Area(fact) => {
                let said = match fact {
                    Area::Added(it) => Said::Is(it.framework, &it.code, &it.title),
                    Area::Revised(it) => Said::Is(it.framework, &it.code, &it.title),
                    Area::Retired(it) => Said::Ends(it.from),
                };
                said.of_group(&mut self.areas, AreaId::new(id), position);
            }
            Fact::Step(fact) => self.step(position, StepId::new(id), fact),
            Fact::Measure(fact) => self.measure(position, entity, fact),
            Fact::Ledger(_)
            | Fact::Import(_)
            | Fact::Submission(_)
            | Fact::Post(_)
            | Fact::Role(_) => {}
        }
    }

    fn framework(&mut self, position: Position, id: FrameworkId, fact: &Framework) {
        let whole = self.frameworks.entry(id).or_default();
        match fact {
            Framework::Adopted(it) => {
                whole.part = FrameworkPart {
                    title: Some(it.title.clone()),
                    from: Some(it.from),
                    until: it.until,
                    scale: it.scale.clone(),
                    rating_rule: it.rating_rule.clone(),
                };
                self.current = Some(id);
            }
            Framework::Revised(it) => {
                whole.part.title = Some(it.title.clone());
                (whole.part.from, whole.part.until) = (Some(it.from), it.until);
            }
            Framework::RatingRuleSet(it) => whole.part.rating_rule = Some(it.rule.clone()),
            Framework::ScaleSet(it) => {
                whole.part.scale = Some(it.scale.clone());
                whole.part.rating_rule.clone_from(&it.rating_rule);
            }
            Framework::TaxonomySet(it) => {
                put(&mut whole.taxonomies, it.taxonomy.clone(), |held| {
                    held.code == it.taxonomy.code
                });
            }
            Framework::DecisionRightSet(it) if it.state.is_in_force() => {
                put(&mut whole.rights, it.right.clone(), |held| held.code == it.right.code);
            }
            Framework::DecisionRightSet(it) => {
                whole.rights.retain(|held| held.code != it.right.code);
            }
            Framework::SignOffChainSet(it) => whole.chain = Some(it.chain.clone()),
            Framework::AmendmentBegun(it) => whole.underway = Some((it.clone(), position)),
            Framework::Amended(_) | Framework::AmendmentGivenUp(_) => {
                whole.underway = None;
                whole.amendments = whole.amendments.saturating_add(1);
            }
        }
    }

    fn step(&mut self, position: Position, id: StepId, fact: &Step) {
        let held = self.steps.get(&id);
        let (since, retired) = held.map_or((position, None), |held| (held.since, held.retired));
        let step = match fact {
            Step::Added(it) => Planned {
                framework: it.framework,
                since,
                code: it.code.clone(),
                title: it.title.clone(),
                objective: it.objective,
                level: it.level,
                lead: it.lead.clone(),
                retired,
            },
            Step::Revised(it) => Planned {
                framework: it.framework,
                since,
                code: it.code.clone(),
                title: it.title.clone(),
                objective: it.objective,
                level: it.level,
                lead: it.lead.clone(),
                retired,
            },
            Step::Retired(it) => {
                if let Some(held) = self.steps.get_mut(&id) {
                    held.retired = Some(it.from);
                }
                return;
            }
        };
        self.steps.insert(id, step);
    }

    fn measure(&mut self, position: Position, entity: EntityRef, fact: &Measure) {
        let id = MeasureId::new(entity.id);
        if let Measure::Adopted(it) = fact {
            self.measures.insert(id, Measured::of(position, it));
        } else if let Some(held) = self.measures.get_mut(&id) {
            held.take(fact);
        }
    }
}

/// What is said of an objective or an area.
enum Said<'a> {
    Is(FrameworkId, &'a Label, &'a Words),
    Ends(NaiveDate),
}

impl Said<'_> {
    fn of_group<I: Ord>(self, groups: &mut BTreeMap<I, Group>, id: I, position: Position) {
        match self {
            Self::Is(framework, code, title) => {
                let (code, title) = (code.clone(), title.clone());
                let group = groups.remove(&id);
                let (since, retired) =
                    group.map_or((position, None), |held| (held.since, held.retired));
                groups.insert(id, Group { framework, since, code, title, retired });
            }
            Self::Ends(from) => {
                if let Some(held) = groups.get_mut(&id) {
                    held.retired = Some(from);
                }
            }
        }
    }
}

impl Measured {
    fn of(position: Position, fact: &Adopted) -> Self {
        Self {
            framework: fact.framework,
            since: position,
            codes: fact.codes.clone(),
            title: fact.title.clone(),
            treatment: fact.treatment,
            level: fact.level,
            measures: fact.measures,
            definition: fact.definition.clone(),
            baseline: fact.baseline,
            targets: fact.targets.iter().map(|it| (it.key.clone(), it.target.clone())).collect(),
            places: fact.places.clone(),
            tags: BTreeMap::new(),
            retired: None,
        }
    }

    fn take(&mut self, fact: &Measure) {
        match fact {
            Measure::DefinitionSet(it) => self.definition = it.definition.clone(),
            Measure::BaselineSet(it) => self.baseline = Some(it.baseline),
            Measure::TargetSet(it) => self.aim(&it.key, &it.target),
            Measure::TargetChanged(it) => self.aim(&it.key, &it.new),
            Measure::TargetCorrected(it) => self.aim(&it.key, &it.new),
            Measure::TargetWithdrawn(it) => self.targets.retain(|(key, _)| *key != it.key),
            Measure::Placed(it) => put(&mut self.places, it.place, |held| *held == it.place),
            Measure::Removed(it) => self.places.retain(|held| *held != it.place),
            Measure::CodeAssigned(it) => {
                put(&mut self.codes, it.code.clone(), |held| held.scheme == it.code.scheme);
            }
            Measure::Retitled(it) => self.title = it.new.clone(),
            Measure::Tagged(it) => {
                self.tags.insert(it.taxonomy.clone(), it.codes.clone());
                self.tags.retain(|_, codes| !codes.is_empty());
            }
            Measure::Reclassified(it) => {
                self.treatment = it.treatment.unwrap_or(self.treatment);
                self.level = it.level.unwrap_or(self.level);
            }
            Measure::Retired(it) => self.retired = Some(it.from),
            Measure::Replaced(it) => self.retired = Some(it.from),
            // Who answers for a measure is said of posts, and a proposal is no agreement.
            Measure::Adopted(_)
            | Measure::BaselineProposed(_)
            | Measure::AccountableAssigned(_)
            | Measure::StewardAssigned(_)
            | Measure::ContributorAssigned(_)
            | Measure::DutyEnded(_) => {}
        }
    }

    fn aim(&mut self, key: &TargetKey, target: &Target) {
        put(&mut self.targets, (key.clone(), target.clone()), |(held, _)| held == key);
    }
}

/// Puts an item in the place of the one that it replaces, or at the end.
fn put<T>(items: &mut Vec<T>, item: T, replaces: impl Fn(&T) -> bool) {
    match items.iter_mut().find(|held| replaces(held)) {
        Some(held) => *held = item,
        None => items.push(item),
    }
}
