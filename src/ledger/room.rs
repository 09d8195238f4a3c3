//! Is there room on the disk of the server that holds a stream? Asked in earnest, beside the stream.
//!
//! **Invariant:** nothing is written to the stream itself, and what is written beside it goes again.

use std::time::Duration;

use serde_json::json;

use super::connection::{AskError, Connection};
use super::consumer::{dismiss, make, nanos};

/// How much has to find room, in bytes. A server takes up to 128 KiB of words with a consumer.
const ROOM: usize = 100 * 1024;
/// How long the server keeps what was written if nobody takes it away.
const KEPT: Duration = Duration::from_secs(10);
/// A consumer can't be made, or not be stored: what is asked for is always the same, so it is the disk.
const NOT_STORED: [u64; 2] = [10_012, 10_104];

/// Whether there is room, as far as can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// So many bytes were written, and taken away again.
    For(usize),
    /// They could not be written; in the server's words.
    None(String),
}

/// Has the leader of a stream write a consumer's words to its disk, and take them away.
///
/// # Errors
/// NATS can't be asked, or says no for another reason.
pub(crate) async fn room(connection: &Connection, on: &str) -> Result<Room, AskError> {
    let inbox = connection.client().new_inbox();
    // No inbox is given twice, so no two of these are one.
    let name = format!("room_{}", inbox.rsplit('.').next().unwrap_or_default());
    let config = json!({
        "name": name,
        "ack_policy": "none",
        "deliver_policy": "new",
        "mem_storage": false,
        "num_replicas": 1,
        "inactive_threshold": nanos(KEPT),
        "metadata": { "room": "0".repeat(ROOM) },
    });
    match make(connection, on, &name, &config).await {
        Ok(()) => {
            dismiss(connection, on, &name).await;
            Ok(Room::For(ROOM))
        }
        Err(AskError::Refused { code, description, .. }) if NOT_STORED.contains(&code) => {
            Ok(Room::None(description))
        }
        Err(error) => Err(error),
    }
}
