//! Prologues: all files of a plan as one sequence, sorted by when each thing was known.
//!
//! **Invariant:** the order of the record is the order of knowing, ledger-wide: by asserted
//! known-at, ties in plan order, then file, then row. Every as-at is a position, so one fact out of
//! place would answer a date with what was not known then. Nothing is recorded before all is
//! worked out and checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use piperoll_events::ids::{AreaId, FrameworkId, ImportId, LedgerId, ObjectiveId, StepId};
use piperoll_events::import::applied::RowCount;
use piperoll_events::import::{Applied, Received};
use piperoll_events::ledger::{Created, KeyAdded, Opened};
use piperoll_events::measure::Adopted;
use piperoll_events::text::{Digest, Label};
use piperoll_events::{Asserted, EntityRef, area, objective, step};
use serde::Serialize;

use super::compare::{self, Compared, LeftOut, Outcome};
use super::held::Held;
use super::intent::Intent;
use super::open::Source;
use super::plan::{Definitions, Loaded, none_recorded};
use super::reading::{MeasureKey, ReadRow, Reading};
use super::sequence::{self, Numbering, Planned, SequenceError};
use super::template::Templates;

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

/// All that is to be recorded, in batches, with what it amounts to.
#[derive(Debug, Clone)]
pub struct Prologue {
    /// The ledger.
    pub ledger: LedgerId,
    /// The plan, its mappings and its files.
    pub plan_digest: Digest,
    /// The undertaking that every event belongs to.
    pub correlation: piperoll_events::ids::CommandId,
    /// The batches, in order: the ledger and its keys first, its opening last.
    pub batches: Vec<Vec<Planned>>,
    /// What it amounts to.
    pub summary: Summary,
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

/// The rows of one file known at one instant.
struct Vintage<'a> {
    known_at: DateTime<Utc>,
    file: usize,
    rows: Vec<&'a ReadRow>,
}

/// Works the whole plan out: every event, in order, checked.
///
/// # Errors
/// A row without an instant, or something that a rule refuses.
pub fn prepare(
    plan: &Loaded,
    sources: &[Source],
    ledger: LedgerId,
    keys: &[KeyAdded],
) -> Result<Prologue, PrologueError> {
    let mut vintages = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        vintages.extend(split(file, source)?);
    }
    vintages.sort_by_key(|vintage| (vintage.known_at, vintage.file));
    let first = vintages.first().map(|vintage| vintage.known_at);
    let known_at = plan.plan.framework.known_at.map(|at| at.0).or(first);
    let known_at = known_at.ok_or(PrologueError::StructureNotDated)?;
    let mut writing = Writing::new(plan, sources, ledger);
    writing.begin(keys);
    let adoptions = writing.structure(known_at, &vintages);
    let mut adoptions = adoptions.into_iter().peekable();
    let ends: HashMap<usize, usize> =
        vintages.iter().enumerate().map(|(n, vintage)| (vintage.file, n)).collect();
    for (n, vintage) in vintages.iter().enumerate() {
        while let Some((at, key, fact)) = adoptions.next_if(|(at, ..)| *at <= vintage.known_at) {
            writing.adopt(at, &key, fact);
        }
        writing.vintage(vintage);
        if ends.get(&vintage.file) == Some(&n) {
            writing.applied(vintage.file);
        }
    }
    for (at, key, fact) in adoptions {
        writing.adopt(at, &key, fact);
    }
    writing.finish()
}

/// The rows of one file, by instant.
fn split(file: usize, source: &Source) -> Result<Vec<Vintage<'_>>, PrologueError> {
    let stated = source.part.known_at.map(|at| at.0);
    let mut by_instant: BTreeMap<DateTime<Utc>, Vec<&ReadRow>> = BTreeMap::new();
    if source.part.definitions == Definitions::Latest {
        return Ok(Vec::new());
    }
    for row in &source.reading.rows {
        let known_at = stated.or(row.known_at).ok_or_else(|| PrologueError::NotDated {
            file: source.reading.file_name.clone(),
            line: row.line,
        })?;
        by_instant.entry(known_at).or_default().push(row);
    }
    let vintage = |(known_at, rows)| Vintage { known_at, file, rows };
    Ok(by_instant.into_iter().map(vintage).collect())
}

