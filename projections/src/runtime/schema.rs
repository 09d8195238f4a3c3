//! Where a read model's tables stand, and how they get there.
//!
//! **Invariant:** the rows in use, a shadow being filled and the rows put aside are three schemas
//! of one shape; which is which is only their name.

use std::fmt;

use piperoll_events::ids::LedgerName;
use tokio_postgres::Client;
use uuid::Uuid;

use super::RuntimeError;
use super::cursor::Origin;
use crate::Projection;

/// The tables that every read model has.
const TABLES: &str = include_str!("tables.sql");
/// Their indexes.
const INDEXES: &str = include_str!("indexes.sql");
/// The namespace of shapes.
const SHAPE: Uuid = Uuid::from_u128(0x0d5e_3f7a_91c4_5a68_8a8e_5d06_2f1b_7c33);

/// The schema of one ledger's read model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schema(String);

impl Schema {
    /// The rows in use. A ledger's name holds letters and digits alone, so this needs no quotes.
    #[must_use]
    pub fn live(ledger: &LedgerName, model: &dyn Projection) -> Self {
        Self(format!("{ledger}_{}", model.name()))
    }

    /// The rows that a rebuild fills.
    #[must_use]
    pub fn shadow(&self) -> Self {
        Self(format!("{}_shadow", self.0))
    }

    /// The rows that the last rebuild put aside.
    #[must_use]
    pub fn old(&self) -> Self {
        Self(format!("{}_old", self.0))
    }

    /// The name in SQL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A statement in which `@.` stands for this schema.
    #[must_use]
    pub fn sql(&self, text: &str) -> String {
        text.replace("@.", &format!("{}.", self.0))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the tables of a read model look like in this release, as one number.
#[must_use]
pub fn shape(model: &dyn Projection) -> Uuid {
    let text = [TABLES, INDEXES, model.tables(), model.indexes()].concat();
    Uuid::new_v5(&SHAPE, text.as_bytes())
}

/// Makes the schema with its tables and indexes, where it is not there.
///
/// # Errors
/// Postgres refuses.
pub async fn install(
    client: &mut Client,
    schema: &Schema,
    model: &dyn Projection,
    origin: Origin,
) -> Result<(), RuntimeError> {
    let there = "select 1 from information_schema.schemata where schema_name = $1";
    if client.query_opt(there, &[&schema.as_str()]).await?.is_none() {
        create(client, schema, model, origin).await?;
        index(client, schema, model).await?;
    }
    Ok(())
}

/// Makes the tables and the cursor at the start, without indexes.
pub(crate) async fn create(
    client: &mut Client,
    schema: &Schema,
    model: &dyn Projection,
    origin: Origin,
) -> Result<(), RuntimeError> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(&format!(
            "create schema {schema}; set local search_path = {schema}; {TABLES} {}",
            model.tables()
        ))
        .await?;
    transaction
        .execute(
            "insert into cursor (ledger_id, stream_created, shape, position, epoch)
             values ($1, $2, $3, 0, 0)",
            &[&origin.ledger.uuid(), &origin.stream_created, &shape(model)],
        )
        .await?;
    Ok(transaction.commit().await?)
}

/// Makes the indexes.
pub(crate) async fn index(
    client: &mut Client,
    schema: &Schema,
    model: &dyn Projection,
) -> Result<(), RuntimeError> {
    let transaction = client.transaction().await?;
    for statement in index_statements(schema, model) {
        transaction.batch_execute(&statement).await?;
    }
    Ok(transaction.commit().await?)
}

/// The statements that make the indexes, each by itself.
pub(crate) fn index_statements(schema: &Schema, model: &dyn Projection) -> Vec<String> {
    let all = [INDEXES, model.indexes()].concat();
    let lines = all.lines().filter(|line| !line.trim_start().starts_with("--"));
    let all = lines.collect::<Vec<_>>().join(" ");
    let statements = all.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    statements
        .map(|statement| {
            format!(
                "set search_path = {schema}; set maintenance_work_mem = '256MB'; {statement};
                 reset search_path; reset maintenance_work_mem"
            )
        })
        .collect()
}
