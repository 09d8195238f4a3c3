//! The `piperoll` program: every role and every tool is a subcommand.

use std::process::ExitCode;

use clap::Parser;
use piperoll::cli::{self, Cli};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli::main(cli),
        Err(error) => cli::misread(&error),
    }
}
