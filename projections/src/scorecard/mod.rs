//! The scorecard: how is each measure doing, and what was it said to be doing, at any position?
//!
//! Its histories are narrow and append-only, one row a version of one entity. An answer takes the
//! last version of each part at one position; a joined row is never stored, because one change of
//! rule would rewrite all of them.
//!
//! **Invariant:** folds look at one event alone and at nothing that came before: every event
//! carries its own keys. So live, rebuild and any size of batch give the same rows.

mod answers;
pub mod around;
mod board;
mod catalogue;
mod decode;
mod detail;
mod folds;
pub mod history;
mod line;
mod parts;
mod rows;
mod submissions;
pub mod table;
mod targets;
#[cfg(test)]
mod tests;
pub mod touched;
pub mod words;

pub use crate::runtime::key::Key;
pub use answers::*;
pub use board::Beside;
pub use table::Reader;
pub use words::{Happened, ImportState, PlaceKind, State, StructureKind, TargetHappened};

use piperoll_events::{Event, Position};

use crate::runtime::Copied;

/// The read model of measures, figures and targets.
#[derive(Debug, Clone, Copy)]
pub struct Scorecard;

impl crate::Projection for Scorecard {
    fn name(&self) -> &'static str {
        "scorecard"
    }

    fn tables(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn indexes(&self) -> &'static str {
        include_str!("indexes.sql")
    }

    fn fold(&self, events: &[(Position, &Event)]) -> Vec<Copied> {
        folds::fold(events.iter().copied()).copied()
    }
}
