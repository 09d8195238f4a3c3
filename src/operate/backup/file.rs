//! The file of an export: a line that says what it is, a line a position, a line that ends it.
//!
//! **Invariant:** the last line holds the digest of every byte before it, and each line the position
//! that is due; so a file that was cut, changed, or lacks, repeats or swaps a line is found out before
//! it is used. (Whoever can work the digest out anew is found out by the writers' codes.)

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use piperoll_events::Position;
use piperoll_events::ids::{LedgerId, LedgerName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::ledger::Whole;

/// What the first line calls the format.
pub(super) const FORMAT: &str = "piperoll.ledger.v1";

/// The first line: which ledger this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `piperoll.ledger.v1`.
    pub format: String,
    /// The ledger's name.
    pub ledger: String,
    /// Its id.
    pub ledger_id: LedgerId,
    /// When it was founded.
    pub genesis: DateTime<Utc>,
    /// When the stream was made that was exported.
    pub created: DateTime<Utc>,
    /// The last position.
    pub head: Position,
    /// How the stream was configured.
    pub configuration: Map<String, Value>,
}

/// A line of one position.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    position: Position,
    subject: String,
    headers: Vec<(String, String)>,
    /// The body, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The body, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    count: u64,
    last: Position,
    sha256: String,
}

/// Why a file can't be written or is no whole export.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system said no.
    #[error("`{path}` can't be used")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing is written over a backup.
    #[error("`{0}` exists; a backup is never written over")]
    Exists(PathBuf),
    /// Its first line is not that of an export.
    #[error("this is no export of a ledger (`{FORMAT}`): {0}")]
    NoExport(String),
    /// It is of another ledger.
    #[error("this is an export of `{found}`, and `{wanted}` was to be restored")]
    OtherLedger {
        /// Of which.
        found: String,
        /// Which was wanted.
        wanted: String,
    },
    /// A line that can't be read.
    #[error("line {line} can't be read: {why}")]
    Line {
        /// Which.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A line is missing, doubled, or at another place.
    #[error(
        "position {due} is due on line {line} and {found} stands there: a line is missing, doubled or moved"
    )]
    Order {
        /// Which line.
        line: u64,
        /// What should stand there.
        due: Position,
        /// What does.
        found: Position,
    },
    /// It ends too early.
    #[error("the file is cut off after position {0}: its last line is missing")]
    Cut(Position),
    /// Its bytes are not those that were written.
    #[error("the file was changed: its digest is not the one in its last line")]
    Changed,
    /// It goes on after its end.
    #[error("the file goes on after its last line")]
    GoesOn,
    /// Another file took its place between the two readings.
    #[error("the file was exchanged while it was read; begin again")]
    Exchanged,
}

/// Where an export goes: beside its place until it is whole, or to standard output.
#[derive(Debug)]
pub(super) enum Sink {
    /// The file being written, and the place it will have.
    Beside(BufWriter<File>, PathBuf, PathBuf),
    /// Standard output.
    Out(BufWriter<io::Stdout>),
}

impl Sink {
    /// Opens it.
    pub(super) fn open(to: Option<&Path>) -> Result<Self, FileError> {
        let Some(to) = to else { return Ok(Self::Out(BufWriter::new(io::stdout()))) };
        if to.exists() {
            return Err(FileError::Exists(to.to_owned()));
        }
        let mut beside = to.as_os_str().to_owned();
        beside.push(".partial");
        let beside = PathBuf::from(beside);
        // What a killed export left behind is begun again.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&beside).map_err(|source| failed(&beside, source))?;
        Ok(Self::Beside(BufWriter::new(file), beside, to.to_owned()))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        match self {
            Self::Beside(file, path, _) => file.write_all(bytes).map_err(|e| failed(path, e)),
            Self::Out(out) => out.write_all(bytes).map_err(|e| failed(Path::new("-"), e)),
        }
    }

    /// Gives the file its place; it is on the disk by then.
    fn close(self) -> Result<(), FileError> {
        match self {
            Self::Out(mut out) => out.flush().map_err(|e| failed(Path::new("-"), e)),
            Self::Beside(mut file, beside, to) => {
                let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
                let folder = folder.unwrap_or_else(|| Path::new("."));
                let closed = file
                    .flush()
                    .and_then(|()| file.get_ref().sync_all())
                    .and_then(|()| std::fs::rename(&beside, &to))
                    .and_then(|()| File::open(folder)?.sync_all());
                closed.map_err(|source| failed(&to, source))
            }
        }
    }
}

