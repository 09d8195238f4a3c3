//! W3: how long after its answer a change is seen in every read model, while 500 come in each second.
//!
//! **Invariant:** what is timed is what a reader would see: the cursor as another connection to Postgres
//! reads it, looked at again and again.

use std::time::{Duration, Instant};

use piperoll_events::Position;
use piperoll_events::ids::MeasureId;
use piperoll_projections::runtime::{Cursor, connect};
use piperoll_projections::{Projection, READ_MODELS, Schema};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::asking::share;
use super::commands::{acting, begin, change, found};
use super::table::{Figure, Goal, Spread};
use super::{BenchError, Wanted, on_a_ledger};
use crate::config::Config;
use crate::ids;
use crate::ledger::Lanes;
use crate::operate::guarding::under_guard;
use crate::operate::projecting;
use crate::operate::site::{Site, SiteError};

/// Between one command and the next: 500 a second.
const EVERY: Duration = Duration::from_millis(2);
/// How long a run takes.
const RUN: Duration = Duration::from_secs(20);
/// Between one look at a cursor and the next.
const LOOK: Duration = Duration::from_millis(1);
/// How long the last change may take to be seen.
const LAST: Duration = Duration::from_secs(30);

/// When a cursor was first seen where.
type Seen = Vec<(Position, Instant)>;

/// Measures W3; the ledger is thrown away at the end.
///
/// # Errors
/// The servers.
pub(super) async fn measure(
    config: &Config,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    say("W3: 500 commands a second, and when they are seen");
    on_a_ledger(config, "benchfreshness", async |site| runs(site, wanted).await).await
}

async fn runs(site: &Site, wanted: &Wanted) -> Result<Vec<Figure>, BenchError> {
    let (ledger, guard) = found(site).await?;
    let measures = begin(&ledger).await?;
    projecting::catch_up(site).await?;
    let (lanes, pump) = Lanes::over(ledger, wanted.terms);
    let work = async {
        let mut projectors = JoinSet::new();
        for model in READ_MODELS {
            let site = site.clone();
            projectors.spawn(async move { projecting::keep_up(&site, *model).await });
        }
        let mut shares = [const { Vec::new() }; 3];
        for _ in 0..wanted.runs {
            let took = run(site, &lanes, &measures).await?;
            for (share_of, at) in shares.iter_mut().zip([500, 990, 999]) {
                share_of.push(share(&took, at));
            }
        }
        drop(lanes);
        projectors.shutdown().await;
        Ok::<_, BenchError>(shares)
    };
    let both = async { tokio::join!(work, pump.run()).0 };
    let [p50, p99, p999] = under_guard(site, &guard, both).await?;
    let figure = |of: &str, runs, goal| Figure {
        of: format!("W3 from the answer to all read models: {of}"),
        unit: "ms",
        spread: Spread::of(runs),
        goal,
    };
    Ok(vec![
        figure("p50", p50, None),
        figure("p99", p99, Some(Goal::AtMost(50.0))),
        figure("p99.9", p999, None),
    ])
}

/// How many milliseconds passed between each answer and the slowest read model.
async fn run(site: &Site, lanes: &Lanes, measures: &[MeasureId]) -> Result<Vec<f64>, BenchError> {
    let (until, last) = watch::channel(None);
    let mut looking = JoinSet::new();
    for model in READ_MODELS {
        looking.spawn(look(site.clone(), *model, last.clone()));
    }
    let answered = ask(lanes, measures).await?;
    until.send_replace(answered.iter().map(|(position, _)| *position).max());
    let mut seen: Vec<Seen> = Vec::new();
    while let Some(looked) = looking.join_next().await {
        seen.push(looked.map_err(std::io::Error::other)??);
    }
    let lag = |(position, at): &(Position, Instant)| {
        let first = |seen: &Seen| {
            let index = seen.partition_point(|(reached, _)| reached < position);
            seen.get(index).map(|(_, when)| when.duration_since(*at))
        };
        let slowest: Option<Duration> =
            seen.iter().map(first).collect::<Option<Vec<_>>>()?.into_iter().max();
        slowest.map(|lag| lag.as_secs_f64() * 1_000.0)
    };
    let mut lags: Vec<f64> = answered.iter().filter_map(lag).collect();
    if lags.len() < answered.len() {
        return Err(std::io::Error::other("a read model did not follow within 30 s").into());
    }
    lags.sort_by(f64::total_cmp);
    Ok(lags)
}

/// Asks at a steady pace, whether or not what was asked before is answered; the answers with their
/// times.
async fn ask(
    lanes: &Lanes,
    measures: &[MeasureId],
) -> Result<Vec<(Position, Instant)>, BenchError> {
    let actor = ids::actor_id()?;
    let (begun, mut ticks) = (Instant::now(), tokio::time::interval(EVERY));
    let mut asking = JoinSet::new();
    for (n, measure) in (0_u64..).zip(measures.iter().cycle()) {
        ticks.tick().await;
        if begun.elapsed() >= RUN {
            break;
        }
        // Another value than any run's before it.
        let value = ids::random::<4>().map(u32::from_le_bytes)?;
        let (request, acting) =
            (change(*measure, u64::from(value).wrapping_add(n))?, acting(actor)?);
        let lanes = lanes.clone();
        asking.spawn(async move {
            let answer = lanes.execute(request, acting).await?;
            Ok::<_, BenchError>((answer.position, Instant::now()))
        });
    }
    let mut answered = Vec::new();
    while let Some(one) = asking.join_next().await {
        answered.push(one.map_err(std::io::Error::other)??);
    }
    Ok(answered)
}

/// When the cursor of a read model was seen where, until it has reached the last position.
async fn look(
    site: Site,
    model: &'static dyn Projection,
    last: watch::Receiver<Option<Position>>,
) -> Result<Seen, BenchError> {
    let link = connect(site.config.postgres_url().map_err(SiteError::from)?).await?;
    let schema = Schema::live(&site.name, model);
    let (mut seen, mut since): (Seen, Option<Instant>) = (Vec::new(), None);
    loop {
        let reached = Cursor::read(&*link, &schema).await?.position;
        if seen.last().is_none_or(|(before, _)| *before < reached) {
            seen.push((reached, Instant::now()));
        }
        if let Some(last) = *last.borrow() {
            let since = *since.get_or_insert_with(Instant::now);
            if reached >= last || since.elapsed() > LAST {
                return Ok(seen);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
