//! Importing: one file into a ledger in use, compared with what the ledger holds.
//!
//! **Invariant:** the file's own known-at is recorded as reported and never answers anything: after
//! a ledger has opened, what a file says is known when it is recorded.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use chrono::{DateTime, Utc};
use piperoll_events::ids::{CommandId, ImportId, LedgerId, TextKeyId};
use piperoll_events::import::Import as ImportFact;
use piperoll_events::submission::Submission;
use piperoll_events::text::{Digest, Prose, SealedText};
use piperoll_events::{Asserted, EntityRef, Event, Fact};
use piperoll_projections::{Outcome, Placed};

use super::compare::{self, Said};
use super::held::Held;
use super::intent::Intent;
use super::open::Source;
use super::plan::{none_recorded, sha256};
use super::prologue::{FileSummary, Summary, received};
use super::reading::ReadRow;
use super::record::Past;
use super::sequence::{self, Checking, Numbering, Planned, SequenceError};
use super::template::Templates;
use crate::commands::{Occurred, State};
use crate::ledger::{FollowError, Following};

/// Why a file can't be imported. Nothing has been recorded.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The ledger is still moving in, or holds nothing.
    #[error("this ledger has not been opened; finish `piperoll move-in` first")]
    NotOpened,
    /// The ledger has no framework that a new measure could join.
    #[error("this ledger has no framework; adopt one first")]
    NoFramework,
    /// A rule says no.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// The stream can't be read.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The vault can't open what was sealed; the operator looks at it.
    #[error("the vault can't open the words that stand")]
    Open(#[source] Box<dyn Error + Send + Sync>),
}

/// What a ledger holds, and the state of every entity.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What files are compared with.
    pub held: Held,
    /// What was recorded under which request.
    pub past: Past,
    pub(super) states: HashMap<EntityRef, State>,
    pub(super) imports: BTreeMap<ImportId, Applied>,
}

/// How far the application of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) file: Digest,
    pub(super) running: Running,
}

/// Whether an application has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    Yes,
    No,
}

/// The application of one file, in batches.
#[derive(Debug, Clone)]
pub struct Application {
    /// Which.
    pub import: ImportId,
    /// The undertaking that every event belongs to.
    pub correlation: CommandId,
    /// The batches, in order.
    pub batches: Vec<Vec<Planned>>,
    /// What they amount to.
    pub summary: Summary,
}

impl Standing {
    /// Nothing, in `ledger`.
    #[must_use]
    pub fn new(ledger: LedgerId) -> Self {
        let (past, imports) = (Past::default(), BTreeMap::new());
        Self { held: Held::new(ledger), past, states: HashMap::new(), imports }
    }

    /// Reads a ledger up to its head. `open` opens sealed words, in their order, `None` where they
    /// were erased; `each` sees every part of the stream.
    ///
    /// # Errors
    /// The stream can't be read, or the vault can't open words.
    pub async fn read<E: Into<Box<dyn Error + Send + Sync>>>(
        ledger: LedgerId,
        following: &mut Following,
        open: impl AsyncFn(&[SealedText]) -> Result<Vec<Option<Prose>>, E>,
        mut each: impl FnMut(&Standing, &Placed, Option<&Prose>),
    ) -> Result<Self, ImportError> {
        let mut standing = Self::new(ledger);
        while let Some(placed) = following.next().await {
            let placed = placed?;
            let sealed: Vec<SealedText> =
                placed.iter().filter_map(event).filter_map(words).cloned().collect();
            let opened = if sealed.is_empty() {
                Vec::new()
            } else {
                open(&sealed).await.map_err(|error| ImportError::Open(error.into()))?
            };
            let keys = sealed.iter().map(|sealed| sealed.key_id);
            let opened: HashMap<TextKeyId, Option<Prose>> = keys.zip(opened).collect();
            standing.past.take(&placed);
            for placed in &placed {
                let said = event(placed).and_then(words).and_then(|it| opened.get(&it.key_id));
                let said = said.and_then(Option::as_ref);
                each(&standing, placed, said);
                if let Some(event) = event(placed) {
                    standing.take(placed, event, said.cloned());
                }
            }
        }
        Ok(standing)
    }

