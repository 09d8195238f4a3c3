//! What is measured and counted of appends.
//!
//! **Invariant:** nothing here bears a name, an id or a text.

use std::time::Duration;

use super::batch::Stop;

const APPEND: &str = "piperoll_ledger_append_duration_seconds";
const DECIDE: &str = "piperoll_command_decide_duration_seconds";
const CONFLICTS: &str = "piperoll_ledger_conflicts_total";
const BATCH: &str = "piperoll_ledger_batch_size";
const QUEUE: &str = "piperoll_lane_queue_depth";

/// So many messages were sent as one, and JetStream answered.
pub(super) fn appended(messages: usize, answer: Result<(), &Stop>, took: Duration) {
    metrics::histogram!(APPEND).record(took.as_secs_f64());
    metrics::histogram!(BATCH).record(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
    // Shown from the first append on, so that nought can be told from nothing.
    let stale = matches!(answer, Err(Stop::Stale));
    metrics::counter!(CONFLICTS).increment(u64::from(stale));
}

/// So many requests were decided together, and drafted.
pub(super) fn decided(requests: usize, took: Duration) {
    let each = took.checked_div(u32::try_from(requests).unwrap_or(u32::MAX)).unwrap_or(took);
    metrics::histogram!(DECIDE).record(each.as_secs_f64());
}

/// So many requests wait.
pub(super) fn waiting(requests: usize) {
    metrics::gauge!(QUEUE).set(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
}
