//! W4: one figure, one series, one scorecard of 400 measures, every cell, at random moments, in
//! SQL.

use std::time::Instant;

use piperoll_events::ids::MeasureId;
use piperoll_events::{Period, Position};
use piperoll_projections::scorecard::{Filter, Reader};

use super::BenchError;
use super::invented::Size;
use super::planted::Planted;
use super::table::{Figure, Goal, Spread};
use crate::asking::answer::AskingError;

/// The calendar year of the first period; it begins in April.
pub(super) const FIRST_YEAR: u16 = 2010;
/// Measures of a scorecard.
const BOARD: usize = 400;

/// How long answers took.
pub(super) struct Answers {
    pub(super) figures: Vec<Figure>,
    /// A scorecard's p50, the median of the runs.
    pub(super) board_ms: f64,
}

/// The reference period `n` months after the first.
pub(super) fn month(n: u32) -> Option<Period> {
    let months = n.checked_add(3)?;
    let year = u16::try_from(months / 12).ok()?.checked_add(FIRST_YEAR)?;
    Period::month(year, u8::try_from(months % 12).ok()?.checked_add(1)?).ok()
}

pub(super) async fn measure(
    reader: &Reader,
    planted: &Planted,
    size: Size,
    runs: usize,
) -> Result<Answers, BenchError> {
    let head = reader.cursor().await?.position;
    let mut lines = reader.measures(head, &Filter::default()).await?;
    // Neighbours on a scorecard are neighbours in the plan, not by their ids.
    lines.sort_by_key(|line| line.position);
    let measures: Vec<MeasureId> = lines.iter().map(|line| line.measure).collect();
    let asked = Asked { reader, planted, head, measures: &measures };
    let (mut figures, mut board_ms) = (Vec::new(), f64::NAN);
    for (of, kind, questions, goal) in [
        ("one figure with its versions", Kind::Figure, 200, None),
        ("one series", Kind::Series, 200, None),
        ("a scorecard of 400 measures", Kind::Board, 200, Some(Goal::AtMost(6.0))),
        ("the latest of 400 measures", Kind::Latest, 200, Some(Goal::AtMost(6.0))),
        ("every cell of the ledger", Kind::Cells, 3, None),
    ] {
        // The first run warms the caches and is not counted.
        asked.run(kind, questions, 0).await?;
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for run in 1..=u64::try_from(runs).unwrap_or(1) {
            let mut times = asked.run(kind, questions, run).await?;
            times.sort_by(f64::total_cmp);
            p50.push(share(&times, 500));
            p99.push(share(&times, 990));
        }
        let figure = |share: &str, runs, goal| Figure {
            of: format!("W4 {of}, {share} ({} versions)", size.rows()),
            unit: "ms",
            spread: Spread::of(runs),
            goal,
        };
        let p50 = figure("p50", p50, None);
        if kind == Kind::Board {
            board_ms = p50.spread.median;
        }
        figures.extend([p50, figure("p99", p99, goal)]);
    }
    Ok(Answers { figures, board_ms })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Figure,
    Series,
    Board,
    Latest,
    Cells,
}

struct Asked<'a> {
    reader: &'a Reader,
    planted: &'a Planted,
    head: Position,
    measures: &'a [MeasureId],
}

/// One question, drawn.
struct Question {
    at: Position,
    period: Option<Period>,
    measure: MeasureId,
    board: Filter,
}

impl Asked<'_> {
    async fn run(&self, kind: Kind, questions: u64, run: u64) -> Result<Vec<f64>, BenchError> {
        let mut times = Vec::new();
        for n in 0..questions {
            let draw = scatter(run.saturating_mul(questions).saturating_add(n));
            let Some(question) = self.question(draw) else { continue };
            let began = Instant::now();
            self.ask(kind, question).await?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }

    fn question(&self, draw: u64) -> Option<Question> {
        let at = Position(draw.checked_rem(self.head.0)?.checked_add(1)?);
        let periods = self.planted.periods(at);
        let period = month(u32::try_from(scatter(draw).checked_rem(periods.into())?).ok()?);
        let pick = scatter(scatter(draw)).checked_rem(u64::try_from(self.measures.len()).ok()?)?;
        let from = self.measures.iter().copied().cycle().skip(usize::try_from(pick).ok()?);
        let measures: Vec<_> = from.take(BOARD.min(self.measures.len())).collect();
        let measure = *measures.first()?;
        let board = Filter { measures: Some(measures), ..Filter::default() };
        Some(Question { at, period, measure, board })
    }

    async fn ask(&self, kind: Kind, question: Question) -> Result<(), AskingError> {
        let Question { at, period, measure, board } = question;
        match kind {
            Kind::Figure => drop(self.reader.submission(measure, period, at).await?),
            Kind::Series => drop(self.reader.series(measure, at).await?),
            Kind::Board => drop(self.reader.scorecard(at, period, &board).await?),
            Kind::Latest => drop(self.reader.scorecard(at, None, &board).await?),
            Kind::Cells => {
                let mut cells = 0_u64;
                let count = |_| cells = cells.saturating_add(1);
                self.reader.all_cells(at, count).await?;
                std::hint::black_box(cells);
            }
        }
        Ok(())
    }
}

pub(super) fn share(sorted: &[f64], per_mille: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = last.saturating_mul(per_mille).checked_div(1_000).unwrap_or(0);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The same number for the same draw, and no pattern between neighbours (`SplitMix64`).
pub(super) const fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
