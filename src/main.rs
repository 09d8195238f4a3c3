//! The `piperoll` program: every role and every tool is a subcommand.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use piperoll::cli::{self, Cli};

/// Events are made by one thread and dropped by another all day, which the C library's allocator
/// is slow at.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli::main(cli),
        Err(error) => cli::misread(&error),
    }
}
