//! The rows, column by column as `schema.sql` has them.

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::Position;
use piperoll_events::text::Digest;
use uuid::Uuid;

use crate::runtime::copy::{Json, histories};
use crate::runtime::key::Key;

histories! { Histories;
    act: ActRow (All) {
        position: Position, kind: i16, entity: Uuid, happened: String, actor: Uuid,
        on_behalf_of: Option<Uuid>, post: Option<String>, role: Option<String>, channel: i16,
        recorded_at: DateTime<Utc>, command: Uuid, correlation: Option<Uuid>,
        relied_on: Option<Json>, import: Option<Uuid>, file_digest: Option<Digest>,
        row: Option<u64>, reported_known_at: Option<DateTime<Utc>>, reason: Option<Json>,
        authority: Option<Json>, made_case: Option<Json>, asserted: bool,
        subject: Option<i16>, class: Option<i16>,
    }
    post: PostRow (All) {
        post: Uuid, position: Position, kind: i16, title: Json, organisation: Option<String>,
    }
    holding: HoldingRow (All) {
        post: Uuid, position: Position, happened: i16, holder: Uuid, basis: Option<i16>,
        valid_from: NaiveDate, valid_until: Option<NaiveDate>,
    }
    delegation: DelegationRow (All) {
        post: Uuid, position: Position, delegate: Uuid, valid_from: NaiveDate,
        valid_until: Option<NaiveDate>,
    }
    duty: DutyRow (All) {
        measure: Uuid, position: Position, happened: i16, duty: i16, post: Option<Uuid>,
        organisation: Option<String>, valid_from: NaiveDate,
    }
    signature: SignatureRow (All) {
        measure: Uuid, period: Key, position: Position, happened: i16, stage: String, post: Uuid,
        signed_at: Option<Position>, scope: Option<Json>, covers: Option<Json>,
        rating: Option<String>, statement: Option<Json>,
    }
    chain: ChainRow (All) { framework: Uuid, position: Position, chain: Json }
    decision_right: DecisionRightRow (All) {
        framework: Uuid, position: Position, decides: Json, in_force: bool,
    }
    role: RoleRow (All) {
        role: Uuid, position: Position, happened: i16, valid_from: NaiveDate,
        valid_until: Option<NaiveDate>,
    }
}
