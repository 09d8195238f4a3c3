//! One change of a target, with all that an auditor asks of it: the row of `who-changed-target` and
//! the ground of `targets-made-easier`.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::London;
use piperoll_events::ease::{Ease, ease};
use piperoll_events::ids::MeasureId;
use piperoll_events::reason::Reason;
use piperoll_events::target::TargetShape;
use piperoll_events::text::Words;
use piperoll_events::{Authority, Period, Polarity, Position, Target, TargetKey};
use piperoll_projections::accountability::Act;
use piperoll_projections::score::{Known, Rating, Timing, timing};
use piperoll_projections::scorecard::history::{FigureVersion, Span, Standing};
use piperoll_projections::scorecard::{TargetHappened, TargetVersion};
use schemars::JsonSchema;
use serde::Serialize;

use super::targets::{History, met, rated, same_period, sides};
use crate::asking::answer::{AskingError, Desk, code_of};

/// One change of a target.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Retargeting {
    /// Where it was recorded.
    pub position: Position,
    /// When it was known.
    pub known_at: Option<DateTime<Utc>>,
    /// The measure.
    pub measure: MeasureId,
    /// What it was called then.
    pub code: String,
    /// Its title then.
    pub title: Words,
    /// The unit of its figures then.
    pub unit: Option<String>,
    /// Which target.
    pub key: TargetKey,
    /// What happened.
    pub happened: TargetHappened,
    /// How it spreads over its span.
    pub shape: TargetShape,
    /// What was aimed at.
    pub old: Option<Target>,
    /// What is aimed at.
    pub new: Option<Target>,
    /// Against the version before; absent for a correction.
    pub ease: Option<Ease>,
    /// Against the equivalent earlier period; absent where there is no such target.
    pub year_on_year: Option<YearOnYear>,
    /// When, as against the time that the target is for.
    pub timing: Option<Timing>,
    /// The actual known then.
    pub known_actual: Option<Known>,
    /// The actual that came in the same file or at the same instant.
    pub recorded_with: Option<Known>,
    /// How the known actual is rated under the old target.
    pub rating_before: Option<Rating>,
    /// And under the new one.
    pub rating_after: Option<Rating>,
    /// Whether the known actual meets the old target.
    pub met_under_old: Option<bool>,
    /// And the new one.
    pub met_under_new: Option<bool>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Days from the decision to its record.
    pub days_to_record: Option<i64>,
    /// Who recorded it, for whom, in which post, through which door, with what case.
    pub act: Option<Act>,
    /// Whether a file says so.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// Against the equivalent earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct YearOnYear {
    /// That period.
    pub period: Period,
    /// How the new target compares with the one for it.
    pub ease: Ease,
    /// Whether the two periods share days, as pools of years may.
    pub overlapping: bool,
}

/// What the changes of a span are worked out from.
pub(super) struct Material {
    targets: BTreeMap<MeasureId, Vec<TargetVersion>>,
    figures: BTreeMap<MeasureId, Vec<FigureVersion>>,
    acts: BTreeMap<Position, Act>,
    instants: HashMap<Position, DateTime<Utc>>,
    standing: HashMap<(MeasureId, Position), Standing>,
}

impl Desk {
    /// Every change of these measures' targets within a span, by position; known up to `at`.
    pub(super) async fn retargetings(
        &self,
        measures: &[MeasureId],
        span: Span,
        at: Position,
    ) -> Result<(Vec<Retargeting>, Material), AskingError> {
        let targets = self.reader.target_versions(measures, at).await?;
        let touched: Vec<(MeasureId, Position)> = targets
            .iter()
            .flat_map(|(measure, versions)| versions.iter().map(|it| (*measure, it.position)))
            .filter(|(_, position)| span.holds(*position))
            .collect();
        let mut positions: Vec<Position> = touched.iter().map(|(_, position)| *position).collect();
        positions.sort_unstable();
        positions.dedup();
        let material = Material {
            figures: self.reader.figure_versions(measures, at).await?,
            acts: self.acts.acts(&positions).await?,
            instants: self.reader.instants(&positions).await?,
            standing: self.reader.standing(&touched).await?,
            targets,
        };
        let mut rows: Vec<Retargeting> = material.rows(span).collect();
        rows.sort_by(|a, b| {
            let key = |row: &Retargeting| (row.position, row.key.period.to_string());
            let rest = |row: &Retargeting| (row.key.breakdown.to_string(), row.key.tier);
            key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
        });
        Ok((rows, material))
    }
}

