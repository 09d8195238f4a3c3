//! W2: every read model from zero, against reading alone and against COPY of the same rows.

use std::time::Instant;

use futures::{SinkExt, TryStreamExt};
use piperoll_events::Position;
use piperoll_projections::runtime::{Comparison, Progress, Verdict, connect};
use piperoll_projections::{READ_MODELS, Schema};
use tokio::sync::watch;
use tokio_postgres::{Client, CopyInSink};

use super::BenchError;
use super::machine::{forget_peak, most_memory_mb};
use super::table::{Figure, Goal, Spread, count};
use crate::ledger::Until;
use crate::operate::projecting;
use crate::operate::site::{Site, SiteError};

/// Rebuild, read, copy: in turn, so that each meets the machine in the same minute.
pub(super) async fn measure(site: &Site, runs: usize) -> Result<Vec<Figure>, BenchError> {
    let events = count(site.source().await?.stream.head().await.map_err(SiteError::from)?.0);
    let (mut rebuilt, mut whole, mut memory) = (vec![], vec![], vec![]);
    let (mut read, mut copied, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..runs {
        forget_peak();
        let began = Instant::now();
        let mut building = 0.0;
        for model in READ_MODELS {
            let (_, cancelled) = watch::channel(false);
            let quiet = |_: Progress| ();
            let swap = |_: &Comparison| Verdict::Swap;
            let done = projecting::rebuild(site, *model, cancelled, quiet, swap).await?;
            building += done.loading.as_secs_f64() + done.indexing.as_secs_f64();
        }
        whole.push(events / began.elapsed().as_secs_f64());
        memory.push(most_memory_mb());
        let reading = read_alone(site).await?;
        let copy = copy_alone(site).await?;
        rebuilt.push(events / building);
        read.push(events / reading);
        copied.push(events / copy);
        ratios.push(copy / building);
    }
    let figure = |of: &str, unit, runs, goal| Figure {
        of: format!("W2 {of} ({events} events)"),
        unit,
        spread: Spread::of(runs),
        goal,
    };
    let per_second = Some(Goal::AtLeast(100_000.0));
    Ok(vec![
        figure("rebuild from zero, indexes included", "events/s", rebuilt, per_second),
        figure("the same, compared and swapped", "events/s", whole, None),
        figure("memory, at most", "MB", memory, None),
        figure("ceiling: reading, checking, decoding", "events/s", read, None),
        figure("ceiling: COPY of the same rows", "events/s", copied, None),
        figure("rebuild as a share of COPY", "of 1", ratios, Some(Goal::AtLeast(0.5))),
    ])
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
