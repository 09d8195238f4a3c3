//! Requests of several people in one atomic batch, each with its own answer.
//!
//! **Invariant:** an answer is the one that the request would have had alone. A refusal is its own and
//! holds nobody else up; a batch that has no plain yes is forgotten, and each of its requests goes
//! singly, beginning with a look at what became of the batch:
//!
//! ```text
//! A, B, C               we                                         JetStream
//!   │ three requests     │ B's rule says no                          │
//!   │ ◄─ B: refused ─────│                                           │
//!   │                    │ A and C in one batch, a guard each ──────►│ C's is stale: none stored
//!   │                    │ A alone ─────────────────────────────────►│ stored at 13
//!   │ ◄─ A: at 13 ───────│                                           │
//!   │                    │ C read again, decided again, alone ──────►│ stored at 14
//!   │ ◄─ C: at 14 ───────│                                           │
//! ```

use std::time::Instant;

use futures::future::join_all;

use super::append::{Ledger, Sent};
use super::asked::{Answer, Asked, ExecuteError, Look};
use super::batch::Stop;
use super::draft::{Draft, Step};
use super::loading::Loaded;
use super::numbers;
use super::sole::Sure;

/// What each request came to.
pub(super) type Each = Vec<Result<Answer, ExecuteError>>;

/// A request with the event that it came to, which is not placed yet.
pub(super) struct Pending {
    loaded: Loaded,
    draft: Box<Draft>,
}

/// What a request came to.
enum Came {
    Answer(Answer),
    Pending(Pending),
}

impl Pending {
    /// Whether the same would be decided over what is loaded now.
    fn holds(&self, now: &Loaded) -> bool {
        let read = |loaded: &Loaded| -> Vec<_> {
            loaded.beside.iter().map(|(entity, held)| (*entity, held.guard)).collect()
        };
        self.loaded.held.guard == now.held.guard
            && self.loaded.witness == now.witness
            && read(&self.loaded) == read(now)
    }
}

impl Ledger {
    /// What a request comes to over what is held, where that is something to record: decided, encoded
    /// and signed before its turn, by whoever asks. Nothing is read.
    pub(super) fn ahead(&self, asked: &Asked<'_>) -> Option<Pending> {
        let loaded = self.held(asked)?;
        let (began, mut deciding) = (Instant::now(), self.deciding(&[*asked]));
        let look = asked.look(&loaded);
        deciding.came_to(std::slice::from_ref(&look));
        let Ok(look @ Look::Record(_)) = look else { return None };
        let time = self.next_time(std::slice::from_ref(&loaded));
        let Ok(Step::Draft(draft)) = self.draft(asked, &loaded, Ok(look), time) else {
            return None;
        };
        numbers::decided(1, began.elapsed());
        Some(Pending { loaded, draft })
    }

