//! The vault: seals texts, opens them at the edge of an answer, and knows actors by name.
//!
//! **Invariant:** a text's key is durable before the event that needs it can be appended. A key
//! without an event does no harm; an event without its key could never be read again.

use std::collections::HashMap;
use std::path::Path;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, Mac};
use piperoll_events::ids::{ActorId, LedgerId, TextKeyId};
use piperoll_events::text::{Digest, Prose, SealedText};
use piperoll_projections::runtime::Link;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::claims::Claims;
use super::secret::{self, SecretError};
use crate::commands::SealedWords;
use crate::ids::{self, NoRandomness};

/// The vault of one ledger.
pub struct Vault {
    pub(super) client: Link,
    pub(super) ledger: LedgerId,
    pub(super) claims: Claims,
    pub(super) wrapping: [u8; 32],
    digesting: [u8; 64],
}

/// Why the vault can't answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The vault's own key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Postgres; try again.
    #[error("the vault's database does not answer")]
    Postgres(#[from] tokio_postgres::Error),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A key or a text that is not what was sealed.
    #[error(
        "the sealed text under key `{0}` does not open; the vault and the ledger don't belong together"
    )]
    Broken(TextKeyId),
}

/// What became of a sealed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The words.
    Words(String),
    /// Its key was deleted.
    Erased,
}

impl Vault {
    /// The vault of `ledger`, over a connection of its own; its keys lie in the state folder.
    ///
    /// # Errors
    /// The key files or the database.
    pub async fn open(
        mut client: Link,
        state: &Path,
        ledger: LedgerId,
    ) -> Result<Self, VaultError> {
        super::migrations::migrate(&mut client).await?;
        let folder = state.join("vault");
        let wrapping = secret::open_or_make(&folder, "wrapping.key")?;
        let digesting = secret::open_or_make(&folder, "digesting.key")?;
        let claims = Claims::default();
        Ok(Self { client, ledger, claims, wrapping, digesting })
    }

