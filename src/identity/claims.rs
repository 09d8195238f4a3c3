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

use piperoll_events::EntityRef;
use piperoll_events::ids::CommandId;

use super::vault::{Vault, VaultError};

/// What a claim comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The key stands for this thing.
    Ours,
    /// It stands for another.
    Another,
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
        // The update that changes nothing makes a claim that stands already come back.
        let text = "insert into vault.claim as held (ledger_id, command_id, entity)
            values ($1, $2, $3)
            on conflict (ledger_id, command_id) do update set entity = held.entity
            returning entity";
        let (ledger, entity) = (self.ledger.uuid(), entity.to_string());
        let row = self.client.query_one(text, &[&ledger, &command_id.uuid(), &entity]).await?;
        let held: String = row.try_get(0)?;
        Ok(if held == entity { Claimed::Ours } else { Claimed::Another })
    }
}
