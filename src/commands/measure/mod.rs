//! A measure: adopted with what is agreed at first; then each part changes by an event of its own.
//!
//! A target lives under a key (period, breakdown, tier): set, changed, corrected, withdrawn, set again.
//! Commands: [`Adopt`], [`SetDefinition`], [`SetBaseline`], [`SetTarget`], [`ChangeTarget`],
//! [`CorrectTarget`], [`WithdrawTarget`], [`Place`], [`Remove`], [`AssignCode`], [`Retitle`], [`Tag`],
//! [`ProposeBaseline`], [`Reclassify`], [`Retire`], [`Replace`]; of duties [`AssignAccountable`],
//! [`AssignSteward`], [`AssignContributor`], [`EndDuty`].
//!
//! Once it is retired or replaced, nothing is set of it any more: no definition, baseline or target.
//! A wrong record is still put right, and duties still end.

mod adopt;
mod assign_accountable;
mod assign_code;
mod assign_contributor;
mod assign_steward;
mod change_target;
mod correct_target;
mod duties;
mod end_duty;
mod place;
mod propose_baseline;
mod reclassify;
mod remove;
mod replace;
mod retire;
mod retitle;
mod set_baseline;
mod set_definition;
mod set_target;
mod tag;
mod withdraw_target;

pub use adopt::Adopt;
pub use assign_accountable::AssignAccountable;
pub use assign_code::AssignCode;
pub use assign_contributor::AssignContributor;
pub use assign_steward::AssignSteward;
pub use change_target::ChangeTarget;
pub use correct_target::CorrectTarget;
pub use end_duty::EndDuty;
pub use place::Place;
pub use propose_baseline::ProposeBaseline;
pub use reclassify::Reclassify;
pub use remove::Remove;
pub use replace::Replace;
pub use retire::Retire;
pub use retitle::Retitle;
pub use set_baseline::SetBaseline;
pub use set_definition::SetDefinition;
pub use set_target::SetTarget;
pub use tag::Tag;
pub use withdraw_target::WithdrawTarget;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use piperoll_events::decision_right::Change;
use piperoll_events::ids::{ActorId, FrameworkId, PostId};
use piperoll_events::measure::adopted::{MeasureLevel, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::measure::placed::Place as Placed;
use piperoll_events::measure::{Adopted, Measure as MeasureFact};
use piperoll_events::target::{Level, TargetShape};
use piperoll_events::text::{Label, Words};
use piperoll_events::{Definition, EntityRef, Fact, Polarity, Position, Target, TargetKey};

use super::framework::Framework;
use super::post::Post;
use super::{Decision, Entity, Ground, Occurred, Rejection};
use duties::{Bearer, Duties};

/// The state of a measure.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    adopted: Option<Adopted>,
    title: Option<Words>,
    definition: Option<Definition>,
    /// Where the definition was recorded.
    defined_at: Option<Position>,
    treatment: Option<Treatment>,
    level: Option<MeasureLevel>,
    baseline: Option<Baseline>,
    /// What each source proposed last, and who entered it.
    proposed: HashMap<Option<Label>, (Baseline, ActorId)>,
    targets: HashMap<TargetKey, Held>,
    places: Vec<Placed>,
    codes: HashMap<Label, Label>,
    /// By taxonomy.
    tags: BTreeMap<Label, Vec<Label>>,
    duties: Duties,
    /// The first day on which it is no longer measured, or another takes its place.
    retired: Option<NaiveDate>,
}

/// A target that stands.
#[derive(Debug, Clone)]
struct Held {
    target: Target,
    /// Where this version was recorded.
    position: Position,
}

impl Measure {
    fn hold(&mut self, key: &TargetKey, target: &Target, position: Position) {
        self.targets.insert(key.clone(), Held { target: target.clone(), position });
    }

    /// Where its definition was recorded.
    pub(super) const fn defined_at(&self) -> Option<Position> {
        self.defined_at
    }

    /// Whether one of its targets was recorded there and stands.
    pub(super) fn aims_since(&self, position: Position) -> bool {
        self.targets.values().any(|held| held.position == position)
    }

