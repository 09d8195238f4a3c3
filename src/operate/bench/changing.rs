//! What is done to invented measures once their figures stand: targets lowered, raised and taken
//! away, definitions changed, ratings overridden, measures dropped. Questions look for these.
//!
//! **Invariant:** the same measure is always changed in the same way, after all figures.

use piperoll_events::comparability::change as compared;
use piperoll_events::ids::SubmissionId;
use piperoll_events::measure::{
    DefinitionSet, Reclassified, Retired, TargetChanged, TargetWithdrawn, adopted::Treatment,
};
use piperoll_events::period::YearKind;
use piperoll_events::submission::{RatingOverridden, Revised};
use piperoll_events::{
    Breakdown, Cell, Definition, EntityRef, Fact, Period, Position, Quantity, Revision, Target,
    TargetKey, Tier,
};
use piperoll_projections::Placed;
use rust_decimal::Decimal;

use super::asking::FIRST_YEAR;
use super::planted::{Planted, Put, adopted_at, definition, reason};

/// What is done to a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Lowered,
    Raised,
    Redefined,
    Overridden,
    /// Overridden, and then the figure is revised.
    OverrideEnded,
    Retired,
    Watched,
    TargetGone,
}

impl Change {
    /// Seven of twenty measures are changed.
    const fn of(measure: u32) -> Option<Self> {
        Some(match measure % 20 {
            0 => Self::Lowered,
            1 => Self::Raised,
            2 => Self::Redefined,
            3 if measure % 40 == 3 => Self::OverrideEnded,
            3 => Self::Overridden,
            4 => Self::Retired,
            5 => Self::Watched,
            6 => Self::TargetGone,
            _ => return None,
        })
    }

    const fn events(self) -> u64 {
        if matches!(self, Self::OverrideEnded) { 2 } else { 1 }
    }
}

impl Planted {
    /// How many events [`Self::changes`] are.
    pub(super) fn changed(&self) -> u64 {
        (0..self.size.measures).filter_map(Change::of).map(Change::events).sum()
    }

    /// What is done to the measures, from the position after `after` on.
    pub(super) fn changes(&self, after: Position) -> impl Iterator<Item = Placed> + Send {
        let mut at = after;
        (0..self.size.measures).flat_map(move |measure| {
            let change = Change::of(measure);
            let first = at.next();
            at = Position(at.0.saturating_add(change.map_or(0, Change::events)));
            change.map(|change| self.change(change, measure, first)).into_iter().flatten()
        })
    }

    fn change(&self, change: Change, measure: u32, at: Position) -> Vec<Placed> {
        let second = |fact: Option<Fact>| {
            let entity = EntityRef::from(*self.measures.get(usize::try_from(measure).ok()?)?);
            Some(self.placed(at, entity, (Revision(2), Some(adopted_at(measure))), fact?))
        };
        let (reason, authority) = (reason(), None);
        let key = self.last_target();
        let old = Target::standing(Quantity::new(Decimal::new(700, 1)));
        let aimed = |tenths: i64| {
            let new = Target::standing(Quantity::new(Decimal::new(tenths, 1)));
            let (key, old) = (key.clone()?, old.clone());
            let (reason, authority, case) = (reason.clone(), None, None);
            Some(TargetChanged { key, old, new, reason, authority, case }.into())
        };
        let one = |placed: Option<Placed>| placed.into_iter().collect();
        match change {
            Change::Lowered => one(second(aimed(600))),
            Change::Raised => one(second(aimed(800))),
            Change::Redefined => {
                let old = definition(&self.local);
                let new = Definition { decimals: Some(2), ..old.clone() };
                let change = Some(compared(&old, &new, None));
                let fact = DefinitionSet { definition: new, reason, authority, change };
                one(second(Some(fact.into())))
            }
            Change::Retired => {
                let from = self.periods.last().map_or(self.began.date_naive(), |it| it.days().1);
                one(second(Some(Retired { from, reason, authority }.into())))
            }
            Change::Watched => {
                let fact = Reclassified {
                    treatment: Some(Treatment::Tracker),
                    old_treatment: Some(Treatment::Targeted),
                    level: None,
                    old_level: None,
                    reason,
                    authority,
                };
                one(second(Some(fact.into())))
            }
            Change::TargetGone => {
                let gone = |key| TargetWithdrawn { key, old, reason, authority, case: None };
                one(second(key.clone().map(|key| gone(key).into())))
            }
            Change::Overridden => one(self.overridden(measure, at)),
            Change::OverrideEnded => {
                self.overridden(measure, at).into_iter().chain(self.ended(measure, at)).collect()
            }
        }
    }

    fn overridden(&self, measure: u32, at: Position) -> Option<Placed> {
        let (put, entity) = self.last_figure(measure)?;
        let id = *self.measures.get(usize::try_from(measure).ok()?)?;
        let period = *self.periods.last()?;
        let figure = self.place(put);
        let [green, ..] = &self.levels;
        let fact = RatingOverridden {
            measure: id,
            period,
            computed: None,
            stated: green.clone(),
            inputs: vec![figure, adopted_at(measure)],
            reason: reason(),
            authority: None,
        };
        let revision = Revision(u64::from(self.size.versions)).next();
        Some(self.placed(at, entity, (revision, Some(figure)), fact))
    }

    fn ended(&self, measure: u32, overridden_at: Position) -> Option<Placed> {
        let (put, entity) = self.last_figure(measure)?;
        let value = Quantity::new(Decimal::new(712, 1));
        let fact = Revised {
            measure: *self.measures.get(usize::try_from(measure).ok()?)?,
            period: *self.periods.last()?,
            content_from: self.place(Put { version: 0, ..put }),
            changed: vec![Cell::of(Breakdown::HEADLINE, value)],
            removed: Vec::new(),
            rating_as_reported: None,
            reason: reason(),
        };
        let revision = Revision(u64::from(self.size.versions)).next().next();
        Some(self.placed(overridden_at.next(), entity, (revision, Some(overridden_at)), fact))
    }

    /// The last version of a measure's last figure, and its submission.
    fn last_figure(&self, measure: u32) -> Option<(Put, EntityRef)> {
        let (period, version) =
            (self.size.periods.checked_sub(1)?, self.size.versions.checked_sub(1)?);
        let id = *self.measures.get(usize::try_from(measure).ok()?)?;
        let entity = SubmissionId::of(id, Some(*self.periods.last()?)).into();
        Some((Put { period, version, measure }, entity))
    }

    fn last_target(&self) -> Option<TargetKey> {
        let years = u16::try_from(self.size.periods.div_ceil(12).checked_sub(1)?).ok()?;
        let period = Period::year(YearKind::Financial, FIRST_YEAR.checked_add(years)?).ok()?;
        Some(TargetKey { period, breakdown: Breakdown::HEADLINE, tier: Tier::Expected })
    }
}
