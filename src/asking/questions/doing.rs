//! How a measure was doing as at a moment, in its last period with a figure and those before it.

use piperoll_events::ids::MeasureId;
use piperoll_events::rating::Track;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::{Period, Position, Quantity};
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Headline, Line};
use schemars::JsonSchema;
use serde::Serialize;

use super::cells::track;
use crate::asking::answer::{AskingError, Desk, Scored};
use crate::asking::moment::AsAt;

/// How a measure was doing just before.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DroppedBefore")]
pub struct Before {
    /// The last period with a figure.
    pub period: Option<Period>,
    /// That figure.
    pub figure: Option<Quantity>,
    /// Its unit.
    pub unit: Option<String>,
    /// How it was rated.
    pub rating: Rating,
    /// Whether it was off track; absent: it had no level.
    pub was_off_track: Option<bool>,
    /// How many periods in a row, up to that one, were off track.
    pub off_track_periods: u64,
    /// Why the last period had no figure, where that was declared.
    pub no_figure: Option<NoValue>,
    /// Where the figure was recorded.
    pub position: Option<Position>,
}

/// How many of its last periods are looked at first: most measures have one there that was not off
/// track.
const FIRST_LOOK: usize = 4;

impl Desk {
    /// How measures were doing, each at a position of its own.
    pub(super) async fn doing(
        &self,
        asked: &[(MeasureId, Position)],
        as_at: AsAt,
    ) -> Result<Vec<Before>, AskingError> {
        let periods = self.reader.periods_then(asked).await?;
        let mut walks: Vec<Walk> = periods.into_iter().map(Walk::back_from).collect();
        let mut look = FIRST_LOOK;
        loop {
            let each = walks.iter_mut().zip(asked);
            let cells: Vec<Vec<_>> = each
                .map(|(walk, (measure, at))| {
                    walk.next(look).into_iter().map(|period| (*measure, period, *at)).collect()
                })
                .collect();
            if cells.iter().all(Vec::is_empty) {
                return Ok(walks.into_iter().map(Walk::ends).collect());
            }
            let mut lines = self.rated_then(&cells.concat(), as_at).await?.into_iter();
            for (walk, cells) in walks.iter_mut().zip(&cells) {
                lines.by_ref().take(cells.len()).flatten().for_each(|line| walk.take(line));
            }
            look = look.saturating_mul(4);
        }
    }
}

/// A measure's periods gone back through, until one was not off track.
struct Walk {
    /// Those not looked at yet, the latest last.
    ahead: Vec<Period>,
    /// Of the last period with something to say.
    said: Option<Headline>,
    /// The last with a figure.
    last: Option<Scored<Line>>,
    in_a_row: u64,
    over: bool,
}

impl Walk {
    const fn back_from(periods: Vec<Period>) -> Self {
        Self { ahead: periods, said: None, last: None, in_a_row: 0, over: false }
    }

    /// The next periods to look at, the latest first.
    fn next(&mut self, look: usize) -> Vec<Period> {
        if self.over {
            return Vec::new();
        }
        let rest = self.ahead.len().saturating_sub(look);
        self.ahead.split_off(rest).into_iter().rev().collect()
    }

    fn take(&mut self, line: Scored<Line>) {
        let Some(headline) = &line.facts.headline else { return };
        self.said.get_or_insert_with(|| headline.clone());
        if headline.value.is_none() || self.over {
            return;
        }
        if track(&line.rating, line.facts.scale()) == Some(Track::Off) {
            self.in_a_row = self.in_a_row.saturating_add(1);
        } else {
            self.over = true;
        }
        self.last.get_or_insert(line);
    }

    fn ends(self) -> Before {
        let last = self.last.as_ref();
        let headline = last.and_then(|it| it.facts.headline.as_ref());
        let level = last.and_then(|it| track(&it.rating, it.facts.scale()));
        Before {
            period: last.and_then(|it| it.facts.period),
            figure: headline.and_then(|it| it.value),
            unit: last.and_then(|it| it.facts.unit()).map(str::to_owned),
            rating: last.map_or(Rating::NoFigure, |it| it.rating.clone()),
            was_off_track: level.map(|track| track == Track::Off),
            off_track_periods: self.in_a_row,
            no_figure: self.said.and_then(|said| said.no_value),
            position: headline.map(|it| it.position),
        }
    }
}
