//! `turned-green`: figures of one and the same period that were off track at one moment and on track
//! at another, without their own change explaining it (QUESTIONS Q12).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::rating::Track;
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Words;
use piperoll_events::{Authority, Period, Position, Quantity};
use piperoll_projections::score::{Direction, Rating};
use piperoll_projections::scorecard::history::FigureStep;
use piperoll_projections::scorecard::{Beside, Line};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::{Ends, Pair, track};
use super::linking::{Links, Verdict, contributing, same_figure};
use super::substituting::{Input, Sides, Sufficient};
use super::{LookedAt, Reply, count, named, number};
use crate::asking::answer::{AskingError, Desk, Scored};
use crate::asking::moment::{Moment, When};

/// What is asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TurnedGreenQuestion")]
pub struct Asked {
    /// The first moment.
    pub a: Moment,
    /// The second.
    pub b: Moment,
    /// Of what.
    #[serde(default)]
    pub of: Of,
    /// From where.
    #[serde(default)]
    pub include: Include,
}

/// What turned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TurnedOf")]
pub enum Of {
    /// The rating.
    #[default]
    Rating,
    /// The long direction: worse became better while the figures compared stood.
    Direction,
}

/// From which ratings a figure counts as turned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TurnedFrom")]
pub enum Include {
    /// Those off track.
    #[default]
    OffTrack,
    /// Those at risk too.
    AtRisk,
}

/// A figure that turned.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Turned {
    /// The measure.
    pub measure: MeasureId,
    /// What it was called at the second moment.
    pub code: String,
    /// Its title then.
    pub title: Words,
    /// What the figure is about.
    pub period: Period,
    /// At the first moment.
    pub a: Side,
    /// At the second.
    pub b: Side,
    /// Why it turned.
    pub cause: Cause,
    /// What changed beside the figure.
    pub changed: Vec<Input>,
    /// What would have turned it: each alone, or, where the cause is joint, all together.
    pub sufficient: Vec<Input>,
    /// Where those changes were recorded, and on what ground.
    pub because: Vec<Because>,
    /// Whether the figure at the second moment rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// A figure at one of the moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TurnedSide")]
pub struct Side {
    /// The figure.
    pub value: Option<Quantity>,
    /// Its unit.
    pub unit: Option<String>,
    /// What was aimed at.
    pub target: Option<Quantity>,
    /// How it was rated.
    pub rating: Rating,
    /// Against the same part of the year before.
    pub long_direction: Direction,
    /// Where the figure was recorded.
    pub position: Option<Position>,
}

/// Why a figure turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TurnedCause")]
pub enum Cause {
    /// The figure itself was counted in another way.
    Restated,
    /// Each of some changes would have turned it alone.
    Alone,
    /// No change alone, but several together.
    Joint,
}

/// A change with its ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TurnedBecause")]
pub struct Because {
    /// What changed; absent: the figure.
    pub input: Option<Input>,
    /// Where.
    pub position: Position,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
}

/// How a figure turned.
struct Turn<'a> {
    pair: &'a Pair,
    cause: Cause,
    sufficient: Vec<Input>,
    /// Where it was counted anew.
    figures: Vec<(Position, Reason)>,
}

/// What the figures of two moments come to, as they are gone through.
#[derive(Default)]
struct Tally {
    measures: BTreeSet<MeasureId>,
    figures: u64,
    cells: BTreeMap<String, u64>,
    causes: BTreeMap<String, u64>,
}

