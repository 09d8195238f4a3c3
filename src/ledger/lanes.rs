//! Requests of many people at once, coalesced: few go singly, many in atomic batches (group commit).
//!
//! **Invariant:** requests about one entity are carried out in the order in which they came, one at a
//! time; what waits is bounded, and whoever comes when it is full is told so at once.
//!
//! ```text
//!  request ──► door ──► its entity is under way? ── yes ──► behind it
//!                              │ no
//!                              ▼
//!                          ready ── few ──► singly, several at a time ──► answers
//!                              └─── many ─► a lane: one atomic batch ───► answers
//! ```
//!
//! A single append is durable after one sync of the disk; a batch costs some of them, whatever its
//! size. So batches pay from a number of requests on, which [`Terms`] names, and one batch of all pays
//! more than two of half of them each: who was answered just now may ask again at once, so what follows
//! a batch gathers for a part of the time that the batch took.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use piperoll_events::EntityRef;
use piperoll_events::text::Digest;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::append::Ledger;
use super::asked::{Acting, Answer, Asked, ExecuteError};
use super::numbers;
use super::together::Pending;
use crate::commands::Request;

/// What follows a batch gathers for this part of the time that the batch took, and no longer than that.
const GATHERED_PART: u32 = 4;
const GATHERED_MOST: Duration = Duration::from_millis(5);

/// From when on requests are coalesced, and how far.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many batches are under way at a time.
    pub lanes: usize,
    /// The fewest requests that go in a batch, two or more.
    pub batch_from: usize,
    /// The most requests of a batch; 999 go into one.
    pub batch_most: usize,
    /// How many go singly at a time, one or more.
    pub singles: usize,
    /// How many may wait.
    pub waiting: usize,
}

impl Default for Terms {
    fn default() -> Self {
        Self { lanes: 1, batch_from: 16, batch_most: 999, singles: 16, waiting: 2_048 }
    }
}

/// Where requests are handed in; clones lead to the same lanes. Somebody runs their [`Pump`].
#[derive(Debug, Clone)]
pub struct Lanes {
    ledger: Arc<Ledger>,
    door: mpsc::Sender<Waiting>,
}

/// Carries out what is handed in, for as long as it runs.
#[derive(Debug)]
pub struct Pump {
    ledger: Arc<Ledger>,
    terms: Terms,
    door: mpsc::Receiver<Waiting>,
    /// The first of each entity that is not under way.
    ready: VecDeque<Waiting>,
    /// What waits for another of its entity; there is an entry for each that is ready or under way.
    behind: HashMap<EntityRef, VecDeque<Waiting>>,
    flights: JoinSet<()>,
    under_way: HashMap<Id, Flight>,
    batches: usize,
    gathering: Option<Gathering>,
    /// How many are ready or behind another.
    waiting: usize,
    /// Whether anybody can still hand in.
    open: bool,
}

/// One request with whoever waits for its answer.
struct Waiting {
    request: Box<dyn Request>,
    acting: Acting,
    digest: Digest,
    /// What it came to before its turn.
    ahead: Option<Pending>,
    answer: oneshot::Sender<Result<Answer, ExecuteError>>,
}

/// What is on its way as one.
#[derive(Debug)]
struct Flight {
    entities: Vec<EntityRef>,
    began: Instant,
}

/// Nothing sets out until so many are ready, or until then.
#[derive(Debug, Clone, Copy)]
struct Gathering {
    enough: usize,
    until: Instant,
}

impl Lanes {
    /// Lanes over a writer, and what makes them run.
    #[must_use]
    pub fn over(ledger: Ledger, terms: Terms) -> (Self, Pump) {
        let ledger = Arc::new(ledger);
        let (hand_in, door) = mpsc::channel(terms.waiting);
        let pump = Pump {
            ledger: Arc::clone(&ledger),
            terms,
            door,
            ready: VecDeque::new(),
            behind: HashMap::new(),
            flights: JoinSet::new(),
            under_way: HashMap::new(),
            batches: 0,
            gathering: None,
            waiting: 0,
            open: true,
        };
        (Self { ledger, door: hand_in }, pump)
    }

    /// The writer itself.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Carries out one request, alone or with others. Whoever drops this before it is ready learns the
    /// outcome by repeating the command id.
    ///
    /// # Errors
    /// See [`ExecuteError`]: `Busy` when too many wait. Nothing was recorded, unless it is
    /// `Unconfirmed` or `Stopping`.
    pub async fn execute(
        &self,
        request: Box<dyn Request>,
        acting: Acting,
    ) -> Result<Answer, ExecuteError> {
        let (digest, ahead) = {
            let asked = Asked::new(request.as_ref(), &acting);
            // On the core of whoever asks, and so not one after another in a lane.
            (asked.digest, self.ledger.ahead(&asked))
        };
        let command_id = acting.command_id;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { request, acting, digest, ahead, answer };
        self.door.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ExecuteError::Busy,
            mpsc::error::TrySendError::Closed(_) => ExecuteError::Stopping { command_id },
        })?;
        answered.await.unwrap_or(Err(ExecuteError::Stopping { command_id }))
    }
}

