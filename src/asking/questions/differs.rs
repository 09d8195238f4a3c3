//! `figure-differs`: why a figure is told otherwise at one moment than at another (QUESTIONS Q4).

use piperoll_events::cell::FigureStatus;
use piperoll_events::ids::MeasureId;
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::{Breakdown, Period, Position, Quantity};
use piperoll_projections::score::published;
use piperoll_projections::scorecard::{CellLine, Line, State, Submitted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::Ends;
use super::linking::{Linked, Verdict, contributing, same_figure};
use super::turned_green::counts_anew;
use super::{LookedAt, Reply, number};
use crate::asking::answer::{AskingError, Desk, code_of};
use crate::asking::moment::{AsAt, Moment, When};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FigureDiffersQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// What the figure is about.
    pub period: Period,
    /// Of which part of the population; absent: the headline.
    pub breakdown: Option<Breakdown>,
    /// The first moment.
    pub a: Moment,
    /// The second.
    pub b: Moment,
}

/// A figure at two moments.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Differs {
    /// At the earlier moment.
    pub a: Told,
    /// At the later.
    pub b: Told,
    /// Whether the figures held are the same.
    pub same_exact: bool,
    /// Whether the figures published are.
    pub same_shown: bool,
    /// Why they differ; absent: they don't.
    pub cause: Option<Cause>,
    /// What happened in between, in order.
    pub steps: Vec<Step>,
    /// All of it in a sentence.
    pub sentence: String,
    /// Whether the later figure rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// A figure as it was told at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FigureTold")]
pub struct Told {
    /// The moment.
    pub as_at: AsAt,
    /// The measure that bore the code then; absent: none did.
    pub measure: Option<MeasureId>,
    /// What it was called.
    pub code: Option<String>,
    /// The figure held.
    pub exact: Option<Quantity>,
    /// The figure as published.
    pub shown: Option<Quantity>,
    /// Its unit.
    pub unit: Option<String>,
    /// How settled it was.
    pub status: Option<FigureStatus>,
    /// What the submission held; absent: there was none.
    pub state: Option<State>,
    /// Where the figure was recorded.
    pub position: Option<Position>,
}

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DifferenceStep")]
pub struct Step {
    /// Where it was recorded.
    pub position: Position,
    /// What it touched.
    pub kind: Kind,
    /// The figure from here on, for a step of the figure.
    pub value: Option<Quantity>,
    /// By how much the figure moved; absent: it did not, or one side has none.
    pub size: Option<Quantity>,
    /// How settled the figure is from here on.
    pub status: Option<FigureStatus>,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether a file says so.
    pub asserted: bool,
}

/// What a step touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DifferenceKind")]
pub enum Kind {
    /// The figure.
    Figure,
    /// What it means.
    Definition,
}

/// Why two figures differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DifferenceCause")]
pub enum Cause {
    /// The code led to another measure.
    DifferentMeasure,
    /// There was none at the earlier moment.
    AbsentInA,
    /// There was none at the later.
    AbsentInB,
    /// The same in another unit or scale.
    Rescaled,
    /// It means something else.
    Redefined,
    /// It was counted in another way.
    Restated,
    /// Provisional became final.
    Finalised,
    /// It was put right.
    Revised,
    /// The same, published with other decimals.
    RoundingOnly,
    /// The same under another name.
    Renamed,
}

