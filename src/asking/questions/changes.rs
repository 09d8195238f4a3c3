//! `changes`: what is told otherwise at one moment than at another, figure by figure, and why.
//!
//! **Invariant:** a row stands for every figure that reads otherwise; what moved nothing that is shown is
//! not one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::{FrameworkId, MeasureId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::text::Words;
use piperoll_events::{Authority, EntityRef, Period, Position, Quantity};
use piperoll_projections::accountability::Act;
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Beside, Line};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LookedAt, Reply, count, named, number};
use crate::asking::answer::{AskingError, Desk, Scored};
use crate::asking::moment::{Moment, When};

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ChangesQuestion")]
pub struct Asked {
    /// The first moment.
    pub from: Moment,
    /// The second.
    pub to: Moment,
}

/// A figure that is told otherwise.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Changed {
    /// The measure.
    pub measure: MeasureId,
    /// What it was called at the second moment.
    pub code: String,
    /// Its title then.
    pub title: Words,
    /// What the figure is about.
    pub period: Period,
    /// At the first moment; absent: there was no such measure.
    pub a: Option<Told>,
    /// At the second.
    pub b: Told,
    /// What reads otherwise.
    pub differs: Vec<Part>,
    /// What was recorded in between that may have moved it, in order.
    pub because: Vec<Because>,
    /// Whether the figure at the second moment rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// A figure as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ChangeTold")]
pub struct Told {
    /// The figure.
    pub value: Option<Quantity>,
    /// The figure as published.
    pub published: Option<Quantity>,
    /// Its unit.
    pub unit: Option<String>,
    /// What was aimed at; of a band its lower end.
    pub target: Option<Quantity>,
    /// The upper end of a band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_to: Option<Quantity>,
    /// How it was rated.
    pub rating: Rating,
}

/// A part that reads otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ChangedPart")]
pub enum Part {
    /// The measure was adopted in between.
    Measure,
    /// The figure, or whether there is one.
    Figure,
    /// How it is published.
    Published,
    /// Its unit.
    Unit,
    /// What is aimed at.
    Target,
    /// How it is rated.
    Rating,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Measure, Self::Figure, Self::Published, Self::Unit, Self::Target, Self::Rating];
}

/// Something recorded in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ChangeBecause")]
pub struct Because {
    /// Where.
    pub position: Position,
    /// What happened: `measure.target_changed`; absent: something was said of the figure.
    pub happened: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
}

impl Desk {
    /// What differs between two moments, and why.
    ///
    /// # Errors
    /// A moment that is not there; Postgres.
    pub async fn changes(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Changed>, AskingError> {
        let now = self.together(when).await?;
        let mut notes = Vec::new();
        let ends = self.ends((asked.from, asked.to), now, &mut notes).await?;
        let cells = self.reader.touched(ends.span()).await?;
        let said = self.reader.notes_within(ends.span()).await?;
        let happened: Vec<&str> = MOVES.iter().map(|(happened, _)| *happened).collect();
        let (after, upto) = (ends.a.position, ends.b.position);
        let acts = Acts::of(self.acts.acts_within(after, upto, &happened).await?);
        let (mut rows, mut compared) = (Vec::new(), 0_u64);
        let take = |a: Option<Scored<Line>>, b: Scored<Line>| {
            let Some(period) = b.facts.period else { return };
            let cell = (b.facts.measure.measure, period);
            let figures = said.get(&cell).map_or(&[][..], Vec::as_slice);
            rows.extend(changed(cell, (a.as_ref(), &b), figures, &acts));
            compared = compared.saturating_add(1);
        };
        self.at_both((ends, Beside::Rating), &cells, take).await?;
        rows.sort_by(|a, b| {
            let key = |row: &Changed| (row.code.clone(), row.period.days(), row.period.to_string());
            key(a).cmp(&key(b))
        });
        let mut by_part = BTreeMap::new();
        for part in rows.iter().flat_map(|row| &row.differs) {
            count(&mut by_part, part);
        }
        let measures: BTreeSet<MeasureId> = cells.iter().map(|it| it.measure).collect();
        let changes = said.values().map(Vec::len).sum::<usize>().saturating_add(acts.count());
        Ok(Reply {
            question: "changes",
            params: asked,
            as_at: ends.b,
            looked_at: LookedAt {
                measures: number(measures.len()),
                submissions: compared,
                changes: number(changes),
            },
            rows,
            totals: [("by_part", by_part)].into(),
            withheld: 0,
            notes,
        })
    }
}

fn changed(
    (measure, period): (MeasureId, Period),
    (a, b): (Option<&Scored<Line>>, &Scored<Line>),
    figures: &[(Position, Option<Reason>)],
    acts: &Acts,
) -> Option<Changed> {
    let (then, now) = (a.map(told), told(b));
    let differs = differs(then.as_ref(), &now);
    if differs.is_empty() {
        return None;
    }
    let figure = |(position, reason): &(Position, Option<Reason>)| Because {
        position: *position,
        happened: None,
        reason: reason.clone(),
        authority: None,
    };
    let act = |act: &Act| Because {
        position: act.position,
        happened: Some(act.happened.clone()),
        reason: act.reason.clone(),
        authority: act.authority.clone(),
    };
    let framework = FrameworkId::new(b.facts.measure.framework);
    let entities: [EntityRef; 3] =
        [measure.into(), framework.into(), SubmissionId::of(measure, Some(period)).into()];
    let moved = entities.iter().flat_map(|entity| acts.on(*entity));
    let aims = b.facts.target.as_ref().map(|target| target.position);
    let moved = moved.filter(|act| may_explain(act, &differs, aims)).map(act);
    let mut because: Vec<Because> = figures.iter().map(figure).chain(moved).collect();
    because.sort_by_key(|it| it.position);
    because.dedup_by_key(|it| it.position);
    let (code, title) = named(&b.facts.measure);
    Some(Changed {
        measure,
        code,
        title,
        period,
        a: then,
        b: now,
        differs,
        positions: because.iter().map(|it| it.position).collect(),
        because,
        asserted: b.facts.headline.as_ref().is_some_and(|headline| headline.asserted),
    })
}

/// What moves a rating or an aim, by what it was done to.
struct Acts(HashMap<EntityRef, Vec<Act>>);

impl Acts {
    fn of(acts: Vec<Act>) -> Self {
        let mut found: HashMap<EntityRef, Vec<Act>> = HashMap::new();
        for act in acts {
            found.entry(act.entity).or_default().push(act);
        }
        Self(found)
    }