impl Pump {
    /// Carries out what is handed in; ends when nobody can hand in any more and all is answered.
    pub async fn run(mut self) {
        let mut arrived = Vec::new();
        loop {
            self.depart();
            numbers::waiting(self.waiting);
            let room = self.terms.waiting.saturating_sub(self.waiting);
            let gathered = self.gathering.map(|gathering| gathering.until);
            tokio::select! {
                biased;
                Some(landed) = self.flights.join_next_with_id() => self.landed(landed),
                count = self.door.recv_many(&mut arrived, room), if self.open && room > 0 => {
                    self.open = count > 0;
                    arrived.drain(..).for_each(|waiting| self.queue(waiting));
                }
                () = sleep_until(gathered.unwrap_or_else(Instant::now)), if gathered.is_some() => {
                    self.gathering = None;
                }
                // Nobody can hand in any more, and nothing is under way.
                else => return,
            }
        }
    }

    fn queue(&mut self, waiting: Waiting) {
        self.waiting = self.waiting.saturating_add(1);
        if let Some(behind) = self.behind.get_mut(&waiting.request.entity()) {
            behind.push_back(waiting);
        } else {
            self.behind.insert(waiting.request.entity(), VecDeque::new());
            self.ready.push_back(waiting);
        }
    }

    /// Sends off what can go. While a batch is under way nothing goes singly: it would cost the
    /// batch a sync of the disk, and soon there are enough for the next one.
    fn depart(&mut self) {
        let Terms { lanes, batch_from, batch_most, singles, .. } = self.terms;
        if self.gathering.is_some_and(|it| self.open && self.ready.len() < it.enough) {
            return;
        }
        self.gathering = None;
        loop {
            if self.ready.len() >= batch_from.max(2) {
                if self.batches >= lanes {
                    return;
                }
                let most = self.ready.len().min(batch_most);
                let members: Vec<_> = self.ready.drain(..most).collect();
                self.batches = self.batches.saturating_add(1);
                self.fly(members);
            } else if self.batches == 0 && self.under_way.len() < singles.max(1) {
                let Some(alone) = self.ready.pop_front() else { return };
                self.fly(vec![alone]);
            } else {
                return;
            }
        }
    }

    fn fly(&mut self, members: Vec<Waiting>) {
        self.waiting = self.waiting.saturating_sub(members.len());
        let entities = members.iter().map(|member| member.request.entity()).collect();
        let flight = self.flights.spawn(carry(Arc::clone(&self.ledger), members));
        self.under_way.insert(flight.id(), Flight { entities, began: Instant::now() });
    }

    /// What waited for the entities of a flight is ready now. A flight that came to a bad end has
    /// dropped its members, who are told that the outcome is not known.
    fn landed(&mut self, landed: Result<(Id, ()), JoinError>) {
        let id = match landed {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "carrying requests out came to a bad end");
                error.id()
            }
        };
        let Some(Flight { entities, began }) = self.under_way.remove(&id) else { return };
        let batch = entities.len();
        if batch > 1 {
            self.batches = self.batches.saturating_sub(1);
        }
        for entity in entities {
            match self.behind.get_mut(&entity).and_then(VecDeque::pop_front) {
                Some(next) => self.ready.push_back(next),
                None => {
                    self.behind.remove(&entity);
                }
            }
        }
        if batch > 1 {
            self.gather(batch, began.elapsed());
        }
    }

    /// Who was answered with a batch may ask again at once, and go with those who wait.
    fn gather(&mut self, answered: usize, took: Duration) {
        let enough = self.ready.len().saturating_add(answered).min(self.terms.batch_most);
        let part = took.checked_div(GATHERED_PART).unwrap_or_default().min(GATHERED_MOST);
        let now = Instant::now();
        self.gathering = now.checked_add(part).map(|until| Gathering { enough, until });
    }
}

async fn carry(ledger: Arc<Ledger>, mut members: Vec<Waiting>) {
    let ahead = members.iter_mut().map(|member| member.ahead.take()).collect();
    let asked: Vec<Asked<'_>> = members.iter().map(Waiting::asked).collect();
    let answers = ledger.execute_each(&asked, ahead).await;
    for (member, answer) in members.into_iter().zip(answers) {
        // Whoever asked may have gone; the command id still says what became of it.
        member.answer.send(answer).ok();
    }
}

impl Waiting {
    fn asked(&self) -> Asked<'_> {
        let (request, acting) = (self.request.as_ref(), &self.acting);
        Asked { request, acting, entity: request.entity(), digest: self.digest }
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("acting", &self.acting).finish_non_exhaustive()
    }
}
