//! Rebuilds beside rows in use: cut short, begun again, swapped under a reader and under a worker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::{Stream, stream};
use piperoll_events::Position;
use piperoll_projections::runtime::rebuild::Stage;
use piperoll_projections::runtime::{
    Begun, Cursor, Fence, Link, Old, Origin, Plan, Progress, Rebuilt, RuntimeError, Verdict,
    connect, drop_old, follow, install, rebuild,
};
use piperoll_projections::{Placed, Projection, READ_MODELS, Schema};
use tokio::sync::watch;

use crate::support::invented::{Invented, Shape};
use crate::support::setting;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A read model in use, and all the events of its ledger.
struct InUse {
    url: String,
    schema: Schema,
    model: &'static dyn Projection,
    origin: Origin,
    batches: Vec<Vec<Placed>>,
    head: Position,
    client: Link,
}

type Handed = Result<Vec<Placed>, Box<dyn std::error::Error + Send + Sync>>;

fn handing(batches: &[Vec<Placed>]) -> impl Stream<Item = Handed> + Send + use<> {
    let handed: Vec<Handed> = batches.iter().cloned().map(Ok).collect();
    stream::iter(handed)
}

impl InUse {
    async fn new() -> Self {
        let url = setting("PIPEROLL_POSTGRES_URL");
        let model = READ_MODELS[0];
        let n = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("projecting{:x}n{n}", std::process::id()).parse().unwrap();
        let schema = Schema::live(&name, model);
        let shape = Shape { measures: 7, periods: 13, versions: 3 };
        let invented = Invented::new(shape).unwrap();
        let origin = invented.origin();
        let all: Vec<Placed> = invented.batches().concat();
        let head = all.last().unwrap().position;
        let batches = all.chunks(50).map(<[Placed]>::to_vec).collect();
        let mut client = connect(&url).await.unwrap();
        install(&mut client, &schema, model, origin).await.unwrap();
        Self { url, schema, model, origin, batches, head, client }
    }

    async fn fence(&self) -> Fence {
        Fence::take(&self.url, &self.schema, self.model, self.origin).await.unwrap()
    }

    async fn catch_up(&self, batches: &[Vec<Placed>]) -> Result<Cursor, RuntimeError> {
        let (reached, _) = watch::channel(Position::START);
        follow(self.fence().await, handing(batches), &reached).await
    }

    async fn rebuild(
        &self,
        cancel: watch::Receiver<bool>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Rebuilt, RuntimeError> {
        self.rebuild_as(self.plan(), cancel, progress).await
    }

    fn plan(&self) -> Plan<'_> {
        Plan::new(&self.url, &self.schema, self.model, self.origin, self.head)
    }

