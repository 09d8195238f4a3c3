//! Spans as the rest of the house makes them: one begins where work begins, and is told when it is dropped.
//!
//! **Invariant:** where nothing is exported a span is nothing, and costs nothing. It bears a route, a position,
//! a ledger's or a read model's name, an outcome: never a person's name, an id or a text.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use super::{Trace, export};
use crate::clock;
use crate::ids::NoRandomness;

/// What a span stands for, towards those outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Work of ours alone.
    Internal,
    /// A request to us is answered.
    Server,
    /// We ask a server.
    Client,
    /// A message is sent.
    Producer,
    /// A message is worked on.
    Consumer,
}

/// A span under way, or nothing.
#[derive(Debug, Default)]
pub struct Span(Option<Box<SdkSpan>>);

impl Span {
    /// Nothing.
    pub const NONE: Self = Self(None);

    /// The span of a request, with the trace that it stands in: its caller's, or one of its own. That
    /// it has even where no span is told to anybody.
    ///
    /// # Errors
    /// No random bits.
    pub fn of_request(
        name: impl FnOnce() -> String,
        parent: Option<Trace>,
    ) -> Result<(Self, Trace), NoRandomness> {
        let span = match export::tracer() {
            Some(tracer) => Self::build(tracer, Kind::Server, name().into(), parent, None),
            None => Self::NONE,
        };
        match span.trace() {
            Some(trace) => Ok((span, trace)),
            None => Ok((span, Trace::below(parent)?)),
        }
    }

    /// A span below another; nothing where there is none above it.
    pub fn below<N: Into<Cow<'static, str>>>(
        parent: Option<Trace>,
        kind: Kind,
        name: impl FnOnce() -> N,
    ) -> Self {
        match (export::tracer(), parent) {
            (Some(tracer), Some(_)) => Self::build(tracer, kind, name().into(), parent, None),
            _ => Self::NONE,
        }
    }

    /// The same for work that has just ended and took so long.
    pub fn of_work_done<N: Into<Cow<'static, str>>>(
        parent: Option<Trace>,
        kind: Kind,
        name: impl FnOnce() -> N,
        took: Duration,
    ) -> Self {
        let (Some(tracer), Some(_)) = (export::tracer(), parent) else { return Self::NONE };
        let began = SystemTime::from(clock::now()).checked_sub(took);
        Self::build(tracer, kind, name().into(), parent, began)
    }

    fn build(
        tracer: &SdkTracer,
        kind: Kind,
        name: Cow<'static, str>,
        parent: Option<Trace>,
        began: Option<SystemTime>,
    ) -> Self {
        let mut builder = tracer.span_builder(name).with_kind(match kind {
            Kind::Internal => SpanKind::Internal,
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
        });
        builder.start_time = began;
        let context = Context::new();
        let context = match parent {
            Some(parent) => context.with_remote_span_context(parent.into()),
            None => context,
        };
        Self(Some(Box::new(tracer.build_with_context(builder, &context))))
    }

    /// Where it stands; none where it is nothing.
    #[must_use]
    pub fn trace(&self) -> Option<Trace> {
        let context = self.0.as_ref()?.span_context();
        // Once exporting has ended, what is built is empty.
        context.is_valid().then(|| context.into())
    }

    /// Whether it is a span at all: what is said of one that is not need not be made.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Says something of it.
    pub fn say(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Says that it came to a bad end, and to which.
    pub fn failed(&mut self, how: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new("error.type", how.into()));
            span.set_status(Status::error(""));
        }
    }
}

impl From<Trace> for SpanContext {
    fn from(trace: Trace) -> Self {
        Self::new(
            TraceId::from_bytes(trace.id),
            SpanId::from_bytes(trace.span),
            TraceFlags::new(trace.flags),
            true,
            TraceState::NONE,
        )
    }
}

impl From<&SpanContext> for Trace {
    fn from(context: &SpanContext) -> Self {
        Self {
            id: context.trace_id().to_bytes(),
            span: context.span_id().to_bytes(),
            flags: context.trace_flags().to_u8(),
        }
    }
}
