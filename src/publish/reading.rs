//! Updates read in order, from a sequence on and for ever, for whoever hands them on.
//!
//! **Invariant:** every sequence is handed over once, in order and in the bytes that are stored. On any
//! trouble the consumer is made anew after the last one handed over; a gap seen twice ends the reading.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use piperoll_events::Position;

use super::outbound::{Outbound, OutboundError};
use crate::ledger::{Arrived, Consumer, NoConsumer, Pull};

/// Few at a time: whoever reads slowly must not fill the memory.
const PULL: Pull = Pull { batch: 64, bytes: 2 * 1024 * 1024, inactive: Duration::from_secs(20) };
/// How long to wait before another consumer is made.
const PAUSE: Duration = Duration::from_millis(250);

/// An update as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Its sequence.
    pub(crate) sequence: u64,
    /// Its body, byte for byte.
    pub(crate) body: Bytes,
}

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadingError {
    /// The stream, or NATS.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The stream was deleted and made again; whoever reads begins again.
    #[error("the stream of updates was made again; begin again")]
    Recreated,
    /// Updates are missing; the operator looks.
    #[error("update {expected} is missing, {found} is next; find out who removed it")]
    Gap {
        /// The sequence that should come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
}

/// Reading, after a sequence.
#[derive(Debug)]
pub(crate) struct Reading {
    outbound: Outbound,
    created: Option<DateTime<Utc>>,
    after: u64,
    consumer: Option<Consumer>,
    ready: VecDeque<Sent>,
    /// Where a gap was seen.
    missed: Option<u64>,
}

impl Reading {
    /// Reads on after `after`, from the stream that was made at `created`.
    pub(crate) const fn new(
        outbound: Outbound,
        created: Option<DateTime<Utc>>,
        after: u64,
    ) -> Self {
        Self { outbound, created, after, consumer: None, ready: VecDeque::new(), missed: None }
    }

    /// What comes next, as soon as it is there. Cancelling it loses nothing.
    ///
    /// # Errors
    /// Reading can't go on; see [`ReadingError`].
    pub(crate) async fn next(&mut self) -> Result<Sent, ReadingError> {
        loop {
            if let Some(sent) = self.ready.pop_front() {
                return Ok(sent);
            }
            if let Err(reason) = self.receive().await? {
                tracing::warn!(after = self.after, reason, "the consumer of updates is made anew");
                self.consumer = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Takes in what is there; or says why another consumer is needed.
    async fn receive(&mut self) -> Result<Result<(), String>, ReadingError> {
        let consumer = match &mut self.consumer {
            Some(consumer) => consumer,
            None => match self.begin().await? {
                Ok(consumer) => self.consumer.insert(consumer),
                Err(reason) => return Ok(Err(reason)),
            },
        };
        if let Err(reason) = consumer.top_up().await {
            return Ok(Err(reason));
        }
        let messages = match consumer.next().await {
            Ok(messages) => messages,
            Err(reason) => return Ok(Err(reason)),
        };
        for message in messages {
            let arrived = match self.consumer.as_mut().map(|consumer| consumer.take(message)) {
                Some(Ok(Some(arrived))) => arrived,
                Some(Ok(None)) | None => continue,
                Some(Err(reason)) => return Ok(Err(reason)),
            };
            if let Err(reason) = self.in_order(arrived)? {
                return Ok(Err(reason));
            }
        }
        Ok(Ok(()))
    }

    fn in_order(&mut self, arrived: Arrived) -> Result<Result<(), String>, ReadingError> {
        let (expected, found) = (self.after.saturating_add(1), arrived.position.0);
        if found == expected {
            self.after = found;
            self.ready.push_back(Sent { sequence: found, body: arrived.message.payload });
            return Ok(Ok(()));
        }
        // Once may be the connection's doing; the same again with a fresh consumer is not.
        if self.missed.replace(self.after) == Some(self.after) && found > expected {
            return Err(ReadingError::Gap { expected, found });
        }
        Ok(Err(format!("update {expected} is due and {found} came")))
    }

    async fn begin(&mut self) -> Result<Result<Consumer, String>, ReadingError> {
        let head = match self.outbound.head().await {
            Ok(head) => head,
            Err(OutboundError::Ask(error)) if error.passes() => {
                return Ok(Err(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        if head.1 != self.created || head.0 < self.after {
            return Err(ReadingError::Recreated);
        }
        let (connection, on) = (self.outbound.connection(), self.outbound.stream_name());
        match Consumer::create(connection, on, Position(self.after), PULL).await {
            Ok(consumer) => Ok(Ok(consumer)),
            Err(NoConsumer::Ask(error)) => Ok(Err(error.to_string())),
            Err(NoConsumer::Randomness(error)) => Ok(Err(error.to_string())),
            Err(NoConsumer::Deaf(reason)) => Ok(Err(reason)),
        }
    }
}
