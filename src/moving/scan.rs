//! The first pass over a file's bytes: digest, length, encoding, and what would break a reader.
//!
//! **Invariant:** the pass holds one chunk at a time, whatever the file's length, and accepts any
//! bytes at all; what they mean is decided afterwards.

use std::io::{self, Read};

use piperoll_events::text::Digest;
use sha2::{Digest as _, Sha256};

use super::table::{LONGEST_CELL, UTF_8_MARK, UTF_16, UTF_16_BIG};

/// What the bytes show. Lines count from 1.
pub(super) struct Scan {
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    /// The byte order mark.
    pub(super) mark: Option<&'static [u8]>,
    /// The line of the first byte that is not UTF-8.
    pub(super) invalid: Option<u64>,
    /// Whether some letters beyond ASCII are good UTF-8.
    pub(super) multibyte: bool,
    /// The line of the first byte that windows-1252 leaves undefined.
    pub(super) undefined_1252: Option<u64>,
    /// The line of the first NUL.
    pub(super) nul: Option<u64>,
    /// The line of a quotation mark that is never closed.
    pub(super) open_quote: Option<u64>,
    /// The line of a cell longer than any may be.
    pub(super) long_cell: Option<u64>,
}

/// Reads all of `raw` once.
pub(super) fn scan(mut raw: impl Read, delimiter: u8) -> io::Result<Scan> {
    let mut hash = Sha256::new();
    let mut found = Scan {
        digest: Digest::new([0; 32]),
        bytes: 0,
        mark: None,
        invalid: None,
        multibyte: false,
        undefined_1252: None,
        nul: None,
        open_quote: None,
        long_cell: None,
    };
    let mut bytes = Bytes::new(delimiter);
    let mut letters = Letters::default();
    loop {
        let mut chunk = Vec::with_capacity(65_536);
        raw.by_ref().take(65_536).read_to_end(&mut chunk)?;
        hash.update(&chunk);
        let mut body = chunk.as_slice();
        if found.bytes == 0 {
            let marks = [UTF_8_MARK, UTF_16, UTF_16_BIG];
            found.mark = marks.into_iter().find(|mark| chunk.starts_with(mark));
            body = body.get(found.mark.map_or(0, <[u8]>::len)..).unwrap_or_default();
        }
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        found.bytes = found.bytes.saturating_add(length);
        letters.take(body, chunk.is_empty(), &mut found);
        if chunk.is_empty() {
            break;
        }
        for byte in body {
            bytes.take(*byte, &mut found);
        }
    }
    found.open_quote = bytes.in_quotes.then_some(bytes.quote_line);
    if found.mark.is_some_and(|mark| mark != UTF_8_MARK) {
        // Two bytes a letter: what was seen byte by byte means nothing.
        (found.open_quote, found.long_cell, found.nul) = (None, None, None);
    }
    found.digest = Digest::new(hash.finalize().into());
    Ok(found)
}

/// Follows cells and quotation marks as RFC 4180 has them.
struct Bytes {
    delimiter: u8,
    line: u64,
    last: u8,
    length: u64,
    in_quotes: bool,
    quote_line: u64,
    /// Nothing of the cell was seen yet.
    fresh: bool,
    /// A quotation mark was just closed: another one stands for itself.
    closed: bool,
}

impl Bytes {
    const fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            line: 1,
            last: 0,
            length: 0,
            in_quotes: false,
            quote_line: 1,
            fresh: true,
            closed: false,
        }
    }

    fn take(&mut self, byte: u8, found: &mut Scan) {
        if byte == b'\r' || (byte == b'\n' && self.last != b'\r') {
            self.line = self.line.saturating_add(1);
        }
        self.last = byte;
        if byte == 0 {
            found.nul = found.nul.or(Some(self.line));
        }
        if matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d) {
            found.undefined_1252 = found.undefined_1252.or(Some(self.line));
        }
        self.length = self.length.saturating_add(1);
        if self.length > LONGEST_CELL {
            let line = if self.in_quotes { self.quote_line } else { self.line };
            found.long_cell = found.long_cell.or(Some(line));
        }
        if self.in_quotes {
            if byte == b'"' {
                (self.in_quotes, self.closed) = (false, true);
            }
            return;
        }
        if byte == b'"' && (self.fresh || self.closed) {
            if self.fresh {
                self.quote_line = self.line;
            }
            (self.in_quotes, self.fresh, self.closed) = (true, false, false);
            return;
        }
        self.closed = false;
        self.fresh = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        if self.fresh {
            self.length = 0;
        }
    }
}

/// Tells whether the bytes are UTF-8, across the ends of chunks.
#[derive(Default)]
struct Letters {
    carried: Vec<u8>,
    lines: u64,
}

impl Letters {
    fn take(&mut self, chunk: &[u8], last: bool, found: &mut Scan) {
        let mut bytes = std::mem::take(&mut self.carried);
        bytes.extend_from_slice(chunk);
        let mut rest = bytes.as_slice();
        loop {
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(text) => (text.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.error_len())),
            };
            let (valid, after) = rest.split_at_checked(good).unwrap_or((rest, &[]));
            found.multibyte |= !valid.is_ascii();
            let ends = std::str::from_utf8(valid).unwrap_or_default().matches('\n').count();
            self.lines = self.lines.saturating_add(u64::try_from(ends).unwrap_or(0));
            let skip = match bad {
                None => return,
                Some(None) if !last => {
                    self.carried = after.to_vec();
                    return;
                }
                Some(length) => length.unwrap_or(after.len()),
            };
            found.invalid = found.invalid.or(Some(self.lines.saturating_add(1)));
            rest = after.get(skip..).unwrap_or_default();
        }
    }
}
