//! A target as rows: one for each period that it names, so that what governs a period is found by
//! looking it up.
//!
//! **Invariant:** the rows of a target give for every period what [`Target::level_for`] gives.

use std::collections::HashSet;

use piperoll_events::target::{Level, TargetShape};
use piperoll_events::{Period, PeriodType, Position, Target, TargetKey};
use uuid::Uuid;

use super::folds::breakdown_key;
use super::rows::TargetRow;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;

/// One target's place in the tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placing<'a> {
    pub(crate) key: &'a TargetKey,
    pub(crate) measure: Uuid,
    pub(crate) position: Position,
    pub(crate) asserted: bool,
}

/// What a target says of one period.
#[derive(Debug, Clone, Copy)]
struct Named {
    period: Key,
    shape: TargetShape,
    level: Option<Level>,
}

/// The rows of a target, and of what `old` named and this one doesn't, taken away.
pub(crate) fn rows(at: Placing<'_>, new: Option<&Target>, old: Option<&Target>) -> Vec<TargetRow> {
    let named = new.map(|target| spread(at.key.period, target)).unwrap_or_default();
    let before = old.map(|target| spread(at.key.period, target)).unwrap_or_default();
    let kept: HashSet<Key> = named.iter().map(|named| named.period).collect();
    let gone = before.into_iter().filter(|named| !kept.contains(&named.period));
    let gone = gone.map(|named| row(at, Named { level: None, ..named }, true));
    named.iter().map(|named| row(at, *named, false)).chain(gone).collect()
}

/// The periods that a target names, each once: its points, then itself, then all within its span
/// where no name of theirs leads to it.
fn spread(span: Period, target: &Target) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut seen = HashSet::new();
    for point in &target.points {
        if seen.insert(point.period) {
            // Steps within a point's period are not aimed at, whatever the target's own shape.
            let (period, shape) = (Key::of(point.period), TargetShape::Profile);
            found.push(Named { period, shape, level: Some(point.level) });
        }
    }
    let pointed = !seen.insert(span);
    if target.shape == TargetShape::Standing && (pointed || !found_by_name(span)) {
        found.push(Named { period: Key::ALL, shape: target.shape, level: target.level });
    }
    let own = target.shape != TargetShape::Profile || target.points.is_empty();
    if own && !pointed {
        let level = target.level.filter(|_| target.shape != TargetShape::Profile);
        found.push(Named { period: Key::of(span), shape: target.shape, level });
    }
    found
}

/// Whether [`Period::containers`] of a period within `span` names it.
fn found_by_name(span: Period) -> bool {
    !matches!(
        span.period_type(),
        PeriodType::Month | PeriodType::Week | PeriodType::Pooled | PeriodType::Custom
    )
}

fn row(at: Placing<'_>, named: Named, withdrawn: bool) -> TargetRow {
    TargetRow {
        period: named.period,
        measure: at.measure,
        breakdown: breakdown_key(&at.key.breakdown),
        tier: at.key.tier.number(),
        span: Key::of(at.key.period),
        position: at.position,
        shape: named.shape.number(),
        withdrawn,
        low: named.level.map(|level| level.at),
        high: named.level.and_then(|level| level.to),
        asserted: at.asserted,
    }
}
