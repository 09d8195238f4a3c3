//! The event format of Piperoll: every fact that can be recorded, exactly as it stands on the wire.
//!
//! **Invariant:** nothing here reads a clock, makes an id or touches the outside. What a body
//! decodes to depends on its bytes alone, so every reader, today's or a later one's, agrees.
//!
//! One folder is one entity, one file one event; `registry.rs` turns the lists into types.

pub mod area;
pub mod breakdown;
pub mod cell;
pub mod comparability;
pub mod decision_right;
pub mod definition;
pub mod ease;
pub mod envelope;
#[cfg(test)]
mod examples;
pub mod framework;
pub mod ids;
pub mod import;
pub mod ledger;
pub mod measure;
pub mod objective;
pub mod period;
pub mod post;
pub mod profile;
pub mod quantity;
pub mod rating;
pub mod reason;
mod registry;
pub mod role;
pub mod sign_off;
pub mod step;
pub mod submission;
pub mod target;
pub mod taxonomy;
pub mod text;
pub mod update;

pub use breakdown::Breakdown;
pub use cell::Cell;
pub use decision_right::DecisionRight;
pub use definition::{Definition, Polarity};
pub use envelope::{Asserted, Channel, Event, Record, Recorded};
pub use ids::{EntityKind, EntityRef, Position, Revision};
pub use period::{Period, PeriodType};
pub use profile::ProfileError;
pub use quantity::Quantity;
pub use reason::{Authority, Reason};
pub use registry::{DecodeError, EventFact, EventSchema, Fact, schemas};
pub use target::{Target, TargetKey, Tier};
pub use update::Update;
