//! What the API reaches: ledgers opened when they are first asked for, each once.
//!
//! **Invariant:** a ledger is written only while its guard inspects it; who serves awaits [`Doors::watch`]
//! beside it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures::stream::{FuturesUnordered, StreamExt};
use piperoll_events::ids::LedgerName;
use piperoll_events::ledger::{Created, Ledger as LedgerFact};
use piperoll_events::{Event, Fact, Position};
use tokio::sync::{OnceCell, Semaphore, mpsc, watch};

use super::problem::{Problem, no_such_ledger};
use super::ready::Looked;
use crate::asking::answer::Desk;
use crate::config::Config;
use crate::identity::tokens::Issuer;
use crate::identity::vault::Vault;
use crate::ledger::{Examiner, Gate, Guard, Ledger};
use crate::operate::guarding::under_guard;
use crate::operate::numbers::Numbers;
use crate::operate::site::{Site, SiteError, Source};
use crate::operate::standing::{Board, View};
use crate::publish::outbound::Outbound;

/// How many guards may wait to be watched; whoever opens another writer waits with it.
const MOST_WAITING: usize = 16;

/// Everything that a request can reach.
pub(crate) struct Doors {
    pub(crate) config: Config,
    pub(crate) issuer: Issuer,
    pub(super) numbers: Numbers,
    pub(super) looked: Looked,
    /// How far the publishers of this process are.
    pub(super) board: Arc<Board>,
    /// How many more may follow updates.
    pub(super) lines: Arc<Semaphore>,
    /// Whether the service is stopping: what has no end of its own ends then.
    pub(super) stopping: watch::Receiver<bool>,
    rooms: Mutex<HashMap<LedgerName, Arc<OnceCell<Arc<Room>>>>>,
    guards: mpsc::Sender<(Site, Guard)>,
}

/// One ledger.
pub(crate) struct Room {
    pub(crate) site: Site,
    pub(crate) source: Source,
    pub(crate) examiner: Examiner,
    pub(super) outbound: OnceCell<Outbound>,
    founded: OnceCell<Created>,
    desk: OnceCell<Desk>,
    writer: OnceCell<Ledger>,
    gate: OnceLock<Gate>,
    vault: tokio::sync::Mutex<Option<Arc<Vault>>>,
    guards: mpsc::Sender<(Site, Guard)>,
}

/// The guards of the ledgers that are written; somebody watches them.
pub(super) struct Guards(mpsc::Receiver<(Site, Guard)>);

impl Doors {
    /// The doors to every ledger on the servers of `config`; nothing is opened yet.
    ///
    /// # Errors
    /// The issuer's key.
    pub(super) fn new(
        config: &Config,
        (numbers, board): (Numbers, Arc<Board>),
        lines: usize,
        stopping: watch::Receiver<bool>,
    ) -> Result<(Arc<Self>, Guards), SiteError> {
        let issuer = Issuer::open(config.state()?).map_err(crate::ledger::KeyError::from)?;
        let (guards, watched) = mpsc::channel(MOST_WAITING);
        let rooms = Mutex::default();
        let (config, looked) = (config.clone(), Looked::default());
        let lines = Arc::new(Semaphore::new(lines));
        let doors = Self { config, issuer, numbers, looked, board, lines, stopping, rooms, guards };
        Ok((Arc::new(doors), Guards(watched)))
    }

    /// The room of a ledger.
    ///
    /// # Errors
    /// No such ledger, or NATS does not answer.
    pub(crate) async fn room(&self, name: &LedgerName) -> Result<Arc<Room>, Problem> {
        let cell = {
            let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(rooms.entry(name.clone()).or_default())
        };
        let open = || async {
            let site = Site::new(&self.config, name);
            let source = site.source().await?;
            let examiner = source.examiner();
            let guards = self.guards.clone();
            let (founded, outbound, desk, writer, gate, vault) = Default::default();
            Ok::<_, SiteError>(Arc::new(Room {
                site,
                source,
                examiner,
                outbound,
                founded,
                desk,
                writer,
                gate,
                vault,
                guards,
            }))
        };
        Ok(Arc::clone(cell.get_or_try_init(open).await?))
    }

    /// The ledgers that have been opened.
    pub(crate) fn opened(&self) -> Vec<Arc<Room>> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut opened: Vec<_> =
            rooms.values().filter_map(|cell| cell.get().map(Arc::clone)).collect();
        opened.sort_by(|a, b| a.site.name.as_str().cmp(b.site.name.as_str()));
        opened
    }
}

impl Room {
    /// What is looked at of the ledger, to say how it stands.
    pub(super) fn view(&self, board: &Board) -> View {
        let gate = self.gate.get().cloned();
        let (site, published) = (self.site.clone(), board.find(&self.site.name));
        View { site, source: Some(self.source.clone()), gate, published }
    }

    /// Whose ledger it is, as its first event says.
    ///
    /// # Errors
    /// NATS, or a first event that says nothing of the kind.
    pub(crate) async fn founded(&self) -> Result<&Created, Problem> {
        let read = || async {
            let stored = self.source.stream.find(Position(1)).await?;
            let event = stored.and_then(|stored| Event::decode(&stored.body).ok());
            match event.map(|event| event.fact) {
                Some(Fact::Ledger(LedgerFact::Created(created))) => Ok(created),
                _ => Err(no_such_ledger()),
            }
        };
        self.founded.get_or_try_init(read).await
    }

    /// Where the ledger is asked.
    ///
    /// # Errors
    /// Postgres, or read models that were never made.
    pub(crate) async fn desk(&self) -> Result<&Desk, Problem> {
        let open = || Desk::open(&self.site.config, &self.site.name);
        Ok(self.desk.get_or_try_init(open).await?)
    }

    /// The ledger's writer; its guard inspects from here on.
    ///
    /// # Errors
    /// NATS, or the keys.
    pub(crate) async fn writer(&self) -> Result<&Ledger, Problem> {
        Ok(self.writer.get_or_try_init(|| self.open_writer()).await?)
    }

    async fn open_writer(&self) -> Result<Ledger, SiteError> {
        let (ledger, guard) = self.site.writer().await?;
        // Nobody watches any more when the service stops, and then nobody writes either.
        self.gate.set(guard.gate()).ok();
        self.guards.send((self.site.clone(), guard)).await.ok();
        Ok(ledger)
    }

    /// The vault; opened anew where its connection is gone.
    ///
    /// # Errors
    /// Postgres, or the vault's keys.
    pub(crate) async fn vault(&self) -> Result<Arc<Vault>, Problem> {
        let mut held = self.vault.lock().await;
        if let Some(vault) = held.as_ref().filter(|vault| !vault.is_closed()) {
            return Ok(Arc::clone(vault));
        }
        let vault = Arc::new(self.site.vault(self.source.identity).await?);
        *held = Some(Arc::clone(&vault));
        Ok(vault)
    }
}

impl Guards {
    /// Lets every guard inspect its stream again and again; ends only when dropped.
    pub(crate) async fn watch(mut self) {
        let mut watching = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some((site, guard)) = self.0.recv() => watching.push(async move {
                    under_guard(&site, &guard, std::future::pending::<()>()).await;
                }),
                Some(()) = watching.next(), if !watching.is_empty() => {}
                else => std::future::pending().await,
            }
        }
    }
}
