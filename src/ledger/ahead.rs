//! Requests prepared ahead: decided, encoded and signed while a batch before them is on its way.
//!
//! **Invariant:** what was prepared is sent only after whatever was sent before it has its answer,
//! and only as far as it still holds: an entity that moved on meanwhile is decided again, and all
//! of it when what was recorded since is of a later time, so that times follow the order.
//!
//! ```text
//! caller                    we                                       JetStream
//!   │ prepare 2 ─────────────►│ batch 1 is on its way ────────────────►│ stored at 1 to 999
//!   │                         │ batch 2 is decided and signed          │
//!   │ ◄── answers to 1 ───────│ ◄────────────────────────────────────── │
//!   │ commit 2 ──────────────►│ entities of batch 1: decided again     │
//!   │                         │ the others: sent as they are ─────────►│ stored at 1000 to 1998
//! ```

use chrono::{DateTime, Utc};
use piperoll_events::text::Digest;

use super::append::{Decided, Failed, Ledger, Sent};
use super::asked::{Acting, Answer, Asked, BatchError, certain, fits_one_batch};
use super::draft::Step;
use super::loading::Loaded;
use crate::commands::Request;

/// Requests that go in one batch, decided as far as that can be done before their turn.
pub struct Prepared {
    requests: Vec<(Box<dyn Request>, Acting)>,
    digests: Vec<Digest>,
    loaded: Vec<Loaded>,
    /// None: a refusal or `unchanged`, which what is on its way may put right.
    steps: Vec<Option<Step>>,
    time: DateTime<Utc>,
}

impl Ledger {
    /// Prepares requests that go in one atomic batch; sends nothing.
    ///
    /// # Errors
    /// See [`BatchError`]; nothing was recorded. What a rule refuses is an error of
    /// [`Self::commit`].
    pub async fn prepare(
        &self,
        requests: Vec<(Box<dyn Request>, Acting)>,
    ) -> Result<Prepared, BatchError> {
        let asked: Vec<_> =
            requests.iter().map(|(request, acting)| Asked::new(request.as_ref(), acting)).collect();
        fits_one_batch(&asked)?;
        let loaded = self.load_all(&asked, None).await?;
        let time = self.next_time(&loaded);
        let step = |(index, (asked, loaded)): (usize, (&Asked<'_>, &Loaded))| {
            let look = Some(asked.look(loaded)).filter(certain);
            let step = look.map(|look| self.draft(asked, loaded, look, time)).transpose();
            step.map_err(|error| (Some(index), error))
        };
        let steps: Result<_, Failed> = asked.iter().zip(&loaded).enumerate().map(step).collect();
        let steps = steps?;
        let digests = asked.into_iter().map(|asked| asked.digest).collect();
        Ok(Prepared { requests, digests, loaded, steps, time })
    }

    /// Records what was prepared, or nothing; the answers in the order of the requests.
    ///
    /// # Errors
    /// See [`BatchError`]; nothing was recorded, unless it holds `Unconfirmed`.
    pub async fn commit(&self, prepared: Prepared) -> Result<Vec<Answer>, BatchError> {
        let Prepared { requests, digests, loaded, steps, time } = prepared;
        let pairs = requests.iter().zip(digests);
        let asked: Vec<Asked<'_>> = pairs
            .map(|((request, acting), digest)| {
                let entity = request.entity();
                Asked { request: request.as_ref(), acting, entity, digest }
            })
            .collect();
        let decided = if self.recorded_since(time) {
            self.decide(&asked).await?
        } else {
            self.decide_the_rest(&asked, loaded, steps, time).await?
        };
        Ok(self.carry_out(&asked, decided, Sent::default(), Vec::new()).await?)
    }

    /// Decides what could not be decided before, and what moved on since.
    async fn decide_the_rest(
        &self,
        asked: &[Asked<'_>],
        mut loaded: Vec<Loaded>,
        mut steps: Vec<Option<Step>>,
        time: DateTime<Utc>,
    ) -> Result<Decided, Failed> {
        let all = asked.iter().zip(&loaded).zip(&steps).enumerate();
        let rest = all.filter(|(_, ((asked, was), step))| {
            step.is_none() || self.moved_on(asked.entity, &was.held)
        });
        let (places, asked): (Vec<usize>, Vec<Asked<'_>>) =
            rest.map(|(place, ((asked, _), _))| (place, *asked)).unzip();
        let placed = |(at, error): Failed| (at.and_then(|at| places.get(at).copied()), error);
        let mut fresh = self.load_all(&asked, None).await.map_err(placed)?;
        let looks = self.look_all(&asked, &mut fresh).await.map_err(placed)?;
        let drafted = self.draft_all(&asked, &fresh, looks, time).map_err(placed)?;
        for ((place, fresh), step) in places.iter().zip(fresh).zip(drafted) {
            if let (Some(loaded), Some(slot)) = (loaded.get_mut(*place), steps.get_mut(*place)) {
                (*loaded, *slot) = (fresh, Some(step));
            }
        }
        Ok(Decided { loaded, steps: steps.into_iter().flatten().collect() })
    }
}
