//! The one test binary: what each file asks stands in `README.md`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

mod bad_input;
mod drills;
mod feed;
mod journeys;
mod kills;
mod laws;
mod ledger;
mod naive;
mod pages;
mod projecting;
mod replicas;
mod routes;
mod support;
mod tidy;
mod vintages;
