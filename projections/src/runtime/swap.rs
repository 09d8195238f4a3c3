//! Rebuilt rows put in use, and the rows put aside.
//!
//! **Invariant:** readers see the old rows or the new ones, whole. The rows put aside are there until
//! somebody says that they may go.

use piperoll_events::Position;

use super::cursor::{Cursor, position};
use super::rebuild::{Old, Plan};
use super::schema::Schema;
use super::{Link, RuntimeError};

/// The cursor of the rows in use, where there are any.
pub(crate) async fn live(link: &Link, schema: &Schema) -> Result<Option<Cursor>, RuntimeError> {
    match Cursor::read(&**link, schema).await {
        Ok(cursor) => Ok(Some(cursor)),
        Err(RuntimeError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the shadow in use, or says how far the rows in use have come meanwhile.
///
/// Whoever waits for the old cursor's row wakes up to an epoch that is no longer theirs, so that
/// nobody moves an old cursor and copies into new tables.
pub(crate) async fn swap(
    link: &mut Link,
    plan: Plan<'_>,
) -> Result<Option<Position>, RuntimeError> {
    let (schema, shadow, old) = (plan.schema, plan.schema.shadow(), plan.schema.old());
    let there = live(link, schema).await?.is_some();
    let transaction = link.transaction().await?;
    transaction.batch_execute("set local synchronous_commit = on").await?;
    if there {
        let text = "update @.cursor set epoch = epoch + 1 returning position, epoch, ledger_id";
        let row = transaction.query_one(&schema.sql(text), &[]).await?;
        let further = position(row.try_get(0)?);
        let same = row.try_get::<_, uuid::Uuid>(2)? == plan.origin.ledger.uuid();
        let text = "select position from @.cursor";
        let ours = transaction.query_one(&shadow.sql(text), &[]).await?;
        if same && position(ours.try_get(0)?) < further {
            transaction.rollback().await?;
            return Ok(Some(further));
        }
        let text = "update @.cursor set epoch = $1";
        transaction.execute(&shadow.sql(text), &[&row.try_get::<_, i64>(1)?]).await?;
        if plan.old == Old::Dropped {
            transaction.batch_execute(&format!("drop schema if exists {old} cascade")).await?;
        }
        transaction.batch_execute(&format!("alter schema {schema} rename to {old}")).await?;
    }
    transaction.batch_execute(&shadow.sql("drop table @.loading")).await?;
    transaction.batch_execute(&format!("alter schema {shadow} rename to {schema}")).await?;
    transaction.commit().await?;
    Ok(None)
}

/// Drops the rows that the last rebuild put aside; where they stood, if there were any.
///
/// # Errors
/// Postgres.
pub async fn drop_old(link: &Link, schema: &Schema) -> Result<Option<Cursor>, RuntimeError> {
    let old = schema.old();
    let cursor = live(link, &old).await?;
    link.batch_execute(&format!("drop schema if exists {old} cascade")).await?;
    Ok(cursor)
}
