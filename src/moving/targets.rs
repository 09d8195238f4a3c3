//! Targets of a file against targets held: set, changed, withdrawn.
//!
//! **Invariant:** of a path a file speaks of one point; the points of other periods stand.

use std::collections::{BTreeMap, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::{Measure, TargetChanged, TargetSet, TargetWithdrawn};
use piperoll_events::reason::Reason;
use piperoll_events::{Fact, Target, TargetKey};

use super::compare::{Compared, Said};
use super::held::Held;
use super::intent::Intent;
use super::reading::{MeasureKey, SnapshotPart, Statement};
use super::scope::Scope;

/// Everything that the targets of a file, and its silence, ask for.
pub(super) fn compare(
    held: &Held,
    said: &Said<'_>,
    ids: &BTreeMap<MeasureKey, MeasureId>,
    scope: &Scope,
    found: &mut Compared,
) {
    let mut standing = Standing::new(held, found);
    let mut spoken: Vec<(MeasureId, &TargetKey)> = Vec::new();
    for row in said.rows {
        let Some(id) = ids.get(&row.measure) else { continue };
        for statement in &row.statements {
            let Statement::Target { key, target } = statement else { continue };
            spoken.push((*id, key));
            if let Some(intent) = standing.retarget(*id, key, target.as_ref(), said.reason) {
                found.want(Some(row.line), intent);
            }
        }
    }
    if !scope.speaks_of(SnapshotPart::Targets) {
        return;
    }
    for id in scope.measures() {
        let Some(measure) = held.measure(id) else { continue };
        let mut gone: Vec<_> = measure.targets.keys().collect();
        gone.retain(|key| {
            scope.covers_target(id, key.period, &key.breakdown) && !spoken.contains(&(id, key))
        });
        gone.sort_by_key(|key| (key.period, key.breakdown.clone(), key.tier));
        for key in gone {
            found.withdrawn = found.withdrawn.saturating_add(1);
            if let Some(intent) = standing.retarget(id, key, None, said.reason) {
                found.want(None, intent);
            }
        }
    }
}

/// The targets of the measures spoken of, as they stand row by row.
struct Standing<'a> {
    held: &'a Held,
    targets: HashMap<MeasureId, HashMap<TargetKey, Target>>,
}

impl<'a> Standing<'a> {
    fn new(held: &'a Held, found: &Compared) -> Self {
        let mut targets = HashMap::new();
        for wanted in &found.wanted {
            if let Intent::Plain { entity, fact: Fact::Measure(Measure::Adopted(it)) } =
                &wanted.intent
            {
                let first = it.targets.iter().map(|of| (of.key.clone(), of.target.clone()));
                targets.insert(MeasureId::new(entity.id), first.collect());
            }
        }
        Self { held, targets }
    }

    /// The event that makes the target of a key what a file says, if it is something else.
    fn retarget(
        &mut self,
        id: MeasureId,
        key: &TargetKey,
        target: Option<&Target>,
        reason: &Reason,
    ) -> Option<Intent> {
        let targets = self.targets.entry(id).or_insert_with(|| {
            self.held.measure(id).map(|measure| measure.targets.clone()).unwrap_or_default()
        });
        let new = target.map(|said| match targets.get(key) {
            Some(old) => with_points_held(old, said),
            None => said.clone(),
        });
        let old = match &new {
            Some(new) => targets.insert(key.clone(), new.clone()),
            None => targets.remove(key),
        };
        retargeted(id, key, old, new, reason)
    }
}

/// The event that leads from one target under a key to another, or to none.
pub(super) fn retargeted(
    id: MeasureId,
    key: &TargetKey,
    old: Option<Target>,
    new: Option<Target>,
    reason: &Reason,
) -> Option<Intent> {
    let (key, reason, authority, case) = (key.clone(), reason.clone(), None, None);
    match (old, new) {
        (None, None) => None,
        (Some(old), None) => {
            Some(Intent::measure_fact(id, TargetWithdrawn { key, old, reason, authority, case }))
        }
        (None, Some(target)) => {
            Some(Intent::measure_fact(id, TargetSet { key, target, reason, authority, case }))
        }
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            Some(Intent::measure_fact(id, TargetChanged { key, old, new, reason, authority, case }))
        }
    }
}

/// A file speaks of one point of a path; the points of other periods stand.
fn with_points_held(old: &Target, said: &Target) -> Target {
    let mut new = said.clone();
    if old.shape == said.shape {
        let spoken = |period| said.points.iter().any(|point| point.period == period);
        new.points.extend(old.points.iter().filter(|point| !spoken(point.period)));
        new.points.sort_by_key(|point| point.period);
    }
    new
}
