//! The command line: thin doors to what the other folders do, one file a subcommand.
//!
//! **Invariant:** a subcommand reads its arguments, calls one room and prints; it decides nothing.
//! Exit codes: 0 fine, 1 a finding or a refusal, 2 it could not run.

mod accept;
mod all;
mod as_at;
mod ask;
mod asked;
mod bench;
mod demo;
mod doctor;
mod events;
mod export;
mod framework;
mod import;
mod move_in;
mod output;
mod project;
mod projections;
mod publish;
mod rebuilding;
mod replicas;
mod restore;
mod schema;
mod serve;
mod stopped;
mod token;
mod vault;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::config::{Config, Tracing};
use crate::traces;

/// Piperoll: who changed which target, who signed which figure, and what was known at each date.
#[derive(Debug, Parser)]
#[command(
    name = "piperoll",
    version,
    about,
    max_term_width = 100,
    after_help = "Example:\n  piperoll demo    (then try what it prints)"
)]
pub struct Cli {
    /// Where the servers are.
    #[command(flatten)]
    pub config: Config,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Accepts on the record what the guard finds to differ, and so opens writing again.
    Accept(accept::Args),
    /// Serves the HTTP API, keeps the read models up and publishes updates, in one process.
    All(all::Args),
    /// Asks the record as it stands, or as it stood at any date.
    AsAt(as_at::Args),
    /// Asks a question of committees and auditors: who changed a target, which were made easier.
    Ask(ask::Args),
    /// Measures this machine: rebuild, as-at and import, with ceilings and goals.
    Bench(bench::Args),
    /// Moves two invented bodies in, records what happened since, and says what to try.
    Demo(demo::Args),
    /// Checks everything that Piperoll depends on; each finding says what to do.
    Doctor(doctor::Args),
    /// Lists, shows and follows the events of a ledger.
    Events(events::Args),
    /// Writes a whole ledger, byte for byte, as lines of JSON.
    Export(export::Args),
    /// Shows what a framework's file would change, applies it, writes what is agreed as a file.
    Framework(framework::Args),
    /// Applies a file to a ledger that has been opened, or undoes one.
    Import(import::Args),
    /// Moves a body in: files and their mappings become the prologue of a ledger.
    MoveIn(move_in::Args),
    /// Keeps the read models of ledgers up to date until it is stopped.
    Project(project::Args),
    /// Lists read models, their lag, and rebuilds them.
    Projections(projections::Args),
    /// Tells a body's own systems what changed, on a stream of updates.
    Publish(publish::Args),
    /// Moves a ledger and its updates to three servers, or back to one, while they are written and read.
    Replicas(replicas::Args),
    /// Puts a ledger back from its export, every event at the position it had.
    Restore(restore::Args),
    /// Prints the JSON Schema of an event or an update, the OpenAPI or AsyncAPI document, or all names.
    Schema(schema::Args),
    /// Serves the HTTP API until it is stopped.
    Serve(serve::Args),
    /// Issues a token of the demo's issuer.
    Token(token::Args),
    /// Backs the vault up, puts it back, and says which sealed texts can no longer be opened.
    Vault(vault::Args),
}

impl Command {
    /// Whether it does what others' traces lead to: it answers requests, or turns events into rows.
    const fn is_traced(&self) -> bool {
        matches!(self, Self::All(_) | Self::Project(_) | Self::Serve(_))
    }
}

/// How a subcommand that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing to report.
    Fine,
    /// Something was found, or refused.
    Finding,
}

/// Says what is wrong with the arguments; or the help, where that was asked for.
#[must_use]
pub fn misread(error: &clap::Error) -> ExitCode {
    // What clap repeats of the arguments is printed as harmless as everything else.
    if error.use_stderr() {
        return output::refused(&error.to_string());
    }
    match error.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}

/// Runs the subcommand and turns its end into an exit code.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    output::log_to_stderr();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&error.into()),
    };
    let exporting = cli.command.is_traced().then(|| traces::export::begin(&Tracing::read()));
    let ended = runtime.block_on(run(cli));
    if let Some(exporting) = exporting {
        // What is under way ends first, so that its spans are told as well.
        drop(runtime);
        exporting.end();
    }
    match ended {
        Ok(Ended::Fine) => ExitCode::SUCCESS,
        Ok(Ended::Finding) => ExitCode::from(1),
        Err(error) if output::reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => output::failed(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<Ended> {
    let config = cli.config;
    match cli.command {
        Command::Accept(args) => accept::run(args, &config).await,
        Command::All(args) => all::run(args, &config).await,
        Command::AsAt(args) => as_at::run(args, &config).await,
        Command::Ask(args) => ask::run(args, &config).await,
        Command::Bench(args) => bench::run(args, &config).await,
        Command::Demo(args) => demo::run(args, &config).await,
        Command::Doctor(args) => doctor::run(args, &config).await,
        Command::Events(args) => events::run(args, &config).await,
        Command::Export(args) => export::run(args, &config).await,
        Command::Framework(args) => framework::run(args, &config).await,
        Command::Import(args) => import::run(args, &config).await,
        Command::MoveIn(args) => move_in::run(args, &config).await,
        Command::Project(args) => project::run(args, &config).await,
        Command::Projections(args) => projections::run(args, &config).await,
        Command::Publish(args) => publish::run(args, &config).await,
        Command::Replicas(args) => replicas::run(args, &config).await,
        Command::Restore(args) => restore::run(args, &config).await,
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(args, &config, Arc::default()).await,
        Command::Token(args) => token::run(args, &config).await,
        Command::Vault(args) => vault::run(args, &config).await,
    }
}
