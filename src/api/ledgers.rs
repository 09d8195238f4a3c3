//! The ledgers that a token may see.

use schemars::JsonSchema;
use serde::Serialize;

use super::query::Nothing;
use super::route::{Allows, Route};

/// The ledgers of a token.
#[derive(Debug, Serialize, JsonSchema)]
struct Ledgers {
    /// By name.
    ledgers: Vec<Ledger>,
}

/// A ledger.
#[derive(Debug, Serialize, JsonSchema)]
struct Ledger {
    /// Its name.
    name: String,
    /// Where it is asked.
    href: String,
}

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let what = ("/api/v1/ledgers", "list_ledgers", "The ledgers that the token may see.");
    vec![Route::read(what, Allows::AnyToken, |call, _: Nothing| async move {
        let mut names: Vec<_> = call.bearer()?.ledgers.iter().map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        let ledgers = names.into_iter().map(|name| {
            let href = format!("/api/v1/ledgers/{name}");
            Ledger { name, href }
        });
        Ok(Ledgers { ledgers: ledgers.collect() })
    })]
}
