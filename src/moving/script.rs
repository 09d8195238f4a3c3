//! Scripts: the steps that a prologue is written in, in the order of knowing.
//!
//! **Invariant:** the order is by asserted known-at, ties in plan order, then file, then row. The
//! same plan gives the same script.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use piperoll_events::ids::{FrameworkId, LedgerId};
use piperoll_events::ledger::KeyAdded;
use piperoll_events::measure::Adopted;

use super::open::Source;
use super::plan::{Definitions, Loaded};
use super::prologue::PrologueError;
use super::reading::{MeasureKey, ReadRow};
use super::template::Templates;

/// The rows of one file known at one instant.
pub(super) struct Vintage {
    pub(super) known_at: DateTime<Utc>,
    pub(super) file: usize,
    /// By their places among the file's rows.
    rows: Vec<usize>,
}

/// What a prologue is written from: the same script, the same prologue.
pub(super) struct Script<'a> {
    pub(super) plan: &'a Loaded,
    pub(super) sources: &'a [Source],
    pub(super) ledger: LedgerId,
    pub(super) keys: Vec<KeyAdded>,
    pub(super) templates: Templates<'a>,
    /// When the framework, and what stands beside it in the plan, was known.
    pub(super) known_at: DateTime<Utc>,
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    /// The ledger and its keys, and what the plan itself states.
    Begin,
    /// A measure that the plan states.
    Adopt { known_at: DateTime<Utc>, key: MeasureKey, fact: Box<Adopted> },
    /// One instant of one file.
    Vintage(Vintage),
    /// The last of a file was written.
    Applied(usize),
    /// What has no instant of its own, and the word that the plan was applied.
    End,
}

impl<'a> Script<'a> {
    pub(super) fn new(
        plan: &'a Loaded,
        sources: &'a [Source],
        ledger: LedgerId,
        keys: Vec<KeyAdded>,
    ) -> Result<Self, PrologueError> {
        let mut vintages = Vec::new();
        for (file, source) in sources.iter().enumerate() {
            vintages.extend(split(file, source)?);
        }
        vintages.sort_by_key(|vintage| (vintage.known_at, vintage.file));
        let first = vintages.first().map(|vintage| vintage.known_at);
        let known_at = plan.plan.framework.known_at.map(|at| at.0).or(first);
        let known_at = known_at.ok_or(PrologueError::StructureNotDated)?;
        let templates = Templates::new(plan, sources, ledger);
        let steps = Vec::new();
        let mut script = Self { plan, sources, ledger, keys, templates, known_at, steps };
        script.steps = script.in_order(vintages);
        Ok(script)
    }

    fn in_order(&self, vintages: Vec<Vintage>) -> Vec<Step> {
        let mut adoptions = self.adoptions(&vintages).into_iter().peekable();
        let adopt = |(known_at, key, fact)| Step::Adopt { known_at, key, fact: Box::new(fact) };
        let ends: HashMap<usize, usize> =
            vintages.iter().enumerate().map(|(n, vintage)| (vintage.file, n)).collect();
        let mut steps = vec![Step::Begin];
        for (n, vintage) in vintages.into_iter().enumerate() {
            let (file, known_at) = (vintage.file, vintage.known_at);
            while let Some(adoption) = adoptions.next_if(|(at, ..)| *at <= known_at) {
                steps.push(adopt(adoption));
            }
            steps.push(Step::Vintage(vintage));
            steps.extend((ends.get(&file) == Some(&n)).then_some(Step::Applied(file)));
        }
        steps.extend(adoptions.map(adopt));
        steps.push(Step::End);
        steps
    }

    /// The measures that the plan states, by the instant of their adoption.
    fn adoptions(&self, vintages: &[Vintage]) -> Vec<(DateTime<Utc>, MeasureKey, Adopted)> {
        let stated = &self.plan.plan.measures;
        let mut first: BTreeMap<MeasureKey, &Vintage> = BTreeMap::new();
        for vintage in vintages.iter().filter(|_| !stated.is_empty()) {
            for row in self.rows(vintage) {
                first.entry(row.measure).or_insert(vintage);
            }
        }
        let mut adoptions = Vec::new();
        for it in stated {
            let key = MeasureKey::new(it.key.as_str());
            let at = it.known_at.map_or(self.known_at, |at| at.0);
            let met = first.get(&key).and_then(|vintage| {
                let rows: Vec<ReadRow> = self.rows(vintage).collect();
                Some((self.sources.get(vintage.file)?, rows))
            });
            let framework = self.framework();
            let met = met.as_ref().map(|(source, rows)| (*source, rows.as_slice()));
            let fact = self.templates.stated(&key, framework, met);
            adoptions.push((at, key, fact));
        }
        adoptions.sort_by_key(|(at, ..)| *at);
        adoptions
    }

    /// The rows of a vintage, spread out one by one.
    pub(super) fn rows(&self, vintage: &Vintage) -> impl Iterator<Item = ReadRow> {
        let rows = self.sources.get(vintage.file).map(|source| &source.reading.rows);
        vintage.rows.iter().filter_map(move |at| rows?.find(*at))
    }

    pub(super) fn framework(&self) -> FrameworkId {
        let title = self.plan.plan.framework.title.en.as_str();
        FrameworkId::derived(&[&self.ledger.to_string(), title])
    }
}

/// The rows of one file, by instant.
fn split(file: usize, source: &Source) -> Result<Vec<Vintage>, PrologueError> {
    let stated = source.part.known_at.map(|at| at.0);
    let mut by_instant: BTreeMap<DateTime<Utc>, Vec<usize>> = BTreeMap::new();
    if source.part.definitions == Definitions::Latest {
        return Ok(Vec::new());
    }
    for (at, row) in source.reading.rows.iter().enumerate() {
        let known_at = stated.or(row.known_at).ok_or_else(|| PrologueError::NotDated {
            file: source.reading.file_name.clone(),
            line: row.line,
        })?;
        by_instant.entry(known_at).or_default().push(at);
    }
    let vintage = |(known_at, rows)| Vintage { known_at, file, rows };
    Ok(by_instant.into_iter().map(vintage).collect())
}
