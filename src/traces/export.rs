//! Spans on their way to a collector: OTLP over HTTP, as protobuf.
//!
//! **Invariant:** nobody waits for a collector. What is on its way is bounded; what finds no room, or is not
//! taken, is dropped, counted and told of. Whether there is a collector changes nothing but traces.
//!
//! ```text
//! a span ends ──► room? ── yes ──► a thread of its own ──► the collector
//!                   └───── no ───► dropped: queue_full          └─ no ──► dropped: not_taken
//! ```

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter as Otlp, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span, SpanData,
    SpanExporter, SpanProcessor,
};

use super::client::{Client, Why};
use crate::config::Tracing;

const DROPPED: &str = "piperoll_spans_dropped_total";
const QUEUE_FULL: &str = "queue_full";
const NOT_TAKEN: &str = "not_taken";
/// How long whoever stops waits for what is still on its way.
const LAST_CALL: Duration = Duration::from_secs(5);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// What makes spans; none where nothing is exported.
pub(super) fn tracer() -> Option<&'static SdkTracer> {
    TRACER.get()
}

/// Whether spans are exported.
#[must_use]
pub fn on() -> bool {
    TRACER.get().is_some()
}

/// Counts from here on what is dropped: a first time is seen only after a nought.
pub(crate) fn count() {
    for reason in [QUEUE_FULL, NOT_TAKEN] {
        dropped(reason, 0);
    }
}

/// Spans were dropped.
fn dropped(reason: &'static str, spans: usize) {
    metrics::counter!(DROPPED, "reason" => reason)
        .increment(u64::try_from(spans).unwrap_or(u64::MAX));
}

/// Spans being exported, until whoever holds this ends it.
#[must_use]
#[derive(Debug)]
pub struct Exporting(Option<(SdkTracerProvider, Arc<Queue>)>);

/// How many spans are on their way, and how it goes.
#[derive(Debug)]
struct Queue {
    most: usize,
    waiting: AtomicUsize,
    /// Whether the last one found room, and the last ones were taken: each change is told once.
    room: AtomicBool,
    taken: AtomicBool,
}

/// Exports spans from here on, where a collector is named. One that can't be used is told of, and the
/// service goes on without.
pub fn begin(tracing: &Tracing) -> Exporting {
    if !tracing.wanted {
        return Exporting(None);
    }
    if let Some(protocol) = tracing.other_protocol() {
        tracing::error!(protocol, "no spans are exported: they go by http/protobuf only");
        return Exporting(None);
    }
    match build(tracing) {
        Ok((provider, queue)) => {
            TRACER.get_or_init(|| provider.tracer("piperoll"));
            Exporting(Some((provider, queue)))
        }
        Err(error) => {
            tracing::error!(%error, "no spans are exported");
            Exporting(None)
        }
    }
}

fn build(tracing: &Tracing) -> Result<(SdkTracerProvider, Arc<Queue>), ExporterBuildError> {
    let why = Why::default();
    let otlp = Otlp::builder()
        .with_http()
        .with_http_client(Client::new(tracing.time, Arc::clone(&why)))
        .with_timeout(tracing.time)
        .build()?;
    let (room, taken) = (AtomicBool::new(true), AtomicBool::new(true));
    let (most, waiting) = (tracing.most_waiting, AtomicUsize::new(0));
    let queue = Arc::new(Queue { most, waiting, room, taken });
    let counted = Counted { otlp, why, queue: Arc::clone(&queue) };
    let batches = BatchConfigBuilder::default().with_max_queue_size(most).build();
    let next = BatchSpanProcessor::builder(counted).with_batch_config(batches).build();
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if !tracing.named {
        resource = resource.with_service_name("piperoll");
    }
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_span_processor(Bounded { next, queue: Arc::clone(&queue) })
        .build();
    Ok((provider, queue))
}

impl Exporting {
    /// Sends what is still on its way, in its time. It waits: call it where nothing else is to go on.
    pub fn end(self) {
        let Some((provider, queue)) = self.0 else { return };
        if let Err(error) = provider.shutdown_with_timeout(LAST_CALL) {
            let waiting = queue.waiting.load(Ordering::Acquire);
            tracing::warn!(%error, waiting, "spans were still on their way and are dropped");
        }
    }
}

/// The way in: a span goes on where there is room, or is dropped.
#[derive(Debug)]
struct Bounded {
    next: BatchSpanProcessor,
    queue: Arc<Queue>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        let Queue { most, waiting, room, .. } = &*self.queue;
        if waiting.fetch_add(1, Ordering::AcqRel) < *most {
            return self.next.on_end(span);
        }
        waiting.fetch_sub(1, Ordering::AcqRel);
        dropped(QUEUE_FULL, 1);
        if room.swap(false, Ordering::AcqRel) {
            tracing::warn!(most, "spans are dropped: too many are on their way to the collector");
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// The way out: what the collector does not take is counted.
#[derive(Debug)]
struct Counted {
    otlp: Otlp,
    why: Why,
    queue: Arc<Queue>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let Queue { waiting, room, taken, .. } = &*self.queue;
        let spans = batch.len();
        waiting.fetch_sub(spans, Ordering::AcqRel);
        match self.otlp.export(batch).await {
            Ok(()) => {
                room.store(true, Ordering::Release);
                if !taken.swap(true, Ordering::AcqRel) {
                    tracing::warn!("the collector takes spans again");
                }
            }
            Err(error) => {
                dropped(NOT_TAKEN, spans);
                if taken.swap(false, Ordering::AcqRel) {
                    let why = self.why.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let why = why.unwrap_or_else(|| error.to_string());
                    tracing::warn!(%why, spans, "spans are dropped: the collector does not take them");
                }
            }
        }
        // It is told here, and only when it changes.
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.otlp.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
