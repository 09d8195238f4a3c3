//! Piperoll, the service: decides, records, projects and answers.
//!
//! **Invariant:** the outside is reached from few rooms: NATS from `ledger/` and `publish/`, Postgres from
//! `identity/` and `operate/` (and the projections crate), a collector of spans from `traces/` (whose
//! library reads its own variables), the environment from `config.rs`, time from `clock.rs`, randomness
//! from `ids.rs`. `commands/` reaches nothing.

pub mod api;
pub mod asking;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod identity;
pub mod ids;
pub mod instants;
pub mod ledger;
pub mod moving;
pub mod operate;
pub mod publish;
pub mod traces;
pub mod web;
