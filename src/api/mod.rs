//! The HTTP API: the record asked and written by programs, at `/api/v1`.
//!
//! **Invariant:** one list of routes makes the router and the document that describes it; a read leaves
//! nothing in the ledger; an act leaves one fact, a refusal, or nothing changed.
//!
//! | file | for |
//! |---|---|
//! | `serve.rs` | listening, the router, stopping |
//! | `route.rs` | what a route is |
//! | `document.rs` | the OpenAPI document, from the routes |
//! | `admit.rs` | token, ledger, policy |
//! | `pace.rs` | how fast one person may ask |
//! | `numbers.rs` | what is measured and counted |
//! | `traced.rs` | the span of a request |
//! | `doors.rs` | the ledgers, opened when asked for |
//! | `query.rs` | parameters in an address, and which moment is meant |
//! | `pages.rs` | pages of lists, and the cursors between them |
//! | `reply.rs` | answers as responses, with their tags |
//! | `problem.rs` | errors as clients see them |
//! | `health.rs` | is it alive, is it ready, which release |
//! | `acts.rs` | what people do: a line a command |
//! | `act.rs` | from a request to a command carried out |
//! | `updates.rs` | updates as server-sent events |
//! | `ledgers.rs`, `measures.rs`, `events.rs`, `questions.rs` | reads, a file a resource |

mod act;
mod acts;
pub(crate) mod admit;
mod document;
pub(crate) mod doors;
pub(crate) mod events;
mod health;
mod ledgers;
pub(crate) mod measures;
mod numbers;
mod pace;
mod pages;
pub(crate) mod problem;
pub(crate) mod query;
mod questions;
mod ready;
pub(crate) mod reply;
pub(crate) mod route;
mod serve;
mod traced;
mod updates;
mod watch;

pub use document::openapi;
pub use serve::{Limits, ServeError, serve};
pub use watch::watch;

/// Every route of the API; pages have theirs in `web/`.
fn routes() -> Vec<route::Route> {
    let mut routes = health::routes();
    routes.extend(ledgers::routes());
    routes.extend(measures::routes());
    routes.extend(events::routes());
    routes.extend(questions::routes());
    routes.extend(updates::routes());
    routes.extend(acts::routes());
    routes
}
