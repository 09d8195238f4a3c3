//! The tables that are kept: the vault's and the operations'. Read models are rebuilt instead.
//!
//! **Invariant:** a migration, once released, is never edited; each runs once, in order, and two
//! processes that start at once don't run it twice.

use tokio_postgres::Client;

/// Every migration, in order.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_vault", include_str!("0001_vault.sql")),
    ("0002_operations", include_str!("0002_operations.sql")),
    ("0003_claims", include_str!("0003_claims.sql")),
];

/// Whoever migrates holds this advisory lock.
const LOCK: i64 = 0x5069_7065_726f_6c6c;

/// Brings the kept tables up to this release.
///
/// # Errors
/// Postgres says no; nothing of the failing migration stays.
pub async fn migrate(client: &mut Client) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction
        .batch_execute(
            "create schema if not exists operations;
             create table if not exists operations.migration
                (name text primary key, ran_at timestamptz not null default now());",
        )
        .await?;
    for (name, sql) in MIGRATIONS {
        let insert = "insert into operations.migration (name) values ($1) on conflict do nothing";
        if transaction.execute(insert, &[name]).await? == 1 {
            transaction.batch_execute(sql).await?;
        }
    }
    transaction.commit().await
}
