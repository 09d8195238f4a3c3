//! Where a projector or a publisher tells how its work goes.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Parser;
use piperoll_events::ids::LedgerName;

use super::output;
use crate::api;
use crate::config::Config;
use crate::operate::standing::Board;

/// Where to tell it.
#[derive(Debug, Parser)]
#[group(skip)]
pub(super) struct Args {
    /// Serve /livez, /readyz and /metrics there, such as 127.0.0.1:9100; not given, nothing is served.
    #[arg(long, env = "PIPEROLL_WATCH_ON")]
    watch_on: Option<SocketAddr>,
}

impl Args {
    /// Tells how the work goes, where that is wanted; ends only when listening does.
    pub(super) async fn watch(
        &self,
        config: &Config,
        ledgers: &[LedgerName],
        board: Arc<Board>,
    ) -> anyhow::Result<()> {
        let Some(address) = self.watch_on else { return std::future::pending().await };
        let listening = |address| {
            // Whoever started it may not read; it works all the same.
            output::line(format!("watched on http://{address}")).ok();
        };
        Ok(api::watch(config, address, ledgers, board, listening).await?)
    }
}
