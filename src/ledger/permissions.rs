//! May a credential do more than it should? Asked in earnest, where the answer harms nothing.
//!
//! **Invariant:** the stream asked about can't exist: its name holds letters that no ledger's has.

use async_nats::RequestErrorKind;

use super::connection::{AskError, Connection};

/// A stream that no ledger has.
pub(super) const NOBODYS: &str = "piperoll_NOBODY";

/// Whether this credential may make, change, empty or remove streams, as only the owner's should.
///
/// # Errors
/// NATS gives no answer.
pub async fn may_change_streams(connection: &Connection) -> Result<bool, AskError> {
    for verb in ["CREATE", "UPDATE", "PURGE", "DELETE"] {
        match connection.call(format!("$JS.API.STREAM.{verb}.{NOBODYS}")).await {
            // Forbidden; or another account, which has no such API and nobody who answers for it.
            Err(
                AskError::Denied { .. }
                | AskError::NoAnswer { kind: RequestErrorKind::NoResponders, .. },
            ) => {}
            Err(error @ AskError::NoAnswer { .. }) => return Err(error),
            Ok(()) | Err(_) => return Ok(true),
        }
    }
    Ok(false)
}