impl Material {
    fn rows(&self, span: Span) -> impl Iterator<Item = Retargeting> {
        self.targets.iter().flat_map(move |(measure, versions)| {
            let figures = self.figures.get(measure).map_or(&[][..], Vec::as_slice);
            let said = History { targets: versions, figures };
            let within = versions.iter().filter(move |version| span.holds(version.position));
            within.filter_map(move |version| self.row(*measure, version, &said))
        })
    }

    /// The first later version of the same target that is no easier than what stood before `row`.
    pub(super) fn restored(&self, row: &Retargeting) -> Option<Position> {
        let polarity = self.polarity(row.measure, row.position);
        let old = row.old.as_ref()?;
        let later = self.targets.get(&row.measure)?.iter();
        let mut later = later.filter(|it| it.position > row.position && it.key == row.key);
        later
            .find(|version| {
                let now = sides(version).1;
                let compared = ease(Some(old), now, row.key.period, polarity);
                matches!(compared, Ease::Unchanged | Ease::Harder)
            })
            .map(|version| version.position)
    }

    fn polarity(&self, measure: MeasureId, at: Position) -> &Polarity {
        let standing = self.standing.get(&(measure, at));
        let definition = standing.and_then(|standing| standing.definition.as_ref());
        definition.map_or(&Polarity::None {}, |definition| &definition.polarity)
    }

    fn row(
        &self,
        measure: MeasureId,
        version: &TargetVersion,
        said: &History<'_>,
    ) -> Option<Retargeting> {
        let position = version.position;
        let standing = self.standing.get(&(measure, position))?;
        let (act, polarity) = (self.acts.get(&position), self.polarity(measure, position));
        let known_at = self.instants.get(&position).copied();
        let day = known_at.map(|at| at.with_timezone(&London).date_naive());
        let then = said.known(version, act);
        let span = version.key.period;
        let (old, new) = sides(version);
        let judged = then.actual.filter(|_| version.happened != TargetHappened::Corrected);
        let figures = then.actual.iter().chain(&then.recorded_with).map(|it| it.said.position);
        Some(Retargeting {
            position,
            known_at,
            measure,
            code: code_of(&standing.measure),
            title: standing.measure.title.clone(),
            unit: standing.definition.as_ref().and_then(|definition| definition.unit.clone()),
            key: version.key.clone(),
            happened: version.happened,
            shape: version.target.shape,
            ease: same_period(version, polarity),
            year_on_year: said.year_on_year(version, polarity).map(|(period, ease)| YearOnYear {
                period,
                ease,
                overlapping: period.overlaps(span),
            }),
            timing: day.map(|day| timing(day, span, then.actual.as_ref())),
            rating_before: judged.and_then(|known| rated(&known, old, span, standing)),
            rating_after: judged.and_then(|known| rated(&known, new, span, standing)),
            met_under_old: judged.and_then(|known| met(&known, old, span, polarity)),
            met_under_new: judged.and_then(|known| met(&known, new, span, polarity)),
            known_actual: then.actual,
            recorded_with: then.recorded_with,
            old: old.cloned(),
            new: new.cloned(),
            reason: version.reason.clone(),
            days_to_record: days(version.authority.as_ref(), act),
            authority: version.authority.clone(),
            act: act.cloned(),
            asserted: version.asserted,
            positions: std::iter::once(position).chain(figures).collect(),
        })
    }
}

/// Calendar days in London from the decision to its record, where it was witnessed here.
fn days(authority: Option<&Authority>, act: Option<&Act>) -> Option<i64> {
    let decided: NaiveDate = authority?.decided_on?;
    let act = act.filter(|act| !act.asserted)?;
    let recorded = act.recorded_at.with_timezone(&London).date_naive();
    Some(recorded.signed_duration_since(decided).num_days())
}
