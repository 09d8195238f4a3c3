//! A read model of our own for each case: made, moved on, read whole, thrown away.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::DateTime;
use futures::stream;
use piperoll_events::Position;
use piperoll_events::ids::LedgerId;
use piperoll_projections::runtime::cursor::Origin;
use piperoll_projections::runtime::{
    Cursor, Fence, Link, Old, Plan, RuntimeError, connect, follow, install,
};
use piperoll_projections::{Placed, Projection, Schema};
use tokio::sync::watch;

static MADE: AtomicU32 = AtomicU32::new(0);

/// The schemas of one test: made once, emptied for each case, dropped at the end.
#[derive(Default)]
pub(crate) struct Ground {
    free: RefCell<Vec<Kept>>,
    made: RefCell<Vec<Schema>>,
}

/// Runs a test on a ground of its own.
pub(crate) fn on_ground<T>(test: impl AsyncFnOnce(&Ground) -> T) -> T {
    let ground = Ground::default();
    let runtime = runtime();
    let tested = runtime.block_on(test(&ground));
    runtime.block_on(ground.clear());
    tested
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The address of Postgres.
#[track_caller]
fn postgres() -> String {
    let url = std::env::var_os("PIPEROLL_POSTGRES_URL").and_then(|url| url.into_string().ok());
    let url = url
        .expect("PIPEROLL_POSTGRES_URL is not set: run tests/run, or eval \"$(deploy/local env)\"");
    // The laws are about a process that dies, not about a disk: nobody waits for it here.
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-c%20synchronous_commit%3Doff")
}

/// One ledger's read model, empty at first.
pub(crate) struct Kept {
    pub(crate) url: String,
    pub(crate) schema: Schema,
    pub(crate) model: &'static dyn Projection,
    pub(crate) origin: Origin,
    pub(crate) client: Link,
}

impl Ground {
    /// An empty read model of this ledger.
    pub(crate) async fn take(&self, ledger: LedgerId, model: &'static dyn Projection) -> Kept {
        let stream_created = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let origin = Origin { ledger, stream_created };
        if let Some(mut kept) = self.free_of(model) {
            kept.origin = origin;
            kept.empty().await;
            return kept;
        }
        let (url, n) = (postgres(), MADE.fetch_add(1, Ordering::Relaxed));
        let name = format!("laws{:x}n{n}", std::process::id()).parse().unwrap();
        let schema = Schema::live(&name, model);
        self.made.borrow_mut().push(schema.clone());
        let mut client = connect(&url).await.unwrap();
        drop_all(&client, &schema).await;
        install(&mut client, &schema, model, origin).await.unwrap();
        Kept { url, schema, model, origin, client }
    }

    fn free_of(&self, model: &dyn Projection) -> Option<Kept> {
        let mut free = self.free.borrow_mut();
        let at = free.iter().position(|kept| kept.model.name() == model.name())?;
        Some(free.swap_remove(at))
    }

    /// Back for the next case.
    pub(crate) fn give(&self, kept: Kept) {
        self.free.borrow_mut().push(kept);
    }

    /// Drops what was made, also by cases that broke.
    pub(crate) async fn clear(&self) {
        let made = self.made.take();
        if !made.is_empty() {
            let client = connect(&postgres()).await.unwrap();
            for schema in made {
                drop_all(&client, &schema).await;
            }
        }
    }
}

async fn drop_all(client: &Link, schema: &Schema) {
    for schema in [schema.clone(), schema.shadow(), schema.old()] {
        let gone = format!("drop schema if exists {schema} cascade");
        client.batch_execute(&gone).await.unwrap();
    }
}

impl Kept {
    async fn empty(&self) {
        for table in self.tables().await {
            let text = self.schema.sql(&format!("delete from @.{table}"));
            self.client.batch_execute(&text).await.unwrap();
        }
        let text = "update @.cursor set ledger_id = $1, position = 0, epoch = epoch + 1,
                    known_at = null, opened_at = null";
        let ledger = self.origin.ledger.uuid();
        self.client.execute(&self.schema.sql(text), &[&ledger]).await.unwrap();
    }

    async fn tables(&self) -> Vec<String> {
        let text =
            "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
                    where relkind = 'r' and nspname = $1 and relname <> 'cursor'";
        let rows = self.client.query(text, &[&self.schema.as_str()]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn fence(&self) -> Result<Fence, RuntimeError> {
        Fence::take(&self.url, &self.schema, self.model, self.origin).await
    }

    /// Takes the fence and follows to the end of what is handed over. A worker that went away a
    /// moment ago may still hold the lock, so this waits until it doesn't.
    pub(crate) async fn follow(&self, batches: Vec<Vec<Placed>>) -> Result<Cursor, RuntimeError> {
        let fence = loop {
            match self.fence().await {
                Err(RuntimeError::Held { .. }) => tokio::task::yield_now().await,
                taken => break taken?,
            }
        };
        let (reached, _) = watch::channel(Position::START);
        follow(fence, stream::iter(batches.into_iter().map(Ok)), &reached).await
    }

    /// To rebuild it.
    pub(crate) fn plan(&self, head: Position) -> Plan<'_> {
        let plan = Plan::new(&self.url, &self.schema, self.model, self.origin, head);
        // The case before may have put its rows aside.
        Plan { old: Old::Dropped, ..plan }
    }

    pub(crate) async fn cursor(&self) -> Cursor {
        Cursor::read(&*self.client, &self.schema).await.unwrap()
    }

    /// Every row that stands up to a position, by table, as text and sorted. Heads move, so they
    /// are among them only where `upto` is the end.
    pub(crate) async fn rows(&self, upto: Option<Position>) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for table in self.tables().await {
            if table == "entity_head" && upto.is_some() {
                continue;
            }
            let most = upto.map_or(i64::MAX, |position| i64::try_from(position.0).unwrap());
            let text = format!("select t::text from @.{table} t where position <= $1 order by 1");
            let rows = self.client.query(&self.schema.sql(&text), &[&most]).await.unwrap();
            found.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        found
    }

    /// The last position that any row bears.
    pub(crate) async fn last_row(&self) -> u64 {
        let mut last = 0;
        for table in self.tables().await {
            let text = format!("select coalesce(max(position), 0) from @.{table}");
            let row = self.client.query_one(&self.schema.sql(&text), &[]).await.unwrap();
            last = last.max(u64::try_from(row.get::<_, i64>(0)).unwrap());
        }
        last
    }
}