    async fn rebuild_as(
        &self,
        plan: Plan<'_>,
        cancel: watch::Receiver<bool>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Rebuilt, RuntimeError> {
        let judge = |found: &piperoll_projections::runtime::Comparison| {
            assert_eq!(found.differences, []);
            Verdict::Swap
        };
        rebuild(plan, handing(&self.batches), cancel, progress, judge).await
    }

    /// Every row in use, by table.
    async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let text =
            "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
                    where relkind = 'r' and nspname = $1 and relname <> 'cursor'";
        let mut found = BTreeMap::new();
        for row in self.client.query(text, &[&self.schema.as_str()]).await.unwrap() {
            let table: String = row.get(0);
            let text = format!("select t::text from @.{table} t order by 1");
            let rows = self.client.query(&self.schema.sql(&text), &[]).await.unwrap();
            found.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        found
    }

    async fn clear(self) {
        for schema in [self.schema.clone(), self.schema.shadow(), self.schema.old()] {
            let text = format!("drop schema if exists {schema} cascade");
            self.client.batch_execute(&text).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_cut_short_leaves_the_rows_in_use_as_they_were_and_can_be_begun_again() {
    let in_use = InUse::new().await;
    in_use.catch_up(&in_use.batches).await.unwrap();
    let (before, cursor) =
        (in_use.rows().await, Cursor::read(&*in_use.client, &in_use.schema).await);
    for at in [Stage::Loading, Stage::Indexing, Stage::Comparing] {
        let (cancelling, cancel) = watch::channel(false);
        let progress = move |progress: Progress| {
            if progress.stage == at && (at != Stage::Loading || progress.position.0 > 100) {
                cancelling.send_replace(true);
            }
        };
        let ended = in_use.rebuild(cancel, progress).await;
        assert!(matches!(ended, Err(RuntimeError::Cancelled { .. })), "{at:?}: {ended:?}");
        assert_eq!(in_use.rows().await, before);
    }
    let (_cancelling, cancel) = watch::channel(false);
    let rebuilt = in_use.rebuild(cancel, |_| {}).await.unwrap();
    assert!(rebuilt.swapped);
    assert_eq!(rebuilt.begun, Begun::Resumed { after: in_use.head });
    assert_eq!(in_use.rows().await, before);
    let after = Cursor::read(&*in_use.client, &in_use.schema).await.unwrap();
    assert_eq!(after.epoch, cursor.as_ref().unwrap().epoch + 1);
    assert_eq!(after, Cursor { epoch: after.epoch, ..cursor.unwrap() });
    in_use.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_does_not_wait_for_a_reader_in_the_middle_of_a_transaction() {
    let in_use = InUse::new().await;
    in_use.catch_up(&in_use.batches).await.unwrap();
    let mut reader = connect(&in_use.url).await.unwrap();
    let text = in_use.schema.sql("select count(*), max(position) from @.submission");
    let statement = reader.prepare(&text).await.unwrap();
    let reading = reader.transaction().await.unwrap();
    let ask = async || {
        let row = reading.query_one(&statement, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let before = ask().await;
    let (_cancelling, cancel) = watch::channel(false);
    assert!(in_use.rebuild(cancel, |_| {}).await.unwrap().swapped);
    assert_eq!(ask().await, before);
    reading.commit().await.unwrap();
    in_use.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_rows_were_swapped_away_is_fenced_and_goes_on_after_taking_over() {
    let in_use = InUse::new().await;
    let half = in_use.batches.len() / 2;
    let fence = in_use.fence().await;
    let (handing_on, handed) = tokio::sync::mpsc::channel::<Handed>(4);
    let batches = stream::unfold(handed, |mut handed| async {
        handed.recv().await.map(|batch| (batch, handed))
    });
    let (reached, mut at) = watch::channel(Position::START);
    let working = follow(fence, batches, &reached);
    let meanwhile = async {
        for batch in &in_use.batches[..half] {
            handing_on.send(Ok(batch.clone())).await.unwrap();
        }
        let last = in_use.batches[half - 1].last().unwrap().position;
        at.wait_for(|at| *at >= last).await.unwrap();
        let (_cancelling, cancel) = watch::channel(false);
        assert!(in_use.rebuild(cancel, |_| {}).await.unwrap().swapped);
        handing_on.send(Ok(in_use.batches[half].clone())).await.unwrap();
    };
    let (ended, ()) = tokio::join!(working, meanwhile);
    assert!(matches!(ended, Err(RuntimeError::Fenced { .. })), "{ended:?}");
    let whole = in_use.rows().await;
    let cursor = in_use.catch_up(&in_use.batches).await.unwrap();
    assert_eq!(cursor.position, in_use.head);
    assert_eq!(in_use.rows().await, whole);
    in_use.clear().await;
}

/// Cancels a rebuild while it loads, once it has read past this position; where it stopped.
async fn stopped_after(in_use: &InUse, position: u64) -> Position {
    let (cancelling, cancel) = watch::channel(false);
    let progress = move |progress: Progress| {
        if progress.position.0 > position {
            cancelling.send_replace(true);
        }
    };
    match in_use.rebuild(cancel, progress).await {
        Err(RuntimeError::Cancelled { reached, .. }) => reached,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_cancelled_goes_on_where_it_was_or_says_why_it_begins_again() {
    let in_use = InUse::new().await;
    in_use.catch_up(&in_use.batches).await.unwrap();
    let live = in_use.rows().await;
    let (_cancelling, never) = watch::channel(false);
    let leave = |_: &piperoll_projections::runtime::Comparison| Verdict::Leave;
    let begun = async |plan| {
        rebuild(plan, handing(&in_use.batches), never.clone(), |_| {}, leave).await.unwrap().begun
    };
    let after = stopped_after(&in_use, 100).await;
    assert!(after.0 >= 50 && after < in_use.head, "it was stopped at {after}");
    assert_eq!(begun(in_use.plan()).await, Begun::Resumed { after });

    let shadow = in_use.schema.shadow();
    let again = async |change: &str| {
        in_use.client.batch_execute(&shadow.sql(change)).await.unwrap();
        match begun(in_use.plan()).await {
            Begun::Again { because } => because,
            other => unreachable!("after `{change}`: {other:?}"),
        }
    };
    assert_eq!(again("update @.loading set release = '0.0.1'").await, "Piperoll 0.0.1 began it");
    assert!(again("drop table @.loading").await.contains("how far"));
    assert!(again("update @.loading set position = 0").await.contains("before its first mark"));
    assert!(again("update @.cursor set position = position + 9").await.contains("past the end"));
    assert!(again("update @.cursor set shape = ledger_id").await.contains("another release"));
    assert!(again("update @.cursor set ledger_id = shape").await.contains("another ledger"));

    let rebuilt = in_use.rebuild(never.clone(), |_| {}).await.unwrap();
    assert_eq!(rebuilt.begun, Begun::Resumed { after: in_use.head });
    assert_eq!(in_use.rows().await, live);
    in_use.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_put_aside_stay_until_somebody_says_that_they_may_go() {
    let in_use = InUse::new().await;
    in_use.catch_up(&in_use.batches).await.unwrap();
    let (_cancelling, never) = watch::channel(false);
    assert!(in_use.rebuild(never.clone(), |_| {}).await.unwrap().swapped);
    let mark = in_use.schema.old().sql("create table @.seen (position bigint)");
    in_use.client.batch_execute(&mark).await.unwrap();
    let refused = in_use.rebuild(never.clone(), |_| {}).await;
    assert!(matches!(refused, Err(RuntimeError::OldKept { .. })), "{refused:?}");
    let seen = in_use.schema.old().sql("select count(*) from @.seen");
    assert!(in_use.client.query_one(&seen, &[]).await.is_ok(), "they are gone");

    let plan = Plan { old: Old::Dropped, ..in_use.plan() };
    assert!(in_use.rebuild_as(plan, never.clone(), |_| {}).await.unwrap().swapped);
    assert!(in_use.client.query_one(&seen, &[]).await.is_err(), "those of before are still there");
    let dropped = drop_old(&in_use.client, &in_use.schema).await.unwrap();
    assert_eq!(dropped.map(|cursor| cursor.position), Some(in_use.head));
    assert_eq!(drop_old(&in_use.client, &in_use.schema).await.unwrap(), None);
    assert!(in_use.rebuild(never, |_| {}).await.unwrap().swapped);
    in_use.clear().await;
}
