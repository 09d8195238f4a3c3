//! Files as tables: CSV and XLSX become numbered rows of text, whatever they were encoded in.
//!
//! **Invariant:** a CSV file is never held whole: one pass over its bytes finds digest, encoding
//! and what would break a reader, a second gives the rows. Bytes that change between the two
//! passes are an error. Line ends inside cells come out as LF.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx};
use encoding_rs::{Decoder, Encoding as Standard, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use piperoll_events::text::Digest;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::checks::shown;
use super::reading::Finding;
use super::scan::{Scan, scan};

/// The longest cell; Excel's own limit is 32,767 characters.
pub(super) const LONGEST_CELL: u64 = 262_144;

/// The largest workbook: unlike CSV it is read whole.
const LARGEST_WORKBOOK: u64 = 64 * 1024 * 1024;

/// Where the bytes come from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file on disk.
    Path(&'a Path),
    /// Bytes that somebody holds, with the file's name.
    Bytes(&'a str, &'a [u8]),
}

/// `[file]` of a mapping: how the table lies in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    /// Text or workbook.
    #[serde(default)]
    pub(super) form: FileForm,
    /// What stands between cells of a text file.
    #[serde(default = "comma")]
    pub(super) delimiter: char,
    /// The encoding of a text file.
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// The sheet of a workbook; absent: the only one.
    pub(super) sheet: Option<String>,
    /// The line or sheet row of the heading.
    #[serde(default = "first")]
    pub(super) heading_row: u64,
    /// Columns that are not read, on purpose.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    /// A column of JSON objects whose members stand for columns.
    pub(super) expand_json: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileForm {
    #[default]
    Csv,
    Xlsx,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Encoding {
    /// UTF-8, or UTF-16 with a byte order mark, or else windows-1252; a mixture is refused.
    #[default]
    #[serde(rename = "detect")]
    Detect,
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

const fn comma() -> char {
    ','
}

const fn first() -> u64 {
    1
}

/// One row as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line that it starts on, or the sheet row.
    pub line: u64,
    /// The cells as text.
    pub cells: Vec<String>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file can't be read; whoever named it acts next.
    #[error("`{name}` can't be read: {source}")]
    Io {
        /// The file.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are no table; whoever made the file acts next.
    #[error("`{}` line {}: {}; {}", .0, .1.line, .1.wrong, .1.right)]
    Wrong(String, Box<Finding>),
}

/// A file opened as a table: what it is, and its rows one by one (the heading is the first).
pub struct Table<'a> {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub bytes: u64,
    /// The encoding, in words.
    pub encoding: &'static str,
    /// The rows from the heading on.
    pub rows: Box<dyn Iterator<Item = Result<Row, Finding>> + 'a>,
}

impl<'a> Source<'a> {
    /// The file's name without folders.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_string_lossy(),
            Self::Bytes(name, _) => Cow::Borrowed(name),
        }
    }

    pub(super) fn open(&self) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Path(path) => Box::new(File::open(path)?),
            Self::Bytes(_, bytes) => Box::new(*bytes),
        })
    }
}

impl<'a> Table<'a> {
    /// Opens the file as the mapping says it lies.
    ///
    /// # Errors
    /// The file can't be read, or its bytes are no table of this form.
    pub(super) fn open(source: Source<'a>, shape: &Shape) -> Result<Self, TableError> {
        let name = || source.name().into_owned();
        let io = |source| TableError::Io { name: name(), source };
        let wrong = |finding| TableError::Wrong(name(), Box::new(finding));
        let delimiter = u8::try_from(shape.delimiter).unwrap_or(b',');
        let found = scan(source.open().map_err(io)?, delimiter).map_err(io)?;
        if shape.form == FileForm::Xlsx {
            return Self::workbook(source, shape, &found, io).map_err(|e| e.unwrap_or_else(wrong));
        }
        let (standard, encoding) = decide(shape.encoding, &found).map_err(wrong)?;
        let raw = source.open().map_err(io)?;
        let text = Text::new(raw, standard, found.digest);
        let rows = csv_rows(text, delimiter, shape.heading_row);
        Ok(Self { digest: found.digest, bytes: found.bytes, encoding, rows: Box::new(rows) })
    }

