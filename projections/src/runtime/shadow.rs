//! The shadow that a rebuild fills: made empty, or gone on with where one cut short left it.
//!
//! **Invariant:** a shadow that is gone on with holds what it would hold if nothing had happened. Heads
//! are written now and then during a load, and the mark beside them says how far they go; what was
//! written past the mark is taken out again.
//!
//! ```text
//! batch, batch, batch + heads + mark 5,000,000, batch, batch, killed
//! gone on with: rows after 5,000,000 out, cursor back to the mark, heads from their table
//! ```

use piperoll_events::Position;
use serde::Serialize;
use tokio_postgres::{Client, Row, Transaction};

use super::cursor::{Cursor, bigint, position};
use super::fence::lock;
use super::heads::{CAPACITY, Heads, Write};
use super::rebuild::{Old, Plan, Start};
use super::run::Worker;
use super::schema::{Schema, create};
use super::{Link, RuntimeError};

/// How a shadow stands while it is being filled. `position` null: heads go with every batch, so they
/// are where the cursor is.
const LOADING: &str = "create table @.loading (
    one boolean primary key default true check (one), release text not null,
    position bigint, known_at timestamptz, opened_at bigint)";
/// A shadow begun by another release may have been filled by another fold.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// How a rebuild began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// There was none to go on with.
    Anew {},
    /// There was one that was cut short, and it could not be gone on with.
    Again {
        /// Why.
        because: String,
    },
    /// One that was cut short is gone on with.
    Resumed {
        /// The last position that it holds.
        after: Position,
    },
}

/// What a shadow that was found says of itself.
struct Found {
    cursor: Cursor,
    /// How far its heads go; none: as far as its cursor.
    mark: Option<Position>,
}

/// The shadow of a plan, and a worker where it ends.
pub(crate) async fn shadow(plan: Plan<'_>) -> Result<(Worker, Begun), RuntimeError> {
    let (shadow, old) = (plan.schema.shadow(), plan.schema.old());
    let mut link = lock(plan.url, &shadow).await?;
    let in_use = exists(&link, plan.schema).await?;
    if plan.old == Old::Kept && in_use && exists(&link, &old).await? {
        return Err(RuntimeError::OldKept { schema: old });
    }
    // What a crash takes of a shadow is made again anyway; the swap itself waits for the disk. And
    // whoever is killed must not leave an index being made behind, with the lock held.
    link.batch_execute("set synchronous_commit = off; set client_connection_check_interval = '1s'")
        .await?;
    let (begun, heads) = match found(&link, &shadow, plan).await? {
        Ok(found) => {
            let heads = go_on(&mut link, &shadow, &found).await?;
            (Begun::Resumed { after: found.mark.unwrap_or(found.cursor.position) }, heads)
        }
        Err(because) => {
            link.batch_execute(&format!("drop schema if exists {shadow} cascade")).await?;
            create(&mut link, &shadow, plan.model, plan.origin).await?;
            let text = format!(
                "{LOADING}; insert into @.loading (release, position)
                values ('{RELEASE}', 0)"
            );
            link.batch_execute(&shadow.sql(&text)).await?;
            let begun = because.map_or(Begun::Anew {}, |because| Begun::Again { because });
            (begun, Heads::new(true, CAPACITY, Write::AtEnd))
        }
    };
    let cursor = Cursor::read(&*link, &shadow).await?;
    let heads = heads.marked(cursor.position, plan.mark_every);
    Ok((Worker::new(plan.url, link, shadow, plan.model, cursor, heads).await?, begun))
}

/// Whether there is a schema of this name.
pub(crate) async fn exists(client: &Client, schema: &Schema) -> Result<bool, RuntimeError> {
    let text = "select exists (select from pg_namespace where nspname = $1)";
    Ok(client.query_one(text, &[&schema.as_str()]).await?.try_get(0)?)
}