    /// Seals texts, each under a new key; the keys are durable when this returns.
    ///
    /// # Errors
    /// The database or the random bits.
    pub async fn seal(&self, texts: &[Prose]) -> Result<Vec<SealedWords>, VaultError> {
        let mut sealed = Vec::with_capacity(texts.len());
        let (mut key_ids, mut nonces, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
        for text in texts {
            let key: [u8; 32] = ids::random()?;
            let key_id = TextKeyId::new(ids::command_id()?.uuid());
            let (nonce, ciphertext) = encrypt(&key, key_id, text.as_str().as_bytes())?;
            let (wrap_nonce, wrap) = encrypt(&self.wrapping, key_id, &key)?;
            key_ids.push(key_id.uuid());
            nonces.push(wrap_nonce.to_vec());
            wrapped.push(wrap);
            let text = SealedText {
                key_id,
                nonce: BASE64_STANDARD.encode(nonce),
                ciphertext: BASE64_STANDARD.encode(ciphertext),
                commitment: commitment(&key, key_id),
            };
            sealed.push(text);
        }
        let insert = "insert into vault.text_key (key_id, ledger_id, nonce, wrapped)
            select key_id, $1, nonce, wrapped
            from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as made (key_id, nonce, wrapped)";
        self.client.execute(insert, &[&self.ledger.uuid(), &key_ids, &nonces, &wrapped]).await?;
        let words = sealed.into_iter().zip(texts);
        Ok(words.map(|(sealed, text)| SealedWords { sealed, digest: self.digest(text) }).collect())
    }

    /// Opens sealed texts, in the order given.
    ///
    /// # Errors
    /// The database; or a text that is not what was sealed.
    pub async fn unseal(&self, texts: &[SealedText]) -> Result<Vec<Opened>, VaultError> {
        let wanted: Vec<Uuid> = texts.iter().map(|text| text.key_id.uuid()).collect();
        let select = "select key_id, nonce, wrapped from vault.text_key
            where ledger_id = $1 and key_id = any($2)";
        let rows = self.client.query(select, &[&self.ledger.uuid(), &wanted]).await?;
        let mut keys: HashMap<Uuid, (Vec<u8>, Vec<u8>)> = HashMap::with_capacity(rows.len());
        for row in rows {
            keys.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
        texts
            .iter()
            .map(|text| match keys.get(&text.key_id.uuid()) {
                None => Ok(Opened::Erased),
                Some((nonce, wrapped)) => self
                    .open_one(text, nonce, wrapped)
                    .map(Opened::Words)
                    .ok_or(VaultError::Broken(text.key_id)),
            })
            .collect()
    }

    /// The id of who acts under `name` in this ledger; drawn on the first time.
    ///
    /// # Errors
    /// The database or the random bits.
    pub async fn actor(&self, name: &str) -> Result<ActorId, VaultError> {
        let drawn = ids::actor_id()?.uuid();
        let upsert = "insert into vault.actor (ledger_id, actor_id, name) values ($1, $2, $3)
            on conflict (ledger_id, name) do update set name = excluded.name returning actor_id";
        let row = self.client.query_one(upsert, &[&self.ledger.uuid(), &drawn, &name]).await?;
        Ok(ActorId::new(row.try_get(0)?))
    }

    /// The id of who acts under `name`, where somebody has that name already.
    ///
    /// # Errors
    /// The database.
    pub async fn find_actor(&self, name: &str) -> Result<Option<ActorId>, VaultError> {
        let select = "select actor_id from vault.actor where ledger_id = $1 and name = $2";
        let row = self.client.query_opt(select, &[&self.ledger.uuid(), &name]).await?;
        row.map(|row| Ok(ActorId::new(row.try_get(0)?))).transpose()
    }

    /// Whether the connection is gone; a vault opened anew has another.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The names behind some actor ids; an erased one is left out.
    ///
    /// # Errors
    /// The database.
    pub async fn names(&self, actors: &[ActorId]) -> Result<HashMap<ActorId, String>, VaultError> {
        let actors: Vec<Uuid> = actors.iter().map(|actor| actor.uuid()).collect();
        let select = "select actor_id, name from vault.actor
            where ledger_id = $1 and actor_id = any($2)";
        let rows = self.client.query(select, &[&self.ledger.uuid(), &actors]).await?;
        let mut names = HashMap::with_capacity(rows.len());
        for row in rows {
            names.insert(ActorId::new(row.try_get(0)?), row.try_get(1)?);
        }
        Ok(names)
    }

    /// A digest of words that only the vault can make.
    #[must_use]
    pub fn digest(&self, text: &Prose) -> Digest {
        let mac = <Hmac<Sha256> as KeyInit>::new(&self.digesting.into());
        Digest::new(mac.chain_update(text.as_str()).finalize().into_bytes().into())
    }

    fn open_one(&self, text: &SealedText, nonce: &[u8], wrapped: &[u8]) -> Option<String> {
        let key = decrypt(&self.wrapping, text.key_id, nonce, wrapped)?;
        let key: [u8; 32] = key.try_into().ok()?;
        if commitment(&key, text.key_id) != text.commitment {
            return None;
        }
        let nonce = BASE64_STANDARD.decode(&text.nonce).ok()?;
        let ciphertext = BASE64_STANDARD.decode(&text.ciphertext).ok()?;
        String::from_utf8(decrypt(&key, text.key_id, &nonce, &ciphertext)?).ok()
    }
}

fn encrypt(
    key: &[u8; 32],
    key_id: TextKeyId,
    plain: &[u8],
) -> Result<([u8; 12], Vec<u8>), VaultError> {
    let nonce: [u8; 12] = ids::random()?;
    let key_name = key_id.uuid();
    let payload = Payload { msg: plain, aad: key_name.as_bytes() };
    let sealed = Aes256GcmSiv::new_from_slice(key)
        .ok()
        .and_then(|cipher| cipher.encrypt(&Nonce::from(nonce), payload).ok());
    sealed.map(|text| (nonce, text)).ok_or(VaultError::Broken(key_id))
}

fn decrypt(key: &[u8; 32], key_id: TextKeyId, nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; 12] = nonce.try_into().ok()?;
    let key_name = key_id.uuid();
    let payload = Payload { msg: sealed, aad: key_name.as_bytes() };
    Aes256GcmSiv::new_from_slice(key).ok()?.decrypt(&Nonce::from(nonce), payload).ok()
}

/// AES-GCM-SIV alone lets one text open to two meanings under two keys; this binds it to one.
fn commitment(key: &[u8; 32], key_id: TextKeyId) -> Digest {
    let digest = Sha256::new()
        .chain_update(b"piperoll sealed text v1")
        .chain_update(key_id.uuid().as_bytes())
        .chain_update(key)
        .finalize();
    Digest::new(digest.into())
}
