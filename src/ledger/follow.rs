//! Following a ledger from a position on, in order and without a gap, for projectors.
//!
//! **Invariant:** every position is handed over once, in order, judged. On any trouble the consumer
//! is made anew after the last position handed over, and the stream is checked again to be the same;
//! what can't be put right so ends the following with an error that names it.
//!
//! ```text
//! consumer ──► part in order ──► judged (two parts at a time, still in order) ──► handed over
//! ```

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use piperoll_events::Position;
use piperoll_projections::{Outcome, Placed};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

use super::authenticity::Verifier;
use super::connection::AskError;
use super::consumer::{Arrived, BATCH, Consumer, NoConsumer, Pull, header};
use super::place::{Judge, UnknownEvent};
use super::read::{Identity, Stream};
use crate::ids::NoRandomness;
use crate::traces::{Trace, export};

/// How many parts are judged at a time: codes and JSON are most of the work of reading.
const JUDGED_AT_ONCE: usize = 2;
/// How long to wait before trying again, first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How far to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the head as it is at the beginning.
    Head,
    /// For ever.
    Dropped,
}

/// Why following ended. Nothing past the last batch was handed over.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The stream was deleted and made again; the operator compares it with its copy.
    #[error(
        "the stream of `{ledger}` was made again at {found}, it was made at {expected}; compare it with its copy, then rebuild"
    )]
    Recreated {
        /// The ledger's name.
        ledger: String,
        /// When the stream known was made.
        expected: DateTime<Utc>,
        /// When this one was made.
        found: DateTime<Utc>,
    },
    /// The stream holds another ledger, or none; the operator looks at the configuration.
    #[error(
        "the stream of `{ledger}` does not bear the ledger id expected; is this the right server?"
    )]
    OtherLedger {
        /// The ledger's name.
        ledger: String,
    },
    /// The stream ends before what is known of it: a lost or restored log. The operator compares it
    /// with its copy.
    #[error(
        "the stream ends at {last} and was read up to {cursor}: its end is lost; compare it with its copy"
    )]
    Behind {
        /// Its last position.
        last: Position,
        /// What was read before.
        cursor: Position,
    },
    /// Positions are missing; the operator compares the stream with its copy.
    #[error("position {expected} is missing, {found} is next; compare the stream with its copy")]
    Gap {
        /// The position that should come.
        expected: Position,
        /// The position that came.
        found: Position,
    },
    /// Another release wrote here; the operator updates this one, projectors first.
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
    /// The stream does not exist, or may not be read; the operator looks.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A task of ours ended without a word.
    #[error("a task of the reader ended before its work; this is a fault of ours")]
    Task,
}

/// What is handed over at once.
#[derive(Debug, Default)]
pub struct Traced {
    /// Positions in order, none left out.
    pub placed: Vec<Placed>,
    /// The spans that authentic events among them were sent in; none where no spans are exported.
    pub traces: Vec<(Position, Trace)>,
}

/// A ledger being followed; dropping it ends that.
#[derive(Debug)]
pub struct Following {
    batches: mpsc::Receiver<Result<Traced, FollowError>>,
    /// Kept only to be ended with the rest.
    _work: JoinSet<()>,
}

impl Following {
    /// What comes next, at most some 5,000 positions; `None` after the head, if that was the end,
    /// and after an error.
    pub async fn next(&mut self) -> Option<Result<Vec<Placed>, FollowError>> {
        let handed = self.next_traced().await?;
        Some(handed.map(|handed| handed.placed))
    }

    /// The same, with the spans that its events were sent in.
    pub async fn next_traced(&mut self) -> Option<Result<Traced, FollowError>> {
        self.batches.recv().await
    }
}