/// The shadow that can be gone on with; otherwise why the one that is there can't be.
async fn found(
    link: &Link,
    shadow: &Schema,
    plan: Plan<'_>,
) -> Result<Result<Found, Option<String>>, RuntimeError> {
    let again = |because: &str| Ok(Err(Some(because.to_owned())));
    let cursor = match Cursor::check(&**link, shadow, plan.model, plan.origin).await {
        Ok(cursor) => cursor,
        Err(RuntimeError::Missing { .. }) => return Ok(Err(None)),
        Err(RuntimeError::OtherLedger { .. }) => return again("it is of another ledger or stream"),
        Err(RuntimeError::OtherShape { .. }) => {
            return again("its tables are those of another release");
        }
        Err(error) => return Err(error),
    };
    let noted = "select to_regclass($1) is not null";
    if !link.query_one(noted, &[&shadow.sql("@.loading")]).await?.try_get::<_, bool>(0)? {
        return again("it does not say how far it came");
    }
    let text = shadow.sql("select release, position from @.loading");
    let row = link.query_one(&text, &[]).await?;
    let (release, mark): (String, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    let mark = mark.map(position);
    if plan.start == Start::Anew {
        return again("that was asked for");
    }
    if release != RELEASE {
        return again(&format!("Piperoll {release} began it"));
    }
    if mark.unwrap_or(cursor.position) == Position::START {
        return again("it was cut short before its first mark");
    }
    if mark.unwrap_or(cursor.position) > plan.head {
        return again("it goes past the end of the ledger");
    }
    Ok(Ok(Found { cursor, mark }))
}

/// Takes out what is past the mark, and the indexes, which are made when everything is in.
async fn go_on(link: &mut Link, shadow: &Schema, found: &Found) -> Result<Heads, RuntimeError> {
    let transaction = link.transaction().await?;
    if let Some(mark) = found.mark.filter(|mark| *mark < found.cursor.position) {
        take_out(&transaction, shadow, mark).await?;
    }
    let text = "select format('drop index %I.%I', n.nspname, c.relname) from pg_index i
        join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and not i.indisprimary";
    for row in transaction.query(text, &[&shadow.as_str()]).await? {
        transaction.batch_execute(row.try_get(0)?).await?;
    }
    let key = shadow.sql("alter table @.reject drop constraint if exists reject_pkey");
    transaction.batch_execute(&key).await?;
    transaction.commit().await?;
    // Heads that go with each batch are looked up in their table; the others are all in memory.
    match found.mark {
        None => Ok(Heads::new(false, CAPACITY, Write::Each)),
        Some(_) => Heads::read(link, shadow, CAPACITY).await,
    }
}

async fn take_out(
    transaction: &Transaction<'_>,
    shadow: &Schema,
    mark: Position,
) -> Result<(), RuntimeError> {
    let text = "select c.relname::text from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname = $1
          and c.relname not in ('cursor', 'loading', 'entity_head')";
    for row in transaction.query(text, &[&shadow.as_str()]).await? {
        let table: &str = row.try_get(0)?;
        let text = shadow.sql(&format!("delete from @.{table} where position > $1"));
        transaction.execute(&text, &[&bigint(mark)]).await?;
    }
    let text = "update @.cursor c set position = l.position, known_at = l.known_at,
            opened_at = l.opened_at from @.loading l";
    transaction.execute(&shadow.sql(text), &[]).await?;
    Ok(())
}

/// Marks pages as visible to all and counts rows, table by table: what the planner and index-only
/// reads need. Tables first that take long.
pub(crate) async fn to_vacuum(
    client: &Client,
    shadow: &Schema,
) -> Result<Vec<String>, RuntimeError> {
    let text = "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
                where relkind = 'r' and nspname = $1 order by relpages desc";
    let tables = client.query(text, &[&shadow.as_str()]).await?;
    let vacuum =
        |row: &Row| Ok(format!("vacuum (analyze) {shadow}.{}", row.try_get::<_, &str>(0)?));
    tables.iter().map(vacuum).collect()
}
