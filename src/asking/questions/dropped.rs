//! `measures-dropped`: measures that are looked at less than before, or no longer, and how they were
//! doing just before (QUESTIONS Q5).
//!
//! **Invariant:** how a measure was doing is told as at the position before the drop.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::comparability::Comparability;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::adopted::{MeasureLevel, Treatment};
use piperoll_events::reason::Reason;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::text::Words;
use piperoll_events::{Authority, Period, PeriodType, Position, Tier};
use piperoll_projections::accountability::Act;
use piperoll_projections::scorecard::history::Span;
use piperoll_projections::scorecard::{
    EndedLine, Filter, MeasureLine, PlaceLine, TargetHappened, TargetVersion,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::doing::Before;
use super::{Between, LookedAt, Reply, count, named, number};
use crate::asking::answer::{AskingError, Desk, code_of};
use crate::asking::moment::{AsAt, When};

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MeasuresDroppedQuestion")]
pub struct Asked {
    /// Known within.
    #[serde(flatten)]
    pub between: Between,
    /// What to list besides.
    #[serde(default)]
    pub include: Include,
}

/// What is listed on request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DroppedInclude")]
pub enum Include {
    /// Nothing else.
    #[default]
    Nothing,
    /// Measures that nobody dropped and nobody fed: two periods or more are over without a figure or
    /// a declaration.
    Silent,
    /// Measures that got another code, which is no drop.
    Renumbered,
    /// Both.
    SilentAndRenumbered,
}

/// A measure dropped.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dropped {
    /// The measure.
    pub measure: MeasureId,
    /// What it was called just before.
    pub code: String,
    /// Its title then.
    pub title: Words,
    /// How it was dropped.
    pub drop: Drop,
    /// What it was.
    pub from: Option<String>,
    /// What it became.
    pub to: Option<String>,
    /// The first day that it applies to, where one was given.
    pub in_force_from: Option<NaiveDate>,
    /// When it was known.
    pub known_at: Option<DateTime<Utc>>,
    /// How it was doing.
    pub before: Before,
    /// The measure that takes its place.
    pub replaced_by: Option<MeasureId>,
    /// Whether figures of the two can be compared.
    pub comparability: Option<Comparability>,
    /// Where it stands, still.
    pub shown_in: Vec<PlaceLine>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Who recorded it, in which post.
    pub act: Option<Act>,
    /// Where it was taken up again.
    pub reinstated_at: Option<Position>,
    /// Where the drop was recorded; for a silent measure, its last word.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// How a measure was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DropKind")]
pub enum Drop {
    /// It is measured no longer.
    Retired,
    /// Another takes its place.
    Replaced,
    /// Less is done with its figures.
    TreatmentLowered,
    /// Fewer look at it.
    LevelLowered,
    /// It is told less often.
    FrequencyReduced,
    /// Nothing is aimed at any more.
    TargetLost,
    /// Nobody says anything.
    Silent,
    /// It has another code.
    Renumbered,
}

/// What a drop is, before anything is looked up.
struct Found {
    measure: MeasureId,
    position: Position,
    drop: Drop,
    sides: (Option<String>, Option<String>),
    reinstated_at: Option<Position>,
    ended: Option<EndedLine>,
}

impl Found {
    fn new(measure: MeasureId, position: Position, drop: Drop) -> Self {
        Self { measure, position, drop, sides: (None, None), reinstated_at: None, ended: None }
    }

    fn ended((measure, ended): (MeasureId, EndedLine)) -> Self {
        let drop = if ended.replaced_by.is_some() { Drop::Replaced } else { Drop::Retired };
        Self { ended: Some(ended.clone()), ..Self::new(measure, ended.position, drop) }
    }
}

impl Desk {
    /// Which measures were dropped.
    ///
    /// # Errors
    /// Postgres.
    pub async fn measures_dropped(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Dropped>, AskingError> {
        let as_at = self.together(when).await?;
        let span = self.span(asked.between, as_at.position).await?;
        let measures = self.reader.measures(as_at.position, &Filter::default()).await?;
        let mut found: Vec<Found> =
            self.reader.ended_within(span).await?.into_iter().map(Found::ended).collect();
        found.extend(self.reclassified(span, as_at.position).await?);
        found.extend(self.less_often(span, as_at.position).await?);
        found.extend(self.targets_lost(span, as_at.position).await?);
        if matches!(asked.include, Include::Renumbered | Include::SilentAndRenumbered) {
            found.extend(self.renumbered(span).await?);
        }
        if matches!(asked.include, Include::Silent | Include::SilentAndRenumbered) {
            let instant = asked.between.to.into_iter().chain(as_at.instant).min();
            let end = AsAt { position: span.upto, instant, ..as_at };
            found.extend(self.silent(&measures, end).await?);
        }
        let mut rows = self.dropped(found, as_at).await?;
        rows.sort_by(|a, b| {
            let by_place = a.position.cmp(&b.position).then_with(|| a.code.cmp(&b.code));
            by_place.then_with(|| a.drop.cmp(&b.drop))
        });
        let (mut by_drop, mut doing) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            count(&mut by_drop, row.drop);
            match row.before.was_off_track {
                Some(true) => count(&mut doing, "off_track"),
                Some(false) => count(&mut doing, "not_off_track"),
                None => count(&mut doing, "not_rated"),
            }
        }
        Ok(Reply {
            question: "measures-dropped",
            params: asked,
            as_at,
            looked_at: LookedAt {
                measures: number(measures.len()),
                submissions: 0,
                changes: number(rows.len()),
            },
            rows,
            totals: [("by_drop", by_drop), ("just_before", doing)].into(),
            withheld: 0,
            notes: Vec::new(),
        })
    }

    async fn reclassified(&self, span: Span, at: Position) -> Result<Vec<Found>, AskingError> {
        let later = Span { after: span.after, upto: at };
        let all = self.reader.reclassified_within(later).await?;
        let asked = all
            .iter()
            .flat_map(|(measure, position)| [(*measure, position.before()), (*measure, *position)]);
        let standing = self.reader.standing(&asked.collect::<Vec<_>>()).await?;
        let class = |measure: MeasureId, position: Position| {
            let line = &standing.get(&(measure, position))?.measure;
            Some((line.treatment, line.level))
        };
        let mut found = Vec::new();
        for (measure, position) in all.iter().filter(|(_, position)| span.holds(*position)) {
            let sides = class(*measure, position.before()).zip(class(*measure, *position));
            let Some((old, new)) = sides else { continue };
            let mut later = all.iter().filter(|(it, at)| it == measure && at > position);
            let mut back = |enough: &dyn Fn((Treatment, MeasureLevel)) -> bool| {
                later.find(|(_, at)| class(*measure, *at).is_some_and(enough)).map(|(_, at)| *at)
            };
            if looked_at(new.0) < looked_at(old.0) {
                found.push(Found {
                    sides: (Some(word(old.0)), Some(word(new.0))),
                    reinstated_at: back(&|it| looked_at(it.0) >= looked_at(old.0)),
                    ..Found::new(*measure, *position, Drop::TreatmentLowered)
                });
            }
            if old.1 == MeasureLevel::Strategic && new.1 == MeasureLevel::Operational {
                found.push(Found {
                    sides: (Some(word(old.1)), Some(word(new.1))),
                    reinstated_at: back(&|it| it.1 == MeasureLevel::Strategic),
                    ..Found::new(*measure, *position, Drop::LevelLowered)
                });
            }
        }
        Ok(found)
    }

    async fn less_often(&self, span: Span, at: Position) -> Result<Vec<Found>, AskingError> {
        let places = self.reader.redefined_within(span).await?;
        let measures: Vec<MeasureId> = places.iter().map(|(measure, _)| *measure).collect();
        let versions = self.reader.definition_versions(&measures, at).await?;
        let mut found = Vec::new();
        for (measure, position) in places {
            let all = versions.get(&measure).map_or(&[][..], Vec::as_slice);
            let new = all.iter().find(|it| it.position == position);
            let old = all.iter().rev().find(|it| it.position < position);
            let Some((old, new)) = old.zip(new) else { continue };
            let finest = |types: &[PeriodType]| types.iter().map(|it| length(*it)).min();
            let (old, new) = (&old.definition.period_types, &new.definition.period_types);
            let coarser = |least: u32| move |types: &[PeriodType]| finest(types) > Some(least);
            if finest(old).is_some_and(|least| coarser(least)(new)) {
                let list = |types: &[PeriodType]| {
                    Some(types.iter().map(word).collect::<Vec<_>>().join(" "))
                };
                let least = finest(old);
                let mut later = all.iter().filter(|it| it.position > position);
                let back = later.find(|it| {
                    let now = finest(&it.definition.period_types);
                    now.is_none() || now <= least
                });
                found.push(Found {
                    sides: (list(old), list(new)),
                    reinstated_at: back.map(|it| it.position),
                    ..Found::new(measure, position, Drop::FrequencyReduced)
                });
            }
        }
        Ok(found)
    }

    /// Measures whose last expected headline target was taken away.
    async fn targets_lost(&self, span: Span, at: Position) -> Result<Vec<Found>, AskingError> {
        let measures = self.reader.retargeted(span).await?;
        let versions = self.reader.target_versions(&measures, at).await?;
        let mut found = Vec::new();
        for (measure, versions) in versions {
            let expected = |it: &&TargetVersion| {
                it.key.breakdown.is_headline() && it.key.tier == Tier::Expected
            };
            let versions: Vec<&TargetVersion> = versions.iter().filter(expected).collect();
            let mut aimed: BTreeSet<String> = BTreeSet::new();
            for (n, version) in versions.iter().enumerate() {
                let key = version.key.period.to_string();
                if version.happened != TargetHappened::Withdrawn {
                    aimed.insert(key);
                    continue;
                }
                aimed.remove(&key);
                // Of several taken away by one event the last is the loss.
                let more = versions.iter().skip(n.saturating_add(1));
                let same_event = more.clone().any(|it| it.position == version.position);
                if aimed.is_empty() && !same_event && span.holds(version.position) {
                    let mut later = more;
                    let again = later.find(|it| it.happened != TargetHappened::Withdrawn);
                    let level = version.target.level.map(|level| level.at.to_string());
                    found.push(Found {
                        sides: (level, None),
                        reinstated_at: again.map(|it| it.position),
                        ..Found::new(measure, version.position, Drop::TargetLost)
                    });
                }
            }
        }
        Ok(found)
    }

    async fn renumbered(&self, span: Span) -> Result<Vec<Found>, AskingError> {
        let places = self.reader.renumbered_within(span).await?;
        let asked = places
            .iter()
            .flat_map(|(measure, position)| [(*measure, position.before()), (*measure, *position)]);
        let standing = self.reader.standing(&asked.collect::<Vec<_>>()).await?;
        let code = |measure: MeasureId, position: Position| {
            standing.get(&(measure, position)).map(|standing| code_of(&standing.measure))
        };
        let renumbered = |(measure, position): (MeasureId, Position)| Found {
            sides: (code(measure, position.before()), code(measure, position)),
            ..Found::new(measure, position, Drop::Renumbered)
        };
        Ok(places.into_iter().map(renumbered).collect())
    }

    /// Measures in use whose last word is two periods old or more.
    async fn silent(
        &self,
        measures: &[MeasureLine],
        as_at: AsAt,
    ) -> Result<Vec<Found>, AskingError> {
        let Some(instant) = as_at.instant else { return Ok(Vec::new()) };
        let day = instant.with_timezone(&chrono_tz::Europe::London).date_naive();
        let lines = self.reader.scorecard(as_at.position, None, &Filter::default()).await?;
        let ended: BTreeSet<MeasureId> =
            measures.iter().filter(|it| it.ended.is_some()).map(|it| it.measure).collect();
        let mut found = Vec::new();
        for line in lines.iter().filter(|line| !ended.contains(&line.measure.measure)) {
            let Some((period, headline)) = line.period.zip(line.headline.as_ref()) else {
                continue;
            };
            let over = periods_over(period, day);
            if over >= 2 && headline.no_value != Some(NoValue::Discontinued) {
                found.push(Found {
                    sides: (Some(period.to_string()), Some(format!("{over} periods"))),
                    ..Found::new(line.measure.measure, headline.position, Drop::Silent)
                });
            }
        }
        Ok(found)
    }

    async fn dropped(&self, found: Vec<Found>, as_at: AsAt) -> Result<Vec<Dropped>, AskingError> {
        let positions: Vec<Position> = found.iter().map(|it| it.position).collect();
        let acts = self.acts.acts(&positions).await?;
        let instants = self.reader.instants(&positions).await?;
        let then: Vec<_> = found.iter().map(|it| (it.measure, it.told_at(as_at))).collect();
        let now = found.iter().map(|it| (it.measure, as_at.position));
        let asked: Vec<_> = then.iter().copied().chain(now).collect();
        let standing = self.reader.standing(&asked).await?;
        let before = self.doing(&then, as_at).await?;
        let row = |((it, then), before): ((Found, (MeasureId, Position)), Before)| {
            let then = &standing.get(&then)?.measure;
            let now = &standing.get(&(it.measure, as_at.position))?.measure;
            let ground = (acts.get(&it.position), instants.get(&it.position).copied());
            Some(it.row((then, now), before, ground))
        };
        Ok(found.into_iter().zip(then).zip(before).filter_map(row).collect())
    }
}

impl Found {
    /// Where the measure is told of: just before; a silent one as it stands, for nothing was done to it.
    const fn told_at(&self, as_at: AsAt) -> Position {
        match self.drop {
            Drop::Silent => as_at.position,
            _ => self.position.before(),
        }
    }

    fn row(
        self,
        (then, now): (&MeasureLine, &MeasureLine),
        before: Before,
        (act, known_at): (Option<&Act>, Option<DateTime<Utc>>),
    ) -> Dropped {
        let (code, title) = named(then);
        let ended = self.ended.as_ref();
        Dropped {
            measure: self.measure,
            code,
            title,
            drop: self.drop,
            from: self.sides.0,
            to: self.sides.1,
            in_force_from: ended.map(|ended| ended.from),
            known_at,
            positions: [Some(self.position), before.position].into_iter().flatten().collect(),
            before,
            replaced_by: ended.and_then(|ended| ended.replaced_by),
            comparability: ended.and_then(|ended| ended.comparability),
            shown_in: now.places.clone(),
            reason: act.and_then(|act| act.reason.clone()),
            authority: act.and_then(|act| act.authority.clone()),
            act: act.cloned(),
            reinstated_at: self.reinstated_at,
            position: self.position,
            asserted: act.is_some_and(|act| act.asserted),
        }
    }
}

/// How much is done with the figures of a measure.
const fn looked_at(treatment: Treatment) -> u8 {
    match treatment {
        Treatment::Targeted => 4,
        Treatment::Contextual => 3,
        Treatment::Tracker => 2,
        Treatment::Volumetric => 1,
    }
}

/// About how many days a period of a type has, for one to be longer than another.
const fn length(period_type: PeriodType) -> u32 {
    match period_type {
        PeriodType::Week => 7,
        PeriodType::Month => 30,
        PeriodType::FinancialQuarter | PeriodType::CalendarQuarter => 91,
        PeriodType::FinancialHalf | PeriodType::CalendarHalf => 182,
        PeriodType::Pooled => 730,
        _ => 365,
    }
}

/// How many periods as long as this one have ended since it did.
fn periods_over(period: Period, day: NaiveDate) -> i64 {
    let (first, last) = period.days();
    let length = last.signed_duration_since(first).num_days().saturating_add(1);
    day.signed_duration_since(last).num_days().checked_div(length).unwrap_or_default()
}

fn word(of: impl Serialize) -> String {
    let value = serde_json::to_value(of).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
