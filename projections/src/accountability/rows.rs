//! The rows, column by column as `schema.sql` has them.

use chrono::{DateTime, Utc};
use piperoll_events::Position;
use piperoll_events::text::Digest;
use uuid::Uuid;

use crate::runtime::copy::{Json, histories};

histories! { Histories;
    act: ActRow (All) {
        position: Position, kind: i16, entity: Uuid, happened: String, actor: Uuid,
        on_behalf_of: Option<Uuid>, post: Option<String>, role: Option<String>, channel: i16,
        recorded_at: DateTime<Utc>, command: Uuid, correlation: Option<Uuid>,
        relied_on: Option<Json>, import: Option<Uuid>, file_digest: Option<Digest>,
        row: Option<u64>, reported_known_at: Option<DateTime<Utc>>, reason: Option<Json>,
        authority: Option<Json>, made_case: Option<Json>, asserted: bool,
    }
}
