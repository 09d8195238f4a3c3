//! `overridden`: ratings that somebody stated otherwise than the rule makes them; and ratings that a
//! publisher reported otherwise than ours (QUESTIONS Q11).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::rating::{Scale, ScaleLevel};
use piperoll_events::reason::Reason;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Authority, Period, Position};
use piperoll_projections::accountability::Act;
use piperoll_projections::accountability::judged::Judged;
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Line, OverrideLine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::{Compared, compared};
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
    /// What the rule makes it: of an override, just before it was stated.
    pub computed: Rating,
    /// What whoever stated it said that the rule makes it.
    pub claimed: Option<Label>,
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
    /// How the table of decision rights and the role stood where it was recorded.
    pub judged: Option<Judged>,
    /// Whether it is in force at the moment asked about.
    pub standing: Standing,
    /// The first event after which it was in force no longer.
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
type Stated = (MeasureId, Period, OverrideLine);

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
        // Where the span ends before the moment asked about, what was reported then is compared then.
        let end = AsAt { position: span.upto, ..as_at };
        let stated = self.reader.overrides_within(span).await?;
        let changes = number(stated.len());
        let mut rows = self.stated(stated, as_at).await?;
        let touched = self.reader.touched(span).await?;
        let then: Vec<_> = touched.iter().map(|it| (it.measure, it.period, span.upto)).collect();
        // A rating comes with a figure's event, so what was reported is among what was touched.
        let reported: BTreeSet<Cell> = self.reader.rated_within(span).await?.into_iter().collect();
        let mut rated = 0_u64;
        let take = |then: Option<Scored<Line>>| {
            let Some(then) = then else { return };
            let is_rated = matches!(then.rating, Rating::Level(_));
            rated = rated.saturating_add(u64::from(is_rated));
            let (measure, period) = (then.facts.measure.measure, then.facts.period);
            if period.is_some_and(|period| reported.contains(&(measure, period))) {
                rows.extend(reported_row(&then));
            }
        };
        self.each_rated_then(&then, end, take).await?;
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
        // The share is that of all that was rated and may have been rated otherwise in the span.
        by_class.insert("rated".to_owned(), rated);
        let measures: BTreeSet<MeasureId> = touched.iter().map(|it| it.measure).collect();
        Ok(Reply {
            question: "overridden",
            params: asked,
            as_at,
            looked_at: LookedAt {
                measures: number(measures.len()),
                submissions: number(touched.len()),
                changes,
            },
            rows,
            totals: [("by_class", by_class), ("by_standing", by_standing)].into(),
            withheld: 0,
            notes: Vec::new(),
        })
    }
}

impl Desk {
    /// The rows of some overrides: as they stand, and what the rule made of each just before.
    async fn stated(
        &self,
        stated: Vec<Stated>,
        as_at: AsAt,
    ) -> Result<Vec<Overridden>, AskingError> {
        let each = |at: &dyn Fn(&OverrideLine) -> Position| {
            let cell = |(measure, period, it): &Stated| (*measure, *period, at(it));
            stated.iter().map(cell).collect::<Vec<_>>()
        };
        let now = self.rated_then(&each(&|_| as_at.position), as_at).await?;
        let before = self.rated_then(&each(&|it| it.position.before()), as_at).await?;
        let ended = self.ended(&stated, &now, as_at).await?;
        let positions: Vec<Position> = stated.iter().map(|(_, _, it)| it.position).collect();
        let acts = self.acts.acts(&positions).await?;
        let mut rows = Vec::new();
        for (((_, _, it), now), before) in stated.iter().zip(&now).zip(&before) {
            let Some(now) = now else { continue };
            let computed = before.as_ref().map_or(Rating::NoRule, |it| it.by_rule().clone());
            let ended_by = ended.get(&it.position).copied();
            rows.extend(override_row((it, acts.get(&it.position)), computed, now, ended_by));
        }
        Ok(rows)
    }

