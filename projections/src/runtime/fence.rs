//! Who works on a read model: a lock decides who may try, the cursor's epoch who is right.
//!
//! **Invariant:** taking over raises the epoch, so whoever worked before finds no row to move.
//!
//! ```text
//! A holds the lock, its connection dies, its server has not noticed its last commit yet
//! B takes the lock, epoch 7 → 8
//! A's commit: update cursor … where epoch = 7   → no row → A stops
//! ```

use std::time::Duration;

use tokio_postgres::Client;

use super::advance::Listener;
use super::cursor::{Cursor, Origin, from_row};
use super::heads::{CAPACITY, Heads, Write};
use super::run::Worker;
use super::schema::Schema;
use super::{Link, RuntimeError, connect};
use crate::Projection;

/// How often the lock is tried, and how long between.
const TRIES: u8 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The right to work on a read model, with the connections to do it.
pub struct Fence {
    worker: Worker,
}

impl Fence {
    /// Takes the read model over, where no other worker is at it.
    ///
    /// # Errors
    /// Another holds it; not installed; another ledger, stream or release.
    pub async fn take(
        url: &str,
        schema: &Schema,
        model: &'static dyn Projection,
        origin: Origin,
    ) -> Result<Self, RuntimeError> {
        let link = lock(url, schema).await?;
        Cursor::check(&*link, schema, model, origin).await?;
        let text = "update @.cursor set epoch = epoch + 1
                    returning ledger_id, stream_created, position, epoch, known_at, opened_at";
        let cursor = from_row(&link.query_one(&schema.sql(text), &[]).await?)?;
        let complete = cursor.position == piperoll_events::Position::START;
        let heads = Heads::new(complete, CAPACITY, Write::Each);
        let worker = Worker::new(url, link, schema.clone(), model, cursor, heads).await?;
        Ok(Self { worker })
    }

    /// Where the read model stands; the next event to hand over is the one after.
    #[must_use]
    pub fn cursor(&self) -> &Cursor {
        self.worker.cursor()
    }

    /// Has `listener` told of each batch as soon as it stands.
    #[must_use]
    pub fn heard_by(mut self, listener: Listener) -> Self {
        self.worker.heard_by(listener);
        self
    }

    /// The worker behind the fence.
    pub(crate) fn into_worker(self) -> Worker {
        self.worker
    }
}

/// A connection that holds the lock of a schema's name for as long as it lives.
pub(crate) async fn lock(url: &str, schema: &Schema) -> Result<Link, RuntimeError> {
    let link = connect(url).await?;
    // A worker that was just dropped holds the lock until its server has noticed.
    for _ in 0..TRIES {
        if try_lock(&link, schema).await? {
            return Ok(link);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(RuntimeError::Held { schema: schema.clone() })
}

async fn try_lock(client: &Client, schema: &Schema) -> Result<bool, RuntimeError> {
    let text = "select pg_try_advisory_lock(hashtextextended('piperoll ' || $1, 0))";
    Ok(client.query_one(text, &[&schema.as_str()]).await?.try_get(0)?)
}
