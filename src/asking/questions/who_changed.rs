//! `who-changed-target`: every change of a measure's targets, with who did it, why, and what was
//! known then (QUESTIONS Q1).

use std::collections::BTreeMap;

use piperoll_events::ids::MeasureId;
use piperoll_events::{Breakdown, Period, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::retargeting::Retargeting;
use super::{Between, LookedAt, Reply, count, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked. What is absent does not limit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WhoChangedTargetQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// The target for this period alone.
    pub period: Option<Period>,
    /// For this part of the population alone.
    pub breakdown: Option<Breakdown>,
    /// Of this tier alone.
    pub tier: Option<Tier>,
    /// Known within.
    #[serde(flatten)]
    pub between: Between,
}

impl Asked {
    /// All changes of a measure's targets.
    #[must_use]
    pub fn of(measure: &str) -> Self {
        let between = Between::default();
        Self { measure: measure.to_owned(), period: None, breakdown: None, tier: None, between }
    }

    fn wants(&self, row: &Retargeting) -> bool {
        self.period.is_none_or(|period| period == row.key.period)
            && self.tier.is_none_or(|tier| tier == row.key.tier)
            && self.breakdown.as_ref().is_none_or(|breakdown| *breakdown == row.key.breakdown)
    }
}

impl Desk {
    /// Who changed a measure's targets.
    ///
    /// # Errors
    /// No such measure, or several; Postgres.
    pub async fn who_changed_target(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Retargeting>, AskingError> {
        let as_at = self.together(when).await?;
        let measure: MeasureId =
            self.measure_of(&asked.measure, When::At(as_at.position)).await?.1.measure;
        let span = self.span(asked.between, as_at.position).await?;
        let (all, _) = self.retargetings(&[measure], span, as_at.position).await?;
        let changes = number(all.len());
        let rows: Vec<Retargeting> = all.into_iter().filter(|row| asked.wants(row)).collect();
        let mut by_ease = BTreeMap::new();
        for row in &rows {
            count(&mut by_ease, row.ease);
        }
        Ok(Reply {
            question: "who-changed-target",
            params: asked,
            as_at,
            looked_at: LookedAt { measures: 1, changes, ..LookedAt::default() },
            totals: [("by_ease", by_ease)].into(),
            withheld: 0,
            notes: notes(rows.iter()),
            rows,
        })
    }
}

/// What a reader should know of rows like these.
pub(super) fn notes<'a>(mut rows: impl Iterator<Item = &'a Retargeting> + Clone) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.clone().any(|row| row.asserted) {
        notes.push(
            "Rows marked as asserted rest on a file's word; nobody witnessed them here, and \
                    when they were known is what the file says."
                .to_owned(),
        );
    }
    if rows.any(|row| !row.key.breakdown.is_headline()) {
        notes.push(
            "For targets of a part of the population the actual known then is not worked \
                    out."
                .to_owned(),
        );
    }
    notes
}
