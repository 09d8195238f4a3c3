//! Following a ledger from a position on, in order and without a gap, for projectors.
//!
//! **Invariant:** every position is handed over once, in order, judged. On any trouble the consumer
//! is made anew after the last position handed over, and the stream is checked again to be the same;
//! what can't be put right so ends the following with an error that names it.
//!
//! The consumer is our own: async-nats's ordered one replays from the beginning after a restart of
//! an idle server, and waits for ever on a deleted stream (measured).

use std::time::Duration;

use async_nats::{Message, Subscriber};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use piperoll_events::Position;
use piperoll_projections::Placed;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::authenticity::Verifier;
use super::connection::AskError;
use super::place::{Judge, Raw, UnknownEvent};
use super::read::{Identity, Stream};
use crate::ids::{NoRandomness, random};

/// The most positions handed over at a time, and asked for at a time.
const BATCH: usize = 5_000;
/// The most bytes on their way to us at a time; events are 1 KiB, but may be 256.
const BATCH_BYTES: usize = 64 * 1024 * 1024;
/// How long one request for messages stands.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it is still there; twice missed, it is not.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long the server keeps a consumer that nobody asks.
const INACTIVE: Duration = Duration::from_mins(2);
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
}

/// A ledger being followed; dropping it ends that.
#[derive(Debug)]
pub struct Following {
    batches: mpsc::Receiver<Result<Vec<Placed>, FollowError>>,
    /// Kept only to be ended with the rest.
    _work: JoinSet<()>,
}

