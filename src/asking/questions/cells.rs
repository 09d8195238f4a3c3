//! The same figures at two moments, each with what rated it then.
//!
//! **Invariant:** figures of which nothing was touched in between are left out: they stand as they
//! stood.

use futures::TryStreamExt;
use futures::stream::FuturesOrdered;
use piperoll_events::ids::MeasureId;
use piperoll_events::rating::{RatingRule, Scale, Track};
use piperoll_events::{Period, Position};
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::history::Span;
use piperoll_projections::scorecard::touched::Touched;
use piperoll_projections::scorecard::{Beside, Line};
use schemars::JsonSchema;
use serde::Serialize;

use crate::asking::answer::{AskingError, Desk, Scored, score};
use crate::asking::moment::{AsAt, Moment, When};

/// Two moments, the earlier first.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) a: AsAt,
    pub(super) b: AsAt,
}

impl Ends {
    /// What was recorded between them.
    pub(super) const fn span(self) -> Span {
        Span { after: self.a.position, upto: self.b.position }
    }
}

/// One figure at two moments.
pub(super) struct Pair {
    pub(super) measure: MeasureId,
    pub(super) period: Period,
    pub(super) a: Scored<Line>,
    pub(super) b: Scored<Line>,
}

impl Pair {
    pub(super) fn of(a: Scored<Line>, b: Scored<Line>) -> Option<Self> {
        Some(Self { measure: b.facts.measure.measure, period: b.facts.period?, a, b })
    }
}

/// Figures are looked up so many at a time: a large ledger takes no more memory than a small one.
const AT_ONCE: usize = 2_000;
/// While some are rated, others are looked up.
const AHEAD: usize = 2;

/// Said where the moments came the wrong way round.
const SWAPPED: &str = "The second moment was the earlier one; the two were swapped.";

impl Desk {
    /// The moments meant, neither later than `upto`; and whether they had to be swapped.
    pub(super) async fn ends(
        &self,
        (a, b): (Moment, Moment),
        upto: AsAt,
        notes: &mut Vec<String>,
    ) -> Result<Ends, AskingError> {
        let (a, b) = (self.moment(a, upto, notes).await?, self.moment(b, upto, notes).await?);
        if b.position < a.position {
            notes.push(SWAPPED.to_owned());
            return Ok(Ends { a: b, b: a });
        }
        Ok(Ends { a, b })
    }

    /// The moment meant, no later than `upto`; where that is earlier, it is said.
    pub(super) async fn moment(
        &self,
        moment: Moment,
        upto: AsAt,
        notes: &mut Vec<String>,
    ) -> Result<AsAt, AskingError> {
        let found = self.resolve(When::from(moment)).await?;
        if found.position <= upto.position {
            return Ok(found);
        }
        notes.push(format!(
            "{moment} is later than what was asked for: position {} was taken in its place.",
            upto.position
        ));
        Ok(upto)
    }

    /// Every one of these figures as it was told at both moments; at the first there may have been no
    /// such measure.
    pub(super) async fn at_both(
        &self,
        (ends, beside): (Ends, Beside),
        cells: &[Touched],
        mut take: impl FnMut(Option<Scored<Line>>, Scored<Line>),
    ) -> Result<(), AskingError> {
        let (mut parts, mut ahead) = (cells.chunks(AT_ONCE), FuturesOrdered::new());
        loop {
            while ahead.len() < AHEAD
                && let Some(part) = parts.next()
            {
                ahead.push_back(self.reader.lines_at_both(ends.span(), part, beside));
            }
            let Some(lines) = ahead.try_next().await? else { return Ok(()) };
            for (a, b) in lines {
                let a = a.map(|line| score(line, ends.a.instant));
                if let Some(b) = b {
                    take(a, score(b, ends.b.instant));
                }
            }
        }
    }

    /// Some figures as they stood, scored.
    pub(in crate::asking) async fn scored(
        &self,
        cells: &[(MeasureId, Period)],
        as_at: AsAt,
    ) -> Result<Vec<((MeasureId, Period), Scored<Line>)>, AskingError> {
        let lines = self.reader.lines(as_at.position, cells).await?;
        let scored = |line: Line| {
            let cell = (line.measure.measure, line.period?);
            Some((cell, score(line, as_at.instant)))
        };
        Ok(lines.into_iter().filter_map(scored).collect())
    }

    /// Some figures, each as it was rated at a position of its own; none where there was no such
    /// measure. Their directions are not looked up.
    pub(super) async fn rated_then(
        &self,
        cells: &[(MeasureId, Period, Position)],
        as_at: AsAt,
    ) -> Result<Vec<Option<Scored<Line>>>, AskingError> {
        let mut rated = Vec::with_capacity(cells.len());
        self.each_rated_then(cells, as_at, |line| rated.push(line)).await?;
        Ok(rated)
    }

    /// As [`Self::rated_then`], one after the other.
    pub(super) async fn each_rated_then(
        &self,
        cells: &[(MeasureId, Period, Position)],
        as_at: AsAt,
        mut take: impl FnMut(Option<Scored<Line>>),
    ) -> Result<(), AskingError> {
        let (mut parts, mut ahead) = (cells.chunks(AT_ONCE), FuturesOrdered::new());
        loop {
            while ahead.len() < AHEAD
                && let Some(part) = parts.next()
            {
                ahead.push_back(self.reader.lines_then(part, Beside::Rating));
            }
            let Some(lines) = ahead.try_next().await? else { return Ok(()) };
            for line in lines {
                take(line.map(|line| score(line, as_at.instant)));
            }
        }
    }
}

/// Whether a rating counts as on track, by a body's own scale; none where it is no level of it.
pub(super) fn track(rating: &Rating, scale: Option<&Scale>) -> Option<Track> {
    let Rating::Level(code) = rating else { return None };
    let level = scale?.levels.iter().find(|level| level.code == *code)?;
    Some(level.track)
}

/// Which of two levels stands better on a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// The second is the better one.
    Better,
    /// The first is.
    Worse,
    /// They are the same, or not on the scale.
    Same,
}

pub(super) fn compared(first: &Rating, second: &Rating, scale: Option<&Scale>) -> Compared {
    let place = |rating: &Rating| {
        let Rating::Level(code) = rating else { return None };
        scale?.levels.iter().position(|level| level.code == *code)
    };
    match place(first).zip(place(second)) {
        Some((first, second)) if second < first => Compared::Better,
        Some((first, second)) if second > first => Compared::Worse,
        _ => Compared::Same,
    }
}

pub(super) fn rule(line: &Line) -> Option<&RatingRule> {
    line.rule.as_ref()?.rule.as_ref()
}