/// The sequence while it is being written.
struct Writing<'a> {
    plan: &'a Loaded,
    sources: &'a [Source],
    templates: Templates<'a>,
    framework: FrameworkId,
    held: Held,
    numbering: Numbering,
    sequence: Vec<Planned>,
    imports: Vec<ImportId>,
    received: BTreeSet<usize>,
    tallies: Vec<FileSummary>,
    plan_import: ImportId,
    known: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl<'a> Writing<'a> {
    fn new(plan: &'a Loaded, sources: &'a [Source], ledger: LedgerId) -> Self {
        let text = ledger.to_string();
        let digest = plan.digest.to_string();
        let import = |n: usize| ImportId::derived(&[&text, &digest, &n.to_string()]);
        let tally = |source: &Source| FileSummary::of(&source.reading);
        Self {
            plan,
            sources,
            templates: Templates::new(plan, sources, ledger),
            framework: FrameworkId::derived(&[&text, plan.plan.framework.title.en.as_str()]),
            held: Held::new(ledger),
            numbering: Numbering::new(ledger, plan.digest),
            sequence: Vec::new(),
            imports: (1..=sources.len()).map(import).collect(),
            received: BTreeSet::new(),
            tallies: sources.iter().map(tally).collect(),
            plan_import: import(0),
            known: None,
        }
    }

    /// The ledger and its keys.
    fn begin(&mut self, keys: &[KeyAdded]) {
        let part = &self.plan.plan.ledger;
        let created = Created {
            name: part.name.clone(),
            title: part.title.clone(),
            body_kind: part.body_kind,
            reality: part.reality,
            plan_digest: Some(self.plan.digest),
        };
        let entity = EntityRef::from(self.held.ledger());
        self.plain(None, Intent::Plain { entity, fact: created.into() });
        for key in keys {
            let intent = Intent::Plain { entity, fact: key.clone().into() };
            // Named by the key, so that a key that comes with a second attempt is a request of its
            // own and moves no other request's id.
            let command_id = piperoll_events::ids::CommandId::derived(&[
                &self.held.ledger().to_string(),
                &self.plan.digest.to_string(),
                "key",
                key.key_id.as_str(),
            ]);
            self.sequence.push(Planned { command_id, intent, asserted: None, file: None });
        }
    }

    /// What the plan itself states. Answers with the measures that it states, by instant.
    fn structure(
        &mut self,
        known_at: DateTime<Utc>,
        vintages: &[Vintage<'_>],
    ) -> Vec<(DateTime<Utc>, MeasureKey, Adopted)> {
        let plan = &self.plan.plan;
        let parts =
            [plan.objectives.len(), plan.steps.len(), plan.areas.len(), plan.measures.len()];
        let stated = parts.into_iter().fold(1, usize::saturating_add);
        let rows = u64::try_from(stated).unwrap_or(u64::MAX);
        let received = Received {
            file_name: self.plan.name.clone(),
            file_digest: self.plan.own_digest,
            bytes: self.plan.bytes,
            mapping_digest: self.plan.own_digest,
            rows,
            encoding: super::template::utf8(),
        };
        self.plain(None, Intent::import_fact(self.plan_import, received));
        let framework = self.framework;
        let ledger = self.held.ledger().to_string();
        let reason = none_recorded;
        self.stated(known_at, Intent::framework(framework, plan.framework.adopted()));
        for it in &plan.objectives {
            let (code, title) = (it.code.clone(), it.title.clone());
            let entity = ObjectiveId::derived(&[&ledger, code.as_str()]).into();
            let fact = objective::Added { framework, code, title, reason: reason() }.into();
            self.stated(known_at, Intent::Plain { entity, fact });
        }
        for it in &plan.areas {
            let (code, title) = (it.code.clone(), it.title.clone());
            let entity = AreaId::derived(&[&ledger, code.as_str()]).into();
            let fact = area::Added { framework, code, title, reason: reason() }.into();
            self.stated(known_at, Intent::Plain { entity, fact });
        }
        for it in &plan.steps {
            let serves = it.objective.as_ref();
            let fact = step::Added {
                framework,
                objective: serves.map(|code| ObjectiveId::derived(&[&ledger, code.as_str()])),
                code: it.code.clone(),
                title: it.title.clone(),
                level: it.level,
                lead: it.lead.clone(),
                reason: reason(),
            };
            let entity = StepId::derived(&[&ledger, it.code.as_str()]).into();
            self.stated(known_at, Intent::Plain { entity, fact: fact.into() });
        }
        self.adoptions(known_at, vintages)
    }

    /// The measures that the plan states, by the instant of their adoption.
    fn adoptions(
        &self,
        known_at: DateTime<Utc>,
        vintages: &[Vintage<'_>],
    ) -> Vec<(DateTime<Utc>, MeasureKey, Adopted)> {
        let mut first: BTreeMap<&MeasureKey, &Vintage<'_>> = BTreeMap::new();
        for vintage in vintages {
            for row in &vintage.rows {
                first.entry(&row.measure).or_insert(vintage);
            }
        }
        let mut adoptions = Vec::new();
        for it in &self.plan.plan.measures {
            let key = MeasureKey::new(it.key.as_str());
            let at = it.known_at.map_or(known_at, |at| at.0);
            let met = first.get(&key).and_then(|vintage| {
                Some((self.sources.get(vintage.file)?, vintage.rows.as_slice()))
            });
            let fact = self.templates.stated(&key, self.framework, met);
            adoptions.push((at, key, fact));
        }
        adoptions.sort_by_key(|(at, ..)| *at);
        adoptions
    }

    fn adopt(&mut self, known_at: DateTime<Utc>, key: &MeasureKey, fact: Adopted) {
        let id = self.held.id_for(key);
        if self.held.measure(id).is_none() {
            self.stated(known_at, Intent::measure_fact(id, fact));
        }
    }

    /// One instant of one file.
    fn vintage(&mut self, vintage: &Vintage<'_>) {
        let Some(source) = self.sources.get(vintage.file) else { return };
        self.receive(vintage.file, source);
        let compared = {
            let templates = &self.templates;
            let framework = self.framework;
            let none = none_recorded();
            let said = compare::Said {
                rows: &vintage.rows,
                complete_for: &source.reading.complete_for,
                same_digits: source.reading.same_digits,
                fed: self.held.fed(source.mapping.digest()),
                asserts: &|key, code| templates.met(key, code, framework, &source.mapping),
                codes: source.part.codes,
                reason: source.part.reason.as_ref().unwrap_or(&none),
            };
            compare::compare(&self.held, &said)
        };
        self.take(vintage, source, compared);
    }

    fn take(&mut self, vintage: &Vintage<'_>, source: &Source, compared: Compared) {
        if let Some(tally) = self.tallies.get_mut(vintage.file) {
            tally.add(&compared);
        }
        for wanted in compared.wanted {
            if let Some(measure) = wanted.intent.measure() {
                self.held.feeds(source.mapping.digest(), measure);
            }
            let import = self.imports.get(vintage.file).copied().unwrap_or(self.plan_import);
            let asserted = Asserted {
                known_at: Some(vintage.known_at),
                import,
                file_digest: source.reading.file_digest,
                row: wanted.row,
            };
            self.push(Some(vintage.file), Some(asserted), wanted.intent);
        }
    }

    fn receive(&mut self, file: usize, source: &Source) {
        if self.received.insert(file)
            && let Some(import) = self.imports.get(file)
        {
            let intent = Intent::import_fact(*import, received(&source.reading));
            self.plain(Some(file), intent);
        }
    }

    fn applied(&mut self, file: usize) {
        if let (Some(import), Some(tally)) = (self.imports.get(file), self.tallies.get(file)) {
            let intent = Intent::import_fact(*import, tally.applied());
            self.plain(Some(file), intent);
        }
    }

    /// What the plan states, at its instant.
    fn stated(&mut self, known_at: DateTime<Utc>, intent: Intent) {
        let asserted = Asserted {
            known_at: Some(known_at),
            import: self.plan_import,
            file_digest: self.plan.own_digest,
            row: None,
        };
        self.push(None, Some(asserted), intent);
    }

    /// What is no part of what was known: the ledger, its keys, the imports.
    fn plain(&mut self, file: Option<usize>, intent: Intent) {
        self.push(file, None, intent);
    }

    fn push(&mut self, file: Option<usize>, asserted: Option<Asserted>, intent: Intent) {
        let known_at = asserted.as_ref().and_then(|asserted| asserted.known_at);
        if let Some(at) = known_at {
            let (first, last) = self.known.unwrap_or((at, at));
            self.known = Some((first.min(at), last.max(at)));
        }
        let digest = asserted.as_ref().map_or(self.plan.digest, |asserted| asserted.file_digest);
        let command_id = self.numbering.next(digest, intent.entity(), known_at);
        self.held.take(&intent);
        self.sequence.push(Planned { command_id, intent, asserted, file });
    }

    fn finish(mut self) -> Result<Prologue, PrologueError> {
        for (file, source) in self.sources.iter().enumerate() {
            if !self.received.contains(&file) {
                self.receive(file, source);
                if source.part.definitions == Definitions::Latest
                    && let Some(tally) = self.tallies.get_mut(file)
                {
                    tally.set_latest(&source.reading);
                }
                self.applied(file);
            }
        }
        let stated = self.sequence.iter().filter(|planned| {
            planned.asserted.as_ref().is_some_and(|asserted| asserted.import == self.plan_import)
        });
        let events = u64::try_from(stated.count()).unwrap_or(u64::MAX);
        let rows = RowCount { read: events, recorded: events, ..RowCount::default() };
        self.plain(
            None,
            Intent::import_fact(self.plan_import, Applied { rows, events, withdrawn: 0 }),
        );
        let sequence = sequence::check(&mut HashMap::new(), std::mem::take(&mut self.sequence))?;
        let asserted = sequence.iter().filter(|planned| planned.asserted.is_some()).count();
        let opened = Opened { asserted: u64::try_from(asserted).unwrap_or(u64::MAX) };
        let mut sequence = sequence;
        let entity = EntityRef::from(self.held.ledger());
        self.plain(None, Intent::Plain { entity, fact: opened.into() });
        sequence.append(&mut self.sequence);
        let summary = Summary {
            events: u64::try_from(sequence.len()).unwrap_or(u64::MAX),
            by_type: sequence::counts(sequence.iter()),
            files: self.tallies,
            first_known_at: self.known.map(|(first, _)| first),
            last_known_at: self.known.map(|(_, last)| last),
        };
        let ledger = self.held.ledger();
        let plan_digest = self.plan.digest;
        let parts = [ledger.to_string(), plan_digest.to_string(), "move-in".to_owned()];
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(Prologue {
            ledger,
            plan_digest,
            correlation: piperoll_events::ids::CommandId::derived(&parts),
            batches: sequence::cut(sequence),
            summary,
        })
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
    fn set_latest(&mut self, reading: &Reading) {
        self.rows.unchanged = u64::try_from(reading.rows.len()).unwrap_or(u64::MAX);
    }

    pub(super) const fn applied(&self) -> Applied {
        Applied { rows: self.rows, events: self.events, withdrawn: self.withdrawn }
    }
}