impl Desk {
    /// Which figures turned from off track to on track between two moments.
    ///
    /// # Errors
    /// A moment that is not there; Postgres.
    pub async fn turned_green(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Turned>, AskingError> {
        let now = self.together(when).await?;
        let mut notes = Vec::new();
        let ends = self.ends((asked.a, asked.b), now, &mut notes).await?;
        let beside = if asked.of == Of::Rating { Beside::Rating } else { Beside::LongDirection };
        let (mut pairs, mut tally) = (Vec::new(), Tally::default());
        let take = |a: Option<Scored<Line>>, b: Scored<Line>| {
            pairs.extend(a.and_then(|a| Pair::of(a, b)).filter(|pair| tally.takes(pair, asked)));
        };
        let touched = self.reader.touched(ends.span()).await?;
        self.at_both((ends, beside), &touched, take).await?;
        let mut redefined: Vec<MeasureId> =
            pairs.iter().filter(|pair| may_be_linked(pair)).map(|pair| pair.measure).collect();
        redefined.dedup();
        let links = self.links(&redefined, ends.b.position).await?;
        let turns = match asked.of {
            Of::Rating => self.by_rating((&pairs, &links), ends, &mut tally).await?,
            Of::Direction => by_direction((&pairs, &links), &mut tally),
        };
        for turn in &turns {
            count(&mut tally.causes, turn.cause);
        }
        let mut rows = self.turned(turns, &links, ends).await?;
        rows.sort_by(|a, b| {
            a.code.cmp(&b.code).then_with(|| a.period.days().cmp(&b.period.days()))
        });
        notes.extend(said(&tally, asked.of));
        Ok(Reply {
            question: "turned-green",
            params: asked,
            as_at: ends.b,
            looked_at: LookedAt {
                measures: number(tally.measures.len()),
                submissions: tally.figures,
                changes: 0,
            },
            rows,
            totals: [("cells", tally.cells), ("by_cause", tally.causes)].into(),
            withheld: 0,
            notes,
        })
    }

    async fn by_rating<'a>(
        &self,
        (pairs, links): (&'a [Pair], &Links),
        ends: Ends,
        tally: &mut Tally,
    ) -> Result<Vec<Turn<'a>>, AskingError> {
        let by_figure = |pair: &&Pair| {
            let sides = sides(pair, links);
            moved(sides) && sides.on_track_by_figure()
        };
        let by_figure: Vec<_> =
            pairs.iter().filter(by_figure).map(|pair| (pair.measure, pair.period)).collect();
        let steps = self.reader.figure_steps(&by_figure, ends.span()).await?;
        let by_figure: BTreeSet<_> = by_figure.into_iter().collect();
        let mut turns = Vec::new();
        for pair in pairs {
            let (sides, cell) = (sides(pair, links), (pair.measure, pair.period));
            if by_figure.contains(&cell) {
                let steps = steps.get(&cell).map_or(&[][..], Vec::as_slice);
                let mut figures = counted_anew(pair, steps);
                if sides.verdict == Some(Verdict::Broken) {
                    figures.extend(redefined(pair, links));
                }
                if figures.is_empty() {
                    count(&mut tally.cells, "explained_by_figure");
                } else {
                    let (cause, sufficient) = (Cause::Restated, Vec::new());
                    turns.push(Turn { pair, cause, sufficient, figures });
                }
                continue;
            }
            let (cause, sufficient) = match sides.sufficient() {
                Sufficient::Alone(inputs) => (Cause::Alone, inputs),
                Sufficient::Joint(inputs) => (Cause::Joint, inputs),
            };
            turns.push(Turn { pair, cause, sufficient, figures: Vec::new() });
        }
        Ok(turns)
    }

    /// The rows of some turns, each with its directions and its grounds.
    async fn turned(
        &self,
        turns: Vec<Turn<'_>>,
        links: &Links,
        ends: Ends,
    ) -> Result<Vec<Turned>, AskingError> {
        let cells: Vec<_> = turns.iter().map(|it| (it.pair.measure, it.pair.period)).collect();
        let (before, after) =
            tokio::try_join!(self.scored(&cells, ends.a), self.scored(&cells, ends.b))?;
        let mut after: HashMap<_, _> = after.into_iter().collect();
        let pair = |(cell, a)| Some((cell, Pair::of(a, after.remove(&cell)?)?));
        let mut whole: HashMap<_, _> = before.into_iter().filter_map(pair).collect();
        let told = |turn: &Turn<'_>| {
            let sides = sides(turn.pair, links);
            let told = turn.sufficient.iter().map(|input| (*input, recorded(sides, *input)));
            let told = told.filter_map(|(input, position)| Some((input, position?)));
            told.filter(|(_, position)| *position > ends.a.position).collect::<Vec<_>>()
        };
        let positions = turns.iter().flat_map(told).map(|(_, position)| position);
        let acts = self.acts.acts(&positions.collect::<Vec<_>>()).await?;
        let row = |turn: Turn<'_>| {
            let pair = whole.remove(&(turn.pair.measure, turn.pair.period))?;
            let because = told(&turn).into_iter().map(|(input, position)| {
                let act = acts.get(&position);
                Because {
                    input: Some(input),
                    position,
                    reason: act.and_then(|act| act.reason.clone()),
                    authority: act.and_then(|act| act.authority.clone()),
                }
            });
            let because = because.collect();
            Some(row(&pair, sides(&pair, links), turn, because))
        };
        Ok(turns.into_iter().filter_map(row).collect())
    }
}

