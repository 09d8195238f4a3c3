//! What a decision needs before it can be made: the entity's history, and that of what its rule relies
//! on.
//!
//! **Invariant:** what is held may be behind, and its guard says so; what is relied on has no guard, so
//! it is read to its end each time, and the event names the version that was found.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::EntityRef;

use super::append::{Failed, Ledger, READS_AT_ONCE};
use super::asked::{Asked, ExecuteError};
use super::batch::Stop;
use super::held::Held;
use super::place::Raw;
use super::sole::Sure;
use crate::commands::Witness;

/// What is held of a request's entity, and whether the leader has just confirmed it.
pub(super) struct Loaded {
    pub(super) held: Arc<Held>,
    pub(super) fresh: Fresh,
    /// Whether the act is witnessed here.
    pub(super) witness: Witness,
    /// What the rule relies on, as the leader had it. Where all of it was read no guard covers it.
    pub(super) beside: Vec<(EntityRef, Arc<Held>)>,
    /// Where the stream has to end if something of it was not read.
    pub(super) sure: Option<Sure>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    Yes,
    No,
}

impl Loaded {
    /// What the rule relies on. While a ledger is moving in, rules of here don't apply.
    fn relied_on(&self, asked: &Asked<'_>) -> Vec<EntityRef> {
        match self.witness {
            Witness::Elsewhere => Vec::new(),
            Witness::Here => {
                let mut all = asked.request.relies_on(&self.held.state);
                all.extend(asked.acting.role_relied_on());
                all
            }
        }
    }
}

impl Ledger {
    /// What each request needs. With `sure`, what was read before is not read again.
    pub(super) async fn load_all(
        &self,
        asked: &[Asked<'_>],
        sure: Option<Sure>,
    ) -> Result<Vec<Loaded>, Failed> {
        // Collected first, so that the future can be carried from thread to thread: over a closure
        // that takes references the compiler can't tell.
        let loads: Vec<_> = asked.iter().map(|asked| self.load(asked.entity)).collect();
        let loads = stream::iter(loads).buffered(READS_AT_ONCE);
        let held = loads.try_collect().await.map_err(|error| (None, error))?;
        self.with_beside(asked, held, sure).await.map_err(|error| (None, error))
    }

    /// Reads every entity on, after an append that did not plainly succeed.
    pub(super) async fn again(
        &self,
        asked: &[Asked<'_>],
        loaded: Vec<Loaded>,
        stop: Option<&Stop>,
    ) -> Result<Vec<Loaded>, ExecuteError> {
        let held = loaded.into_iter().map(|loaded| loaded.held).collect();
        self.once_more(asked, held).await.map_err(|error| match (error, stop, asked.first()) {
            (ExecuteError::Ask(source), Some(Stop::Doubt(_) | Stop::Duplicate), Some(asked)) => {
                ExecuteError::Unconfirmed { command_id: asked.acting.command_id, source }
            }
            (error, _, _) => error,
        })
    }

    async fn load(&self, entity: EntityRef) -> Result<(Arc<Held>, Fresh), ExecuteError> {
        let held = self.shelf().find(entity);
        if let Some(held) = held {
            return Ok((held, Fresh::No));
        }
        self.fresh(entity, Arc::new(Held::new(entity.kind))).await
    }

    /// What is held of each request's entity, read on to its end.
    pub(super) async fn once_more(
        &self,
        asked: &[Asked<'_>],
        held: Vec<Arc<Held>>,
    ) -> Result<Vec<Loaded>, ExecuteError> {
        let reads: Vec<_> =
            asked.iter().zip(held).map(|(asked, held)| self.fresh(asked.entity, held)).collect();
        let held = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        self.with_beside(asked, held, None).await
    }

    async fn fresh(
        &self,
        entity: EntityRef,
        held: Arc<Held>,
    ) -> Result<(Arc<Held>, Fresh), ExecuteError> {
        Ok((self.catch_up(entity, held).await?, Fresh::Yes))
    }

    /// What is held of each entity, with what its rule relies on beside it, read to its end: once for
    /// all the requests that rely on it.
    async fn with_beside(
        &self,
        asked: &[Asked<'_>],
        held: Vec<(Arc<Held>, Fresh)>,
        sure: Option<Sure>,
    ) -> Result<Vec<Loaded>, ExecuteError> {
        let mut read: HashMap<EntityRef, Arc<Held>> = HashMap::new();
        let mut all = Vec::with_capacity(asked.len());
        for (asked, (held, fresh)) in asked.iter().zip(held) {
            let mut loaded = self.with_witness(asked, held, fresh);
            for entity in loaded.relied_on(asked) {
                let beside = match read.get(&entity) {
                    Some(beside) => Arc::clone(beside),
                    None => self.relied_on(entity, sure).await?,
                };
                read.insert(entity, Arc::clone(&beside));
                loaded.beside.push((entity, beside));
                loaded.sure = sure;
            }
            all.push(loaded);
        }
        Ok(all)
    }

    /// What is held of an entity that a rule relies on, read on to its end, unless nobody else can have
    /// written it since that was done.
    async fn relied_on(
        &self,
        entity: EntityRef,
        sure: Option<Sure>,
    ) -> Result<Arc<Held>, ExecuteError> {
        let Some(sure) = sure else { return self.to_end(entity).await };
        if self.sole.has_read(entity, sure)
            && let Some(held) = self.shelf().find(entity)
        {
            return Ok(held);
        }
        let held = self.to_end(entity).await?;
        self.sole.read(entity, sure);
        Ok(held)
    }

    /// What is held of a request's entity and of what its rule relies on; none where something of it
    /// is not held. Nothing is read, so all of it may be behind.
    pub(super) fn held(&self, asked: &Asked<'_>) -> Option<Loaded> {
        let held = self.shelf().find(asked.entity)?;
        let mut loaded = self.with_witness(asked, held, Fresh::No);
        for entity in loaded.relied_on(asked) {
            let beside = self.shelf().find(entity)?;
            loaded.beside.push((entity, beside));
        }
        Some(loaded)
    }

    fn with_witness(&self, asked: &Asked<'_>, held: Arc<Held>, fresh: Fresh) -> Loaded {
        let opened = self.opened.load(Ordering::Acquire);
        let witness = match &asked.acting.asserted {
            Some(_) if !opened => Witness::Elsewhere,
            _ => Witness::Here,
        };
        Loaded { held, fresh, witness, beside: Vec::new(), sure: None }
    }

    /// What is held of an entity, if anything, read on to its end.
    pub(super) async fn to_end(&self, entity: EntityRef) -> Result<Arc<Held>, ExecuteError> {
        let known = self.shelf().find(entity);
        let known = known.unwrap_or_else(|| Arc::new(Held::new(entity.kind)));
        self.catch_up(entity, known).await
    }

    /// Reads on to the end of the entity's history, as the leader has it.
    pub(super) async fn catch_up(
        &self,
        entity: EntityRef,
        mut held: Arc<Held>,
    ) -> Result<Arc<Held>, ExecuteError> {
        while let Some(stored) = self.stream.next_of(entity, held.guard).await? {
            let placed = self.judge.judge(&Raw::from(&stored))?;
            if let Some(event) = Arc::make_mut(&mut held).take(&placed) {
                self.notice(event);
            }
            self.gate.reached(stored.position);
        }
        self.shelf().put(entity, Arc::clone(&held));
        Ok(held)
    }
}
