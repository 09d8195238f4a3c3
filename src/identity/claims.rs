//! Claims: a caller's request key belongs to the one thing that it was first used for.
//!
//! **Invariant:** the claim is durable before the command is carried out. The ledger looks a command id
//! up in the history of one entity only, so the same key used for two entities would else be two acts:
//!
//! ```text
//! caller                         we                          Postgres        JetStream
//!   │ key K, measure A            │ claim K for A ──────────► K: A            │
//!   │                             │ command of (ledger, actor, K) ──────────► │ recorded on A
//!   │ key K, measure B            │ claim K for B ──────────► K: A            │
//!   │ ◄── refused ────────────────│ (the history of B knows nothing of K)     │
//! ```

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use piperoll_events::EntityRef;
use piperoll_events::ids::CommandId;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::vault::{Vault, VaultError};

/// What a claim comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The key stands for this thing.
    Ours,
    /// It stands for another.
    Another,
}

/// Claims that wait to be made: while Postgres commits some, others gather, and one of those who wait
/// makes them all.
#[derive(Default)]
pub(super) struct Claims {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    command_id: Uuid,
    entity: String,
    answer: oneshot::Sender<Claimed>,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault {
    /// Claims a command id for an entity.
    ///
    /// # Errors
    /// The database; nothing may be carried out then.
    pub async fn claim(
        &self,
        command_id: CommandId,
        entity: EntityRef,
    ) -> Result<Claimed, VaultError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            let (command_id, entity) = (command_id.uuid(), entity.to_string());
            self.claims.lock().push(Waiting { command_id, entity, answer });
            let turn = self.claims.turn.lock().await;
            // Whoever had the turn has answered, or took ours and failed: then it is made anew.
            match answered.try_recv() {
                Ok(claimed) => return Ok(claimed),
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let waiting = std::mem::take(&mut *self.claims.lock());
            self.claim_all(waiting).await?;
            drop(turn);
            if let Ok(claimed) = answered.try_recv() {
                return Ok(claimed);
            }
        }
    }

    /// Makes claims in one statement and answers each.
    async fn claim_all(&self, waiting: Vec<Waiting>) -> Result<(), VaultError> {
        // Of one id the first: the others are told what it stands for. In the order of the ids, so
        // that two services never wait for each other.
        let mut wanted: BTreeMap<Uuid, &str> = BTreeMap::new();
        for one in &waiting {
            wanted.entry(one.command_id).or_insert(&one.entity);
        }
        let ids: Vec<Uuid> = wanted.keys().copied().collect();
        let entities: Vec<&str> = wanted.values().copied().collect();
        // The update that changes nothing makes a claim that stands already come back.
        let text = "insert into vault.claim as held (ledger_id, command_id, entity)
            select $1, wanted.* from unnest($2::uuid[], $3::text[]) as wanted
            on conflict (ledger_id, command_id) do update set entity = held.entity
            returning command_id, entity";
        let rows = self.client.query(text, &[&self.ledger.uuid(), &ids, &entities]).await?;
        let mut held: BTreeMap<Uuid, String> = BTreeMap::new();
        for row in rows {
            held.insert(row.try_get(0)?, row.try_get(1)?);
        }
        for one in waiting {
            let Some(entity) = held.get(&one.command_id) else { continue };
            let ours = *entity == one.entity;
            // Whoever asked may have gone.
            one.answer.send(if ours { Claimed::Ours } else { Claimed::Another }).ok();
        }
        Ok(())
    }
}
