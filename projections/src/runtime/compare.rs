//! Whether two schemas hold the same rows up to a position, table by table.
//!
//! **Invariant:** the order of rows makes no difference, the content of every column does.

use futures::future::try_join;
use piperoll_events::Position;
use serde::Serialize;
use tokio_postgres::Client;

use super::cursor::bigint;
use super::schema::Schema;
use super::{Link, RuntimeError};

/// How many rows of each side a difference shows.
const SHOWN: i64 = 5;

/// A table's columns as they are hashed: numbers by their digits, because `1` and `1.0` are equal
/// numbers and not the same content; JSON as it stands, because it has no hash of its own.
const COLUMNS: &str = "select string_agg(
        case when atttypid in ('json'::regtype, 'numeric'::regtype)
            then format('%I::text', attname) else format('%I', attname) end, ', ' order by attname)
    from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped";

/// What a rebuild found against the rows in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Both sides were read up to here.
    pub position: Position,
    /// Every table, with the rows that the rebuild has.
    pub tables: Vec<(String, u64)>,
    /// The tables that differ.
    pub differences: Vec<Difference>,
}

/// A table that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its name.
    pub table: String,
    /// Rows in use; absent: the table is not among them.
    pub live: Option<u64>,
    /// Rows rebuilt; absent: this release has no such table.
    pub rebuilt: Option<u64>,
    /// Some rows that only those in use have.
    pub only_live: Vec<String>,
    /// Some rows that only the rebuilt have.
    pub only_rebuilt: Vec<String>,
}

/// Compares all tables that have positions, each side over a connection of its own. Heads move, so
/// they are compared where both sides stand at `position`, and left out otherwise.
pub(crate) async fn compare(
    [client, second]: [&Link; 2],
    [live, rebuilt]: [&Schema; 2],
    position: Position,
    level: Heads,
) -> Result<Comparison, RuntimeError> {
    let text = "select relname::text, bool_or(nspname = $1), bool_or(nspname = $2)
        from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind = 'r' and nspname in ($1, $2) and relname not in ('cursor', 'loading')
        group by relname order by relname";
    let mut found = Comparison { position, tables: Vec::new(), differences: Vec::new() };
    for row in client.query(text, &[&live.as_str(), &rebuilt.as_str()]).await? {
        let table: String = row.try_get(0)?;
        if table == "entity_head" && level == Heads::Left {
            continue;
        }
        let (old, new) = try_join(
            sum(client, live, &table, position, row.try_get(1)?),
            sum(second, rebuilt, &table, position, row.try_get(2)?),
        )
        .await?;
        if let Some((rows, _)) = &new {
            found.tables.push((table.clone(), *rows));
        }
        if old == new {
            continue;
        }
        let both = old.is_some() && new.is_some();
        found.differences.push(Difference {
            live: old.map(|(rows, _)| rows),
            rebuilt: new.map(|(rows, _)| rows),
            only_live: only(client, [live, rebuilt], &table, position, both).await?,
            only_rebuilt: only(client, [rebuilt, live], &table, position, both).await?,
            table,
        });
    }
    Ok(found)
}

/// Whether heads are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heads {
    /// Both sides stand at the same position.
    Compared,
    /// One is further.
    Left,
}

async fn sum(
    client: &Client,
    schema: &Schema,
    table: &str,
    position: Position,
    there: bool,
) -> Result<Option<(u64, String)>, RuntimeError> {
    if !there {
        return Ok(None);
    }
    let table = schema.sql(&format!("@.{table}"));
    let columns: String = client.query_one(COLUMNS, &[&table]).await?.try_get(0)?;
    let text = format!(
        "select count(*), coalesce(sum(hash_record_extended(row({columns}), 0)), 0)::text
         from {table} where position <= $1"
    );
    let row = client.query_one(&text, &[&bigint(position)]).await?;
    let sum: String = row.try_get(1)?;
    Ok(Some((super::cursor::position(row.try_get(0)?).0, format!("{sum} of {columns}"))))
}

async fn only(
    client: &Client,
    [here, not_there]: [&Schema; 2],
    table: &str,
    position: Position,
    both: bool,
) -> Result<Vec<String>, RuntimeError> {
    if !both {
        return Ok(Vec::new());
    }
    let text = format!(
        "select left(x, 500) from (
             select t::text x from {here}.{table} t where position <= $1
             except all select t::text from {not_there}.{table} t where position <= $1
         ) d order by x limit $2"
    );
    let rows = client.query(&text, &[&bigint(position), &SHOWN]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
