//! A ledger put back into a stream of its own, message by message, each at the position it had.
//!
//! **Invariant:** until the last message stands, the stream bears the mark of a restore and another
//! duplicate window, so the guard of every writer keeps the way shut; afterwards it bears the mark of
//! a stream that was restored, and the way stays shut until somebody has said so on the record.
//!
//! A message is sent with the headers it had: what it was guarded by is as true now as it was then, and
//! what was one atomic batch is one again. Messages go one after another over one connection without
//! waiting for each answer; the first answer that is not the position due ends the restore.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use async_nats::header::{HeaderName, HeaderValue};
use async_nats::{HeaderMap, Message, RequestErrorKind, Subscriber};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use piperoll_events::Position;
use piperoll_events::envelope::micros;
use piperoll_events::ids::{LedgerId, LedgerName};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::{AskError, Connection};
use super::read::{Identity, Stream};
use super::replicas::Replicas;
use super::stream::{Founding, RESTORED, RESTORING, configuration, throw_away};
use super::whole::{Whole, WholeError};

/// How many messages may be on their way, but that a batch goes whole. A restore that dies leaves no
/// more than these to arrive after it.
const FLYING: u64 = 128;
/// How many messages that stand already are compared at a time.
const COMPARED: usize = 64;
/// While it restores, the stream forgets message ids as soon as NATS lets it: messages that came
/// minutes apart are sent within moments.
const WINDOW: Duration = Duration::from_millis(100);
/// How long until an id is forgotten for certain, and after how many messages it has been.
const FORGOTTEN: Duration = Duration::from_millis(400);
const IDS: usize = 8_192;
/// JetStream's code for a batch whose messages do not follow each other.
const INCOMPLETE: u64 = 10176;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// The ledger's id.
    pub ledger_id: LedgerId,
    /// When it was founded.
    pub genesis: DateTime<Utc>,
    /// When the stream that was exported had been made.
    pub created: DateTime<Utc>,
    /// Its last position.
    pub head: Position,
    /// The digest of the file, so that another file does not go on with this one's restore.
    pub digest: String,
}

