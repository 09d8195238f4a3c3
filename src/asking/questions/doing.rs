//! How a measure was doing as at a moment, in its last period with a figure and those before it.

use piperoll_events::ids::MeasureId;
use piperoll_events::rating::Track;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::{Period, Position, Quantity};
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Line, SeriesPoint};
use schemars::JsonSchema;
use serde::Serialize;

use super::cells::track;
use super::number;
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

impl Desk {
    /// How a measure was doing, period by period.
    pub(super) async fn doing(
        &self,
        measure: MeasureId,
        series: &[SeriesPoint],
        as_at: AsAt,
    ) -> Result<Before, AskingError> {
        let cells: Vec<_> = series.iter().map(|point| (measure, point.period)).collect();
        let scored = self.scored(&cells, as_at).await?;
        let with_figure = |scored: &&Scored<Line>| {
            scored.facts.headline.as_ref().is_some_and(|it| it.value.is_some())
        };
        let told: Vec<&Scored<Line>> =
            scored.iter().map(|(_, scored)| scored).filter(with_figure).collect();
        let off = |scored: &&&Scored<Line>| {
            track(&scored.rating, scored.facts.scale()) == Some(Track::Off)
        };
        let in_a_row = told.iter().rev().take_while(off).count();
        let last = told.last();
        let headline = last.and_then(|it| it.facts.headline.as_ref());
        let definition = last.and_then(|it| it.facts.definition.as_ref());
        let declared = series.last().and_then(|point| point.headline.no_value);
        let level = last.and_then(|it| track(&it.rating, it.facts.scale()));
        Ok(Before {
            period: last.and_then(|it| it.facts.period),
            figure: headline.and_then(|it| it.value),
            unit: definition.and_then(|it| it.unit.clone()),
            rating: last.map_or(Rating::NoFigure, |it| it.rating.clone()),
            was_off_track: level.map(|track| track == Track::Off),
            off_track_periods: number(in_a_row),
            no_figure: declared,
            position: headline.map(|it| it.position),
        })
    }
}
