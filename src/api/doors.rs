//! What the API reaches: ledgers opened when they are first asked for, each once.
//!
//! **Invariant:** a ledger is written only while its guard inspects it; who serves awaits [`Writers::run`]
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
use crate::ledger::{AskError, Examiner, Gate, Guard, Lanes, Pump, Terms, Unstored};
use crate::operate::guarding::under_guard;
use crate::operate::numbers::Numbers;
use crate::operate::site::{Site, SiteError, Source};
use crate::operate::standing::{Board, View};
use crate::publish::outbound::Outbound;

/// How many writers may wait to be run; whoever opens another waits with them.
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
    writers: mpsc::Sender<Writing>,
}

/// One ledger.
pub(crate) struct Room {
    pub(crate) site: Site,
    pub(crate) source: Source,
    pub(crate) examiner: Examiner,
    pub(super) outbound: OnceCell<Outbound>,
    founded: OnceCell<Created>,
    desk: OnceCell<Desk>,
    writer: OnceCell<Lanes>,
    gate: OnceLock<Gate>,
    put_off: Mutex<Option<&'static str>>,
    vault: tokio::sync::Mutex<Option<Arc<Vault>>>,
    writers: mpsc::Sender<Writing>,
}

/// What makes a writer work: who looks on, and who carries out what is handed in.
struct Writing {
    site: Site,
    guard: Guard,
    pump: Pump,
}

/// The writers of the ledgers that are written; somebody runs them.
pub(super) struct Writers(mpsc::Receiver<Writing>);

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
    ) -> Result<(Arc<Self>, Writers), SiteError> {
        let issuer = Issuer::open(config.state()?).map_err(crate::ledger::KeyError::from)?;
        let (writers, run) = mpsc::channel(MOST_WAITING);
        let rooms = Mutex::default();
        let (config, looked) = (config.clone(), Looked::default());
        let lines = Arc::new(Semaphore::new(lines));
        let doors =
            Self { config, issuer, numbers, looked, board, lines, stopping, rooms, writers };
        Ok((Arc::new(doors), Writers(run)))
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
            let writers = self.writers.clone();
            let (founded, outbound, desk, writer, gate, put_off, vault) = Default::default();
            Ok::<_, SiteError>(Arc::new(Room {
                site,
                source,
                examiner,
                outbound,
                founded,
                desk,
                writer,
                gate,
                put_off,
                vault,
                writers,
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
    /// The last position, as far as that matters to somebody who was told of `known`: what this process
    /// has seen itself is there, also where a leader that was just chosen has still to take it in.
    ///
    /// # Errors
    /// NATS can't be asked.
    pub(super) async fn head_from(&self, known: Position) -> Result<Position, AskError> {
        let seen = self.gate.get().map_or(Position::START, Gate::furthest);
        if known <= seen {
            return Ok(seen);
        }
        Ok(self.source.stream.head_from(known).await?.max(seen))
    }

    /// What is looked at of the ledger, to say how it stands.
    pub(super) fn view(&self, board: &Board) -> View {
        let gate = self.gate.get().cloned();
        let put_off = *self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        let unstored = gate.as_ref().and_then(Gate::unstored).map(|unstored| match unstored {
            Unstored::Unanswered => "unconfirmed",
            Unstored::Full => "ledger_full",
        });
        let put_off = put_off.or(unstored);
        let (site, published) = (self.site.clone(), board.find(&self.site.name));
        View { site, source: Some(self.source.clone()), gate, put_off, published }
    }

    /// Notes how an act ended, before its append or by it. A server may answer every question and be
    /// unable to write (its disk is full), so what the last act met is told until another is accepted.
    pub(super) fn ended(&self, problem: Option<&Problem>) {
        let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        match problem {
            None => *put_off = None,
            Some(problem) => *put_off = problem.server_away().or(*put_off),
        }
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

    /// Where requests to the ledger are handed in; its guard inspects from here on.
    ///
    /// # Errors
    /// NATS, or the keys.
    pub(crate) async fn writer(&self) -> Result<&Lanes, Problem> {
        Ok(self.writer.get_or_try_init(|| self.open_writer()).await?)
    }

    async fn open_writer(&self) -> Result<Lanes, SiteError> {
        let (ledger, guard) = self.site.writer().await?;
        let (lanes, pump) = Lanes::over(ledger, Terms::default());
        // Nobody runs it any more when the service stops, and then nobody writes either.
        self.gate.set(guard.gate()).ok();
        self.writers.send(Writing { site: self.site.clone(), guard, pump }).await.ok();
        Ok(lanes)
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

impl Writers {
    /// Carries out what is handed in, every guard inspecting its stream again and again; ends only
    /// when dropped.
    pub(crate) async fn run(mut self) {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(Writing { site, guard, pump }) = self.0.recv() => running.push(async move {
                    under_guard(&site, &guard, pump.run()).await;
                }),
                Some(()) = running.next(), if !running.is_empty() => {}
                else => std::future::pending().await,
            }
        }
    }
}