    /// Carries out requests about as many entities, each for itself, in one batch where that goes.
    /// `ahead` is what each came to before its turn.
    pub(super) async fn execute_each(
        &self,
        asked: &[Asked<'_>],
        ahead: Vec<Option<Pending>>,
    ) -> Each {
        self.look_for_acceptance().await;
        let under_way = self.sole.enter();
        // On several servers what was read is read again.
        let mut sure = under_way.known().filter(|_| !self.stream.connection().is_clustered());
        let mut ahead = ahead;
        loop {
            if let Some(each) = self.each(asked, ahead, sure).await {
                return each;
            }
            (sure, ahead) = (None, asked.iter().map(|_| None).collect());
        }
    }

    /// The same once; none where `sure` was not true: nothing is stored then.
    async fn each(
        &self,
        asked: &[Asked<'_>],
        ahead: Vec<Option<Pending>>,
        sure: Option<Sure>,
    ) -> Option<Each> {
        let Some(decided) = self.decide_each(asked, ahead, sure).await else {
            return Some(self.singly(asked).await);
        };
        let mut answers: Vec<Option<Result<Answer, ExecuteError>>> = Vec::new();
        let mut pending = Vec::new();
        for decided in decided {
            let passed = decided.and_then(|decided| self.passed(decided));
            answers.push(match passed {
                Ok(Came::Pending(draft)) => {
                    pending.push(draft);
                    None
                }
                Ok(Came::Answer(answer)) => Some(Ok(answer)),
                Err(error) => Some(Err(error)),
            });
        }
        let open = asked.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
        let open: Vec<Asked<'_>> = open.map(|(asked, _)| *asked).collect();
        let mut appended = self.append_each(&open, pending).await?.into_iter();
        let each = answers.into_iter().filter_map(|answer| answer.or_else(|| appended.next()));
        Some(each.collect())
    }

    /// One request alone.
    pub(super) async fn execute_one(&self, asked: &Asked<'_>) -> Result<Answer, ExecuteError> {
        let mut answers = self.run(&[*asked]).await.map_err(|(_, error)| error)?;
        answers.pop().ok_or(ExecuteError::Conflict)
    }

    async fn singly(&self, asked: &[Asked<'_>]) -> Each {
        let one = asked.iter().map(|asked| self.execute_one(asked)).collect::<Vec<_>>();
        join_all(one).await
    }

    /// What each request comes to; none where what they need can't be read for all of them.
    async fn decide_each(
        &self,
        asked: &[Asked<'_>],
        ahead: Vec<Option<Pending>>,
        sure: Option<Sure>,
    ) -> Option<Vec<Result<Came, ExecuteError>>> {
        let loaded = self.load_all(asked, sure).await.ok()?;
        let mut decided: Vec<Option<_>> = Vec::with_capacity(asked.len());
        let (mut rest, mut anew) = (Vec::new(), Vec::new());
        for ((asked, loaded), ahead) in asked.iter().zip(loaded).zip(ahead) {
            let ahead = ahead.filter(|ahead| ahead.holds(&loaded)).map(|mut ahead| {
                ahead.loaded.sure = loaded.sure;
                ahead
            });
            if ahead.is_none() {
                rest.push(*asked);
                anew.push(loaded);
            }
            decided.push(ahead.map(|ahead| Ok(Came::Pending(ahead))));
        }
        let (began, mut deciding) = (Instant::now(), self.deciding(&rest));
        let looks = self.look_all(&rest, &mut anew).await.ok()?;
        deciding.came_to(&looks);
        let time = self.next_time(&anew);
        let mut anew = rest.iter().zip(anew).zip(looks).map(|((asked, loaded), look)| {
            Ok(match self.draft(asked, &loaded, look, time)? {
                Step::Answer(answer) => Came::Answer(answer),
                Step::Draft(draft) => Came::Pending(Pending { loaded, draft }),
            })
        });
        let all = decided.into_iter().filter_map(|it| it.or_else(|| anew.next())).collect();
        if !rest.is_empty() {
            numbers::decided(rest.len(), began.elapsed());
        }
        Some(all)
    }

    /// Lets what is to be recorded through the gate.
    fn passed(&self, decided: Came) -> Result<Came, ExecuteError> {
        if let Came::Pending(pending) = &decided {
            self.gate.pass(&pending.draft.event.fact)?;
        }
        Ok(decided)
    }

    /// Sends what each came to; none where it went under a guard on the whole stream that was stale.
    async fn append_each(&self, asked: &[Asked<'_>], mut pending: Vec<Pending>) -> Option<Each> {
        let sure = pending.iter().find_map(|pending| pending.loaded.sure);
        let letters = pending.iter_mut().map(|pending| &mut pending.draft.letter).collect();
        Some(match self.send(letters, sure).await {
            Ok(None) => Vec::new(),
            Ok(Some(first)) => {
                let mut position = first;
                let mut answers = Vec::with_capacity(pending.len());
                for Pending { loaded, draft } in pending {
                    // What is held is changed then, and not copied.
                    drop(loaded);
                    answers.push(Ok(self.place(*draft, position)));
                    position = position.next();
                }
                answers
            }
            Err(Stop::Stale) if sure.is_some() => return None,
            Err(stop) => {
                let pairs = asked.iter().zip(pending);
                let settle = pairs.map(|(asked, pending)| self.settle(asked, pending, &stop));
                join_all(settle.collect::<Vec<_>>()).await
            }
        })
    }

    /// A request whose batch has no plain yes goes on by itself.
    async fn settle(
        &self,
        asked: &Asked<'_>,
        pending: Pending,
        stop: &Stop,
    ) -> Result<Answer, ExecuteError> {
        if !matches!(stop, Stop::Stale | Stop::Doubt(_) | Stop::Duplicate) {
            // Nothing is stored of any; whether it was this one's fault is seen when it goes alone.
            return self.execute_one(asked).await;
        }
        let Pending { loaded, draft } = pending;
        let asked = [*asked];
        let loaded = self.again(&asked, vec![loaded], Some(stop)).await?;
        let decided = self.decide_over(&asked, loaded).await.map_err(|(_, error)| error)?;
        let sent = Sent::of(&draft);
        let answers = self.carry_out(&asked, decided, sent, vec![stop.clone()]).await;
        answers.map_err(|(_, error)| error)?.pop().ok_or(ExecuteError::Conflict)
    }
}
