//! What a plan would lead to, worked out in memory: the importer's reading and its whole prologue,
//! taken in one thing after the other, without the servers.

use std::path::Path;

use chrono::{DateTime, Utc};
use piperoll::moving::held::{Content, Held};
use piperoll::moving::open::{Source, open};
use piperoll::moving::plan::{Loaded, load};
use piperoll::moving::prologue::{Prologue, prepare};
use piperoll_events::ids::LedgerId;

use super::super::reader::{CellValue, Field};
use super::moved::{Folder, number};
use super::{Found, key};
use crate::support::fresh_name;

/// A plan with its files, read.
pub(super) struct Read {
    pub(super) plan: Loaded,
    pub(super) sources: Vec<Source>,
}

impl Read {
    pub(super) fn of(plan: &str, figures: &Path) -> Self {
        let folder = Folder::of(plan, &fresh_name());
        let plan = load(&folder.plan(), Some(figures)).unwrap_or_else(|e| panic!("{e}"));
        let sources = open(&plan).unwrap_or_else(|e| panic!("{e}"));
        Self { plan, sources }
    }

    /// Everything that would be recorded; or what a rule refuses.
    pub(super) fn prologue<'a>(&'a self, sources: &'a [Source]) -> Result<Prologue<'a>, String> {
        let ledger = LedgerId::derived(&["proof"]);
        prepare(&self.plan, sources, ledger, Vec::new()).map_err(|error| error.to_string())
    }

    /// What would be held at each of some instants.
    pub(super) fn held(
        &self,
        sources: &[Source],
        instants: &[DateTime<Utc>],
    ) -> Result<Vec<Held>, String> {
        let prologue = self.prologue(sources)?;
        let steps = prologue.batches().each.flatten().map(|planned| {
            let asserted = planned.asserted.as_ref();
            (asserted.and_then(|asserted| asserted.known_at), planned.intent)
        });
        let mut steps = steps.peekable();
        let mut held = Held::new(prologue.ledger);
        let mut found = Vec::new();
        for instant in instants {
            while let Some((_, intent)) =
                steps.next_if(|(known, _)| known.is_none_or(|known| known <= *instant))
            {
                held.take(&intent);
            }
            found.push(held.clone());
        }
        Ok(found)
    }
}

/// The cells that are held, as the readers name them.
pub(super) fn cells(held: &Held, name: fn(&str) -> String) -> Found {
    let mut found = Found::new();
    for id in held.measures() {
        let measure = name(held.measure(id).unwrap().codes[0].code.as_str());
        for (period, content) in held.of_measure(id) {
            let (Some(period), Content::Figures(figures)) = (period, content) else {
                continue;
            };
            for cell in &figures.cells {
                let mut hold = |field, value| {
                    found
                        .insert(key(measure.clone(), period.days(), &cell.breakdown, field), value);
                };
                let parts = [
                    (Field::Value, cell.value),
                    (Field::Numerator, cell.numerator),
                    (Field::Denominator, cell.denominator),
                ];
                for (field, figure) in parts {
                    if let Some(figure) = figure {
                        hold(field, number(figure));
                    }
                }
                if let Some(status) = &cell.status_as_reported {
                    hold(Field::Status, CellValue::Text(status.to_string()));
                }
            }
        }
    }
    found
}
