//! The list of everything that is measured, and where it is gathered.
//!
//! **Invariant:** what is measured stands in [`METRICS`]: exposition, dashboard and alarms are checked
//! against it. A label is a route's template, a method, a status, an outcome, a part of the system, or a
//! ledger's name: without that nobody could be told whose rows are behind, and it is a public body's short
//! name, which `/readyz` tells anybody. Never a person's name, an id or a text.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::traces::export;

/// How often what was measured is folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often it was at most as much as each of the bounds.
    Histogram(&'static Bounds),
}

/// The upper bounds of a histogram's buckets, in thousandths of its unit.
pub type Bounds = [u32];

/// One thing that is measured. Names are those of OpenTelemetry's conventions as Prometheus writes them.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it counts: `s`, or a thing.
    pub unit: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

/// The bounds that the HTTP conventions advise.
const OF_REQUESTS: &Bounds =
    &[5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];
const OF_STEPS: &Bounds = &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const OF_DECISIONS: &Bounds = &[1, 2, 5, 10, 25, 50, 100, 250];
const OF_COMMANDS: &Bounds =
    &[1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];
const OF_ROWS: &Bounds =
    &[1_000, 10_000, 100_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 50_000_000];

const HTTP: &[&str] = &["http_request_method", "http_route", "http_response_status_code"];

macro_rules! metrics {
    ($($name:literal $kind:expr, $unit:literal, $labels:expr, $help:literal;)*) => {
        /// Everything that is measured.
        pub const METRICS: &[Metric] = &[$(
            Metric { name: $name, kind: $kind, unit: $unit, labels: $labels, help: $help },
        )*];
    };
}

metrics! {
    "http_server_request_duration_seconds" Kind::Histogram(OF_REQUESTS), "s", HTTP,
        "How long a request took.";
    "http_server_active_requests" Kind::Gauge, "requests", &[],
        "Requests under way.";
    "piperoll_acts_total" Kind::Counter, "acts", &["command", "outcome"],
        "What became of acts, by command and outcome.";
    "piperoll_acts_in_flight" Kind::Gauge, "acts", &[],
        "Acts under way.";
    "piperoll_requests_refused_total" Kind::Counter, "requests", &["reason"],
        "Requests put off because of pace or load: too_fast, busy, too_many_acts, too_many_lines, took_too_long.";
    "piperoll_ledger_append_duration_seconds" Kind::Histogram(OF_STEPS), "s", &[],
        "How long an append took until it was acknowledged.";
    "piperoll_command_decide_duration_seconds" Kind::Histogram(OF_DECISIONS), "s", &[],
        "How long it took to decide a command.";
    "piperoll_ledger_conflicts_total" Kind::Counter, "conflicts", &[],
        "Appends refused because the entity had changed meanwhile.";
    "piperoll_ledger_batch_size" Kind::Histogram(OF_COMMANDS), "commands", &[],
        "How many commands went into one append.";
    "piperoll_lane_queue_depth" Kind::Gauge, "commands", &[],
        "Commands that wait for an append.";
    "piperoll_dependency_up" Kind::Gauge, "1", &["dependency"],
        "1 where NATS or Postgres answers, 0 where it does not.";
    "piperoll_nats_disconnections_total" Kind::Counter, "disconnections", &["role"],
        "Connections to NATS that were lost.";
    "piperoll_guard_open" Kind::Gauge, "1", &["ledger"],
        "1 where a ledger may be written, 0 where its guard has closed it; NaN where nobody has written here yet.";
    "piperoll_guard_findings" Kind::Gauge, "findings", &["ledger"],
        "Differences for which the guard keeps a ledger closed.";
    "piperoll_acts_put_off" Kind::Gauge, "1", &["ledger"],
        "1 where the last act was put off because a server could not do its part (its disk is full), 0 where none was since one was recorded.";
    "piperoll_projection_lag_events" Kind::Gauge, "events", &["ledger", "model"],
        "Events that a read model is behind; below nought where it holds more than the ledger; NaN where not known.";
    "piperoll_projection_lag_seconds" Kind::Gauge, "s", &["ledger", "model"],
        "How long the first of these events has waited; NaN where not known.";
    "piperoll_updates_lag_events" Kind::Gauge, "events", &["ledger"],
        "Events that the publisher of this process has still to look at; as of a read model.";
    "piperoll_updates_lag_seconds" Kind::Gauge, "s", &["ledger"],
        "How long the first of these events has waited; NaN where not known.";
    "piperoll_projection_fold_duration_seconds" Kind::Histogram(OF_STEPS), "s", &["model"],
        "How long a batch took to be folded.";
    "piperoll_projection_write_duration_seconds" Kind::Histogram(OF_STEPS), "s", &["model"],
        "How long the transaction of a batch took.";
    "piperoll_projection_batch_rows" Kind::Histogram(OF_ROWS), "rows", &["model"],
        "Rows that a batch wrote.";
    "piperoll_spans_dropped_total" Kind::Counter, "spans", &["reason"],
        "Spans that no collector was told of: queue_full, not_taken. Nought where none are exported.";
}

/// What is counted.
#[derive(Clone)]
pub(crate) struct Numbers(PrometheusHandle);

impl Numbers {
    /// Counts from here on.
    ///
    /// # Errors
    /// A list of bounds is empty; this is our fault.
    pub(crate) fn new() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in METRICS {
            if let Kind::Histogram(bounds) = metric.kind {
                let bounds: Vec<f64> = bounds.iter().map(|it| f64::from(*it) / 1_000.0).collect();
                let of = Matcher::Full(metric.name.to_owned());
                builder = builder.set_buckets_for_metric(of, &bounds)?;
            }
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // A second server in one process counts into the first one's numbers.
        metrics::set_global_recorder(recorder).ok();
        for metric in METRICS {
            match metric.kind {
                Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
                Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
                Kind::Histogram(_) => metrics::describe_histogram!(metric.name, metric.help),
            }
        }
        export::count();
        Ok(Self(handle))
    }

    /// All of it, as Prometheus reads it.
    pub(crate) fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was measured together, again and again; ends only when dropped.
    pub(crate) async fn keep_up(&self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.0.run_upkeep();
        }
    }
}
