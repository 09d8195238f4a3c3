//! The spans of commands that came with a trace: each decision, each append.
//!
//! **Invariant:** the span that an event bears in its header is the one that sent it, where spans are exported;
//! so a projector goes on exactly where the writer stopped. Nothing here is signed, nor decides anything.

use super::append::Ledger;
use super::asked::{AnswerKind, Asked, ExecuteError, Look};
use super::batch::{Letter, Stop};
use crate::traces::{Kind, Span, export};

/// Requests being decided together: a span each.
pub(super) struct Deciding(Vec<Span>);

/// Messages being sent as one: a span each.
pub(super) struct Sending(Vec<Span>);

impl Ledger {
    /// Begins to decide.
    pub(super) fn deciding(&self, asked: &[Asked<'_>]) -> Deciding {
        if !export::on() {
            return Deciding(Vec::new());
        }
        let begin = |asked: &Asked<'_>| {
            let mut span = Span::below(asked.acting.trace, Kind::Internal, || "decide");
            if span.is_some() {
                span.say("piperoll.ledger", self.stream().name().to_string());
                span.say("piperoll.entity", asked.entity.kind.as_str());
            }
            span
        };
        Deciding(asked.iter().map(begin).collect())
    }

    /// Begins to send; the messages bear the spans.
    pub(super) fn sending(&self, letters: &mut [&mut Letter]) -> Sending {
        if !export::on() {
            return Sending(Vec::new());
        }
        let stream = self.stream().stream_name();
        let together = i64::try_from(letters.len()).unwrap_or(i64::MAX);
        let mut spans = Vec::with_capacity(letters.len());
        for letter in letters {
            let mut span =
                Span::below(letter.trace, Kind::Producer, || format!("publish {stream}"));
            if let Some(trace) = span.trace() {
                letter.headers.insert("traceparent", trace.to_string());
                span.say("messaging.system", "nats");
                span.say("messaging.operation.name", "publish");
                span.say("messaging.operation.type", "send");
                span.say("messaging.destination.name", stream.clone());
                let body = i64::try_from(letter.body.len()).unwrap_or(i64::MAX);
                span.say("messaging.message.body.size", body);
                span.say("piperoll.ledger", self.stream().name().to_string());
                span.say("piperoll.append.events", together);
            }
            spans.push(span);
        }
        Sending(spans)
    }
}

impl Deciding {
    /// What the requests came to. They are still to be drafted, which counts as well.
    pub(super) fn came_to(&mut self, looks: &[Result<Look, ExecuteError>]) {
        for (span, look) in self.0.iter_mut().zip(looks) {
            span.say(
                "piperoll.outcome",
                match look {
                    Ok(Look::Record(_)) => "recorded",
                    Ok(Look::Answer(answer)) => match answer.kind {
                        AnswerKind::Recorded => "recorded",
                        AnswerKind::Unchanged => "unchanged",
                        AnswerKind::Repeated => "repeated",
                    },
                    Err(ExecuteError::Rejected(rejection)) => rejection.code(),
                    Err(ExecuteError::Stale { .. }) => "stale",
                    Err(_) => "refused",
                },
            );
        }
    }
}

impl Sending {
    /// JetStream answered: the position of the first, or why there is none.
    pub(super) fn ended(self, answer: &Result<u64, Stop>) {
        for (span, nth) in self.0.into_iter().zip(0_u64..) {
            let mut span = span;
            match answer {
                Ok(first) => {
                    let position = i64::try_from(first.saturating_add(nth)).unwrap_or(i64::MAX);
                    span.say("piperoll.position", position);
                }
                Err(stop) => span.failed(stop.as_str()),
            }
        }
    }
}
