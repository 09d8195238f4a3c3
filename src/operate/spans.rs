//! The spans of events on their way to rows, each going on from the one that its event was sent in.
//!
//! **Invariant:** the span of an event ends when its rows stand in Postgres, and not before; one that is given
//! up says so. No more are held than there are events on their way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::Stream;
use piperoll_events::Position;
use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::run::SourceError;
use piperoll_projections::runtime::{Listener, Written};
use piperoll_projections::{Placed, Projection, Schema};

use crate::ledger::Following;
use crate::traces::{Kind, Span, Trace, export};

/// The events of one ledger on their way to the rows of one read model.
pub(super) struct Rows {
    stream: String,
    ledger: String,
    model: &'static str,
    schema: String,
    /// In the order of the ledger.
    on_their_way: Mutex<VecDeque<(Position, Span)>>,
}

impl Rows {
    /// None where no spans are exported.
    pub(super) fn traced(ledger: &LedgerName, model: &dyn Projection) -> Option<Arc<Self>> {
        export::on().then(|| {
            Arc::new(Self {
                stream: format!("piperoll_{ledger}"),
                ledger: ledger.to_string(),
                model: model.name(),
                schema: Schema::live(ledger, model).to_string(),
                on_their_way: Mutex::default(),
            })
        })
    }

    /// What the ledger hands over, each event with a span from here on.
    pub(super) fn batches(
        self: &Arc<Self>,
        following: Following,
    ) -> impl Stream<Item = Result<Vec<Placed>, SourceError>> + use<> {
        let rows = Arc::clone(self);
        futures::stream::unfold((following, rows), |(mut following, rows)| async move {
            let handed = following.next_traced().await?;
            let placed = handed.map(|handed| {
                rows.received(handed.traces);
                handed.placed
            });
            Some((placed.map_err(Into::into), (following, rows)))
        })
    }

    /// Ends the spans of the events that stand.
    pub(super) fn listener(self: &Arc<Self>) -> Listener {
        let rows = Arc::clone(self);
        Arc::new(move |written| rows.written(written))
    }

    fn received(&self, traces: Vec<(Position, Trace)>) {
        let spans = traces.into_iter().map(|(position, trace)| {
            let name = || format!("process {}", self.stream);
            let mut span = Span::below(Some(trace), Kind::Consumer, name);
            span.say("messaging.system", "nats");
            span.say("messaging.operation.name", "process");
            span.say("messaging.operation.type", "process");
            span.say("messaging.destination.name", self.stream.clone());
            span.say("messaging.consumer.group.name", self.model);
            span.say("piperoll.ledger", self.ledger.clone());
            span.say("piperoll.read_model", self.model);
            span.say("piperoll.position", number(position.0));
            (position, span)
        });
        self.lock().extend(spans);
    }

    fn written(&self, Written { upto, rows, took }: Written) {
        let mut on_their_way = self.lock();
        while on_their_way.front().is_some_and(|(position, _)| *position <= upto) {
            let Some((_, span)) = on_their_way.pop_front() else { return };
            // One transaction wrote the whole batch; each event's trace shows it.
            let name = || format!("COPY {}", self.schema);
            let mut wrote = Span::of_work_done(span.trace(), Kind::Client, name, took);
            wrote.say("db.system.name", "postgresql");
            wrote.say("db.operation.name", "COPY");
            wrote.say("db.namespace", self.schema.clone());
            wrote.say("piperoll.batch.rows", number(rows));
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Position, Span)>> {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // Another worker, or this one once it has found its feet, begins after the cursor again.
        for (_, span) in self.lock().iter_mut() {
            span.failed("not_committed");
        }
    }
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
