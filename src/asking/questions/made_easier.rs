//! `targets-made-easier`: every target of a span that is easier to meet than the one before it, or
//! than the one a year earlier, or that is gone (QUESTIONS Q2).

use std::collections::BTreeMap;

use piperoll_events::Position;
use piperoll_events::Quantity;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::retargeting::Retargeting;
use super::who_changed::notes;
use super::{Between, LookedAt, Reply, count, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TargetsMadeEasierQuestion")]
pub struct Asked {
    /// Known within.
    #[serde(flatten)]
    pub between: Between,
}

/// A target made easier.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Easier {
    /// The change.
    #[serde(flatten)]
    pub change: Retargeting,
    /// As against which it is easier.
    pub bases: Vec<Basis>,
    /// The new value less the old one.
    pub difference: Option<Quantity>,
    /// The difference as a percentage of |old|, to two decimals; absent where the old one is nought.
    pub percent_of_old: Option<Quantity>,
    /// Whether the known actual misses the old target and meets the new one.
    pub became_met: Option<bool>,
    /// Where the target was put back, or made harder still.
    pub restored_at: Option<Position>,
}

/// As against which a target is easier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "EasierBasis")]
pub enum Basis {
    /// The one that it takes the place of.
    SamePeriod,
    /// The one for the equivalent earlier period.
    YearOnYear,
}

impl Desk {
    /// Which targets were made easier.
    ///
    /// # Errors
    /// Postgres.
    pub async fn targets_made_easier(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Easier>, AskingError> {
        let as_at = self.together(when).await?;
        let span = self.span(asked.between, as_at.position).await?;
        let measures = self.reader.retargeted(span).await?;
        let (all, material) = self.retargetings(&measures, span, as_at.position).await?;
        let (mut by_ease, mut year_on_year) = (BTreeMap::new(), BTreeMap::new());
        for row in &all {
            count(&mut by_ease, row.ease);
            if let Some(compared) = row.year_on_year {
                count(&mut year_on_year, compared.ease);
            }
        }
        let changes = number(all.len());
        let looked_at =
            LookedAt { measures: number(measures.len()), changes, ..LookedAt::default() };
        let mut rows: Vec<Easier> = all
            .into_iter()
            .filter_map(|change| {
                let bases = bases(&change);
                (!bases.is_empty()).then(|| {
                    let restored_at = material.restored(&change);
                    easier(change, bases, restored_at)
                })
            })
            .collect();
        rows.sort_by(|a, b| {
            let by_code = a.change.code.cmp(&b.change.code);
            by_code.then_with(|| a.change.position.cmp(&b.change.position))
        });
        Ok(Reply {
            question: "targets-made-easier",
            params: asked,
            as_at,
            looked_at,
            totals: [("same_period", by_ease), ("year_on_year", year_on_year)].into(),
            withheld: 0,
            notes: notes(rows.iter().map(|row| &row.change)),
            rows,
        })
    }
}

fn bases(change: &Retargeting) -> Vec<Basis> {
    let same = change.ease.filter(|ease| ease.loosens()).map(|_| Basis::SamePeriod);
    let year = change.year_on_year.filter(|compared| compared.ease.loosens());
    same.into_iter().chain(year.map(|_| Basis::YearOnYear)).collect()
}

fn easier(change: Retargeting, bases: Vec<Basis>, restored_at: Option<Position>) -> Easier {
    let level = |target: &piperoll_events::Target| {
        target.level_about(change.key.period, change.key.period).map(|level| level.at.decimal())
    };
    let old = change.old.as_ref().and_then(level);
    let new = change.new.as_ref().and_then(level);
    let difference = old.zip(new).and_then(|(old, new)| new.checked_sub(old));
    let share = difference
        .zip(old.filter(|old| !old.is_zero()))
        .and_then(|(by, old)| by.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(old.abs()));
    let became_met = match (change.met_under_old, change.met_under_new) {
        (Some(before), Some(after)) => Some(!before && after),
        _ => None,
    };
    Easier {
        bases,
        difference: difference.map(Quantity::new),
        percent_of_old: share.map(|share| Quantity::new(share.round_dp(2).normalize())),
        became_met,
        restored_at,
        change,
    }
}
