//! Updates: what a body's own systems are told of its ledger, on a stream of their own.
//!
//! **Invariant:** which update stands at which sequence follows from the ledger alone. So whoever
//! publishes, once or twice or after any end, puts the same bytes in the same places or is refused;
//! and what was published is never thrown away, for a ledger is published once it has opened.
//!
//! | file | for |
//! |---|---|
//! | `what/` | from an event and what stood around it to updates |
//! | `outbound.rs` | the stream: made, examined, appended to under its fence |
//! | `reading.rs` | the stream read in order, for whoever hands it on |
//! | `asyncapi.rs` | the document that describes all of it |

mod asyncapi;
pub(crate) mod outbound;
pub(crate) mod reading;
pub(crate) mod what;

pub use asyncapi::asyncapi;
pub use outbound::{MakeError, make, throw_away};
