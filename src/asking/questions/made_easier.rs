//! `targets-made-easier`: every target of a span that is easier to meet than the one before it, or
//! than the one a year earlier, or that is gone (QUESTIONS Q2).

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Europe::London;
use piperoll_events::ids::{MeasureId, PostId};
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::text::Words;
use piperoll_events::{Position, Quantity};
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
    /// Who answered for the measure on the day on which the change was known.
    pub owners: Vec<Owner>,
}

/// A post that answers for a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "EasierOwner")]
pub struct Owner {
    /// The post.
    pub post: PostId,
    /// What it is called; absent where nobody said.
    pub title: Option<Words>,
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
        self.own(&mut rows, as_at.position).await?;
        // By the post that answers; what nobody answers for comes last.
        rows.sort_by_cached_key(|row| {
            let owners: Vec<String> = row.owners.iter().map(Owner::name).collect();
            (owners.is_empty(), owners, row.change.code.clone(), row.change.position)
        });
        let mut by_owner = BTreeMap::new();
        for row in &rows {
            let names = row.owners.iter().map(Owner::name);
            let nobody = row.owners.is_empty().then(|| "nobody".to_owned());
            names.chain(nobody).for_each(|name| count(&mut by_owner, name));
        }
        Ok(Reply {
            question: "targets-made-easier",
            params: asked,
            as_at,
            looked_at,
            totals: [
                ("same_period", by_ease),
                ("year_on_year", year_on_year),
                ("by_owner", by_owner),
            ]
            .into(),
            withheld: 0,
            notes: notes(rows.iter().map(|row| &row.change)),
            rows,
        })
    }
}

impl Desk {
    /// Says of every row who answered for its measure then, as far as known at `at`.
    async fn own(&self, rows: &mut [Easier], at: Position) -> Result<(), AskingError> {
        let measures: BTreeSet<MeasureId> = rows.iter().map(|row| row.change.measure).collect();
        let measures: Vec<MeasureId> = measures.into_iter().collect();
        let duties = self.acts.duties_of(&measures, at).await?;
        let posts: BTreeSet<PostId> =
            duties.values().flatten().filter_map(|borne| borne.post).collect();
        let posts = self.acts.posts(&posts.into_iter().collect::<Vec<_>>(), at).await?;
        for row in rows {
            let Some(known_at) = row.change.known_at else { continue };
            let day = known_at.with_timezone(&London).date_naive();
            let borne = duties.get(&row.change.measure).into_iter().flatten();
            let answers = borne.filter(|it| it.duty == Duty::Accountable && it.days.hold(day));
            let owner = |post| Owner {
                post,
                title: posts.get(&post).and_then(|known| known.title.clone()),
            };
            row.owners = answers.filter_map(|borne| borne.post).map(owner).collect();
        }
        Ok(())
    }
}

impl Owner {
    /// What it is called in lists and totals.
    #[must_use]
    pub fn name(&self) -> String {
        let title = self.title.as_ref().map(|title| title.en.to_string());
        title.unwrap_or_else(|| self.post.to_string())
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
        owners: Vec::new(),
        change,
    }
}