fn row(pair: &Pair, sides: Sides<'_>, turn: Turn<'_>, changes: Vec<Because>) -> Turned {
    let figure = |(position, reason)| Because {
        input: None,
        position,
        reason: Some(reason),
        authority: None,
    };
    let because: Vec<Because> = turn.figures.into_iter().map(figure).chain(changes).collect();
    let (code, title) = named(&pair.b.facts.measure);
    let figures = [place(&pair.a), place(&pair.b)].into_iter().flatten();
    let mut positions: Vec<Position> =
        figures.chain(because.iter().map(|it| it.position)).collect();
    positions.sort_unstable();
    positions.dedup();
    Turned {
        measure: pair.measure,
        code,
        title,
        period: pair.period,
        a: side(&pair.a),
        b: side(&pair.b),
        cause: turn.cause,
        changed: sides.changed(),
        sufficient: turn.sufficient,
        because,
        asserted: pair.b.facts.headline.as_ref().is_some_and(|headline| headline.asserted),
        positions,
    }
}

impl Tally {
    /// Whether a figure turned at all; every one is counted as what it is.
    fn takes(&mut self, pair: &Pair, asked: Asked) -> bool {
        self.measures.insert(pair.measure);
        self.figures = self.figures.saturating_add(1);
        match asked.of {
            Of::Rating => self.turns(pair, asked.include),
            Of::Direction => self.turns_round(pair),
        }
    }

    fn turns(&mut self, pair: &Pair, include: Include) -> bool {
        let rated = |side: &Scored<Line>| matches!(side.rating, Rating::Level(_));
        match (rated(&pair.a), rated(&pair.b)) {
            (true, true) => count(&mut self.cells, "rated_at_both"),
            (true, false) => count(&mut self.cells, "lost_rating"),
            (false, true) => count(&mut self.cells, "rated_at_second_only"),
            (false, false) => {}
        }
        let then = track(&pair.a.rating, pair.a.facts.scale());
        let off = match include {
            Include::OffTrack => then == Some(Track::Off),
            Include::AtRisk => matches!(then, Some(Track::Off | Track::AtRisk)),
        };
        off && track(&pair.b.rating, pair.b.facts.scale()) == Some(Track::On)
    }

    fn turns_round(&mut self, pair: &Pair) -> bool {
        let (a, b) = (pair.a.long_direction, pair.b.long_direction);
        if a != Direction::Unknown && b != Direction::Unknown {
            count(&mut self.cells, "with_a_direction_at_both");
        }
        (a, b) == (Direction::Worse, Direction::Better)
    }
}

/// Where the figure changed between the moments because it is counted in another way.
fn counted_anew(pair: &Pair, steps: &[FigureStep]) -> Vec<(Position, Reason)> {
    let (Some(from), Some(to)) = (place(&pair.a), place(&pair.b)) else { return Vec::new() };
    let within = steps.iter().filter(|it| from < it.position && it.position <= to);
    let start = pair.a.facts.headline.as_ref().and_then(|headline| headline.value);
    let anew = |step: &FigureStep| {
        let reason = step.reason.clone().filter(|reason| counts_anew(reason.code))?;
        Some((step.position, reason))
    };
    contributing(start, within, |step| step.value).into_iter().filter_map(anew).collect()
}

/// Worse became better although both figures compared stand as they stood.
fn by_direction<'a>((pairs, links): (&'a [Pair], &Links), tally: &mut Tally) -> Vec<Turn<'a>> {
    let turn = |pair| {
        let sides = sides(pair, links);
        let year_before = |line: &Line| line.year_earlier.as_ref().and_then(|it| it.value);
        if moved(sides) || !same(sides, year_before(sides.a), year_before(sides.b)) {
            count(&mut tally.cells, "explained_by_figure");
            return None;
        }
        let polarity = sides.changed().into_iter().filter(|input| *input == Input::Polarity);
        let (cause, sufficient) = (Cause::Alone, polarity.collect());
        Some(Turn { pair, cause, sufficient, figures: Vec::new() })
    };
    pairs.iter().filter_map(turn).collect()
}

