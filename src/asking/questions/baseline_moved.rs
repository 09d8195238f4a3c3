//! `baseline-moved`: what progress is counted from, whether that moved, and how far progress looks
//! from where it was at first (QUESTIONS Q10).

use std::collections::BTreeMap;

use piperoll_events::ids::MeasureId;
use piperoll_events::reason::Reason;
use piperoll_events::target::Level;
use piperoll_events::text::Words;
use piperoll_events::{Authority, Period, Polarity, Position, Quantity, Tier};
use piperoll_projections::accountability::Act;
use piperoll_projections::scorecard::touched::{Agreed, BaselineVersion};
use piperoll_projections::scorecard::{Line, TargetVersion};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::linking::{Links, Verdict};
use super::targets::sides;
use super::{LookedAt, Reply, named, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BaselineMovedQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// The period whose figure progress is told of.
    pub period: Period,
}

/// A measure's baselines, and progress from and to what was first and what stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BaselineMoved {
    /// The measure.
    pub measure: MeasureId,
    /// What it is called.
    pub code: String,
    /// Its title.
    pub title: Words,
    /// What the figure is about.
    pub period: Period,
    /// The figure.
    pub value: Option<Quantity>,
    /// Every baseline, agreed or proposed, in order.
    pub versions: Vec<Version>,
    /// Progress, told four ways.
    pub progress: Vec<Progress>,
    /// Whether the figure rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// A baseline with its ground.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "BaselineInOrder")]
pub struct Version {
    /// The baseline.
    #[serde(flatten)]
    pub baseline: BaselineVersion,
    /// What stood before; absent: nothing, or it was only proposed.
    pub old: Option<Quantity>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
}

/// How far a figure has come from a baseline to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BaselineProgress")]
pub struct Progress {
    /// From which baseline.
    pub from: Which,
    /// To which target.
    pub to: Which,
    /// The baseline's value.
    pub baseline: Option<Quantity>,
    /// The target's.
    pub target: Option<Quantity>,
    /// (figure − baseline) ÷ (target − baseline) to six decimals; more than 1 is past the target, less
    /// than 0 is away from it.
    pub share: Option<Quantity>,
    /// Why there is none.
    pub why_none: Option<WhyNone>,
}

/// The first version or the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The first that was agreed.
    Original,
    /// The one in force.
    Current,
}

/// Why no progress can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyNone {
    /// There is no figure.
    NoFigure,
    /// There is no baseline.
    NoBaseline,
    /// There is no target with a number.
    NoTarget,
    /// The target is the baseline.
    TargetIsBaseline,
    /// The definition in between breaks the comparison.
    NotComparable,
}

/// A number, and where it was recorded.
type Placed = (Quantity, Position);

