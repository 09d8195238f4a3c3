//! Of which ledger and as at which moment something is asked: the same options for every question.

use clap::Args;
use piperoll_events::Position;
use piperoll_events::ids::LedgerName;

use crate::asking::moment::{When, instant};

/// Which ledger, and when.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The ledger.
    #[arg(long, global = true, required = false)]
    ledger: Option<LedgerName>,
    /// As at this date or instant.
    #[arg(long, global = true, conflicts_with = "position")]
    known_at: Option<String>,
    /// As at this position.
    #[arg(long, global = true)]
    position: Option<u64>,
}

impl Asked {
    /// The ledger.
    pub(super) fn ledger(&self) -> anyhow::Result<&LedgerName> {
        self.ledger.as_ref().ok_or_else(|| {
            anyhow::anyhow!("which ledger? give --ledger, for example --ledger northmoor")
        })
    }

    /// The moment; as it stands where none was given.
    pub(super) fn when(&self) -> anyhow::Result<When> {
        Ok(match (&self.known_at, self.position) {
            (Some(text), _) => When::KnownAt(instant(text)?),
            (None, Some(position)) => When::At(Position(position)),
            (None, None) => When::Now,
        })
    }
}
