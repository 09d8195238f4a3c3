//! The pages: the record as people read it, in English and in Welsh, without a script.
//!
//! **Invariant:** every state is an address that can be cited, a page leaves nothing in the ledger, and
//! no page tells what the policy table does not let its reader see. A page is a folder: handler,
//! template, words in both languages, and a line in the list below.
//!
//! | file | for |
//! |---|---|
//! | `frame/` | what stands around every page: name, languages, moment, problems |
//! | `page.rs` | what a page is, and how it becomes a response |
//! | `lang.rs`, `wording.rs` | the two languages, and the words of each |
//! | `shown.rs`, `mark.rs`, `event.rs` | days, figures, ratings, events as people read them |
//! | `assets.rs` | the style sheet |
//! | `front/`, `scorecard/`, `measure/`, `target_changes/`, `act/` | the pages |

mod act;
mod assets;
mod event;
mod frame;
mod front;
mod lang;
mod mark;
mod measure;
mod page;
mod scorecard;
mod shown;
mod target_changes;
mod wording;

use axum::http::Uri;
use axum::response::Response;

use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::identity::tokens::Bearer;
use lang::Lang;
use page::Page;

/// Every page.
const PAGES: &[Page] =
    &[front::PAGE, scorecard::PAGE, measure::PAGE, target_changes::PAGE, act::PAGE];

/// The routes of all pages, in both languages.
pub(crate) fn routes() -> Vec<Route> {
    let both = |page: &Page| Lang::BOTH.into_iter().flat_map(page.routes);
    let mut routes: Vec<Route> = PAGES.iter().flat_map(both).collect();
    routes.push(assets::route());
    routes
}

/// A page that says what went wrong at an address.
pub(crate) fn refused(problem: Problem, visitor: Option<&Bearer>, address: &Uri) -> Response {
    frame::refused(problem, visitor, address)
}
