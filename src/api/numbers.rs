//! Numbers for whoever watches the service: how long requests take, and what becomes of acts.
//!
//! **Invariant:** a label is a route's template, a method, a status or an outcome: never a name, an id
//! or a text. Names are those of OpenTelemetry's HTTP conventions.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::ledger::{AnswerKind, ExecuteError};

const DURATION: &str = "http_server_request_duration_seconds";
const ACTS: &str = "piperoll_acts_total";
/// The bounds that the conventions advise.
const BOUNDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// How often what was measured is folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// What is counted.
pub(super) struct Numbers {
    handle: PrometheusHandle,
}

impl Numbers {
    /// Counts from here on.
    ///
    /// # Errors
    /// The bounds above are none; this is our fault.
    pub(super) fn new() -> Result<Self, BuildError> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BOUNDS)?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // A second server in one process counts into the first one's numbers.
        metrics::set_global_recorder(recorder).ok();
        metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "How long a request took.");
        metrics::describe_counter!(ACTS, "What became of acts, by command and outcome.");
        Ok(Self { handle })
    }

    /// All of it, as Prometheus reads it.
    pub(super) fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what was measured together, again and again; ends only when dropped.
    pub(super) async fn keep_up(&self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }
}

/// A request was answered.
pub(super) fn answered(method: &'static str, route: &str, status: u16, took: Duration) {
    metrics::histogram!(
        DURATION,
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
    metrics::counter!(ACTS, "command" => command, "outcome" => outcome).increment(1);
}
