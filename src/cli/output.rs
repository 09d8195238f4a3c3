//! What people and programs read: lines, tables, JSON, progress, errors.
//!
//! **Invariant:** answers go to standard output and nothing else does; a reader who goes away
//! (`| head`) is no error; no control character and none that reorders text reaches a terminal,
//! whatever was asked and whatever a forged message holds.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use piperoll_projections::score::Rating;

use crate::asking::moment::{AsAt, Closed};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A text of several lines at most, without what moves a cursor, colours or reorders.
fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |letter: char| {
        let reorders = matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}' | '\u{2029}');
        reorders || (letter.is_control() && letter != '\n')
    };
    if text.contains(harmful) {
        Cow::Owned(text.replace(harmful, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes one line to standard output.
///
/// # Errors
/// Nobody reads, or the disk is full.
pub(super) fn line(text: impl AsRef<str>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", harmless(text.as_ref()))
}

/// Writes a value as JSON.
///
/// # Errors
/// As [`line`].
pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// A word of the format as people read it: `none_recorded` is none recorded.
pub(super) fn words(word: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(word).unwrap_or_default();
    word.as_str().unwrap_or_default().replace('_', " ")
}

/// Writes rows under headings, each column as wide as its widest cell.
///
/// # Errors
/// As [`line`].
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let mut widths: Vec<usize> = headings.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let shown = |cells: &mut dyn Iterator<Item = &str>| {
        // A cell stands on one line, whatever lines its text has.
        let cells = cells.map(|cell| cell.replace('\n', " "));
        let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    line(shown(&mut headings.iter().copied()))?;
    for row in rows {
        line(shown(&mut row.iter().map(String::as_str)))?;
    }
    Ok(())
}

/// Why a figure has no level of its scale, in words.
pub(super) const fn unrated(rating: &Rating) -> &'static str {
    match rating {
        Rating::Level(_) => "rated",
        Rating::NoFigure => "no figure",
        Rating::NoTarget => "no target",
        Rating::NoRule => "no rule",
        Rating::NotComparable => "not comparable",
        Rating::TooEarly => "too early",
        Rating::Tracker => "watched",
        Rating::Suspended => "suspended",
        Rating::Suppressed => "kept back",
    }
}

/// A rating: its level's code, or why there is none.
pub(super) fn rating(rating: &Rating) -> String {
    match rating {
        Rating::Level(code) => code.to_string(),
        other => unrated(other).to_owned(),
    }
}

/// The moment that an answer is about.
///
/// # Errors
/// As [`line`].
pub(super) fn heading(as_at: &AsAt, asserted: bool) -> io::Result<()> {
    let when = as_at.instant.map_or("before anything was known".to_owned(), |at| {
        at.with_timezone(&chrono_tz::Europe::London).format("%-d %B %Y %H:%M:%S").to_string()
    });
    let closed = match as_at.closed {
        Closed::Closed => "closed",
        Closed::Open => "open: more may still be recorded",
    };
    line(format!("as at {when} (London), position {}, {closed}", as_at.position))?;
    if let Some(file) = &as_at.being_applied {
        line(format!(
            "a file of changes to the framework is being applied since position {}: part of it may be \
             in force and part not",
            file.since
        ))?;
    }
    if asserted {
        line("asserted by import, not witnessed here, where marked *")?;
    }
    Ok(())
}

/// Writes rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula is quoted with an
/// apostrophe; a number is left as it is.
///
/// # Errors
/// As [`line`].
pub(super) fn csv(
    headings: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(io::stdout().lock());
    writer.write_record(headings)?;
    for row in rows {
        for cell in &row {
            writer.write_field(harmless(&unlike_a_formula(cell)).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(writer.flush()?)
}

fn unlike_a_formula(cell: &str) -> Cow<'_, str> {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins && cell.parse::<piperoll_events::Quantity>().is_err() {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

/// A bar on standard error, where a person looks on; elsewhere nothing.
#[must_use]
pub(super) fn progress(total: u64, what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(total);
    let style = "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(what);
    bar
}

/// What is waited for, on standard error, where a person looks on; elsewhere nothing.
#[must_use]
pub(super) fn waiting() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{spinner} {elapsed} waiting for {msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Logs go to standard error; `RUST_LOG` chooses how much.
pub(super) fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Colours are for people: in a file they hide words from whoever looks for them. On a terminal
    // `NO_COLOR` is heeded.
    if io::stderr().is_terminal() { log.init() } else { log.with_ansi(false).init() }
}

/// Says why it could not run, with every cause.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    let mut text = format!("piperoll: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    refused(&text)
}

/// Says something beside the answer, to whom looks on.
pub(super) fn remark(text: &str) {
    writeln!(io::stderr().lock(), "{}", harmless(text)).ok();
}

/// Says why nothing was done.
pub(super) fn refused(text: &str) -> ExitCode {
    // Standard error may be closed as well; then nobody can be told.
    writeln!(io::stderr().lock(), "{}", harmless(text.trim_end())).ok();
    ExitCode::from(2)
}

/// Whether the reader of standard output has gone away.
pub(super) fn reader_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_quoted_and_a_negative_number_is_not() {
        for (cell, shown) in [
            ("=1+2", "'=1+2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-28", "-28"),
            ("-28 days", "'-28 days"),
            ("\tx", "'\tx"),
            ("green", "green"),
            ("", ""),
        ] {
            assert_eq!(unlike_a_formula(cell), shown);
        }
    }
}
