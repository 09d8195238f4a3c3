//! Messages on the wire: one, or an atomic batch of which all are stored or none.
//!
//! **Invariant:** what JetStream answered is told apart by its error codes alone: stale (others were
//! quicker), in doubt (look before saying anything), or refused (nothing stored).

use std::mem::take;

use async_nats::{HeaderMap, Request};
use bytes::Bytes;
use serde::Deserialize;

use super::connection::{AskError, Connection};
use crate::ids::{NoRandomness, random};
use crate::traces::Trace;

/// The most messages of one atomic batch.
pub(super) const MOST: usize = 1_000;

/// One message to be appended. It is sent once, and its headers go with it.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The span of its request.
    pub(super) trace: Option<Trace>,
}

/// Why an append has no plain yes.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// A guard was stale: nothing is stored.
    Stale,
    /// It may be stored or not; look.
    Doubt(AskError),
    /// Acknowledged as a duplicate: it, or another message of that id, is stored; look.
    Duplicate,
    /// Too much at once; nothing is stored.
    Busy,
    /// The disk or a limit is full; nothing is stored.
    Full,
    /// Longer than the stream takes; nothing is stored.
    TooLarge,
    /// The subject leads to another stream; nothing is stored.
    OtherStream,
    /// Any other no; nothing is stored.
    Refused(AskError),
    /// No random bits for the batch's id; nothing was sent.
    Randomness(NoRandomness),
}

impl Stop {
    /// Which of them, for those who look on.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Doubt(_) => "in_doubt",
            Self::Duplicate => "duplicate",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::TooLarge => "too_large",
            Self::OtherStream => "other_stream",
            Self::Refused(_) => "refused",
            Self::Randomness(_) => "no_randomness",
        }
    }
}

#[derive(Deserialize)]
struct Ack {
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    batch: String,
    #[serde(default)]
    count: u64,
}

/// Appends one message; its position.
pub(super) async fn publish(connection: &Connection, letter: &mut Letter) -> Result<u64, Stop> {
    let (headers, body) = (take(&mut letter.headers), letter.body.clone());
    let ack: Ack = connection.store(&letter.subject, headers, body).await.map_err(classify)?;
    if ack.duplicate || ack.seq == 0 { Err(Stop::Duplicate) } else { Ok(ack.seq) }
}

/// Appends two to a thousand messages or none of them; the position of the first.
pub(super) async fn publish_all(
    connection: &Connection,
    letters: &mut [&mut Letter],
) -> Result<u64, Stop> {
    let id = hex::encode(random::<16>().map_err(Stop::Randomness)?);
    let count = u64::try_from(letters.len()).unwrap_or(u64::MAX);
    let mark = |letter: &mut Letter, sequence: usize| {
        let mut headers = take(&mut letter.headers);
        headers.insert("Nats-Batch-Id", id.as_str());
        headers.insert("Nats-Batch-Sequence", sequence.saturating_add(1).to_string());
        headers
    };
    let last_of_all = letters.len().saturating_sub(1);
    let [first, middle @ .., last] = letters else {
        return Err(Stop::Busy);
    };
    // The first is a request, so that a server that takes no batch, or no more of them, says so
    // before anything else is sent. Its answer is empty.
    let request = Request::new().headers(mark(first, 0)).payload(first.body.clone());
    let answer = connection.request(&first.subject, request).await.map_err(classify)?;
    if !answer.payload.is_empty() {
        return Err(refusal(&first.subject, &answer.payload));
    }
    for (sequence, letter) in middle.iter_mut().enumerate() {
        let headers = mark(letter, sequence.saturating_add(1));
        // Only handed to the connection, which writes as much as it can at once.
        connection
            .client()
            .publish_with_headers(letter.subject.clone(), headers, letter.body.clone())
            .await
            .map_err(|_| Stop::Busy)?;
    }
    let mut headers = mark(last, last_of_all);
    headers.insert("Nats-Batch-Commit", "1");
    let ack: Ack =
        connection.store(&last.subject, headers, last.body.clone()).await.map_err(classify)?;
    let first = ack.seq.checked_sub(count).map(|before| before.saturating_add(1));
    match first {
        Some(first) if ack.batch == id && ack.count == count && !ack.duplicate => Ok(first),
        _ => Err(Stop::Duplicate),
    }
}

fn refusal(subject: &str, payload: &[u8]) -> Stop {
    #[derive(Deserialize)]
    struct Answer {
        error: Refusal,
    }
    #[derive(Deserialize)]
    struct Refusal {
        err_code: u64,
        #[serde(default)]
        description: String,
    }
    match serde_json::from_slice::<Answer>(payload) {
        Ok(Answer { error: Refusal { err_code: code, description } }) => {
            classify(AskError::Refused { subject: subject.to_owned(), code, description })
        }
        Err(source) => Stop::Doubt(AskError::malformed(subject, source)),
    }
}

/// What an error means for an append. The numbers are JetStream's (`server/errors.json`).
fn classify(error: AskError) -> Stop {
    match &error {
        AskError::Denied { .. } => Stop::Refused(error),
        AskError::NoAnswer { .. } | AskError::Malformed { .. } => Stop::Doubt(error),
        AskError::Refused { code, .. } => match code {
            // Wrong last sequence: one server says 10071, a cluster mostly 10164.
            10071 | 10164 => Stop::Stale,
            // A message of the same id is on its way.
            10158 => Stop::Doubt(error),
            // A message of the batch has the id of one that is stored.
            10201 => Stop::Duplicate,
            // Too many requests or batches in flight, a batch left incomplete, no leader.
            10167 | 10176 | 10210 | 10211 | 10008 => Stop::Busy,
            // Account, server or stream out of room; a store that can't write.
            10002 | 10023 | 10047 | 10077 => Stop::Full,
            10054 => Stop::TooLarge,
            10060 => Stop::OtherStream,
            _ => Stop::Refused(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u64) -> Stop {
        classify(AskError::Refused { subject: String::new(), code, description: String::new() })
    }

    #[test]
    fn both_codes_of_a_stale_guard_are_stale() {
        assert!(matches!(refused(10071), Stop::Stale));
        assert!(matches!(refused(10164), Stop::Stale));
    }

    #[test]
    fn what_may_have_been_stored_is_in_doubt() {
        let kind = async_nats::RequestErrorKind::TimedOut;
        let silence = AskError::NoAnswer { subject: String::new(), kind };
        assert!(matches!(classify(silence), Stop::Doubt(_)));
        assert!(matches!(refused(10158), Stop::Doubt(_)));
    }

    #[test]
    fn a_code_never_seen_is_a_refusal_and_not_a_yes() {
        assert!(matches!(refused(19_999), Stop::Refused(_)));
    }
}