    fn workbook(
        source: Source<'a>,
        shape: &Shape,
        found: &Scan,
        io: impl Fn(io::Error) -> TableError,
    ) -> Result<Self, Wrong> {
        let say = |wrong: String, right: &str| Wrong::Finding(finding("workbook", wrong, right));
        if found.bytes > LARGEST_WORKBOOK {
            let size = format!("a workbook of {} bytes", found.bytes);
            return Err(say(size, "save the sheet as CSV: CSV files may have any length"));
        }
        let mut bytes = Vec::new();
        let mut raw = source.open().map_err(|e| Wrong::Table(io(e)))?;
        raw.read_to_end(&mut bytes).map_err(|e| Wrong::Table(io(e)))?;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| {
            say(format!("not an XLSX workbook: {e}"), "give an .xlsx file, or say form = \"csv\"")
        })?;
        let sheets = book.sheet_names();
        let sheet = match (&shape.sheet, sheets.as_slice()) {
            (Some(named), _) if sheets.contains(named) => named.clone(),
            (None, [only]) => only.clone(),
            (named, _) => {
                let named = named.as_deref().unwrap_or("none named");
                let right = format!("name one of: {}", sheets.join(", "));
                return Err(say(format!("no sheet to read ({named})"), &right));
            }
        };
        let range = book.worksheet_range(&sheet).map_err(|e| {
            say(format!("sheet `{sheet}` can't be read: {e}"), "repair or save the workbook again")
        })?;
        let top = range.start().map_or(0, |(row, _)| u64::from(row)).saturating_add(1);
        let left = range.start().map_or(0, |(_, column)| column);
        let heading = shape.heading_row;
        let rows: Vec<Result<Row, Finding>> = (top..)
            .zip(range.rows())
            .filter(|(line, cells)| *line >= heading && !cells.iter().all(blank))
            .map(|(line, cells)| sheet_row(line, left, cells))
            .collect();
        let rows = Box::new(rows.into_iter());
        Ok(Self { digest: found.digest, bytes: found.bytes, encoding: "XLSX", rows })
    }
}

enum Wrong {
    Table(TableError),
    Finding(Finding),
}

impl Wrong {
    fn unwrap_or_else(self, wrong: impl Fn(Finding) -> TableError) -> TableError {
        match self {
            Self::Table(error) => error,
            Self::Finding(finding) => wrong(finding),
        }
    }
}

fn finding(problem: &'static str, wrong: String, right: &str) -> Finding {
    at(0, problem, wrong, right)
}

fn at(line: u64, problem: &'static str, wrong: String, right: &str) -> Finding {
    let (column, value) = (String::new(), String::new());
    Finding { line, column, value, problem, wrong, right: right.to_owned() }
}

/// Which encoding the bytes are read in, or why in none.
fn decide(named: Encoding, found: &Scan) -> Result<(&'static Standard, &'static str), Finding> {
    const SAVE: &str = "save the file again as `CSV UTF-8`";
    match (found.mark, named) {
        (Some(UTF_16), Encoding::Detect) | (_, Encoding::Utf16Le) => {
            return Ok((UTF_16LE, "UTF-16LE"));
        }
        (Some(UTF_16_BIG), Encoding::Detect) | (_, Encoding::Utf16Be) => {
            return Ok((UTF_16BE, "UTF-16BE"));
        }
        _ => {}
    }
    if let Some(line) = found.nul {
        return Err(at(
            line,
            "nul",
            "a NUL byte: the file is damaged, or it is UTF-16 without a \
            byte order mark"
                .to_owned(),
            "save it as `CSV UTF-8`, or name utf-16le in the mapping",
        ));
    }
    if let Some(line) = found.open_quote {
        return Err(at(
            line,
            "quote_never_closed",
            "a quotation mark opens a cell that never ends \
            or is longer than any cell may be"
                .to_owned(),
            "close the quotation mark",
        ));
    }
    if let Some(line) = found.long_cell {
        let wrong = format!("a cell of more than {LONGEST_CELL} bytes");
        return Err(at(line, "cell_too_long", wrong, "shorten it, or mend the quotation marks"));
    }
    let mark = found.mark == Some(UTF_8_MARK);
    let utf8 = if mark { "UTF-8 with byte order mark" } else { "UTF-8" };
    match (found.invalid, named) {
        (_, Encoding::Windows1252) => windows_1252(found),
        (None, _) => Ok((UTF_8, utf8)),
        (Some(line), Encoding::Utf8) => {
            Err(at(line, "invalid_bytes", "bytes that are not UTF-8".to_owned(), SAVE))
        }
        (Some(line), _) if mark || found.multibyte => Err(at(
            line,
            "mixed_encodings",
            "bytes that are not UTF-8 in a file that is UTF-8 elsewhere".to_owned(),
            "correct this line; or name windows-1252 in the mapping if all of it is that",
        )),
        (Some(_), _) => windows_1252(found),
    }
}

