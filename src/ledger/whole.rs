//! Messages with everything that is stored of them, for an export.
//!
//! **Invariant:** what is handed on is exactly what is stored, headers of strangers included, or the
//! position is named at which it can't be.

use bytes::Bytes;
use futures::{Stream as Messages, StreamExt, stream as messages};
use piperoll_events::Position;
use serde_json::{Map, Value};

use super::connection::AskError;
use super::read::{Identity, Stored, Stream};

/// How many messages are asked for at a time.
const ASKED_AT_ONCE: usize = 64;
/// How a block of headers begins, and how it and each of its lines end.
const BEGINS: &str = "NATS/1.0\r\n";
const ENDS: &str = "\r\n";

/// A message with all that is stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Its place.
    pub position: Position,
    /// Its subject.
    pub subject: String,
    /// Its headers, name and value, in the order in which they are stored.
    pub headers: Vec<(String, String)>,
    /// Its body, byte for byte.
    pub body: Bytes,
}

/// Why a ledger can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum WholeError {
    /// A position of the ledger is empty; the operator compares the stream with its copy.
    #[error("nothing stands at position {0}; compare the stream with its copy")]
    Missing(Position),
    /// Headers that no line of text can hold; somebody wrote past the service.
    #[error(
        "the headers at position {0} are not written as NATS writes them; find out who wrote them"
    )]
    Headers(Position),
    /// NATS can't be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl Whole {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same message, whatever the order of its headers: nothing depends on that.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let sorted = |whole: &Self| {
            let mut headers = whole.headers.clone();
            headers.sort();
            headers
        };
        self.position == other.position
            && self.subject == other.subject
            && self.body == other.body
            && sorted(self) == sorted(other)
    }
}

impl TryFrom<Stored> for Whole {
    type Error = WholeError;

    fn try_from(stored: Stored) -> Result<Self, WholeError> {
        let Stored { position, subject, headers, body, .. } = stored;
        let headers = pairs(&headers).ok_or(WholeError::Headers(position))?;
        Ok(Self { position, subject, headers, body })
    }
}

/// The headers of a block, if writing them again gives the block.
fn pairs(block: &[u8]) -> Option<Vec<(String, String)>> {
    if block.is_empty() {
        return Some(Vec::new());
    }
    let text = std::str::from_utf8(block).ok()?;
    let lines = text.strip_prefix(BEGINS)?.strip_suffix(ENDS)?;
    let pairs = lines.split_terminator(ENDS).map(|line| {
        let (name, value) = line.split_once(": ")?;
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        (plain && value.trim() == value).then(|| (name.to_owned(), value.to_owned()))
    });
    let pairs: Vec<_> = pairs.collect::<Option<_>>()?;
    let again = pairs
        .iter()
        .fold(String::new(), |again, (name, value)| [&again, name, ": ", value, ENDS].concat());
    (again == lines).then_some(pairs)
}

/// Every message of a stream up to `head`, in order, from its leader.
pub fn wholes(
    stream: &Stream,
    head: Position,
) -> impl Messages<Item = Result<Whole, WholeError>> + '_ {
    let one = move |at| async move {
        let position = Position(at);
        let stored = stream.find(position).await?.ok_or(WholeError::Missing(position))?;
        Whole::try_from(stored)
    };
    messages::iter(1..=head.0).map(one).buffered(ASKED_AT_ONCE)
}

/// Which stream this is, how far it goes, and how it is configured; `None` when it bears no ledger's
/// mark.
///
/// # Errors
/// It does not exist, or NATS can't be asked.
pub async fn configured(
    stream: &Stream,
) -> Result<Option<(Identity, Position, Map<String, Value>)>, AskError> {
    let report = stream.info().await?;
    let head = Position(report.state.last_seq);
    Ok(report.identity().map(|identity| (identity, head, report.config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_are_stored_or_not_at_all() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let two = b"NATS/1.0\r\nB: x:y= z\r\nA: 1\r\n\r\n";
        assert_eq!(pairs(two), Some(vec![pair("B", "x:y= z"), pair("A", "1")]));
        assert_eq!(pairs(b""), Some(vec![]));
        assert_eq!(pairs(b"NATS/1.0\r\n\r\n"), Some(vec![]));
        for odd in [
            &b"NATS/1.0\r\nA:1\r\n\r\n"[..],
            b"NATS/1.0\r\nA: 1\r\n",
            b"NATS/1.0\r\nA: 1 \r\n\r\n",
            b"NATS/1.0\r\nA b: 1\r\n\r\n",
            b"NATS/1.0\r\nA: \xFF\r\n\r\n",
            b"NATS/1.0\r\nA: 1\r\n\r\n\r\n",
            b"NATS/1.0 100\r\nA: 1\r\n\r\n",
        ] {
            assert_eq!(pairs(odd), None, "{}", String::from_utf8_lossy(odd));
        }
    }
}
