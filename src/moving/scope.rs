//! Scope: what a file is complete for, in terms of what is held.
//!
//! **Invariant:** outside the scope a file's silence means nothing; a list of changes has no scope.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_events::ids::MeasureId;
use piperoll_events::{Breakdown, Period};

use super::compare::Said;
use super::held::Held;
use super::reading::{
    BreakdownScope, Completeness, Extent, MeasureKey, MeasureScope, PeriodScope, SnapshotPart,
};

/// What a file's silence takes back.
pub(super) struct Scope {
    measures: BTreeSet<MeasureId>,
    extent: Option<Extent>,
}

impl Scope {
    pub(super) fn new(held: &Held, said: &Said<'_>, ids: &BTreeMap<MeasureKey, MeasureId>) -> Self {
        let Completeness::Snapshot(extent) = said.complete_for else {
            return Self { measures: BTreeSet::new(), extent: None };
        };
        let present = ids.values().copied();
        let measures = match &extent.measures {
            MeasureScope::Fed => present.chain(said.fed.iter().copied()).collect(),
            MeasureScope::Present => present.collect(),
            MeasureScope::Named(keys) => keys.iter().filter_map(|key| held.find(key)).collect(),
        };
        Self { measures, extent: Some(extent.clone()) }
    }

    pub(super) fn speaks_of(&self, part: SnapshotPart) -> bool {
        self.extent.as_ref().is_some_and(|extent| extent.parts.contains(&part))
    }

    pub(super) fn measures(&self) -> impl Iterator<Item = MeasureId> {
        self.measures.iter().copied()
    }

    /// Whether a cell of this measure, period and breakdown would be in the file if it were so.
    pub(super) fn covers(
        &self,
        measure: MeasureId,
        period: Option<Period>,
        breakdown: &Breakdown,
    ) -> bool {
        let Some(extent) = &self.extent else { return false };
        let of_period = match (&extent.periods, period) {
            (PeriodScope::All, _) => true,
            (PeriodScope::Named(periods), Some(period)) => periods.contains(&period),
            (PeriodScope::Named(_), None) => false,
        };
        self.measures.contains(&measure)
            && of_period
            && (extent.breakdowns == BreakdownScope::All || breakdown.is_headline())
    }

    /// Whether a target for `span` would be in the file if it were so: a span that the file's
    /// periods lie in counts as theirs.
    pub(super) fn covers_target(
        &self,
        measure: MeasureId,
        span: Period,
        breakdown: &Breakdown,
    ) -> bool {
        let named = match self.extent.as_ref().map(|extent| &extent.periods) {
            Some(PeriodScope::Named(periods)) => periods.iter().find(|p| span.contains(**p)),
            _ => None,
        };
        self.covers(measure, Some(named.copied().unwrap_or(span)), breakdown)
    }
}
