//! What a read model stepped over: entries of the ledger that are not authentic.
//!
//! **Invariant:** a reject is counted in the transaction that passes it, so the count and the cursor
//! never disagree.

use piperoll_events::Position;
use serde::Serialize;
use tokio_postgres::GenericClient;

use super::RuntimeError;
use super::cursor::position;
use super::schema::Schema;

/// The entries stepped over so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejects {
    /// How many.
    pub count: u64,
    /// The last of them, where there are any.
    pub last: Option<Reject>,
}

/// One entry stepped over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// Where it stands.
    pub position: Position,
    /// Why it is not part of the record, in one word.
    pub reason: String,
    /// The same in a sentence.
    pub detail: String,
}

impl Rejects {
    /// Reads them.
    ///
    /// # Errors
    /// No such schema.
    pub async fn read<C: GenericClient>(client: &C, schema: &Schema) -> Result<Self, RuntimeError> {
        let text = "select count(*) over (), position, reason, detail from @.reject
                    order by position desc limit 1";
        let Some(row) = client.query_opt(&schema.sql(text), &[]).await? else {
            return Ok(Self { count: 0, last: None });
        };
        Ok(Self {
            count: position(row.try_get(0)?).0,
            last: Some(Reject {
                position: position(row.try_get(1)?),
                reason: row.try_get(2)?,
                detail: row.try_get(3)?,
            }),
        })
    }
}
