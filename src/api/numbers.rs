//! What is counted of requests: how long they take, what becomes of acts, and who is put off.
//!
//! **Invariant:** as of [`crate::operate::numbers`], where each of these stands in the list.

use std::time::Duration;

use crate::ledger::{AnswerKind, ExecuteError};

/// A request was answered.
pub(super) fn answered(method: &'static str, route: &str, status: u16, took: Duration) {
    metrics::histogram!(
        "http_server_request_duration_seconds",
        "http_request_method" => method,
        "http_route" => route.to_owned(),
        "http_response_status_code" => status.to_string(),
    )
    .record(took.as_secs_f64());
}

/// An act came to something.
pub(super) fn acted(command: &'static str, kind: Result<AnswerKind, &ExecuteError>) {
    let outcome = match kind {
        Ok(AnswerKind::Recorded) => "recorded",
        Ok(AnswerKind::Unchanged) => "unchanged",
        Ok(AnswerKind::Repeated) => "repeated",
        Err(ExecuteError::Rejected(_)) => "rejected",
        Err(ExecuteError::Stale { .. } | ExecuteError::Conflict) => "conflict",
        Err(ExecuteError::CommandIdReused { .. }) => "key_reused",
        Err(ExecuteError::Unconfirmed { .. } | ExecuteError::Stopping { .. }) => "unconfirmed",
        Err(ExecuteError::Closed(_)) => "closed",
        Err(_) => "failed",
    };
    metrics::counter!("piperoll_acts_total", "command" => command, "outcome" => outcome)
        .increment(1);
}

/// Counts from here on who is put off: a first time is seen only after a nought.
pub(super) fn begin() {
    for reason in ["too_fast", "busy", "too_many_acts", "too_many_lines", "took_too_long"] {
        metrics::counter!("piperoll_requests_refused_total", "reason" => reason).increment(0);
    }
}

/// A request was put off because of pace or load.
pub(super) fn put_off(reason: &'static str) {
    metrics::counter!("piperoll_requests_refused_total", "reason" => reason).increment(1);
}

/// Counts something as under way as long as it is held.
pub(super) struct UnderWay(&'static str);

impl UnderWay {
    /// A request.
    pub(super) fn request() -> Self {
        Self::one("http_server_active_requests")
    }

    /// An act.
    pub(super) fn act() -> Self {
        Self::one("piperoll_acts_in_flight")
    }

    fn one(name: &'static str) -> Self {
        metrics::gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1);
    }
}