    /// Takes in one event; `words` is its commentary, opened.
    pub fn take(&mut self, placed: &Placed, event: &Event, words: Option<Prose>) {
        self.held.take_event(event, words);
        let state = self.states.entry(event.entity);
        let state = state.or_insert_with(|| State::new(event.entity.kind));
        state.apply(Occurred::of(placed.position, &event.record), &event.fact);
        let Fact::Import(fact) = &event.fact else { return };
        let import = ImportId::new(event.entity.id);
        match fact {
            ImportFact::Received(it) => {
                let applied = Applied { file: it.file_digest, running: Running::Yes };
                self.imports.insert(import, applied);
            }
            ImportFact::Applied(_) | ImportFact::Rejected(_) | ImportFact::Reversed(_) => {
                if let Some(applied) = self.imports.get_mut(&import) {
                    applied.running = Running::No;
                }
            }
        }
    }

    /// The application of a file that was stopped halfway, or the next one of it.
    fn import_of(&self, file: Digest) -> ImportId {
        let mut of_file = self.imports.iter().filter(|(_, applied)| applied.file == file);
        if let Some((id, _)) = of_file.clone().find(|(_, it)| it.running == Running::Yes) {
            return *id;
        }
        let n = of_file.by_ref().count();
        ImportId::derived(&[&self.held.ledger().to_string(), &file.to_string(), &n.to_string()])
    }
}

/// Works out what a file changes in a ledger that has been opened.
///
/// # Errors
/// The ledger has not been opened, or a rule says no.
pub fn prepare(standing: &Standing, source: &Source) -> Result<Application, ImportError> {
    standing.past.opened().ok_or(ImportError::NotOpened)?;
    let framework = standing.held.framework().ok_or(ImportError::NoFramework)?;
    let file = source.reading.file_digest;
    let import = standing.import_of(file);
    let ledger = standing.held.ledger();
    // The head is part of every id: after an attempt that was stopped halfway less is to be done,
    // and what is left must not be taken for what was done.
    let head = standing.past.head().to_string();
    let mut numbering = Numbering::new(ledger, sha256(format!("{import}{head}").as_bytes()));
    let mut now = standing.held.clone();
    let mut tally = FileSummary::of(&source.reading);
    let mut planned = Vec::new();
    let mut plan = |asserted: Option<Asserted>, intent: Intent| {
        let known_at = asserted.as_ref().and_then(|asserted| asserted.known_at);
        let entity = intent.entity();
        let command_id = numbering.next(file, entity, known_at);
        planned.push(Planned { command_id, entity, intent, asserted, file: Some(0) });
    };
    plan(None, Intent::import_fact(import, received(&source.reading)));
    let mut vintages: BTreeMap<Option<DateTime<Utc>>, Vec<ReadRow>> = BTreeMap::new();
    for row in source.reading.rows.iter() {
        let known_at = source.part.known_at.map(|at| at.0).or(row.known_at);
        vintages.entry(known_at).or_default().push(row);
    }
    let templates = Templates::without_plan(ledger);
    let reason = source.part.reason.clone().unwrap_or_else(none_recorded);
    for (known_at, rows) in vintages {
        let said = Said {
            rows: &rows.iter().collect::<Vec<_>>(),
            complete_for: &source.reading.complete_for,
            same_digits: source.reading.same_digits,
            fed: now.fed(source.mapping.digest()),
            asserts: &|key, code| templates.met(key, code, framework, &source.mapping),
            codes: source.part.codes,
            reason: &reason,
        };
        let compared = compare::compare(&now, &said);
        tally.add(&compared);
        for wanted in compared.wanted {
            now.take(&wanted.intent);
            if let Some(measure) = wanted.intent.measure() {
                now.feeds(source.mapping.digest(), measure);
            }
            let row = wanted.row;
            plan(Some(Asserted { known_at, import, file_digest: file, row }), wanted.intent);
        }
    }
    plan(None, Intent::import_fact(import, tally.applied()));
    let sequence = Checking::over(standing.states.clone()).take_all(planned)?;
    let summary = Summary {
        events: u64::try_from(sequence.len()).unwrap_or(u64::MAX),
        by_type: sequence::counts(sequence.iter()),
        files: vec![tally],
        ..Summary::default()
    };
    let correlation = CommandId::derived(&[&import.to_string(), &head]);
    let batches = sequence::cut(sequence.into_iter()).collect();
    Ok(Application { import, correlation, batches, summary })
}

/// The event that stands at a position, if one does.
pub(super) const fn event(placed: &Placed) -> Option<&Event> {
    match &placed.outcome {
        Outcome::Event(event) => Some(event),
        Outcome::Reject(..) => None,
    }
}

/// The sealed words of an event.
pub(super) fn words(event: &Event) -> Option<&SealedText> {
    match &event.fact {
        Fact::Submission(Submission::Submitted(it)) => it.commentary.as_ref(),
        Fact::Submission(Submission::CommentaryWritten(it)) => it.text.as_ref(),
        _ => None,
    }
}
