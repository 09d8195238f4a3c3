//! The runtime of every read model: it takes a ledger's events in order and moves rows and cursor
//! together.
//!
//! **Invariant:** the only transactions of this crate are here. Rows never stand without the
//! cursor that counts them, and a worker that has lost its place stops instead of writing.

pub mod advance;
pub mod batch;
pub(crate) mod columns;
pub mod compare;
pub mod connect;
pub mod copy;
pub mod cursor;
pub mod fence;
pub mod folding;
pub mod heads;
pub mod key;
pub(crate) mod numbered;
pub mod rebuild;
pub mod rejects;
pub mod run;
pub mod schema;
pub(crate) mod session;
pub mod shadow;
pub mod swap;

pub use advance::{Listener, Written};
pub use batch::Batch;
pub use compare::{Comparison, Difference};
pub use connect::{Link, connect, pool};
pub use copy::{Copied, Keep};
pub use cursor::{Cursor, Lag, Origin};
pub use fence::Fence;
pub use rebuild::{Old, Plan, Progress, Rebuild, Rebuilt, Start, Verdict, rebuild};
pub use rejects::{Reject, Rejects};
pub use run::{follow, follow_beside, wait_for};
pub use schema::{Schema, install};
pub use shadow::Begun;
pub use swap::drop_old;

use std::fmt;

use piperoll_events::{EntityRef, Event, Position};
use uuid::Uuid;

/// What stands at one position of a ledger; a reader hands these over in order, none left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Where it stands.
    pub position: Position,
    /// The entity that its subject names, where it names one.
    pub entity: Option<EntityRef>,
    /// What was read there.
    pub outcome: Outcome,
}

/// What was read at a position.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are events")]
pub enum Outcome {
    /// An authentic event.
    Event(Event),
    /// Something that is stepped over and shown, with the words to show.
    Reject(RejectReason, String),
}

/// Why what stands at a position is not part of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// No code, or one that no key of ours made.
    Mac,
    /// Outside the profile of the format.
    Profile,
    /// Not as its schema says.
    Schema,
    /// The type in the header is another than in the body.
    TypeHeader,
    /// The subject names another entity than the body, or none.
    Subject,
    /// The event is of another ledger.
    Ledger,
    /// A revision repeated or skipped, or another `previous`.
    Revision,
}

impl RejectReason {
    /// The word in tables and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mac => "mac",
            Self::Profile => "profile",
            Self::Schema => "schema",
            Self::TypeHeader => "type_header",
            Self::Subject => "subject",
            Self::Ledger => "ledger",
            Self::Revision => "revision",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a worker stopped. Who acts next stands in each sentence.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Another worker moved the cursor.
    #[error("the cursor of `{schema}` is no longer ours; take the fence again and read it anew")]
    Fenced {
        /// The read model's schema.
        schema: Schema,
    },
    /// The reader left something out.
    #[error(
        "`{schema}` needs position {expected} and was given {found}; compare the stream with its copy"
    )]
    Gap {
        /// The read model's schema.
        schema: Schema,
        /// The position that comes next.
        expected: Position,
        /// The position handed over.
        found: Position,
    },
    /// The schema isn't there.
    #[error("`{schema}` is not installed; install it or rebuild it")]
    Missing {
        /// The read model's schema.
        schema: Schema,
    },
    /// The rows are of another ledger or stream.
    #[error(
        "`{schema}` holds ledger {found}, not {wanted}, or its stream was made anew; rebuild it"
    )]
    OtherLedger {
        /// The read model's schema.
        schema: Schema,
        /// The ledger that the rows are of.
        found: Uuid,
        /// The ledger asked for.
        wanted: Uuid,
    },
    /// The tables are those of another release.
    #[error("the tables of `{schema}` are those of another release; rebuild it")]
    OtherShape {
        /// The read model's schema.
        schema: Schema,
    },
    /// Another worker is at it.
    #[error("another worker holds `{schema}`; wait until it ends")]
    Held {
        /// The read model's schema.
        schema: Schema,
    },
    /// The caller said to stop.
    #[error(
        "the rebuild of `{schema}` was cancelled; the rows in use are as they were, and the next rebuild goes on after position {reached}"
    )]
    Cancelled {
        /// The read model's schema.
        schema: Schema,
        /// Where the rebuilt rows end, which stay.
        reached: Position,
    },
    /// The rows that the last rebuild put aside are still there.
    #[error(
        "`{schema}` still holds the rows that the last rebuild put aside; look at them, then drop them (`piperoll projections drop-old`)"
    )]
    OldKept {
        /// Where those rows are.
        schema: Schema,
    },
    /// The stream of events ended before the head.
    #[error("the events ended at {reached} and {head} is the head; begin the rebuild again")]
    Short {
        /// The last position read.
        reached: Position,
        /// Where the ledger ends.
        head: Position,
    },
    /// The cursor did not reach a position in time.
    #[error("`{schema}` is at {reached} and {wanted} was asked for; ask again in a moment")]
    StillBehind {
        /// The read model's schema.
        schema: Schema,
        /// Where the cursor is.
        reached: Position,
        /// The position asked for.
        wanted: Position,
    },
    /// Postgres refused or went away.
    #[error("postgres did not do what was asked; the worker may try again")]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had from the pool.
    #[error("no connection to postgres is free; try again in a moment")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A connection setting is wrong.
    #[error("the address of postgres is not usable: {0}; correct the configuration")]
    Address(String),
    /// A row is not what the tables say.
    #[error("a row of `{0}` can't be read; rebuild the read model")]
    Row(&'static str),
    /// The reader of the ledger ended with an error of its own.
    #[error("the ledger could not be read on")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A task of ours ended without a word.
    #[error("a task of the projector ended before its work; this is a fault of ours")]
    Task,
}