/// Follows `stream` (through a reader's connection), which is expected to be the one `remembered`,
/// from the position after `cursor`.
#[must_use]
pub fn follow(
    stream: Stream,
    remembered: Identity,
    verifier: Verifier,
    cursor: Position,
    until: Until,
) -> Following {
    let judge = Judge::new(stream.name(), remembered.ledger_id, verifier);
    // One part waits while another is being worked on: more would only be memory.
    let (hand_over, batches) = mpsc::channel(1);
    let (arrive, arrived) = mpsc::channel(1);
    let mut work = JoinSet::new();
    let run = Run { stream, remembered, cursor, until, head: None, arrive };
    work.spawn(run.follow());
    work.spawn(judge_all(Arc::new(judge), arrived, hand_over));
    Following { batches, _work: work }
}

/// What arrived in order, or why nothing more does.
type Part = Result<Vec<Arrived>, FollowError>;

/// Judges parts as they arrive and hands them over in their order.
async fn judge_all(
    judge: Arc<Judge>,
    mut arrived: mpsc::Receiver<Part>,
    hand_over: mpsc::Sender<Result<Traced, FollowError>>,
) {
    let parts = stream::poll_fn(|context| arrived.poll_recv(context));
    let judged = parts.map(|part| {
        let judge = Arc::clone(&judge);
        async move {
            let part = match part {
                Ok(part) => part,
                Err(error) => return (Traced::default(), Some(error)),
            };
            let judged = spawn_blocking(move || judge_part(&judge, &part)).await;
            judged.unwrap_or_else(|_| (Traced::default(), Some(FollowError::Task)))
        }
    });
    let mut judged = std::pin::pin!(judged.buffered(JUDGED_AT_ONCE));
    while let Some((handed, error)) = judged.next().await {
        // What was judged counts as read, so it is handed over before anything else.
        if !handed.placed.is_empty() && hand_over.send(Ok(handed)).await.is_err() {
            return;
        }
        if let Some(error) = error {
            // Nobody listening any more is no error either.
            drop(hand_over.send(Err(error)).await);
            return;
        }
    }
}

/// Judges up to what this release does not know.
fn judge_part(judge: &Judge, part: &[Arrived]) -> (Traced, Option<FollowError>) {
    let placed = Vec::with_capacity(part.len());
    let mut handed = Traced { placed, traces: Vec::new() };
    let traced = export::on();
    for arrived in part {
        match judge.judge(&arrived.into()) {
            Ok(one) => {
                if traced
                    && matches!(one.outcome, Outcome::Event(_))
                    && let Some(trace) = header(&arrived.message, "traceparent")
                {
                    handed.traces.extend(Trace::parse(trace).map(|trace| (one.position, trace)));
                }
                handed.placed.push(one);
            }
            Err(unknown) => return (handed, Some(unknown.into())),
        }
    }
    (handed, None)
}

struct Run {
    stream: Stream,
    remembered: Identity,
    /// The last position that arrived.
    cursor: Position,
    until: Until,
    head: Option<Position>,
    arrive: mpsc::Sender<Part>,
}

/// Why one consumer was no more use.
enum Break {
    /// Everything asked for has arrived, or nobody listens.
    Done,
    /// Try again with a fresh consumer.
    Again(String),
    /// Nothing more can come.
    End(FollowError),
}

impl From<AskError> for Break {
    fn from(error: AskError) -> Self {
        if error.passes() { Self::Again(error.to_string()) } else { Self::End(error.into()) }
    }
}

impl From<NoConsumer> for Break {
    fn from(none: NoConsumer) -> Self {
        match none {
            NoConsumer::Ask(error) => error.into(),
            NoConsumer::Randomness(error) => Self::End(error.into()),
            NoConsumer::Deaf(reason) => Self::Again(reason),
        }
    }
}