    fn on(&self, entity: EntityRef) -> &[Act] {
        self.0.get(&entity).map_or(&[], Vec::as_slice)
    }

    fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// What a figure may read otherwise in after an act; duties and signatures leave it as it is.
const MOVES: [(&str, &[Part]); 11] = [
    ("measure.adopted", &Part::ALL),
    ("framework.adopted", &Part::ALL),
    ("measure.definition_set", &[Part::Published, Part::Unit, Part::Rating]),
    ("framework.rating_rule_set", &[Part::Rating]),
    ("framework.scale_set", &[Part::Rating]),
    ("measure.reclassified", &[Part::Rating]),
    ("submission.rating_overridden", &[Part::Rating]),
    ("measure.target_set", &[Part::Target]),
    ("measure.target_changed", &[Part::Target]),
    ("measure.target_corrected", &[Part::Target]),
    ("measure.target_withdrawn", &[Part::Target]),
];

/// Whether an act may be why something reads otherwise.
fn may_explain(act: &Act, differs: &[Part], aims: Option<Position>) -> bool {
    let happened = act.happened.as_str();
    // Of a measure's many targets the one that governs; gone, any that was taken away.
    let governs = Some(act.position) == aims
        || (aims.is_none() && happened == "measure.target_withdrawn")
        || !happened.starts_with("measure.target_");
    let moves = MOVES.iter().filter(|(it, _)| *it == happened).flat_map(|(_, parts)| *parts);
    governs && moves.into_iter().any(|part| differs.contains(part))
}

fn told(scored: &Scored<Line>) -> Told {
    let facts = &scored.facts;
    let level = facts.level();
    Told {
        value: facts.headline.as_ref().and_then(|headline| headline.value),
        published: scored.published,
        unit: facts.unit().map(str::to_owned),
        target: level.map(|level| level.at),
        target_to: level.and_then(|level| level.to),
        rating: scored.rating.clone(),
    }
}

fn differs(a: Option<&Told>, b: &Told) -> Vec<Part> {
    let Some(a) = a else { return vec![Part::Measure] };
    let same = |a: Option<Quantity>, b: Option<Quantity>| {
        a.map(Quantity::decimal) == b.map(Quantity::decimal)
    };
    let shown = |it: Option<Quantity>| it.map(|it| it.to_string());
    let parts = [
        (Part::Figure, !same(a.value, b.value)),
        (Part::Published, shown(a.published) != shown(b.published)),
        (Part::Unit, a.unit != b.unit),
        (Part::Target, !same(a.target, b.target) || !same(a.target_to, b.target_to)),
        (Part::Rating, a.rating != b.rating),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}