/// Why a ledger is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something stands there; nothing was touched.
    #[error(
        "a ledger stands there already, {last} positions long: nothing is restored over one. Nothing was changed"
    )]
    Exists {
        /// Its last position.
        last: Position,
    },
    /// Another ledger's stream; nothing was touched.
    #[error("the stream there is of another ledger, {found}: nothing was changed")]
    OtherLedger {
        /// Its id.
        found: String,
    },
    /// A restore of another file was begun; nothing was touched.
    #[error(
        "a restore from another file was begun there; give that file, or add --begin-again to throw it away"
    )]
    OtherFile,
    /// What stands there is not what the file says.
    #[error(
        "what stands at position {0} is not what the file says there; add --begin-again to throw the half-restored ledger away"
    )]
    Differs(Position),
    /// The answer to a message was not its position.
    #[error(
        "the message of position {due} was answered with {found}; somebody else writes there. Find out who, then add --begin-again"
    )]
    Displaced {
        /// Where it should stand.
        due: Position,
        /// What NATS said.
        found: String,
    },
    /// The stream ends elsewhere.
    #[error("the stream ends at {found} and the file at {wanted}; somebody else writes there")]
    Ends {
        /// Its last position.
        found: Position,
        /// The file's.
        wanted: Position,
    },
    /// A header that can't be sent.
    #[error("a header at position {0} can't be sent as it stands in the file")]
    Header(Position),
    /// What stands there can't be compared.
    #[error(transparent)]
    Whole(#[from] WholeError),
    /// NATS says no, or nothing; run the same command again to go on.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// A restore under way.
#[derive(Debug)]
pub struct Restorer {
    stream: Stream,
    original: Original,
    replicas: Replicas,
    /// Whether it had ended before; then it is only compared.
    ended: bool,
    /// How much stood there when this began.
    standing: Position,
    comparing: Vec<Whole>,
    inbox: String,
    answers: Subscriber,
    /// Positions whose answers are due, in their order.
    due: VecDeque<Due>,
    /// Answers that came before those due before them.
    early: BTreeMap<Position, Message>,
    /// The last position that was answered.
    answered: Position,
    /// Whether a restore that died may have left the batch that comes next begun.
    abandoned: bool,
    /// Message ids sent lately: these, and those before them.
    ids: [HashSet<String>; 2],
}

/// A message as it goes out.
struct Sent {
    position: Position,
    subject: String,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    position: Position,
    answer: Answered,
}

/// How NATS answers a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    /// With where it is stored.
    Stored,
    /// The beginning of a batch, with nothing.
    Begun,
    /// Not at all.
    Not,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Restorer {
    /// Makes the stream, or finds the one that a restore of the same file began. Needs the owner's
    /// credential.
    ///
    /// # Errors
    /// Something stands there, or NATS says no.
    pub async fn begin(
        owner: Connection,
        name: LedgerName,
        original: Original,
        replicas: Replicas,
    ) -> Result<Self, RestoreError> {
        let owner = owner.with_patience(PATIENCE);
        let stream = Stream::new(owner.clone(), name);
        let mut ended = false;
        let standing = match stream.info().await {
            Err(error) if error.is_missing_stream() => {
                create(&stream, &original, replicas).await?;
                Position::START
            }
            Err(error) => return Err(error.into()),
            Ok(report) => {
                let last = Position(report.state.last_seq);
                let found = report.identity().map(|identity| identity.ledger_id);
                if found != Some(original.ledger_id) {
                    let found = found.map_or_else(|| "nobody's".to_owned(), |id| id.to_string());
                    return Err(RestoreError::OtherLedger { found });
                }
                match report.mark(RESTORING) {
                    Some(digest) if digest == original.digest => {}
                    Some(_) => return Err(RestoreError::OtherFile),
                    // The last step of a restore may have been taken and its end not been told.
                    None if last == original.head && report.mark(RESTORED).is_some() => {
                        ended = true;
                    }
                    None => return Err(RestoreError::Exists { last }),
                }
                last
            }
        };
        let inbox = owner.client().new_inbox();
        let answers = owner.client().subscribe(format!("{inbox}.*")).await;
        let answers = answers.map_err(|_| no_answer(&inbox))?;
        let (comparing, due, ids) = (Vec::new(), VecDeque::new(), Default::default());
        let answered = standing;
        Ok(Self {
            stream,
            original,
            replicas,
            ended,
            standing,
            comparing,
            inbox,
            answers,
            due,
            early: BTreeMap::new(),
            answered,
            abandoned: true,
            ids,
        })
    }

    /// Throws away what a restore has begun and not ended.
    ///
    /// # Errors
    /// What stands there is no such thing, or NATS says no.
    pub async fn throw_away(owner: &Connection, name: &LedgerName) -> Result<(), RestoreError> {
        match Stream::new(owner.clone(), name.clone()).info().await {
            Err(error) if error.is_missing_stream() => Ok(()),
            Err(error) => Err(error.into()),
            Ok(report) if report.mark(RESTORING).is_some() => Ok(throw_away(owner, name).await?),
            Ok(report) => Err(RestoreError::Exists { last: Position(report.state.last_seq) }),
        }
    }

    /// How much stood there when this began.
    #[must_use]
    pub const fn standing(&self) -> Position {
        self.standing
    }

    /// Takes the next message: compares it with what stands there, or appends it.
    ///
    /// # Errors
    /// What stands there differs, or NATS says no.
    pub async fn take(&mut self, whole: Whole) -> Result<(), RestoreError> {
        let position = whole.position;
        if position > self.standing {
            return self.append(whole).await;
        }
        self.comparing.push(whole);
        if self.comparing.len() >= COMPARED || position == self.standing {
            let compared = std::mem::take(&mut self.comparing);
            let there = &self.stream;
            let one = move |whole: Whole| async move {
                let position = whole.position;
                let stored = there.find(position).await?.ok_or(WholeError::Missing(position))?;
                let same = Whole::try_from(stored)?.same(&whole);
                if same { Ok(()) } else { Err(RestoreError::Differs(position)) }
            };
            let compared = stream::iter(compared).map(one).buffered(COMPARED);
            compared.try_collect::<Vec<()>>().await?;
        }
        Ok(())
    }

    /// Waits for the last answers and takes the mark of a restore under way from the stream.
    ///
    /// # Errors
    /// The stream ends elsewhere, or NATS says no.
    pub async fn end(mut self) -> Result<Option<Identity>, RestoreError> {
        self.hear_all().await?;
        let report = self.stream.info().await?;
        let (found, wanted) = (Position(report.state.last_seq), self.original.head);
        if found != wanted {
            return Err(RestoreError::Ends { found, wanted });
        }
        if !self.ended {
            let config = with_mark(
                configuration(self.stream.name(), self.original.founding(self.replicas)),
                RESTORED,
                &micros(self.original.created),
            );
            let subject = format!("$JS.API.STREAM.UPDATE.{}", self.stream.stream_name());
            self.stream.connection().ask::<Value>(subject, &config).await?;
        }
        Ok(self.stream.identity().await?)
    }

    async fn append(&mut self, whole: Whole) -> Result<(), RestoreError> {
        if let Some(id) = whole.header("Nats-Msg-Id") {
            self.forget_if_sent(id).await?;
        }
        // Three replicas refuse a guard whose message is still on its way, though it would hold.
        let guard = whole.header("Nats-Expected-Last-Subject-Sequence");
        let guard = guard.and_then(|text| text.parse().ok()).map_or(Position::START, Position);
        self.hear_up_to(guard).await?;
        let begins = whole.header("Nats-Batch-Sequence") == Some("1");
        let ends = whole.header("Nats-Batch-Commit").is_some();
        let answered = whole.header("Nats-Batch-Id").is_none() || begins || ends;
        let Whole { position, subject, headers, body } = whole;
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            let name: HeaderName = name.parse().map_err(|_| RestoreError::Header(position))?;
            let value: HeaderValue = value.parse().map_err(|_| RestoreError::Header(position))?;
            map.append(name, value);
        }
        let message = Sent { position, subject, headers: map, body };
        let answer = match (answered, begins && !ends) {
            (false, _) => Answered::Not,
            (true, true) => Answered::Begun,
            (true, false) => Answered::Stored,
        };
        self.send(&message, answer).await?;
        if answer == Answered::Begun && std::mem::take(&mut self.abandoned) {
            // NATS refuses the beginning of a batch that it takes for begun, and forgets that one.
            match self.hear_all().await {
                Err(RestoreError::Ask(AskError::Refused { code: INCOMPLETE, .. })) => {
                    self.send(&message, answer).await?;
                }
                heard => heard?,
            }
        }
        self.hear_up_to(Position(position.0.saturating_sub(FLYING))).await
    }

    /// Hears until a position is answered.
    async fn hear_up_to(&mut self, position: Position) -> Result<(), RestoreError> {
        while !self.due.is_empty() && self.answered < position {
            self.hear().await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: &Sent, answer: Answered) -> Result<(), RestoreError> {
        let Sent { position, subject, headers, body } = message;
        let client = self.stream.connection().client();
        let reply = format!("{}.{position}", self.inbox);
        let (subject, headers, body) = (subject.clone(), headers.clone(), body.clone());
        let sent = match (answer != Answered::Not, headers.is_empty()) {
            (true, true) => client.publish_with_reply(subject, reply, body).await,
            (true, false) => {
                client.publish_with_reply_and_headers(subject, reply, headers, body).await
            }
            (false, _) => client.publish_with_headers(subject, headers, body).await,
        };
        sent.map_err(|_| no_answer(&self.inbox))?;
        if answer != Answered::Not {
            self.due.push_back(Due { position: *position, answer });
        }
        Ok(())
    }

    /// A message id that was sent a moment ago would be taken for a repetition and not stored.
    async fn forget_if_sent(&mut self, id: &str) -> Result<(), RestoreError> {
        let [these, before] = &self.ids;
        if these.contains(id) || before.contains(id) {
            self.hear_all().await?;
            tokio::time::sleep(FORGOTTEN).await;
            self.ids = Default::default();
        }
        let [these, before] = &mut self.ids;
        if these.len() >= IDS {
            *before = std::mem::take(these);
        }
        these.insert(id.to_owned());
        Ok(())
    }

    async fn hear_all(&mut self) -> Result<(), RestoreError> {
        while !self.due.is_empty() {
            self.hear().await?;
        }
        Ok(())
    }

    /// Hears the next answer that is due.
    async fn hear(&mut self) -> Result<(), RestoreError> {
        let Some(due) = self.due.pop_front() else { return Ok(()) };
        let message = loop {
            if let Some(message) = self.early.remove(&due.position) {
                break message;
            }
            let heard = tokio::time::timeout(PATIENCE, self.answers.next()).await;
            let Ok(Some(message)) = heard else { return Err(no_answer(&self.inbox).into()) };
            // Three replicas agree on a message before it is answered, and not on the beginning of a
            // batch: that answer overtakes those before it.
            match answered(&message) {
                Some(to) if to != due.position && self.due.iter().any(|it| it.position == to) => {
                    self.early.insert(to, message);
                }
                _ => break message,
            }
        };
        judge(&message, due)?;
        self.answered = due.position;
        Ok(())
    }
}

/// The position of the message that an answer is to.
fn answered(message: &Message) -> Option<Position> {
    message.subject.rsplit('.').next()?.parse().ok().map(Position)
}

/// Whether an answer is the one due.
fn judge(message: &Message, due: Due) -> Result<(), RestoreError> {
    let (subject, to) = (message.subject.to_string(), answered(message));
    if message.status.is_some() {
        return Err(no_answer(&subject).into());
    }
    if due.answer == Answered::Begun && message.payload.is_empty() && to == Some(due.position) {
        return Ok(());
    }
    let answer: Answer = serde_json::from_slice(&message.payload)
        .map_err(|source| AskError::malformed(&subject, source))?;
    if let Some(Refusal { err_code: code, description }) = answer.error {
        return Err(AskError::Refused { subject, code, description }.into());
    }
    if answer.duplicate || to != Some(due.position) || answer.seq != due.position.0 {
        let found = String::from_utf8_lossy(&message.payload).into_owned();
        return Err(RestoreError::Displaced { due: due.position, found });
    }
    Ok(())
}

async fn create(
    stream: &Stream,
    original: &Original,
    replicas: Replicas,
) -> Result<(), RestoreError> {
    let mut config = configuration(stream.name(), original.founding(replicas));
    let window = u64::try_from(WINDOW.as_nanos()).unwrap_or(u64::MAX);
    config.insert("duplicate_window".to_owned(), json!(window));
    let config = with_mark(config, RESTORING, &original.digest);
    let subject = format!("$JS.API.STREAM.CREATE.{}", stream.stream_name());
    stream.connection().ask::<Value>(subject, &config).await?;
    Ok(())
}

fn with_mark(
    mut config: serde_json::Map<String, Value>,
    key: &str,
    value: &str,
) -> serde_json::Map<String, Value> {
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert(key.to_owned(), json!(value));
    }
    config
}

fn no_answer(subject: &str) -> AskError {
    AskError::NoAnswer { subject: subject.to_owned(), kind: RequestErrorKind::TimedOut }
}

impl Original {
    const fn founding(&self, replicas: Replicas) -> Founding {
        Founding { ledger_id: self.ledger_id, genesis: self.genesis, replicas }
    }
}
