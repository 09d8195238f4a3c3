//! Writing: a prologue's sequence, made step by step from its script.
//!
//! **Invariant:** whoever writes the same script once more gets the same requests with the same
//! ids. No more is held at a time than one step and what stands so far.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use piperoll_events::ids::{AreaId, CommandId, FrameworkId, ImportId, ObjectiveId, StepId};
use piperoll_events::import::applied::RowCount;
use piperoll_events::import::{Applied, Received};
use piperoll_events::ledger::{Created, Opened};
use piperoll_events::measure::Adopted;
use piperoll_events::{Asserted, EntityRef, area, objective, step};

use super::compare::{self, Compared};
use super::held::Held;
use super::intent::Intent;
use super::open::Source;
use super::plan::{Definitions, none_recorded};
use super::prologue::{FileSummary, received};
use super::reading::{MeasureKey, ReadRow};
use super::script::{Script, Step, Vintage};
use super::sequence::{Numbering, Planned};

/// The sequence while it is being written, step by step.
pub(super) struct Writing<'a> {
    script: &'a Script<'a>,
    steps: std::slice::Iter<'a, Step>,
    ready: VecDeque<Planned>,
    framework: FrameworkId,
    held: Held,
    numbering: Numbering,
    imports: Vec<ImportId>,
    received: BTreeSet<usize>,
    pub(super) tallies: Vec<FileSummary>,
    plan_import: ImportId,
    /// What the plan itself states.
    stated: u64,
    pub(super) known: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Iterator for Writing<'_> {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        while self.ready.is_empty() {
            match self.steps.next()? {
                Step::Begin => {
                    self.begin();
                    self.structure();
                }
                Step::Adopt { known_at, key, fact } => self.adopt(*known_at, key, fact),
                Step::Vintage(vintage) => self.vintage(vintage),
                Step::Applied(file) => self.applied(*file),
                Step::End => self.end(),
            }
        }
        self.ready.pop_front()
    }
}

impl<'a> Writing<'a> {
    pub(super) fn new(script: &'a Script<'a>) -> Self {
        let text = script.ledger.to_string();
        let digest = script.plan.digest.to_string();
        let import = |n: usize| ImportId::derived(&[&text, &digest, &n.to_string()]);
        let tally = |source: &Source| FileSummary::of(&source.reading);
        Self {
            script,
            steps: script.steps.iter(),
            ready: VecDeque::new(),
            framework: script.framework(),
            held: Held::new(script.ledger),
            numbering: Numbering::new(script.ledger, script.plan.digest),
            imports: (1..=script.sources.len()).map(import).collect(),
            received: BTreeSet::new(),
            tallies: script.sources.iter().map(tally).collect(),
            plan_import: import(0),
            stated: 0,
            known: None,
        }
    }

    /// The ledger and its keys.
    fn begin(&mut self) {
        let plan = self.script.plan;
        let part = &plan.plan.ledger;
        let created = Created {
            name: part.name.clone(),
            title: part.title.clone(),
            body_kind: part.body_kind,
            reality: part.reality,
            plan_digest: Some(plan.digest),
        };
        let entity = EntityRef::from(self.script.ledger);
        self.plain(None, Intent::Plain { entity, fact: created.into() });
        for key in &self.script.keys {
            let intent = Intent::Plain { entity, fact: key.clone().into() };
            // Named by the key, so that a key that comes with a second attempt is a request of its
            // own and moves no other request's id.
            let command_id = CommandId::derived(&[
                &self.script.ledger.to_string(),
                &plan.digest.to_string(),
                "key",
                key.key_id.as_str(),
            ]);
            self.ready.push_back(Planned {
                command_id,
                entity,
                intent,
                asserted: None,
                file: None,
            });
        }
    }

    /// What the plan itself states.
    fn structure(&mut self) {
        let loaded = self.script.plan;
        let (plan, known_at) = (&loaded.plan, self.script.known_at);
        let parts =
            [plan.objectives.len(), plan.steps.len(), plan.areas.len(), plan.measures.len()];
        let stated = parts.into_iter().fold(1, usize::saturating_add);
        let rows = u64::try_from(stated).unwrap_or(u64::MAX);
        let received = Received {
            file_name: loaded.name.clone(),
            file_digest: loaded.own_digest,
            bytes: loaded.bytes,
            mapping_digest: loaded.own_digest,
            rows,
            encoding: super::template::utf8(),
        };
        self.plain(None, Intent::import_fact(self.plan_import, received));
        let framework = self.framework;
        let ledger = self.script.ledger.to_string();
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
    }

    fn adopt(&mut self, known_at: DateTime<Utc>, key: &MeasureKey, fact: &Adopted) {
        let id = self.held.id_for(key);
        if self.held.measure(id).is_none() {
            self.stated(known_at, Intent::measure_fact(id, fact.clone()));
        }
    }

    /// One instant of one file.
    fn vintage(&mut self, vintage: &Vintage) {
        let Some(source) = self.script.sources.get(vintage.file) else { return };
        self.receive(vintage.file, source);
        let rows: Vec<ReadRow> = self.script.rows(vintage).collect();
        let rows: Vec<&ReadRow> = rows.iter().collect();
        let compared = {
            let templates = &self.script.templates;
            let framework = self.framework;
            let none = none_recorded();
            let said = compare::Said {
                rows: &rows,
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

    fn take(&mut self, vintage: &Vintage, source: &Source, compared: Compared) {
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
            file_digest: self.script.plan.own_digest,
            row: None,
        };
        self.stated = self.stated.saturating_add(1);
        self.push(None, Some(asserted), intent);
    }

    /// What is no part of what was known: the ledger, its keys, the imports.
    fn plain(&mut self, file: Option<usize>, intent: Intent) {
        self.push(file, None, intent);
    }

    fn push(&mut self, file: Option<usize>, asserted: Option<Asserted>, intent: Intent) {
        let planned = self.planned(file, asserted, intent);
        self.held.take(&planned.intent);
        self.ready.push_back(planned);
    }

    fn planned(
        &mut self,
        file: Option<usize>,
        asserted: Option<Asserted>,
        intent: Intent,
    ) -> Planned {
        let known_at = asserted.as_ref().and_then(|asserted| asserted.known_at);
        if let Some(at) = known_at {
            let (first, last) = self.known.unwrap_or((at, at));
            self.known = Some((first.min(at), last.max(at)));
        }
        let plan = self.script.plan.digest;
        let digest = asserted.as_ref().map_or(plan, |asserted| asserted.file_digest);
        let entity = intent.entity();
        let command_id = self.numbering.next(digest, entity, known_at);
        Planned { command_id, entity, intent, asserted, file }
    }

    /// Files that say nothing at any instant, and the word that the plan was applied.
    fn end(&mut self) {
        for (file, source) in self.script.sources.iter().enumerate() {
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
        let events = self.stated;
        let rows = RowCount { read: events, recorded: events, ..RowCount::default() };
        let applied = Applied { rows, events, withdrawn: 0 };
        self.plain(None, Intent::import_fact(self.plan_import, applied));
    }

    /// The last of all: the ledger is open.
    pub(super) fn opening(&mut self, asserted: u64) -> Planned {
        let opened = Opened { asserted };
        let entity = EntityRef::from(self.script.ledger);
        self.planned(None, None, Intent::Plain { entity, fact: opened.into() })
    }
}