impl Following {
    /// What comes next, at most some 5,000 positions; `None` after the head, if that was the end,
    /// and after an error.
    pub async fn next(&mut self) -> Option<Result<Vec<Placed>, FollowError>> {
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
    // One batch waits while another is being written: more would only be memory.
    let (hand_over, batches) = mpsc::channel(1);
    let mut work = JoinSet::new();
    let run = Run { stream, remembered, judge, cursor, until, head: None, hand_over };
    work.spawn(run.follow());
    Following { batches, _work: work }
}

struct Run {
    stream: Stream,
    remembered: Identity,
    judge: Judge,
    /// The last position that was judged; what waits in a batch is handed over before anything ends.
    cursor: Position,
    until: Until,
    head: Option<Position>,
    hand_over: mpsc::Sender<Result<Vec<Placed>, FollowError>>,
}

/// One consumer of ours, and where its messages arrive.
struct Consumer {
    name: String,
    inbox: String,
    messages: Subscriber,
}

/// Why one consumer was no more use.
enum Break {
    /// Everything asked for was handed over, or nobody listens.
    Done,
    /// Try again with a fresh consumer.
    Again(String),
    /// Nothing more can come.
    End(FollowError),
}

impl From<AskError> for Break {
    fn from(error: AskError) -> Self {
        match &error {
            // No answer, no leader, or a server that is starting.
            AskError::NoAnswer { .. } | AskError::Refused { code: 10008 | 10005 | 10004, .. } => {
                Self::Again(error.to_string())
            }
            _ => Self::End(error.into()),
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
                    // Nobody listening any more is no error either.
                    drop(self.hand_over.send(Err(error)).await);
                    return;
                }
                Break::Again(reason) => reason,
            };
            // Whoever listened has gone, and the connection with them: no trouble to tell of.
            if self.hand_over.is_closed() {
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
                () = self.hand_over.closed() => return,
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Follows with one consumer for as long as it is of use. `missed` is where the one before it
    /// broke off: a gap there, seen a second time, is no accident of the connection.
    async fn one_consumer(&mut self, missed: Option<Position>) -> Break {
        let opened = match self.open().await {
            Ok(opened) => opened,
            Err(reason) => return reason,
        };
        let Some(mut consumer) = opened else {
            return Break::Done;
        };
        let outcome = self.read(&mut consumer, missed).await;
        // The server forgets the consumer by itself; telling it is a courtesy.
        let (stream, name) = (self.stream.stream_name(), &consumer.name);
        let subject = format!("$JS.API.CONSUMER.DELETE.{stream}.{name}");
        if let Err(error) = self.stream.connection().call(subject).await {
            tracing::debug!(%error, "a consumer was left to expire");
        }
        outcome
    }

    /// Checks that the stream is the one expected and makes a consumer on it; none when there is
    /// nothing to follow.
    async fn open(&mut self) -> Result<Option<Consumer>, Break> {
        let info = self.stream.info().await?;
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
        if self.until == Until::Head && self.cursor >= *self.head.get_or_insert(last) {
            return Ok(None);
        }
        let random = random::<8>().map_err(|error| Break::End(error.into()))?;
        let name = format!("follow_{}", hex::encode(random));
        let stream = self.stream.stream_name();
        let connection = self.stream.connection();
        let question = json!({
            "stream_name": stream,
            "action": "create",
            "config": {
                "name": name,
                "ack_policy": "none",
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": self.cursor.next(),
                "replay_policy": "instant",
                "mem_storage": true,
                "num_replicas": 1,
                "inactive_threshold": nanos(INACTIVE),
            },
        });
        let subject = format!("$JS.API.CONSUMER.CREATE.{stream}.{name}");
        connection.ask::<Value>(subject, &question).await?;
        let client = connection.client();
        let inbox = client.new_inbox();
        let messages = client.subscribe(inbox.clone()).await;
        let messages = messages.map_err(|error| Break::Again(error.to_string()))?;
        Ok(Some(Consumer { name, inbox, messages }))
    }

    async fn read(&mut self, consumer: &mut Consumer, missed: Option<Position>) -> Break {
        let mut batch = Vec::new();
        // Messages asked for and not here yet. Two requests stand at a time, so that the server
        // has the next one in hand when it has answered the first.
        let mut due = 0_usize;
        let outcome = loop {
            while due <= BATCH {
                if let Err(reason) = self.ask_for_more(consumer).await {
                    return reason;
                }
                due = due.saturating_add(BATCH);
            }
            let next = tokio::select! {
                biased;
                next = tokio::time::timeout(HEARTBEAT.saturating_mul(2), consumer.messages.next()), if batch.len() < BATCH => next,
                // Room, so what is there goes; as long as there is none, the batch grows.
                room = self.hand_over.reserve(), if !batch.is_empty() => {
                    let Ok(room) = room else { return Break::Done };
                    room.send(Ok(std::mem::take(&mut batch)));
                    continue;
                }
                () = self.hand_over.closed() => return Break::Done,
            };
            match next {
                Err(_) => break Break::Again("no heartbeat".to_owned()),
                Ok(None) => break Break::Again("the subscription ended".to_owned()),
                Ok(Some(message)) => match self.take(&message, missed) {
                    Ok(Taken::Placed(placed)) => {
                        batch.push(placed);
                        due = due.saturating_sub(1);
                        if self.until == Until::Head && Some(self.cursor) >= self.head {
                            break Break::Done;
                        }
                    }
                    Ok(Taken::Nothing) => {}
                    Ok(Taken::Expired(pending)) => due = due.saturating_sub(pending),
                    Err(reason) => break reason,
                },
            }
        };
        // What was judged counts as read, so it is handed over before anything else.
        if !batch.is_empty() && self.hand_over.send(Ok(batch)).await.is_err() {
            return Break::Done;
        }
        outcome
    }

    async fn ask_for_more(&self, consumer: &Consumer) -> Result<(), Break> {
        let stream = self.stream.stream_name();
        let question = json!({
            "batch": BATCH,
            "max_bytes": BATCH_BYTES,
            "expires": nanos(EXPIRES),
            "idle_heartbeat": nanos(HEARTBEAT),
        });
        let Consumer { name, inbox, .. } = consumer;
        self.stream
            .connection()
            .client()
            .publish_with_reply(
                format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"),
                inbox.clone(),
                question.to_string().into(),
            )
            .await
            .map_err(|error| Break::Again(error.to_string()))
    }

    fn take(&mut self, message: &Message, missed: Option<Position>) -> Result<Taken, Break> {
        let header = |name: &'static str| {
            let value = message.headers.as_ref()?.get(name)?;
            Some(value.as_str())
        };
        if let Some(status) = message.status {
            return match status.as_u16() {
                100 => Ok(Taken::Nothing),
                // A request ended before it was full: by time, by bytes, or for want of messages.
                404 | 408 | 409 if header("Nats-Pending-Messages").is_some() => {
                    let pending = header("Nats-Pending-Messages").and_then(|n| n.parse().ok());
                    Ok(Taken::Expired(pending.unwrap_or(BATCH)))
                }
                code => {
                    let said = message.description.as_deref().unwrap_or_default();
                    Err(Break::Again(format!("NATS says {code} {said}")))
                }
            };
        }
        let reply = message.reply.as_deref().unwrap_or_default();
        let Some(position) = position(reply) else {
            return Err(Break::Again("a message bears no position".to_owned()));
        };
        let expected = self.cursor.next();
        if position != expected {
            // Once may be the connection's doing; the same again with a fresh consumer is not.
            return Err(if missed == Some(self.cursor) && position > expected {
                Break::End(FollowError::Gap { expected, found: position })
            } else {
                Break::Again(format!("position {expected} is due and {position} came"))
            });
        }
        let raw = Raw {
            position,
            subject: &message.subject,
            event_type: header("Piperoll-Type"),
            mac: header("Piperoll-Mac"),
            body: &message.payload,
        };
        let placed = self.judge.judge(&raw).map_err(|error| Break::End(error.into()))?;
        self.cursor = position;
        Ok(Taken::Placed(placed))
    }
}

#[expect(clippy::large_enum_variant, reason = "nearly every one is placed")]
enum Taken {
    Placed(Placed),
    Nothing,
    /// A request ended with this many messages still due.
    Expired(usize),
}

/// The stream's sequence in a reply subject: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream
/// sequence>.…`, or with a domain and an account hash after `ACK`.
fn position(reply: &str) -> Option<Position> {
    let mut tokens = reply.strip_prefix("$JS.ACK.")?.split('.');
    let at = match tokens.clone().count() {
        7 => 3,
        10.. => 5,
        _ => return None,
    };
    tokens.nth(at)?.parse().ok().map(Position)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_from_both_forms_of_a_reply() {
        let plain = "$JS.ACK.piperoll_x.follow_1.1.42.7.1795333919636829604.2";
        assert_eq!(position(plain), Some(Position(42)));
        let long = "$JS.ACK.hub.ACCHASH.piperoll_x.follow_1.1.42.7.1795333919636829604.2.r4nd";
        assert_eq!(position(long), Some(Position(42)));
        assert_eq!(position("_INBOX.x"), None);
    }
}