/// Writes an export.
#[derive(Debug)]
pub(super) struct Writer {
    sink: Sink,
    digest: Sha256,
    count: u64,
}

impl Writer {
    /// Writes the first line.
    pub(super) fn begin(sink: Sink, head: &Head) -> Result<Self, FileError> {
        let mut writer = Self { sink, digest: Sha256::new(), count: 0 };
        writer.line(head)?;
        Ok(writer)
    }

    /// Writes the line of a position.
    pub(super) fn write(&mut self, whole: &Whole) -> Result<(), FileError> {
        let text = std::str::from_utf8(&whole.body).ok().map(str::to_owned);
        let bytes = text.is_none().then(|| BASE64_STANDARD.encode(&whole.body));
        self.count = self.count.saturating_add(1);
        self.line(&Line {
            position: whole.position,
            subject: whole.subject.clone(),
            headers: whole.headers.clone(),
            body: text,
            body_base64: bytes,
        })
    }

    /// Writes the last line; the digest in it.
    pub(super) fn end(mut self, last: Position) -> Result<String, FileError> {
        let sha256 = hex::encode(self.digest.clone().finalize());
        self.line(&End { count: self.count, last, sha256: sha256.clone() })?;
        self.sink.close()?;
        Ok(sha256)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), FileError> {
        let mut bytes = serde_json::to_vec(value)
            .map_err(|source| failed(Path::new("-"), io::Error::other(source)))?;
        bytes.push(b'\n');
        self.digest.update(&bytes);
        self.sink.write(&bytes)
    }
}

/// Reads an export, and ends well only at its end.
#[derive(Debug)]
pub(super) struct Reader {
    input: BufReader<File>,
    path: PathBuf,
    head: Head,
    digest: Sha256,
    line: u64,
    last: Position,
}

impl Reader {
    /// Opens the file and reads its first line.
    pub(super) fn open(path: &Path, ledger: &LedgerName) -> Result<Self, FileError> {
        let file = File::open(path).map_err(|source| failed(path, source))?;
        let mut input = BufReader::with_capacity(1 << 16, file);
        let mut first = Vec::new();
        input.read_until(b'\n', &mut first).map_err(|source| failed(path, source))?;
        let head: Head = serde_json::from_slice(&first)
            .map_err(|error| FileError::NoExport(error.to_string()))?;
        if head.format != FORMAT {
            return Err(FileError::NoExport(format!("it says `{}`", head.format)));
        }
        if head.ledger != ledger.as_str() {
            let wanted = ledger.to_string();
            return Err(FileError::OtherLedger { found: head.ledger, wanted });
        }
        let digest = Sha256::new().chain_update(&first);
        Ok(Self { input, path: path.to_owned(), head, digest, line: 1, last: Position::START })
    }

    /// The first line.
    pub(super) const fn head(&self) -> &Head {
        &self.head
    }

    /// The digest of all that was read but the last line.
    pub(super) fn sha256(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    /// The next position; `None` at the end of a file that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Whole>, FileError> {
        let mut bytes = Vec::new();
        self.read(&mut bytes)?;
        if bytes.last() != Some(&b'\n') {
            return Err(FileError::Cut(self.last));
        }
        self.line = self.line.saturating_add(1);
        if let Ok(end) = serde_json::from_slice::<End>(&bytes) {
            return self.end(&end).map(|()| None);
        }
        self.digest.update(&bytes);
        let line: Line = serde_json::from_slice(&bytes).map_err(|error| self.unread(&error))?;
        let (due, found) = (self.last.next(), line.position);
        if found != due {
            return Err(FileError::Order { line: self.line, due, found });
        }
        let prefix = format!("piperoll.{}.", self.head.ledger);
        if !line.subject.starts_with(&prefix) {
            return Err(self.unread(&"its subject is of another ledger"));
        }
        let body = match (line.body, line.body_base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => {
                BASE64_STANDARD.decode(text).map_err(|error| self.unread(&error))?
            }
            _ => return Err(self.unread(&"it must have one body")),
        };
        self.last = found;
        let Line { position, subject, headers, .. } = line;
        Ok(Some(Whole { position, subject, headers, body: Bytes::from(body) }))
    }