    /// Where the overrides that ended did: the first event after which one stood no longer.
    async fn ended(
        &self,
        stated: &[Stated],
        now: &[Option<Scored<Line>>],
        as_at: AsAt,
    ) -> Result<HashMap<Position, Position>, AskingError> {
        let ended = stated.iter().zip(now).filter(|((_, _, it), now)| {
            now.as_ref().is_some_and(|now| standing(it, &now.facts) == Standing::Ended)
        });
        let ended: Vec<_> =
            ended.map(|((measure, period, it), _)| (*measure, *period, it)).collect();
        let asked: Vec<_> =
            ended.iter().map(|(measure, period, it)| (*measure, *period, it.position)).collect();
        let mut cells = Vec::new();
        let moved = self.reader.moved_after(&asked, as_at.position).await?;
        for ((measure, period, it), moved) in ended.iter().zip(moved) {
            let from_its_own_on = std::iter::once(it.position).chain(moved);
            cells.extend(from_its_own_on.map(|at| (*measure, *period, at, it.position)));
        }
        let asked: Vec<_> =
            cells.iter().map(|(measure, period, at, _)| (*measure, *period, *at)).collect();
        let mut found = HashMap::new();
        for ((_, _, at, of), line) in cells.into_iter().zip(self.rated_then(&asked, as_at).await?) {
            let stands = line.is_some_and(|line| line.facts.standing_override().is_some());
            if !stands {
                found.entry(of).or_insert(at);
            }
        }
        // One that never stood was ended by nothing.
        found.retain(|of, ended_by| of != ended_by);
        Ok(found)
    }
}

/// Whether an override is in force, by the facts of its figure.
fn standing(it: &OverrideLine, facts: &Line) -> Standing {
    let last = facts.overridden.as_ref();
    if last.is_some_and(|last| last.position != it.position) {
        Standing::Superseded
    } else if facts.standing_override().is_some() {
        Standing::InForce
    } else {
        Standing::Ended
    }
}

fn override_row(
    (it, act): (&OverrideLine, Option<&Act>),
    computed: Rating,
    now: &Scored<Line>,
    ended_by: Option<Position>,
) -> Option<Overridden> {
    let facts = &now.facts;
    let last = facts.overridden.as_ref()?;
    let standing = standing(it, facts);
    let superseded_by = (standing == Standing::Superseded).then_some(last.position);
    let stated = Rating::Level(it.stated.clone());
    let (code, title) = named(&facts.measure);
    Some(Overridden {
        class: Class::Overridden,
        measure: facts.measure.measure,
        code,
        title,
        period: facts.period?,
        stated_is: compared(&computed, &stated, facts.scale()),
        computed,
        claimed: it.computed.clone(),
        stated,
        inputs: it.inputs.clone(),
        position: it.position,
        post: act.and_then(|act| act.post.clone()),
        reason: act.and_then(|act| act.reason.clone()),
        authority: act.and_then(|act| act.authority.clone()),
        judged: act.and_then(|act| act.judged.clone()),
        standing,
        ended_by: superseded_by.or(ended_by),
        asserted: it.asserted,
        positions: std::iter::once(it.position).chain(it.inputs.iter().copied()).collect(),
    })
}

/// The level that a publisher means: by its code or its words, in capitals or not.
fn level_called(reported: &str, scale: &Scale) -> Option<Label> {
    let meant = reported.trim().to_lowercase();
    let called = |level: &&ScaleLevel| {
        let words = std::iter::once(&level.words.en).chain(&level.words.cy);
        let mut names = std::iter::once(&level.code).chain(words);
        names.any(|name| name.as_str().to_lowercase() == meant)
    };
    scale.levels.iter().find(called).map(|level| level.code.clone())
}

/// A publisher's rating that is another level of the scale than ours.
fn reported_row(then: &Scored<Line>) -> Option<Overridden> {
    let facts = &then.facts;
    let scale = facts.scale();
    let reported = level_called(facts.rating_as_reported.as_ref()?, scale?)?;
    let computed = then.by_rule().clone();
    let Rating::Level(ours) = &computed else { return None };
    if *ours == reported {
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
        claimed: None,
        stated,
        inputs: facts.inputs(),
        position: headline.position,
        post: None,
        reason: None,
        authority: None,
        judged: None,
        standing: Standing::NotUsed,
        ended_by: None,
        asserted: headline.asserted,
        positions: facts.inputs(),
    })
}
