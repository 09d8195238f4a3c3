//! W2: every read model from zero, side by side and each alone, rebuilt and caught up live, against
//! reading alone and against COPY of the same rows.

use std::time::Instant;

use futures::{SinkExt, TryStreamExt};
use piperoll_events::Position;
use piperoll_projections::runtime::{Begun, Comparison, Old, Progress, Start, Verdict, connect};
use piperoll_projections::{Projection, READ_MODELS, Schema};
use tokio::sync::watch;
use tokio_postgres::{Client, CopyInSink};

use super::BenchError;
use super::machine::{forget_peak, most_memory_mb};
use super::table::{Figure, Goal, Spread, count};
use crate::ledger::Until;
use crate::operate::projecting::{self, How, Overseer};
use crate::operate::site::{Site, SiteError};

/// How long one rebuild took, in seconds.
struct Took {
    /// Until rows and indexes stood.
    building: f64,
    /// Until they had been compared and swapped too.
    whole: f64,
    memory_mb: f64,
}

/// What was measured, run by run.
#[derive(Default)]
struct Runs {
    rebuilt: Vec<f64>,
    whole: Vec<f64>,
    memory: Vec<f64>,
    alone: Vec<Vec<f64>>,
    live: Vec<f64>,
    live_memory: Vec<f64>,
    read: Vec<f64>,
    copied: Vec<f64>,
    shares: Vec<f64>,
}

/// All of it in turn, so that each meets the machine in the same minute.
pub(super) async fn measure(site: &Site, runs: usize) -> Result<Vec<Figure>, BenchError> {
    let events = count(site.source().await?.stream.head().await.map_err(SiteError::from)?.0);
    let mut all = Runs { alone: vec![Vec::new(); READ_MODELS.len()], ..Runs::default() };
    for _ in 0..runs {
        let took = rebuild(site, READ_MODELS).await?;
        all.rebuilt.push(events / took.building);
        all.whole.push(events / took.whole);
        all.memory.push(took.memory_mb);
        for (model, alone) in READ_MODELS.iter().zip(&mut all.alone) {
            alone.push(events / rebuild(site, &[*model]).await?.building);
        }
        let (seconds, memory_mb) = catch_up(site).await?;
        all.live.push(events / seconds);
        all.live_memory.push(memory_mb);
        all.read.push(events / read_alone(site).await?);
        let copy = copy_alone(site).await?;
        all.copied.push(events / copy);
        all.shares.push(copy / took.building);
    }
    Ok(figures(all, events))
}

fn figures(all: Runs, events: f64) -> Vec<Figure> {
    let figure = |of: &str, unit, runs, goal: Option<Goal>| Figure {
        of: format!("W2 {of} ({events} events)"),
        unit,
        spread: Spread::of(runs),
        goal,
    };
    let least = |goal| Some(Goal::AtLeast(goal));
    let rate = "events/s";
    let mut figures = vec![
        figure("all read models rebuilt, indexes included", rate, all.rebuilt, least(100_000.0)),
        figure("the same, compared and swapped", rate, all.whole, None),
        figure("rebuilding, memory at most", "MB", all.memory, None),
    ];
    for (model, alone) in READ_MODELS.iter().zip(all.alone) {
        figures.push(figure(&format!("{} rebuilt alone", model.name()), rate, alone, None));
    }
    figures.extend([
        figure("all caught up live, indexes in place", rate, all.live, least(40_000.0)),
        figure("catching up, memory at most", "MB", all.live_memory, None),
        figure("ceiling: reading, checking, decoding", rate, all.read, None),
        figure("ceiling: COPY of the same rows", rate, all.copied, None),
        figure("rebuild as a share of COPY", "of 1", all.shares, least(0.5)),
    ]);
    figures
}

/// Nobody looks on, and every rebuild is swapped in.
struct Quiet;

impl Overseer for Quiet {
    fn begun(&self, _: &'static dyn Projection, _: &Begun) {}
    fn progress(&self, _: &'static dyn Projection, _: Progress) {}
    fn judge(&self, _: &'static dyn Projection, _: &Comparison) -> Verdict {
        Verdict::Swap
    }
}

async fn rebuild(site: &Site, models: &[&'static dyn Projection]) -> Result<Took, BenchError> {
    let (_cancelling, cancel) = watch::channel(false);
    let how = How { start: Start::Anew, old: Old::Dropped, cancel };
    forget_peak();
    let began = Instant::now();
    let mut building: f64 = 0.0;
    for (_, rebuilt) in projecting::rebuild(site, models, how, &Quiet).await? {
        let rebuilt = rebuilt?;
        building = building.max(rebuilt.loading.saturating_add(rebuilt.indexing).as_secs_f64());
    }
    let whole = began.elapsed().as_secs_f64();
    Ok(Took { building, whole, memory_mb: most_memory_mb() })
}

/// Every read model from nothing with its indexes in place, as a projector does that was down.
async fn catch_up(site: &Site) -> Result<(f64, f64), BenchError> {
    projecting::forget(site).await?;
    forget_peak();
    let began = Instant::now();
    projecting::catch_up(site).await?;
    Ok((began.elapsed().as_secs_f64(), most_memory_mb()))
}

async fn read_alone(site: &Site) -> Result<f64, BenchError> {
    let source = site.source().await?;
    let began = Instant::now();
    let mut following = source.follow(Position::START, Until::Head);
    while let Some(batch) = following.next().await {
        std::hint::black_box(batch?);
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Copies every table's rows into an empty twin without indexes.
async fn copy_alone(site: &Site) -> Result<f64, BenchError> {
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let link = connect(url).await.map_err(SiteError::Postgres)?;
    let client: &Client = &link;
    let mut seconds = 0.0;
    for model in READ_MODELS {
        let live = Schema::live(&site.name, *model);
        let twin = format!("{live}_twin");
        client
            .batch_execute(&format!("drop schema if exists {twin} cascade; create schema {twin}"))
            .await?;
        let text =
            "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
            where relkind = 'r' and nspname = $1 order by 1";
        for row in client.query(text, &[&live.as_str()]).await? {
            let table: String = row.try_get(0)?;
            seconds += copy(client, live.as_str(), &twin, &table).await?;
        }
        client.batch_execute(&format!("drop schema {twin} cascade")).await?;
    }
    Ok(seconds)
}

async fn copy(client: &Client, from: &str, to: &str, table: &str) -> Result<f64, BenchError> {
    let out = client.copy_out(&format!("copy {from}.{table} to stdout (format binary)")).await?;
    let chunks: Vec<bytes::Bytes> = out.try_collect().await?;
    client.batch_execute(&format!("create table {to}.{table} (like {from}.{table})")).await?;
    let began = Instant::now();
    let sink: CopyInSink<bytes::Bytes> =
        client.copy_in(&format!("copy {to}.{table} from stdin (format binary)")).await?;
    let mut sink = std::pin::pin!(sink);
    for chunk in chunks {
        sink.feed(chunk).await?;
    }
    sink.finish().await?;
    Ok(began.elapsed().as_secs_f64())
}