impl Desk {
    /// Whether a measure's baseline moved, and what that makes of its progress.
    ///
    /// # Errors
    /// No such measure, or several; Postgres.
    pub async fn baseline_moved(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, BaselineMoved>, AskingError> {
        let as_at = self.together(when).await?;
        let at = as_at.position;
        let named_line = self.measure_of(&asked.measure, When::At(at)).await?.1;
        let measure = named_line.measure;
        let baselines = self.reader.baselines(measure, at).await?;
        let targets = self.reader.targets(measure, at).await?;
        let links = self.links(&[measure], at).await?;
        let line = self.reader.lines(at, &[(measure, asked.period)]).await?.into_iter().next();
        let figure = line.as_ref().and_then(|line| line.headline.as_ref());
        let figure = figure.and_then(|it| Some((it.value?, it.position, it.asserted)));
        let ends = Ends {
            figure: figure.map(|(value, position, _)| (value, position)),
            baselines: agreed(&baselines),
            targets: line.as_ref().map(|line| aims(line, &targets, asked.period)),
            polarity: line.and_then(|line| line.definition).map(|it| it.polarity),
        };
        let progress = ends.all(measure, &links);
        let positions: Vec<Position> = baselines.iter().map(|it| it.position).collect();
        let acts = self.acts.acts(&positions).await?;
        let versions = versions(baselines, &acts);
        let (code, title) = named(&named_line);
        let changes = number(versions.len());
        let row = BaselineMoved {
            measure,
            code,
            title,
            period: asked.period,
            value: figure.map(|(value, ..)| value),
            versions,
            progress,
            asserted: figure.is_some_and(|(_, _, asserted)| asserted),
            positions: positions.into_iter().chain(figure.map(|(_, at, _)| at)).collect(),
        };
        let looked_at = LookedAt { measures: 1, submissions: 1, changes };
        Ok(Reply::of("baseline-moved", asked, (as_at, looked_at), vec![row]))
    }
}

/// Each with what stood before it and its ground.
fn versions(baselines: Vec<BaselineVersion>, acts: &BTreeMap<Position, Act>) -> Vec<Version> {
    let mut held: Option<Quantity> = None;
    let version = |baseline: BaselineVersion| {
        let act = acts.get(&baseline.position);
        let agreed = baseline.standing == Agreed::Set;
        let old = held.filter(|_| agreed);
        held = if agreed { Some(baseline.value) } else { held };
        Version {
            old,
            reason: act.and_then(|act| act.reason.clone()),
            authority: act.and_then(|act| act.authority.clone()),
            baseline,
        }
    };
    baselines.into_iter().map(version).collect()
}

/// The first baseline agreed and the last.
fn agreed(baselines: &[BaselineVersion]) -> Option<[Placed; 2]> {
    let mut set = baselines.iter().filter(|it| it.standing == Agreed::Set);
    let placed = |it: &BaselineVersion| (it.value, it.position);
    let first = placed(set.next()?);
    Some([first, set.next_back().map_or(first, placed)])
}

/// What the target that governs a period aimed at when it was first set, and what it aims at.
fn aims(line: &Line, targets: &[TargetVersion], period: Period) -> [Option<Placed>; 2] {
    let Some(current) = &line.target else { return [None, None] };
    let at = |level: Level, position| (level.at, position);
    let first = targets.iter().find(|it| {
        it.key.period == current.span && it.key.breakdown.is_headline() && it.tier == Tier::Expected
    });
    let original = first.and_then(|version| {
        let level = sides(version).1?.level_about(version.key.period, period)?;
        Some(at(level, version.position))
    });
    [original, current.level.map(|level| at(level, current.position))]
}

/// Between what progress is counted.
struct Ends {
    figure: Option<Placed>,
    baselines: Option<[Placed; 2]>,
    targets: Option<[Option<Placed>; 2]>,
    polarity: Option<Polarity>,
}

impl Ends {
    fn all(&self, measure: MeasureId, links: &Links) -> Vec<Progress> {
        let which = [Which::Original, Which::Current];
        let mut found = Vec::new();
        for (n, from) in which.into_iter().enumerate() {
            for (m, to) in which.into_iter().enumerate() {
                let baseline = self.baselines.and_then(|both| both.get(n).copied());
                let target = self.targets.and_then(|both| both.get(m).copied().flatten());
                let share = self.share((measure, links), baseline, target);
                found.push(Progress {
                    from,
                    to,
                    baseline: baseline.map(|it| it.0),
                    target: target.map(|it| it.0),
                    share: share.ok(),
                    why_none: share.err(),
                });
            }
        }
        found
    }

    fn share(
        &self,
        (measure, links): (MeasureId, &Links),
        baseline: Option<Placed>,
        target: Option<Placed>,
    ) -> Result<Quantity, WhyNone> {
        let (value, made_at) = self.figure.ok_or(WhyNone::NoFigure)?;
        let under = |at| links.made_under(measure, at).map(|it| it.position);
        // In the unit of the figure.
        let brought = |(number, position): Placed| {
            let linked = links.between(measure, under(position)?, under(made_at)?)?;
            match (linked.verdict, linked.factor) {
                (Verdict::Broken | Verdict::Unknown, _) => None,
                (_, Some(factor)) => number.decimal().checked_mul(factor.decimal()),
                (_, None) => Some(number.decimal()),
            }
        };
        let from = baseline.ok_or(WhyNone::NoBaseline).map(brought)?;
        let from = from.ok_or(WhyNone::NotComparable)?;
        let value = value.decimal();
        if let Some(Polarity::Goldilocks { low, high }) = &self.polarity {
            let middle = low.decimal().checked_add(high.decimal());
            let middle = middle.and_then(|sum| sum.checked_div(Decimal::TWO));
            let gap = |it: Decimal| middle.and_then(|m| it.checked_sub(m)).map(|gap| gap.abs());
            let (before, after) = gap(from).zip(gap(value)).ok_or(WhyNone::NotComparable)?;
            return divided(before.checked_sub(after), Some(before));
        }
        let to = target.ok_or(WhyNone::NoTarget).map(brought)?.ok_or(WhyNone::NotComparable)?;
        divided(value.checked_sub(from), to.checked_sub(from))
    }
}

fn divided(come: Option<Decimal>, way: Option<Decimal>) -> Result<Quantity, WhyNone> {
    let (come, way) = come.zip(way).ok_or(WhyNone::NotComparable)?;
    let share = come.checked_div(way).ok_or(WhyNone::TargetIsBaseline)?;
    Ok(Quantity::new(share.round_dp(6).normalize()))
}