/// Whether the figure is another one, after its factor.
fn moved(sides: Sides<'_>) -> bool {
    let value = |line: &Line| line.headline.as_ref().and_then(|it| it.value);
    !same(sides, value(sides.a), value(sides.b))
}

fn same(sides: Sides<'_>, a: Option<Quantity>, b: Option<Quantity>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a == b };
    let factor = sides.factor.map_or(rust_decimal::Decimal::ONE, Quantity::decimal);
    same_figure(a.decimal(), b.decimal())
        || a.decimal().checked_mul(factor).is_some_and(|a| same_figure(a, b.decimal()))
}

/// Whether a reason says that the figure is counted in another way.
pub(super) const fn counts_anew(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::DefinitionChange
            | ReasonCode::UnitOrScale
            | ReasonCode::DenominatorUpdate
            | ReasonCode::Rebasing
            | ReasonCode::PriceBase
            | ReasonCode::BoundaryChange
            | ReasonCode::Reclassification
    )
}

/// The definition that the later figure was made under, where it came in between.
fn redefined(pair: &Pair, links: &Links) -> Option<(Position, Reason)> {
    let under = links.made_under(pair.measure, place(&pair.b)?)?;
    (Some(under.position) > place(&pair.a)).then(|| (under.position, under.reason.clone()))
}

/// Whether the figures may have been made under two definitions: the last one came after either.
fn may_be_linked(pair: &Pair) -> bool {
    let last = pair.b.facts.definition.as_ref().map(|it| it.position);
    let first = place(&pair.a).zip(place(&pair.b)).map(|(a, b)| a.min(b));
    last.zip(first).is_some_and(|(last, first)| last > first)
}

fn sides<'a>(pair: &'a Pair, links: &Links) -> Sides<'a> {
    let (a, b) = (&pair.a.facts, &pair.b.facts);
    let places = place(&pair.a).zip(place(&pair.b));
    if !may_be_linked(pair) {
        return Sides { a, b, factor: None, verdict: places.map(|_| Verdict::Same) };
    }
    let linked = places.and_then(|(a, b)| {
        let under = |made_at| links.made_under(pair.measure, made_at).map(|it| it.position);
        links.between(pair.measure, under(a)?, under(b)?)
    });
    let verdict = linked.as_ref().map(|linked| linked.verdict);
    Sides { a, b, factor: linked.and_then(|linked| linked.factor), verdict }
}

fn side(scored: &Scored<Line>) -> Side {
    let facts = &scored.facts;
    let level = facts.level();
    Side {
        value: facts.headline.as_ref().and_then(|headline| headline.value),
        unit: facts.unit().map(str::to_owned),
        target: level.map(|level| level.at),
        rating: scored.rating.clone(),
        long_direction: scored.long_direction,
        position: place(scored),
    }
}

fn place(scored: &Scored<Line>) -> Option<Position> {
    scored.facts.headline.as_ref().map(|headline| headline.position)
}

/// Where the later state of an input was recorded; of what is gone nothing stands any more.
fn recorded(sides: Sides<'_>, input: Input) -> Option<Position> {
    let line = sides.b;
    match input {
        Input::Target => line.target.as_ref().map(|it| it.position),
        Input::Polarity | Input::Unit | Input::Definition => {
            line.definition.as_ref().map(|it| it.position)
        }
        Input::Rule => line.rule.as_ref().map(|it| it.position),
        Input::Treatment => None,
        Input::Override => line.overridden.as_ref().map(|it| it.position),
    }
}

/// What a reader should know of what was not counted.
fn said(tally: &Tally, of: Of) -> Vec<String> {
    let counted = |name: &str| tally.cells.get(name).copied().unwrap_or_default();
    let mut notes = vec![
        "Figures of which nothing was touched between the two moments can't have turned and are \
         not counted."
            .to_owned(),
    ];
    if of == Of::Rating {
        let (both, lost) = (counted("rated_at_both"), counted("lost_rating"));
        let gained = counted("rated_at_second_only");
        notes.push(format!(
            "Looked at {both} cells that were rated at both moments; {lost} lost their rating, \
             {gained} were rated at the second alone."
        ));
    }
    notes
}
