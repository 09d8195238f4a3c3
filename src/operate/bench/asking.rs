//! W4: one cell, one series, one scorecard of 400 measures, at random moments, in SQL.

use std::time::Instant;

use piperoll_events::ids::MeasureId;
use piperoll_events::{Period, Position};
use piperoll_projections::Schema;
use piperoll_projections::runtime::pool;
use piperoll_projections::scorecard::{Filter, Reader, Scorecard};

use super::BenchError;
use super::invented::Invented;
use super::table::{Figure, Goal, Spread};
use crate::asking::answer::AskingError;
use crate::operate::site::{Site, SiteError};

/// Questions of each kind in a run.
const QUESTIONS: u64 = 200;
/// Measures of a scorecard.
const BOARD: usize = 400;

pub(super) async fn measure(
    site: &Site,
    invented: &Invented,
    runs: usize,
) -> Result<Vec<Figure>, BenchError> {
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let pool = pool(url, 1).map_err(AskingError::from)?;
    let reader = Reader::new(pool, Schema::live(&site.name, &Scorecard));
    let head = reader.cursor().await.map_err(AskingError::from)?.position;
    let lines = reader.measures(head, &Filter::default()).await.map_err(AskingError::from)?;
    let measures: Vec<MeasureId> = lines.iter().map(|line| line.measure).collect();
    let asked =
        Asked { reader: &reader, head, measures: &measures, periods: invented.size.periods };
    let mut figures = Vec::new();
    for (of, kind, goal) in [
        ("one figure with its versions", Kind::Figure, None),
        ("one series of 120 periods", Kind::Series, None),
        ("a scorecard of 400 measures", Kind::Board, Some(Goal::AtMost(6.0))),
    ] {
        // The first run warms the caches and is not counted.
        asked.run(kind, 0).await?;
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for run in 0..runs {
            let mut times =
                asked.run(kind, u64::try_from(run).unwrap_or(0).saturating_add(1)).await?;
            times.sort_by(f64::total_cmp);
            p50.push(share(&times, 50));
            p99.push(share(&times, 99));
        }
        let rows = invented.size.rows();
        let figure =
            |of: String, runs, goal| Figure { of, unit: "ms", spread: Spread::of(runs), goal };
        figures.push(figure(format!("W4 {of}, p50 ({rows} versions)"), p50, None));
        figures.push(figure(format!("W4 {of}, p99"), p99, goal));
    }
    Ok(figures)
}

#[derive(Clone, Copy)]
enum Kind {
    Figure,
    Series,
    Board,
}

struct Asked<'a> {
    reader: &'a Reader,
    head: Position,
    measures: &'a [MeasureId],
    periods: u32,
}

impl Asked<'_> {
    async fn run(&self, kind: Kind, run: u64) -> Result<Vec<f64>, BenchError> {
        let mut times = Vec::new();
        for n in 0..QUESTIONS {
            let draw = scatter(run.saturating_mul(QUESTIONS).saturating_add(n));
            let at = Position(draw.checked_rem(self.head.0.max(1)).unwrap_or(0).saturating_add(1));
            let first = usize::try_from(scatter(draw)).unwrap_or(0);
            let pick = first.checked_rem(self.measures.len().max(1)).unwrap_or(0);
            let Some(measure) = self.measures.get(pick).copied() else { continue };
            let began = Instant::now();
            self.ask(kind, measure, pick, at, draw).await?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }

    async fn ask(
        &self,
        kind: Kind,
        measure: MeasureId,
        pick: usize,
        at: Position,
        draw: u64,
    ) -> Result<(), AskingError> {
        let month =
            u32::try_from(draw.checked_rem(u64::from(self.periods)).unwrap_or(0)).unwrap_or(0);
        let year = u16::try_from(2010_u32.saturating_add(month / 12)).unwrap_or(2010);
        let month = u8::try_from(month % 12).unwrap_or(0).saturating_add(1);
        let period = Period::month(year, month).ok();
        match kind {
            Kind::Figure => drop(self.reader.submission(measure, period, at).await?),
            Kind::Series => drop(self.reader.series(measure, at).await?),
            Kind::Board => {
                let measures: Vec<_> = self
                    .measures
                    .iter()
                    .cycle()
                    .skip(pick)
                    .take(BOARD.min(self.measures.len()))
                    .copied()
                    .collect();
                let filter = Filter { measures: Some(measures), ..Filter::default() };
                drop(self.reader.scorecard(at, period, &filter).await?);
            }
        }
        Ok(())
    }
}

fn share(sorted: &[f64], per_cent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = last.saturating_mul(per_cent).checked_div(100).unwrap_or(0);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The same number for the same draw, and no pattern between neighbours (`SplitMix64`).
const fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