    /// Whether it belongs to a framework.
    pub(super) fn is_of(&self, framework: FrameworkId) -> bool {
        self.adopted.as_ref().is_some_and(|adopted| adopted.framework == framework)
    }

    /// Whether a post has a duty towards it.
    pub(super) fn has_duty(&self, duty: Duty, post: PostId) -> bool {
        self.duties.has(duty, post)
    }

    /// Its framework, which says who may change it.
    fn framework(&self) -> Vec<EntityRef> {
        self.adopted.iter().map(|adopted| adopted.framework.into()).collect()
    }

    /// Records a fact, if the framework's decision rights accept what it changes.
    fn decided(&self, ground: &Ground<'_>, fact: impl Into<Fact>) -> Result<Decision, Rejection> {
        let fact = fact.into();
        let framework = self.adopted.as_ref().map(|adopted| adopted.framework);
        let framework = framework.and_then(|framework| ground.find::<Framework>(framework));
        if let (Some(framework), Some(change)) = (framework, Change::of(&fact)) {
            framework.allows(change)?;
        }
        Ok(Decision::Record(fact))
    }

    fn exists(&self) -> Result<(), Rejection> {
        if self.adopted.is_some() { Ok(()) } else { Err(Rejection::Missing("the measure")) }
    }

    /// Gives a duty to somebody who exists, unless they have it from that day.
    fn assign(
        &self,
        ground: &Ground<'_>,
        bearer: &Bearer,
        from: NaiveDate,
        fact: impl Into<Fact>,
    ) -> Result<Decision, Rejection> {
        self.exists()?;
        if let Some(post) = bearer.post() {
            Post::known(ground, post)?;
        }
        if self.duties.since(bearer) == Some(from) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(fact))
    }

    /// Whether something may be set of it: it exists, and is neither retired nor replaced.
    fn is_in_use(&self) -> Result<(), Rejection> {
        self.exists()?;
        match self.retired {
            Some(from) => Err(Rejection::Retired(from)),
            None => Ok(()),
        }
    }
}

impl Entity for Measure {
    fn apply(&mut self, at: Occurred, fact: &Fact) {
        let position = at.position;
        let Fact::Measure(fact) = fact else { return };
        match fact {
            MeasureFact::Adopted(fact) => {
                (self.definition, self.defined_at) =
                    (Some(fact.definition.clone()), Some(position));
                self.baseline = fact.baseline;
                (self.treatment, self.level) = (Some(fact.treatment), Some(fact.level));
                for first in &fact.targets {
                    self.hold(&first.key, &first.target, position);
                }
                self.places.clone_from(&fact.places);
                for code in &fact.codes {
                    self.codes.insert(code.scheme.clone(), code.code.clone());
                }
                self.title = Some(fact.title.clone());
                self.adopted = Some(fact.clone());
            }
            MeasureFact::DefinitionSet(fact) => {
                (self.definition, self.defined_at) =
                    (Some(fact.definition.clone()), Some(position));
            }
            MeasureFact::BaselineSet(fact) => self.baseline = Some(fact.baseline),
            MeasureFact::BaselineProposed(fact) => {
                self.proposed.insert(fact.source.clone(), (fact.baseline, at.person));
            }
            MeasureFact::Reclassified(fact) => {
                self.treatment = fact.treatment.or(self.treatment);
                self.level = fact.level.or(self.level);
            }
            MeasureFact::Retired(fact) => self.retired = Some(fact.from),
            MeasureFact::Replaced(fact) => self.retired = Some(fact.from),
            MeasureFact::AccountableAssigned(fact) => self.duties.assign(fact, fact.from),
            MeasureFact::StewardAssigned(fact) => self.duties.assign(fact, fact.from),
            MeasureFact::ContributorAssigned(fact) => self.duties.assign(fact, fact.from),
            MeasureFact::DutyEnded(fact) => self.duties.end(fact),
            MeasureFact::TargetSet(fact) => self.hold(&fact.key, &fact.target, position),
            MeasureFact::TargetChanged(fact) => self.hold(&fact.key, &fact.new, position),
            MeasureFact::TargetCorrected(fact) => self.hold(&fact.key, &fact.new, position),
            MeasureFact::TargetWithdrawn(fact) => {
                self.targets.remove(&fact.key);
            }
            MeasureFact::Placed(fact) => self.places.push(fact.place),
            MeasureFact::Removed(fact) => self.places.retain(|place| *place != fact.place),
            MeasureFact::Retitled(fact) => self.title = Some(fact.new.clone()),
            MeasureFact::Tagged(fact) => {
                self.tags.insert(fact.taxonomy.clone(), fact.codes.clone());
            }
            MeasureFact::CodeAssigned(fact) => {
                self.codes.insert(fact.code.scheme.clone(), fact.code.code.clone());
            }
        }
    }
}

