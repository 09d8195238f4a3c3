//! Accountability: who did what that moves a rating or a duty, in which post, on whose behalf, on
//! what they relied, and through which door?
//!
//! What an act did to a figure, a target or a definition stands in the scorecard's histories; here
//! stands the act itself. An answer takes both at one position.
//!
//! **Invariant:** one act is one row, and a row looks at one event alone; what an act relied on is
//! judged again when the act is read, up to its own position. What a person is called stands in the
//! vault, never here.

pub mod duties;
mod folds;
pub mod judged;
mod rows;
pub mod signing;
pub mod table;
#[cfg(test)]
mod tests;
pub mod words;

pub use table::{Act, Reader};

use piperoll_events::{Event, Position};

use crate::runtime::Copied;

/// The read model of acts.
#[derive(Debug, Clone, Copy)]
pub struct Accountability;

impl crate::Projection for Accountability {
    fn name(&self) -> &'static str {
        "accountability"
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
