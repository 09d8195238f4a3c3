//! `piperoll serve`: the HTTP role.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use super::{Ended, output, stopped};
use crate::api::{self, Limits};
use crate::config::Config;
use crate::operate::standing::Board;

/// Serves the HTTP API until it is stopped; requests under way are finished.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  piperoll serve --listen 127.0.0.1:8080\n\nPort 0 takes a free one. The address is printed once it listens. Read models are kept up by `piperoll project`."
)]
#[group(skip)]
pub struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How long a request may take, in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    request_ms: u64,
    /// How many requests may be under way.
    #[arg(long, default_value_t = 256)]
    at_once: usize,
    /// How many acts may be under way.
    #[arg(long, default_value_t = 64)]
    acts_at_once: usize,
    /// How many may follow updates at a time.
    #[arg(long, default_value_t = 64)]
    lines: usize,
    /// How many requests one person may make in a second, for long; twice as many after a rest.
    #[arg(long, default_value = "200")]
    per_second: NonZeroU32,
}

pub(super) async fn run(args: Args, config: &Config, board: Arc<Board>) -> anyhow::Result<Ended> {
    let stop = stopped::stopped()?;
    let time = Duration::from_millis(args.request_ms);
    let (at_once, acts) = (args.at_once, args.acts_at_once);
    let (per_second, lines) = (args.per_second, args.lines);
    let limits = Limits { time, at_once, acts, per_second, lines };
    let listening = |address| {
        // Whoever started it may not read; it serves all the same.
        output::line(format!("listening on http://{address}")).ok();
    };
    api::serve(config, args.listen, limits, board, listening, stop).await?;
    Ok(Ended::Fine)
}