/// A definition must not contradict itself.
fn check_definition(definition: &Definition) -> Result<(), Rejection> {
    match &definition.polarity {
        Polarity::Goldilocks { low, high } if low > high => {
            Err(Rejection::Malformed("the band of a goldilocks measure ends before it begins"))
        }
        _ => Ok(()),
    }
}

/// A target must say something, and only about its own span.
fn check_target(key: &TargetKey, target: &Target) -> Result<(), Rejection> {
    let wrong = |what| Err(Rejection::MalformedTarget(what));
    let backwards = |level: &Level| level.to.is_some_and(|to| to < level.at);
    if target.level.is_none() && target.points.is_empty() && target.words.is_none() {
        return wrong("it names neither a value nor words");
    }
    let levels = target.level.iter().chain(target.points.iter().map(|point| &point.level));
    if levels.into_iter().any(backwards) {
        return wrong("a band ends before it begins");
    }
    if target.shape == TargetShape::Profile && target.points.is_empty() {
        return wrong("a profile needs points");
    }
    if matches!(target.shape, TargetShape::Standing | TargetShape::Point)
        && !target.points.is_empty()
    {
        return wrong("only a profile or a long-term target has points");
    }
    for (n, point) in target.points.iter().enumerate() {
        if !key.period.contains(point.period) {
            return wrong("a point lies outside the span");
        }
        if target.points.iter().skip(n.saturating_add(1)).any(|p| p.period == point.period) {
            return wrong("two points are for the same period");
        }
    }
    Ok(())
}

/// Spans of one tier and breakdown may nest (the narrower governs) but not cut each other.
fn check_span<'a>(
    key: &TargetKey,
    others: impl Iterator<Item = &'a TargetKey>,
) -> Result<(), Rejection> {
    for other in others {
        let same = other.tier == key.tier && other.breakdown == key.breakdown;
        let (a, b) = (key.period, other.period);
        if same && a != b && a.overlaps(b) && !a.contains(b) && !b.contains(a) {
            return Err(Rejection::OverlappingPeriod { span: a.to_string(), other: b.to_string() });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::measure::adopted::{FirstTarget, MeasureLevel, Subject, Treatment};
    use piperoll_events::measure::code_assigned::Code;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::{Breakdown, Tier};

    pub(crate) fn reason() -> Reason {
        Reason { code: ReasonCode::AmbitionRaised, text: None }
    }

    pub(crate) fn key(period: &str) -> TargetKey {
        TargetKey {
            period: period.parse().unwrap(),
            breakdown: Breakdown::HEADLINE,
            tier: Tier::Expected,
        }
    }

    pub(crate) fn standing(at: &str) -> Target {
        Target::standing(at.parse().unwrap())
    }

    pub(crate) fn adopted() -> Adopted {
        Adopted {
            framework: FrameworkId::derived(&["f"]),
            title: Words { en: "Invoices paid on time".parse().unwrap(), cy: None },
            treatment: Treatment::Targeted,
            level: MeasureLevel::Strategic,
            measures: Subject::PerformanceMeasure,
            definition: Definition::bare(Polarity::HigherIsBetter {}),
            codes: vec![Code {
                scheme: "local".parse().unwrap(),
                code: "FI06".parse().unwrap(),
                from: None,
            }],
            baseline: None,
            targets: vec![FirstTarget { key: key("FY2021"), target: standing("97") }],
            places: Vec::new(),
            reason: reason(),
            authority: None,
        }
    }
}