impl Desk {
    /// Why a figure differs between two moments.
    ///
    /// # Errors
    /// No such measure at either moment, or several; Postgres.
    pub async fn figure_differs(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Differs>, AskingError> {
        let now = self.together(when).await?;
        let mut notes = Vec::new();
        let ends = self.ends((asked.a, asked.b), now, &mut notes).await?;
        let later = self.measure_of(&asked.measure, When::At(ends.b.position)).await;
        let earlier = self.measure_of(&asked.measure, When::At(ends.a.position)).await;
        let (of_a, of_b) = match (earlier, later) {
            (earlier, Ok((_, line))) => {
                (earlier.ok().map(|(_, it)| it.measure), Some(line.measure))
            }
            (Ok((_, line)), Err(AskingError::NoMeasure { .. })) => (Some(line.measure), None),
            (_, Err(error)) => return Err(error),
        };
        let breakdown = asked.breakdown.clone().unwrap_or(Breakdown::HEADLINE);
        let (a, _) = self.told(of_a, asked.period, &breakdown, ends.a).await?;
        let (b, asserted) = self.told(of_b, asked.period, &breakdown, ends.b).await?;
        let (steps, linked) = match of_b {
            Some(measure) if of_a.is_none_or(|it| it == measure) => {
                self.steps((measure, asked.period, &breakdown), ends, &a).await?
            }
            _ => (Vec::new(), None),
        };
        let row = differs((a, b), steps, linked.as_ref(), (&asked, asserted));
        let changes = number(row.steps.len());
        let looked_at = LookedAt { measures: 1, submissions: 1, changes };
        let reply = Reply::of("figure-differs", asked, (ends.b, looked_at), vec![row]);
        Ok(Reply { notes, ..reply })
    }

    /// A figure as it stood.
    async fn told(
        &self,
        measure: Option<MeasureId>,
        period: Period,
        breakdown: &Breakdown,
        as_at: AsAt,
    ) -> Result<(Told, bool), AskingError> {
        let mut told = Told {
            as_at,
            measure,
            code: None,
            exact: None,
            shown: None,
            unit: None,
            status: None,
            state: None,
            position: None,
        };
        let Some(measure) = measure else { return Ok((told, false)) };
        let lines = self.reader.lines(as_at.position, &[(measure, period)]).await?;
        let line: Option<&Line> = lines.first();
        let definition = line.and_then(|line| line.definition.as_ref());
        told.code = line.map(|line| code_of(&line.measure));
        told.unit = definition.and_then(|definition| definition.unit.clone());
        let submitted = self.reader.submission(measure, Some(period), as_at.position).await?;
        let Some(Submitted { headline, cells, .. }) = submitted else { return Ok((told, false)) };
        told.state = Some(headline.state);
        let cell: Option<CellLine> = cells.into_iter().find(|cell| cell.breakdown == *breakdown);
        let Some(cell) = cell else { return Ok((told, headline.asserted)) };
        let decimals = definition.and_then(|definition| definition.decimals);
        told.exact = cell.value;
        told.shown = cell.value.map(|value| published(value, decimals));
        told.status = cell.status;
        told.position = Some(cell.position);
        Ok((told, cell.asserted))
    }

    /// What touched a figure between the moments, and how its definitions are linked.
    async fn steps(
        &self,
        (measure, period, breakdown): (MeasureId, Period, &Breakdown),
        ends: Ends,
        a: &Told,
    ) -> Result<(Vec<Step>, Option<Linked>), AskingError> {
        let at = ends.b.position;
        let mut steps = if breakdown.is_headline() {
            let submitted = self.reader.submission(measure, Some(period), at).await?;
            let versions = submitted.map(|it| it.versions).unwrap_or_default();
            let version = |it: piperoll_projections::scorecard::SubmissionVersion| {
                let headline = it.headline?;
                let (value, status) = (headline.value, headline.status);
                Some(figure_step((it.position, value, status), it.reason, it.asserted))
            };
            versions.into_iter().filter_map(version).collect()
        } else {
            let versions = self.reader.cell_versions(measure, period, breakdown, at).await?;
            let version = |it: piperoll_projections::scorecard::history::CellVersion| {
                figure_step((it.position, it.value, it.status), it.reason, it.asserted)
            };
            versions.into_iter().map(version).collect::<Vec<Step>>()
        };
        steps.retain(|step| step.position > ends.a.position);
        let mut held = a.exact;
        for step in &mut steps {
            step.size = held.zip(step.value).and_then(|(old, new)| moved_by(old, new));
            held = step.value;
        }
        let links = self.links(&[measure], at).await?;
        for version in links.definitions(measure) {
            if version.position > ends.a.position {
                steps.push(Step {
                    position: version.position,
                    kind: Kind::Definition,
                    value: None,
                    size: None,
                    status: None,
                    reason: Some(version.reason.clone()),
                    asserted: version.asserted,
                });
            }
        }
        steps.sort_by_key(|step| step.position);
        let made = |at: Option<Position>| links.made_under(measure, at?).map(|it| it.position);
        let last = steps.iter().rev().find(|step| step.kind == Kind::Figure);
        let under = made(a.position).zip(made(last.map(|step| step.position)));
        let linked = under.and_then(|(a, b)| links.between(measure, a, b));
        Ok((steps, linked))
    }
}

fn figure_step(
    (position, value, status): (Position, Option<Quantity>, Option<FigureStatus>),
    reason: Option<Reason>,
    asserted: bool,
) -> Step {
    Step { position, kind: Kind::Figure, value, size: None, status, reason, asserted }
}

fn moved_by(old: Quantity, new: Quantity) -> Option<Quantity> {
    let by = new.decimal().checked_sub(old.decimal())?;
    (!by.is_zero()).then(|| Quantity::new(by))
}

fn differs(
    (a, b): (Told, Told),
    steps: Vec<Step>,
    linked: Option<&Linked>,
    (asked, asserted): (&Asked, bool),
) -> Differs {
    let same = |a: Option<Quantity>, b: Option<Quantity>| match (a, b) {
        (Some(a), Some(b)) => a.decimal() == b.decimal(),
        (a, b) => a.is_none() && b.is_none(),
    };
    // Published as 1.5 and as 1.50 is the same figure and not shown the same.
    let printed = |told: &Told| told.shown.map(|it| it.to_string());
    let (same_exact, same_shown) = (same(a.exact, b.exact), printed(&a) == printed(&b));
    let cause = cause(&a, &b, &steps, linked);
    let ends = [a.position, b.position].into_iter().flatten();
    let mut positions: Vec<Position> = ends.chain(steps.iter().map(|it| it.position)).collect();
    positions.sort_unstable();
    positions.dedup();
    let sentence = sentence(asked, &a, &b, (cause, &steps));
    Differs { a, b, same_exact, same_shown, cause, steps, sentence, asserted, positions }
}

fn cause(a: &Told, b: &Told, steps: &[Step], linked: Option<&Linked>) -> Option<Cause> {
    if a.measure.zip(b.measure).is_some_and(|(a, b)| a != b) {
        return Some(Cause::DifferentMeasure);
    }
    let (old, new) = match (a.exact, b.exact) {
        (None, None) => return None,
        (None, Some(_)) => return Some(Cause::AbsentInA),
        (Some(_), None) => return Some(Cause::AbsentInB),
        (Some(old), Some(new)) => (old, new),
    };
    if old.decimal() == new.decimal() {
        return if a.unit != b.unit && a.unit.is_some() {
            Some(Cause::Redefined)
        } else if a.shown.map(|it| it.to_string()) != b.shown.map(|it| it.to_string()) {
            Some(Cause::RoundingOnly)
        } else {
            (a.code != b.code).then_some(Cause::Renamed)
        };
    }
    let factor = linked.and_then(|linked| linked.factor);
    let scaled = factor.and_then(|factor| old.decimal().checked_mul(factor.decimal()));
    if scaled.is_some_and(|scaled| same_figure(scaled, new.decimal())) {
        return Some(Cause::Rescaled);
    }
    let figures = steps.iter().filter(|step| step.kind == Kind::Figure);
    let counting = contributing(a.exact, figures, |step| step.value);
    let reasons = counting.into_iter().filter_map(|step| step.reason.as_ref());
    let reasons: Vec<ReasonCode> = reasons.map(|reason| reason.code).collect();
    let broken = linked.is_some_and(|linked| linked.verdict == Verdict::Broken);
    let redefined = steps.iter().any(|step| step.kind == Kind::Definition);
    if broken || (redefined && reasons.contains(&ReasonCode::DefinitionChange)) {
        return Some(Cause::Redefined);
    }
    if reasons.iter().any(|code| counts_anew(*code)) {
        return Some(Cause::Restated);
    }
    let final_only = !reasons.is_empty() && reasons.iter().all(|it| *it == ReasonCode::Finalised);
    Some(if final_only { Cause::Finalised } else { Cause::Revised })
}

fn sentence(asked: &Asked, a: &Told, b: &Told, (cause, steps): (Option<Cause>, &[Step])) -> String {
    let code = &asked.measure;
    let figure = |told: &Told| told.exact.map_or("no figure".to_owned(), |it| it.to_string());
    let at = |told: &Told| format!("position {}", told.as_at.position);
    let (old, new) = (figure(a), figure(b));
    let revisions = steps.iter().filter(|step| step.kind == Kind::Figure).count();
    match cause {
        None if revisions > 0 => format!(
            "{code} for {} is {new} at both moments; {revisions} of its versions stood in between.",
            asked.period
        ),
        None => format!("{code} for {} is {new} at both moments.", asked.period),
        Some(cause) => format!(
            "{code} for {} was {old} at {} and {new} at {}: {}.",
            asked.period,
            at(a),
            at(b),
            words(cause),
        ),
    }
}

/// A cause in words.
#[must_use]
pub const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::DifferentMeasure => "the code led to another measure",
        Cause::AbsentInA => "there was none at the earlier moment",
        Cause::AbsentInB => "there is none at the later moment",
        Cause::Rescaled => "the same in another unit or scale",
        Cause::Redefined => "its definition changed",
        Cause::Restated => "it is counted in another way",
        Cause::Finalised => "provisional became final",
        Cause::Revised => "it was revised",
        Cause::RoundingOnly => "the same, published with other decimals",
        Cause::Renamed => "the same under another name",
    }
}