    fn end(&mut self, end: &End) -> Result<(), FileError> {
        let mut more = Vec::new();
        self.read(&mut more)?;
        if !more.is_empty() {
            return Err(FileError::GoesOn);
        }
        let all = end.last == self.last && end.count == self.last.0 && self.head.head == self.last;
        if !all {
            let (line, due) = (self.line, self.last.next());
            return Err(FileError::Order { line, due, found: end.last });
        }
        if self.sha256() == end.sha256 { Ok(()) } else { Err(FileError::Changed) }
    }

    fn read(&mut self, into: &mut Vec<u8>) -> Result<(), FileError> {
        let read = self.input.read_until(b'\n', into);
        read.map(|_| ()).map_err(|source| failed(&self.path, source))
    }

    fn unread(&self, why: &impl ToString) -> FileError {
        FileError::Line { line: self.line, why: why.to_string() }
    }
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> PathBuf {
        let path = folder.join("x.ndjson");
        let head = Head {
            format: FORMAT.to_owned(),
            ledger: "northmoor".to_owned(),
            ledger_id: LedgerId::derived(&["x"]),
            genesis: DateTime::UNIX_EPOCH,
            created: DateTime::UNIX_EPOCH,
            head: Position(4),
            configuration: Map::new(),
        };
        let mut writer = Writer::begin(Sink::open(Some(&path)).unwrap(), &head).unwrap();
        for whole in messages() {
            writer.write(&whole).unwrap();
        }
        writer.end(Position(4)).unwrap();
        path
    }

    fn messages() -> Vec<Whole> {
        let bodies = [&b"{\"a\":1}"[..], b"\xFF\x00\r\n", b"", "ŵ \u{202E}\n".as_bytes()];
        let whole = |(n, body): (u64, &&'static [u8])| Whole {
            position: Position(n),
            subject: format!("piperoll.northmoor.measure.{n}"),
            headers: vec![("B".to_owned(), "x: y".to_owned()), ("A".to_owned(), String::new())],
            body: Bytes::from_static(body),
        };
        (1..).zip(&bodies).map(whole).collect()
    }

    fn read(path: &Path) -> Result<Vec<Whole>, FileError> {
        let mut reader = Reader::open(path, &"northmoor".parse().unwrap())?;
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    #[test]
    fn what_is_written_is_read_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        assert_eq!(read(&path).unwrap(), messages());
        assert!(matches!(Sink::open(Some(&path)), Err(FileError::Exists(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let other = Reader::open(&path, &"severnside".parse().unwrap());
        assert!(matches!(other, Err(FileError::OtherLedger { .. })));
    }

    #[test]
    fn a_file_that_is_not_whole_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let text = std::fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let spoilt = |bytes: Vec<u8>| {
            std::fs::write(&path, bytes).unwrap();
            read(&path).unwrap_err()
        };
        for at in 0..text.len() {
            // Cut anywhere, and every byte changed to another.
            let cut = spoilt(text[..at].to_vec());
            assert!(matches!(cut, FileError::Cut(_) | FileError::NoExport(_)), "{at}: {cut}");
            let mut changed = text.clone();
            changed[at] ^= 1;
            spoilt(changed);
        }
        let arranged = |order: &[usize]| {
            let chosen: Vec<&[u8]> = order.iter().map(|n| lines[*n]).collect();
            spoilt(chosen.concat())
        };
        for order in [&[0, 1, 3, 4, 5][..], &[0, 1, 2, 2, 3, 4, 5], &[0, 1, 3, 2, 4, 5]] {
            let found = arranged(order);
            assert!(matches!(found, FileError::Order { .. }), "{order:?}: {found}");
        }
        assert!(matches!(arranged(&[0, 1, 2, 3, 5]), FileError::Order { .. }));
        assert!(matches!(arranged(&[0, 1, 2, 3, 4, 5, 5]), FileError::GoesOn));
        assert!(matches!(arranged(&[0, 1, 2, 3, 4]), FileError::Cut(Position(4))));
    }
}
