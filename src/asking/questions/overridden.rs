//! `overridden`: ratings that somebody stated otherwise than the rule makes them; and ratings that a
//! publisher reported otherwise than ours (QUESTIONS Q11).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::reason::Reason;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Authority, Period, Position};
use piperoll_projections::accountability::Act;
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Line, OverrideLine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::{Compared, compared, scale};
use super::{Between, LookedAt, Reply, count, named, number};
use crate::asking::answer::{AskingError, Desk, Scored};
use crate::asking::moment::{AsAt, When};

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "OverriddenQuestion")]
pub struct Asked {
    /// Known within.
    #[serde(flatten)]
    pub between: Between,
}

/// A rating that was stated or reported.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Overridden {
    /// Which of the two.
    pub class: Class,
    /// The measure.
    pub measure: MeasureId,
    /// What it is called.
    pub code: String,
    /// Its title.
    pub title: Words,
    /// What the figure is about.
    pub period: Period,
    /// What the rule makes it.
    pub computed: Rating,
    /// What it is said to be.
    pub stated: Rating,
    /// Which of them is the better one.
    pub stated_is: Compared,
    /// The versions that the rule was applied to.
    pub inputs: Vec<Position>,
    /// Where it was stated or reported.
    pub position: Position,
    /// The post that stated it.
    pub post: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Whether it is in force at the moment asked about.
    pub standing: Standing,
    /// The first input that is in force no longer: where what replaced it was recorded.
    pub ended_by: Option<Position>,
    /// Whether a file says so.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// Where a rating beside ours comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OverrideClass")]
pub enum Class {
    /// Somebody stated it in this record.
    Overridden,
    /// The publisher of a file reported it; it is kept beside ours and never used.
    ReportedDiffers,
}

/// Whether an override is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OverrideStanding")]
pub enum Standing {
    /// Every one of its inputs is.
    InForce,
    /// One of them is not.
    Ended,
    /// A later override took its place.
    Superseded,
    /// A reported rating is never used.
    NotUsed,
}

type Cell = (MeasureId, Period);

impl Desk {
    /// Which ratings were overridden, or reported otherwise than ours.
    ///
    /// # Errors
    /// Postgres.
    pub async fn overridden(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Overridden>, AskingError> {
        let as_at = self.together(when).await?;
        let span = self.span(asked.between, as_at.position).await?;
        let stated = self.reader.overrides_within(span).await?;
        let reported: BTreeSet<Cell> = self.reader.rated_within(span).await?.into_iter().collect();
        let cells = stated.iter().map(|(measure, period, _)| (*measure, *period));
        let cells: Vec<Cell> = cells.chain(reported.iter().copied()).collect();
        let cells: BTreeSet<Cell> = cells.into_iter().collect();
        let cells: Vec<Cell> = cells.into_iter().collect();
        // Where the span ends before the moment asked about, what was reported then is compared then.
        let end = AsAt { position: span.upto, ..as_at };
        let then: HashMap<Cell, Scored<Line>> =
            self.scored(&cells, end).await?.into_iter().collect();
        let now: HashMap<Cell, Scored<Line>> =
            self.scored(&cells, as_at).await?.into_iter().collect();
        let positions: Vec<Position> = stated.iter().map(|(_, _, it)| it.position).collect();
        let acts = self.acts.acts(&positions).await?;
        let mut rows: Vec<Overridden> = stated
            .iter()
            .filter_map(|(measure, period, it)| {
                override_row((it, acts.get(&it.position)), now.get(&(*measure, *period))?)
            })
            .collect();
        let differing = reported.iter().filter_map(|cell| reported_row(then.get(cell)?));
        rows.extend(differing);
        rows.sort_by(|a, b| {
            let by_class = a.class.cmp(&b.class).then_with(|| a.code.cmp(&b.code));
            by_class.then_with(|| a.position.cmp(&b.position))
        });
        let (mut by_class, mut by_standing) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            count(&mut by_class, row.class);
            if row.class == Class::Overridden {
                count(&mut by_standing, row.standing);
            }
        }
        let rated = |scored: &&Scored<Line>| matches!(scored.rating, Rating::Level(_));
        by_class.insert("rated".to_owned(), number(then.values().filter(rated).count()));
        let measures: BTreeSet<MeasureId> = cells.iter().map(|(measure, _)| *measure).collect();
        Ok(Reply {
            question: "overridden",
            params: asked,
            as_at,
            looked_at: LookedAt {
                measures: number(measures.len()),
                submissions: number(cells.len()),
                changes: number(stated.len()),
            },
            rows,
            totals: [("by_class", by_class), ("by_standing", by_standing)].into(),
            withheld: 0,
            notes: Vec::new(),
        })
    }
}

fn override_row(
    (it, act): (&OverrideLine, Option<&Act>),
    now: &Scored<Line>,
) -> Option<Overridden> {
    let facts = &now.facts;
    let last = facts.overridden.as_ref()?;
    let parts = facts.inputs();
    let standing = if last.position != it.position {
        Standing::Superseded
    } else if facts.standing_override().is_some() {
        Standing::InForce
    } else {
        Standing::Ended
    };
    let ended_by = match standing {
        Standing::Superseded => Some(last.position),
        Standing::Ended => parts.iter().copied().filter(|part| *part > it.position).min(),
        Standing::InForce | Standing::NotUsed => None,
    };
    let computed = it.computed.clone().map_or(Rating::NoRule, Rating::Level);
    let stated = Rating::Level(it.stated.clone());
    let (code, title) = named(&facts.measure);
    Some(Overridden {
        class: Class::Overridden,
        measure: facts.measure.measure,
        code,
        title,
        period: facts.period?,
        stated_is: compared(&computed, &stated, scale(facts)),
        computed,
        stated,
        inputs: it.inputs.clone(),
        position: it.position,
        post: act.and_then(|act| act.post.clone()),
        reason: act.and_then(|act| act.reason.clone()),
        authority: act.and_then(|act| act.authority.clone()),
        standing,
        ended_by,
        asserted: it.asserted,
        positions: std::iter::once(it.position).chain(it.inputs.iter().copied()).collect(),
    })
}

/// A publisher's rating that is another level of the scale than ours.
fn reported_row(then: &Scored<Line>) -> Option<Overridden> {
    let facts = &then.facts;
    let reported: Label = facts.rating_as_reported.as_ref()?.parse().ok()?;
    let computed = then.computed.clone().unwrap_or_else(|| then.rating.clone());
    let scale = scale(facts);
    let on_scale = scale?.levels.iter().any(|level| level.code == reported);
    let Rating::Level(ours) = &computed else { return None };
    if !on_scale || *ours == reported {
        return None;
    }
    let stated = Rating::Level(reported);
    let headline = facts.headline.as_ref()?;
    let (code, title) = named(&facts.measure);
    Some(Overridden {
        class: Class::ReportedDiffers,
        measure: facts.measure.measure,
        code,
        title,
        period: facts.period?,
        stated_is: compared(&computed, &stated, scale),
        computed,
        stated,
        inputs: facts.inputs(),
        position: headline.position,
        post: None,
        reason: None,
        authority: None,
        standing: Standing::NotUsed,
        ended_by: None,
        asserted: headline.asserted,
        positions: facts.inputs(),
    })
}
