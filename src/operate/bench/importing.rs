//! W6: a plan's files checked and recorded, durable and signed.

use std::time::Instant;

use super::machine::{forget_peak, most_memory_mb};
use super::table::{Figure, Goal, Spread, count};
use super::{BenchError, throw_away};
use crate::moving::record::{Progress, Receipt, Told};
use crate::operate::moving_in::{Half, MoveIn};
use crate::operate::site::Site;

/// Whether the goals are asked of these rows: a real set is too small to come up to speed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goals {
    Asked,
    NotAsked,
}

/// Moves a body in, throws it away, and again; the last time it stays.
pub(super) async fn measure(
    site: &Site,
    read: impl Fn() -> Result<MoveIn, BenchError>,
    runs: usize,
    goals: Goals,
) -> Result<Vec<Figure>, BenchError> {
    let (mut checked, mut recorded, mut memory, mut rows) = (vec![], vec![], vec![], 0);
    for _ in 0..runs {
        throw_away(site).await?;
        forget_peak();
        let began = Instant::now();
        let moving = read()?;
        let reading = began.elapsed();
        let mut last = None;
        let mut progress = |_: Progress<'_>| last = Some(Instant::now());
        let mut receipt = |_: Receipt| ();
        let told = Told { progress: &mut progress, receipt: &mut receipt };
        let (_, summary) = moving.run(&site.config, Half::GoOn, "bench", told).await?;
        // The read models, which catch up when all is recorded, are W2's.
        let whole = last.map_or(began.elapsed(), |at| at.duration_since(began));
        rows = summary.files.iter().map(|file| file.rows.read).sum();
        let per_second = |seconds: f64| count(rows) / seconds.max(1e-9);
        checked.push(per_second(reading.as_secs_f64()));
        recorded.push(per_second(whole.as_secs_f64()));
        memory.push(most_memory_mb());
    }
    let figure = |of: &str, unit, runs, goal: Option<Goal>| Figure {
        of: format!("W6 {of} ({rows} rows of `{}`)", site.name),
        unit,
        spread: Spread::of(runs),
        goal: goal.filter(|_| goals == Goals::Asked),
    };
    Ok(vec![
        figure("checked", "rows/s", checked, None),
        figure("validated and recorded", "rows/s", recorded, Some(Goal::AtLeast(20_000.0))),
        figure("memory, at most", "MB", memory, Some(Goal::AtMost(200.0))),
    ])
}
