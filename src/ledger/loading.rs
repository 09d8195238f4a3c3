//! What a decision needs before it can be made: the entity's history, and that of what its rule relies
//! on.
//!
//! **Invariant:** what is held may be behind, and its guard says so; what is relied on has no guard, so
//! it is read to its end each time, and the event names the version that was found.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::EntityRef;

use super::append::{Failed, Ledger, READS_AT_ONCE};
use super::asked::{Asked, ExecuteError};
use super::batch::Stop;
use super::held::Held;
use super::place::Raw;
use crate::commands::Witness;

/// What is held of a request's entity, and whether the leader has just confirmed it.
pub(super) struct Loaded {
    pub(super) held: Arc<Held>,
    pub(super) fresh: Fresh,
    /// Whether the act is witnessed here.
    pub(super) witness: Witness,
    /// What the rule relies on, as the leader had it. No guard covers it.
    pub(super) beside: Vec<(EntityRef, Arc<Held>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    Yes,
    No,
}

impl Ledger {
    pub(super) async fn load_all(&self, asked: &[Asked<'_>]) -> Result<Vec<Loaded>, Failed> {
        // Collected first, so that the future can be carried from thread to thread: over a closure
        // that takes references the compiler can't tell.
        let loads: Vec<_> = asked.iter().map(|asked| self.load(asked)).collect();
        let loaded = stream::iter(loads);
        loaded.buffered(READS_AT_ONCE).try_collect().await.map_err(|error| (None, error))
    }

    /// Reads every entity on, after an append that did not plainly succeed.
    pub(super) async fn again(
        &self,
        asked: &[Asked<'_>],
        loaded: Vec<Loaded>,
        stop: Option<&Stop>,
    ) -> Result<Vec<Loaded>, ExecuteError> {
        let pairs = asked.iter().zip(loaded);
        let again: Vec<_> =
            pairs.map(|(asked, loaded)| self.once_more(asked, loaded.held)).collect();
        stream::iter(again).buffered(READS_AT_ONCE).try_collect().await.map_err(|error| {
            match (error, stop, asked.first()) {
                (
                    ExecuteError::Ask(source),
                    Some(Stop::Doubt(_) | Stop::Duplicate),
                    Some(asked),
                ) => ExecuteError::Unconfirmed { command_id: asked.acting.command_id, source },
                (error, _, _) => error,
            }
        })
    }

    async fn load(&self, asked: &Asked<'_>) -> Result<Loaded, ExecuteError> {
        let entity = asked.entity;
        let held = self.shelf().find(entity);
        match held {
            Some(held) => self.with_beside(asked, held, Fresh::No).await,
            None => self.once_more(asked, Arc::new(Held::new(entity.kind))).await,
        }
    }

    pub(super) async fn once_more(
        &self,
        asked: &Asked<'_>,
        held: Arc<Held>,
    ) -> Result<Loaded, ExecuteError> {
        let held = self.catch_up(asked.entity, held).await?;
        self.with_beside(asked, held, Fresh::Yes).await
    }

    /// The same, with the request's place among others.
    pub(super) async fn once_more_at(
        &self,
        index: usize,
        asked: &Asked<'_>,
        loaded: &Loaded,
    ) -> Result<(usize, Loaded), ExecuteError> {
        Ok((index, self.once_more(asked, Arc::clone(&loaded.held)).await?))
    }

    /// What is held of an entity, with what the rule relies on beside it, read to its end. While a
    /// ledger is moving in, rules of here don't apply and nothing is relied on.
    async fn with_beside(
        &self,
        asked: &Asked<'_>,
        held: Arc<Held>,
        fresh: Fresh,
    ) -> Result<Loaded, ExecuteError> {
        let opened = self.opened.load(Ordering::Acquire);
        let witness = match &asked.acting.asserted {
            Some(_) if !opened => Witness::Elsewhere,
            _ => Witness::Here,
        };
        let mut loaded = Loaded { held, fresh, witness, beside: Vec::new() };
        if loaded.witness == Witness::Here {
            let relied_on = asked.request.relies_on(&loaded.held.state);
            for entity in relied_on.into_iter().chain(asked.acting.role_relied_on()) {
                let known = self.shelf().find(entity);
                let known = known.unwrap_or_else(|| Arc::new(Held::new(entity.kind)));
                loaded.beside.push((entity, self.catch_up(entity, known).await?));
            }
        }
        Ok(loaded)
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