impl Run {
    async fn follow(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut missed = None;
        loop {
            let before = self.cursor;
            let reason = match self.one_consumer(missed.take()).await {
                Break::Done => return,
                Break::End(error) => {
                    drop(self.arrive.send(Err(error)).await);
                    return;
                }
                Break::Again(reason) => reason,
            };
            // Whoever listened has gone, and the connection with them: no trouble to tell of.
            if self.arrive.is_closed() {
                return;
            }
            if self.cursor > before {
                pause = FIRST_PAUSE;
            }
            tracing::warn!(ledger = %self.stream.name(), cursor = %self.cursor, %reason,
                "the consumer is made anew");
            missed = Some(self.cursor);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.arrive.closed() => return,
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Follows with one consumer for as long as it is of use. `missed` is where the one before it
    /// broke off: a gap there, seen a second time, is no accident of the connection.
    async fn one_consumer(&mut self, missed: Option<Position>) -> Break {
        match self.examine().await {
            Ok(true) => {}
            Ok(false) => return Break::Done,
            Err(reason) => return reason,
        }
        let (connection, on) = (self.stream.connection(), self.stream.stream_name());
        let created = Consumer::create(connection, on, self.cursor, Pull::LEDGER).await;
        let mut consumer = match created {
            Ok(consumer) => consumer,
            Err(none) => return none.into(),
        };
        let mut part = Vec::new();
        let outcome = self.receive(&mut consumer, &mut part, missed).await;
        // What arrived counts as read, so it goes before anything else.
        let heard = part.is_empty() || self.arrive.send(Ok(part)).await.is_ok();
        consumer.dismiss().await;
        if heard { outcome } else { Break::Done }
    }

    /// Checks that the stream is the one expected; whether there is anything to follow.
    async fn examine(&mut self) -> Result<bool, Break> {
        let info = self.stream.info_from(self.cursor).await?;
        let ledger = || self.stream.name().to_string();
        let remembered = self.remembered;
        match info.identity() {
            Some(found) if found.created != remembered.created => {
                let (expected, found) = (remembered.created, found.created);
                return Err(Break::End(FollowError::Recreated {
                    ledger: ledger(),
                    expected,
                    found,
                }));
            }
            Some(found) if found == remembered => {}
            _ => return Err(Break::End(FollowError::OtherLedger { ledger: ledger() })),
        }
        let (first, last) = (Position(info.state.first_seq), Position(info.state.last_seq));
        if last < self.cursor {
            return Err(Break::End(FollowError::Behind { last, cursor: self.cursor }));
        }
        if first > Position(1) {
            let expected = Position(1);
            return Err(Break::End(FollowError::Gap { expected, found: first }));
        }
        Ok(self.until == Until::Dropped || self.cursor < *self.head.get_or_insert(last))
    }

    /// Takes in messages and passes them on in parts, until the consumer is of no more use; `part`
    /// is what was not passed on by then.
    async fn receive(
        &mut self,
        consumer: &mut Consumer,
        part: &mut Vec<Arrived>,
        missed: Option<Position>,
    ) -> Break {
        loop {
            if let Err(reason) = consumer.top_up().await {
                return Break::Again(reason);
            }
            let messages = tokio::select! {
                biased;
                messages = consumer.next(), if part.len() < BATCH => messages,
                // Room, so what is there goes; as long as there is none, the part grows.
                room = self.arrive.reserve(), if !part.is_empty() => {
                    let Ok(room) = room else { return Break::Done };
                    room.send(Ok(std::mem::take(part)));
                    continue;
                }
                () = self.arrive.closed() => return Break::Done,
            };
            let messages = match messages {
                Ok(messages) => messages,
                Err(reason) => return Break::Again(reason),
            };
            for message in messages {
                match consumer.take(message) {
                    Ok(Some(arrived)) => match self.next_in_order(arrived, missed) {
                        Ok(arrived) => part.push(arrived),
                        Err(reason) => return reason,
                    },
                    Ok(None) => {}
                    Err(reason) => return Break::Again(reason),
                }
                if self.until == Until::Head && Some(self.cursor) >= self.head {
                    return Break::Done;
                }
            }
        }
    }

    fn next_in_order(
        &mut self,
        arrived: Arrived,
        missed: Option<Position>,
    ) -> Result<Arrived, Break> {
        let (expected, position) = (self.cursor.next(), arrived.position);
        if position == expected {
            self.cursor = position;
            return Ok(arrived);
        }
        // Once may be the connection's doing; the same again with a fresh consumer is not.
        Err(if missed == Some(self.cursor) && position > expected {
            Break::End(FollowError::Gap { expected, found: position })
        } else {
            Break::Again(format!("position {expected} is due and {position} came"))
        })
    }
}
