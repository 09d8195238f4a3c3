//! One answer's conversation with Postgres.

use deadpool_postgres::{Object, Pool};
use futures::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{RuntimeError, Schema};

/// One connection, for the statements of one answer.
pub(crate) struct Session<'a> {
    client: Object,
    schema: &'a Schema,
}

pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl<'a> Session<'a> {
    /// A connection of the pool, for the tables of `schema`.
    pub(crate) async fn open(pool: &Pool, schema: &'a Schema) -> Result<Self, RuntimeError> {
        Ok(Session { client: pool.get().await?, schema })
    }

    /// Runs a statement that is prepared once for each connection; `@.` is the schema.
    pub(crate) async fn rows(
        &self,
        text: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, RuntimeError> {
        let statement = self.client.prepare_cached(&self.schema.sql(text)).await?;
        Ok(self.client.query(&statement, parameters).await?)
    }

    /// As [`Self::rows`], one row at a time.
    pub(crate) async fn each(
        &self,
        text: &str,
        parameters: Parameters<'_>,
        mut take: impl FnMut(&Row) -> Result<(), RuntimeError>,
    ) -> Result<(), RuntimeError> {
        let statement = self.client.prepare_cached(&self.schema.sql(text)).await?;
        let rows = self.client.query_raw(&statement, parameters.iter().copied()).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await? {
            take(&row)?;
        }
        Ok(())
    }
}
