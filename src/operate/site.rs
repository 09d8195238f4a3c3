//! One ledger with the servers it stands on.
//!
//! **Invariant:** a writer that is handed out has been inspected by the guard; a reader is bound to
//! the very stream that was there when it was handed out.

use chrono::{DateTime, Utc};
use piperoll_events::ids::LedgerName;
use piperoll_events::{Event, Position};
use piperoll_projections::runtime::Origin;

use crate::config::{Config, Missing};
use crate::identity::vault::{Vault, VaultError};
use crate::ledger::{
    AskError, ConnectError, Connection, Examiner, ExecuteError, Following, Guard, Identity,
    KeyError, Ledger, Role, Stream, Until, Verifier, WriterKey, follow,
};
use crate::publish::outbound::Outbound;

/// One ledger, not yet connected to.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where the servers are.
    pub config: Config,
    /// Which ledger.
    pub name: LedgerName,
}

/// Why a ledger can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A setting is missing.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// NATS is not there.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// NATS does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// No key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The ledger can't be written.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Postgres is not there.
    #[error("postgres does not answer; is it running? (`piperoll doctor` tells more)")]
    Postgres(#[source] piperoll_projections::runtime::RuntimeError),
    /// A stream that no ledger made.
    #[error("the stream of `{0}` bears no ledger's mark; is this the right server?")]
    NoLedger(LedgerName),
}

/// A ledger to be read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its stream.
    pub stream: Stream,
    /// Which stream that is.
    pub identity: Identity,
    verifier: Verifier,
}

impl Site {
    /// The ledger called `name` on the servers of `config`.
    #[must_use]
    pub fn new(config: &Config, name: &LedgerName) -> Self {
        Self { config: config.clone(), name: name.clone() }
    }

    /// The ledger's stream through a reader's connection.
    ///
    /// # Errors
    /// NATS is not there, the ledger does not exist, or there are no keys.
    pub async fn source(&self) -> Result<Source, SiteError> {
        let connection = Connection::open(Role::Reader, self.config.nats_reader_url()?).await?;
        let stream = Stream::new(connection, self.name.clone());
        let identity =
            stream.identity().await?.ok_or_else(|| SiteError::NoLedger(self.name.clone()))?;
        let verifier = Verifier::open(self.config.state()?)?;
        Ok(Source { stream, identity, verifier })
    }

    /// A writer, with the guard that watches over it.
    ///
    /// # Errors
    /// NATS is not there, the ledger does not exist, or the keys can't be used.
    pub async fn writer(&self) -> Result<(Ledger, Guard), SiteError> {
        let connection = Connection::open(Role::Writer, self.config.nats_writer_url()?).await?;
        let stream = Stream::new(connection, self.name.clone());
        let identity =
            stream.identity().await?.ok_or_else(|| SiteError::NoLedger(self.name.clone()))?;
        let key = WriterKey::open(self.config.state()?)?;
        let verifier = Verifier::open(self.config.state()?)?;
        let guard = Guard::new(stream.clone(), identity, self.config.nats_monitor_url.clone());
        let ledger = Ledger::open(stream, key, verifier, guard.gate()).await?;
        guard.inspect().await?;
        Ok((ledger, guard))
    }

    /// The ledger's updates, to be appended to (as the publisher) or read (as a subscriber).
    ///
    /// # Errors
    /// NATS is not there.
    pub(crate) async fn outbound(&self, role: Role) -> Result<Outbound, SiteError> {
        let url = match role {
            Role::Publisher => self.config.nats_publisher_url()?,
            _ => self.config.nats_subscriber_url()?,
        };
        Ok(Outbound::new(Connection::open(role, url).await?, self.name.clone()))
    }

    /// The ledger's vault.
    ///
    /// # Errors
    /// Postgres is not there, or the vault's keys can't be used.
    pub async fn vault(&self, identity: Identity) -> Result<Vault, SiteError> {
        let url = self.config.postgres_url()?;
        let link =
            piperoll_projections::runtime::connect(url).await.map_err(SiteError::Postgres)?;
        Ok(Vault::open(link, self.config.state()?, identity.ledger_id).await?)
    }
}

impl Source {
    /// Which stream a read model's rows are of.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        Origin { ledger: self.identity.ledger_id, stream_created: self.identity.created }
    }

    /// When the event at a position was written; none where there is none.
    ///
    /// # Errors
    /// NATS does not answer.
    pub async fn time_of(&self, position: Position) -> Result<Option<DateTime<Utc>>, AskError> {
        let stored = self.stream.find(position).await?;
        Ok(stored.and_then(|stored| Event::decode(&stored.body).ok()).map(|event| event.time))
    }

    /// An examiner of single messages.
    #[must_use]
    pub fn examiner(&self) -> Examiner {
        Examiner::new(self.stream.clone(), self.identity.ledger_id, self.verifier.clone())
    }

    /// Follows the ledger after `cursor`.
    #[must_use]
    pub fn follow(&self, cursor: Position, until: Until) -> Following {
        follow(self.stream.clone(), self.identity, self.verifier.clone(), cursor, until)
    }
}
