//! The ledger: one JetStream stream a body, written with guards, read in order, watched all the time.
//!
//! **Invariant:** there is no append without the position that the writer expects, and nothing is
//! answered as recorded before JetStream has acknowledged exactly these bytes. This folder is the
//! only NATS code of the service.
//!
//! | file | for |
//! |---|---|
//! | `connection.rs` | one connection under one credential |
//! | `stream.rs` | how the stream is configured, and who makes it |
//! | `guard.rs` | is it still so? may anybody write? |
//! | `differences.rs` | a configuration against what it must be |
//! | `monitor.rs` | what the servers say of themselves |
//! | `permissions.rs` | may a credential do more than it should? |
//! | `authenticity.rs` | signatures, message authentication codes, keys |
//! | `append.rs` | from a request to a recorded event |
//! | `ahead.rs` | requests prepared while others are on their way |
//! | `lanes.rs` | requests of many people at once, coalesced |
//! | `together.rs` | several requests in one batch, each with its own answer |
//! | `asked.rs` | what is asked, by whom, and what can come of it |
//! | `sole.rs` | what a writer knows while nobody else writes |
//! | `held.rs` | what a writer holds in memory of the entities |
//! | `draft.rs` | an event that is not placed yet, and its headers |
//! | `batch.rs` | messages on the wire: one, or an atomic batch |
//! | `numbers.rs` | what is measured and counted of appends |
//! | `spans.rs` | the spans of decisions and appends |
//! | `replicas.rs` | who holds a stream, and another number of them |
//! | `pulse.rs` | whether a server is of use, and which is gone to next |
//! | `read.rs` | message by message, from the leader |
//! | `place.rs` | what stands at a position: an event, or a reject |
//! | `consumer.rs` | a pull consumer of our own |
//! | `covered.rs` | versions with the digests that a signature covers |
//! | `examine.rs` | one message: part of the record? signature good? |
//! | `follow.rs` | everything from a position on, for projectors |
//! | `whole.rs` | messages with all their headers, for an export |
//! | `room.rs` | whether a server's disk has room |
//! | `restore.rs` | an export put back, position by position |

mod ahead;
mod append;
mod asked;
mod authenticity;
mod batch;
mod connection;
mod consumer;
mod covered;
mod differences;
mod draft;
mod examine;
mod follow;
mod guard;
mod held;
mod judging;
mod lanes;
mod loading;
mod monitor;
mod numbers;
mod permissions;
mod place;
mod pulse;
mod read;
mod replicas;
mod restore;
mod room;
mod sole;
mod spans;
mod stream;
mod together;
mod whole;

pub(crate) use consumer::{Arrived, Consumer, NoConsumer, Pull};
pub(crate) use differences::compare_with;
pub(crate) use monitor::health;
pub(crate) use read::{API, StreamReport, report, stored};
pub(crate) use replicas::{Place, replicate};
pub(crate) use stream::{GENESIS, LEDGER_ID, named};

pub use ahead::Prepared;
pub use append::Ledger;
pub use asked::{Acting, Answer, AnswerKind, BatchError, ExecuteError};
pub use authenticity::{KeyError, Verifier, WriterKey, signed};
pub use connection::{AskError, ConnectError, Connection, Role};
pub use covered::CoverError;
pub use examine::{ExamineError, Examined, Examiner, Signature};
pub use follow::{FollowError, Following, Traced, Until, follow};
pub use guard::{Closed, Findings, Gate, Guard, Unstored};
pub use judging::Relied;
pub use lanes::{Lanes, Pump, Terms};
pub use permissions::may_change_streams;
pub use piperoll_events::ledger::configuration_observed::Difference;
pub use place::UnknownEvent;
pub use read::{Identity, Stored, Stream};
pub use replicas::{Follower, Replicas, Replication};
pub use restore::{Original, RestoreError, Restorer};
pub use room::Room;
pub use stream::{BootstrapError, Founding, bootstrap, throw_away};
pub use whole::{Whole, WholeError, configured, wholes};
