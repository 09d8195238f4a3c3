//! Prologues: all files of a plan as one sequence, sorted by when each thing was known.
//!
//! **Invariant:** the order of the record is the order of knowing, ledger-wide: by asserted
//! known-at, ties in plan order, then file, then row. Every as-at is a position, so one fact out of
//! place would answer a date with what was not known then. Nothing is recorded before all is
//! worked out and checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use piperoll_events::ids::{CommandId, LedgerId};
use piperoll_events::import::applied::RowCount;
use piperoll_events::import::{Applied, Received};
use piperoll_events::ledger::KeyAdded;
use piperoll_events::text::{Digest, Label};
use serde::Serialize;

use super::compare::{Compared, LeftOut, Outcome};
use super::open::Source;
use super::plan::Loaded;
use super::reading::Reading;
use super::script::Script;
use super::sequence::{self, Batches, Checking, Cutting, Planned, SequenceError};
use super::writing::Writing;

/// Why a plan can't be made a prologue. Nothing has been recorded.
#[derive(Debug, thiserror::Error)]
pub enum PrologueError {
    /// Nobody says when a row was known.
    #[error(
        "line {line} of `{file}`: nobody says when this was known; give the file a `known_at` in the plan, or the mapping a column"
    )]
    NotDated {
        /// The file.
        file: Label,
        /// The line.
        line: u64,
    },
    /// A plan without files, and without an instant of its own.
    #[error("nobody says when the framework was known; give `framework.known_at` in the plan")]
    StructureNotDated,
    /// A rule says no.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
}

/// All that is to be recorded, worked out and checked. What it amounts to is kept; the batches are
/// made once more as they are asked for, so that a long file needs no long list.
pub struct Prologue<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// The plan, its mappings and its files.
    pub plan_digest: Digest,
    /// The undertaking that every event belongs to.
    pub correlation: CommandId,
    /// What it amounts to.
    pub summary: Summary,
    script: Script<'a>,
    /// What its opening says: how much is asserted.
    asserted: u64,
    batches: usize,
    /// What a rule finds to be so already, by its place in what is written.
    unchanged: BTreeSet<u64>,
}

/// What a prologue, or the application of one file, amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Events in all.
    pub events: u64,
    /// Events by type.
    pub by_type: BTreeMap<&'static str, u64>,
    /// What became of the rows, file by file in plan order.
    pub files: Vec<FileSummary>,
    /// The first instant at which something was known.
    pub first_known_at: Option<DateTime<Utc>>,
    /// The last.
    pub last_known_at: Option<DateTime<Utc>>,
}

/// What becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// Its name.
    pub file: Label,
    /// What became of its rows.
    pub rows: RowCount,
    /// Events recorded.
    pub events: u64,
    /// Cells and targets that it no longer holds, withdrawn.
    pub withdrawn: u64,
    /// What the record has no place for.
    pub left_out: Vec<LeftOut>,
    /// Figures that look odd.
    pub odd: u64,
}

/// Works the whole plan out: every event, in order, checked.
///
/// # Errors
/// A row without an instant, or something that a rule refuses.
pub fn prepare<'a>(
    plan: &'a Loaded,
    sources: &'a [Source],
    ledger: LedgerId,
    keys: Vec<KeyAdded>,
) -> Result<Prologue<'a>, PrologueError> {
    let script = Script::new(plan, sources, ledger, keys)?;
    let mut writing = Writing::new(&script);
    let (mut checking, mut counting) = (Checking::default(), Counting::default());
    let mut unchanged = BTreeSet::new();
    for (planned, place) in writing.by_ref().zip(0_u64..) {
        if checking.take(&planned)? {
            counting.take(&planned);
        } else {
            unchanged.insert(place);
        }
    }
    let asserted = counting.asserted;
    counting.take(&writing.opening(asserted));
    let summary = Summary {
        files: writing.tallies,
        first_known_at: writing.known.map(|(first, _)| first),
        last_known_at: writing.known.map(|(_, last)| last),
        ..counting.summary
    };
    let plan_digest = plan.digest;
    let parts = [&*ledger.to_string(), &plan_digest.to_string(), "move-in"];
    let (correlation, batches) = (CommandId::derived(&parts), counting.batches);
    Ok(Prologue { ledger, plan_digest, correlation, summary, script, asserted, batches, unchanged })
}

impl Prologue<'_> {
    /// The batches, in order: the ledger and its keys first, its opening last.
    #[must_use]
    pub fn batches(&self) -> Batches<impl Iterator<Item = Vec<Planned>>> {
        let (mut writing, mut asserted) = (Writing::new(&self.script), Some(self.asserted));
        let written = std::iter::from_fn(move || {
            writing.next().or_else(|| asserted.take().map(|asserted| writing.opening(asserted)))
        });
        let changes = written.zip(0_u64..).filter(|(_, place)| !self.unchanged.contains(place));
        let each = sequence::cut(changes.map(|(planned, _)| planned));
        Batches { each, count: self.batches, events: self.summary.events }
    }
}

/// What a prologue comes to.
#[derive(Default)]
struct Counting {
    cutting: Cutting,
    batches: usize,
    asserted: u64,
    summary: Summary,
}

impl Counting {
    fn take(&mut self, planned: &Planned) {
        self.batches = self.batches.saturating_add(self.cutting.begins(planned).into());
        self.asserted = self.asserted.saturating_add(planned.asserted.is_some().into());
        self.summary.events = self.summary.events.saturating_add(1);
        let of_type = self.summary.by_type.entry(planned.intent.event_type()).or_default();
        *of_type = of_type.saturating_add(1);
    }
}

/// The event that a file begins with.
#[must_use]
pub(super) fn received(reading: &Reading) -> Received {
    Received {
        file_name: reading.file_name.clone(),
        file_digest: reading.file_digest,
        bytes: reading.bytes,
        mapping_digest: reading.mapping_digest,
        rows: reading.rows_read,
        encoding: reading.encoding.clone(),
    }
}

impl FileSummary {
    /// Nothing has become of any row yet, but of those that the mapping leaves out.
    #[must_use]
    pub(super) fn of(reading: &Reading) -> Self {
        let refused = u64::try_from(reading.refused.len()).unwrap_or(u64::MAX);
        Self {
            file: reading.file_name.clone(),
            rows: RowCount { read: reading.rows_read, refused, ..RowCount::default() },
            events: 0,
            withdrawn: 0,
            left_out: Vec::new(),
            odd: u64::try_from(reading.warnings.len())
                .unwrap_or(u64::MAX)
                .saturating_add(reading.more_warnings),
        }
    }

    pub(super) fn add(&mut self, compared: &Compared) {
        for (_, outcome) in &compared.outcomes {
            let count = match outcome {
                Outcome::Recorded => &mut self.rows.recorded,
                Outcome::Declared => &mut self.rows.declared,
                Outcome::Unchanged => &mut self.rows.unchanged,
            };
            *count = count.saturating_add(1);
        }
        let events = u64::try_from(compared.wanted.len()).unwrap_or(u64::MAX);
        self.events = self.events.saturating_add(events);
        self.withdrawn = self.withdrawn.saturating_add(compared.withdrawn);
        self.left_out.extend(compared.left_out.iter().cloned());
    }

    /// A later list of definitions: it gave the first ones, and is itself no news.
    pub(super) fn set_latest(&mut self, reading: &Reading) {
        self.rows.unchanged = u64::try_from(reading.rows.len()).unwrap_or(u64::MAX);
    }

    pub(super) const fn applied(&self) -> Applied {
        Applied { rows: self.rows, events: self.events, withdrawn: self.withdrawn }
    }
}
