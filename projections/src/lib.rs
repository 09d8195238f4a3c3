//! Folds, scoring and the projector runtime: what a ledger's events come to, kept in Postgres.
//!
//! **Invariant:** nothing here hears of NATS, reads a clock or decides what happened. A reader of
//! the ledger hands over [`runtime::Placed`] in order; rows and cursor move in one transaction.
//!
//! A read model is one folder and one line of [`READ_MODELS`].

#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, reason = "a test stops where a number is too large")
)]

pub mod accountability;
pub mod runtime;
pub mod score;
pub mod scorecard;

pub use runtime::{Copied, Outcome, Placed, RejectReason, Schema};

use piperoll_events::{Event, Position};

/// One read model: tables, and the fold that fills them.
pub trait Projection: Sync {
    /// The last part of its schema's name.
    fn name(&self) -> &'static str;

    /// The tables, in SQL to be run under the schema's `search_path`.
    fn tables(&self) -> &'static str;

    /// The indexes; a rebuild makes them when the rows are in.
    fn indexes(&self) -> &'static str;

    /// The rows that these events come to, ready to copy in. Total: what happened, happened. Each
    /// event is folded by itself, so how the events fall into batches makes no difference.
    fn fold(&self, events: &[(Position, &Event)]) -> Vec<Copied>;
}

/// Every read model that this release keeps.
pub const READ_MODELS: &[&dyn Projection] =
    &[&scorecard::Scorecard, &accountability::Accountability];