fn windows_1252(found: &Scan) -> Result<(&'static Standard, &'static str), Finding> {
    match found.undefined_1252 {
        None => Ok((WINDOWS_1252, "windows-1252")),
        Some(line) => Err(at(
            line,
            "invalid_bytes",
            "a byte that neither UTF-8 nor windows-1252 has here".to_owned(),
            "save the file again as `CSV UTF-8`",
        )),
    }
}

pub(super) const UTF_8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
pub(super) const UTF_16: &[u8] = &[0xff, 0xfe];
pub(super) const UTF_16_BIG: &[u8] = &[0xfe, 0xff];

fn csv_rows<R: Read>(
    text: Text<R>,
    delimiter: u8,
    heading_row: u64,
) -> impl Iterator<Item = Result<Row, Finding>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text);
    let mut record = csv::StringRecord::new();
    let mut ended = false;
    std::iter::from_fn(move || {
        while !ended {
            let more = reader.read_record(&mut record);
            let after = reader.position().line();
            match more {
                Ok(false) => return None,
                Ok(true) => {}
                Err(error) => {
                    ended = true;
                    let right = "read it again, or save it again as `CSV UTF-8`";
                    return Some(Err(at(after, "unreadable", error.to_string(), right)));
                }
            }
            // The reader counts from the end of the row before, blank lines included; what is
            // wanted is where this row starts.
            let inside = record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
            let inside = u64::try_from(inside).unwrap_or(u64::MAX);
            let line = after.saturating_sub(1).saturating_sub(inside);
            if line >= heading_row && !record.iter().all(|cell| cell.trim().is_empty()) {
                return Some(Ok(Row { line, cells: record.iter().map(str::to_owned).collect() }));
            }
        }
        None
    })
}

/// Decodes to UTF-8, ends every line with LF, the last one too, and checks the digest at the end.
struct Text<R> {
    raw: BufReader<R>,
    decoder: Decoder,
    digest: Sha256,
    expected: Digest,
    ready: Cursor<Vec<u8>>,
    after_cr: bool,
    last: u8,
    done: bool,
}

impl<R: Read> Text<R> {
    fn new(raw: R, encoding: &'static Standard, expected: Digest) -> Self {
        Self {
            raw: BufReader::new(raw),
            decoder: encoding.new_decoder_with_bom_removal(),
            digest: Sha256::new(),
            expected,
            ready: Cursor::new(Vec::new()),
            after_cr: false,
            last: b'\n',
            done: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut chunk = Vec::with_capacity(65_536);
        self.raw.by_ref().take(65_536).read_to_end(&mut chunk)?;
        self.digest.update(&chunk);
        self.done = chunk.is_empty();
        let room = self.decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(1 << 18);
        let mut text = String::with_capacity(room);
        let (..) = self.decoder.decode_to_string(&chunk, &mut text, self.done);
        let mut out = Vec::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'\n' if self.after_cr => {}
                b'\r' => out.push(b'\n'),
                other => out.push(other),
            }
            self.after_cr = byte == b'\r';
        }
        self.last = out.last().copied().unwrap_or(self.last);
        if self.done {
            if self.last != b'\n' {
                out.push(b'\n');
            }
            let now = Digest::new(std::mem::take(&mut self.digest).finalize().into());
            if now != self.expected {
                return Err(io::Error::other("the file changed while it was being read"));
            }
        }
        self.ready = Cursor::new(out);
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let taken = self.ready.read(into)?;
            if taken > 0 || self.done || into.is_empty() {
                return Ok(taken);
            }
            self.refill()?;
        }
    }
}

fn blank(cell: &Data) -> bool {
    match cell {
        Data::Empty => true,
        Data::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn sheet_row(line: u64, left: u32, cells: &[Data]) -> Result<Row, Finding> {
    let before = (0..left).map(|_| Ok(String::new()));
    let cells = before.chain(cells.iter().map(|cell| sheet_text(line, cell)));
    Ok(Row { line, cells: cells.collect::<Result<_, _>>()? })
}

/// A sheet's cell as text: numbers as the shortest decimal that reads back as the same, days and
/// times as ISO 8601.
fn sheet_text(line: u64, cell: &Data) -> Result<String, Finding> {
    Ok(match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.replace("\r\n", "\n").replace('\r', "\n"),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        Data::DateTime(length) => length.as_f64().to_string(),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Error(error) => {
            let (wrong, value) = (format!("the sheet shows an error, {error}"), error.to_string());
            let right = "correct the formula, or clear the cell";
            let found = at(line, "sheet_error", wrong, right);
            return Err(Finding { value: shown(&value), ..found });
        }
    })
}
