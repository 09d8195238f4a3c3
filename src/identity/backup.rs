//! The vault's own backup: text keys, names and claims of one ledger, encrypted.
//!
//! **Invariant:** the file opens only with the vault's wrapping key, which lies in the state folder and
//! never beside it; it is put back whole, in one transaction, into a vault that holds nothing of that
//! ledger. So an older file can never bring back, in a vault in use, a key that was erased.
//!
//! The first line says whose file it is. Each further line is a part of some thousand rows, encrypted
//! with its number and with whether it is the last; none can be left out, doubled, moved or cut off.

use std::collections::HashSet;
use std::io::{self, BufRead, Write};
use std::path::Path;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use base64::prelude::{BASE64_STANDARD, Engine};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use piperoll_events::ids::{LedgerId, TextKeyId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio_postgres::{IsolationLevel, Transaction};
use uuid::Uuid;

use super::vault::{Vault, VaultError};
use crate::ids;

/// What the first line calls the format.
const FORMAT: &str = "piperoll.vault.v1";
/// How many rows a part has at most.
const ROWS: i32 = 1_000;

/// The kept tables, in the order in which they are restored: how a row is written, how rows are read.
const TABLES: [(&str, &str, &str); 3] = [
    (
        "text_key",
        "select json_build_object('key_id', key_id, 'nonce', encode(nonce, 'hex'),
            'wrapped', encode(wrapped, 'hex'), 'made_at', made_at)::text
         from vault.text_key where ledger_id = $1 order by key_id",
        "insert into vault.text_key (key_id, ledger_id, nonce, wrapped, made_at)
         select key_id, $1, decode(nonce, 'hex'), decode(wrapped, 'hex'), made_at
         from json_to_recordset($2::text::json)
             as r (key_id uuid, nonce text, wrapped text, made_at timestamptz)
         where not key_id = any($3::uuid[])",
    ),
    (
        "actor",
        "select json_build_object('actor_id', actor_id, 'name', name)::text
         from vault.actor where ledger_id = $1 order by actor_id",
        "insert into vault.actor (ledger_id, actor_id, name)
         select $1, actor_id, name from json_to_recordset($2::text::json)
             as r (actor_id uuid, name text)
         where not actor_id = any($3::uuid[])",
    ),
    (
        "claim",
        "select json_build_object('command_id', command_id, 'entity', entity,
            'made_at', made_at)::text
         from vault.claim where ledger_id = $1 order by command_id",
        "insert into vault.claim (ledger_id, command_id, entity, made_at)
         select $1, command_id, entity, made_at from json_to_recordset($2::text::json)
             as r (command_id uuid, entity text, made_at timestamptz)
         where not command_id = any($3::uuid[])",
    ),
];

/// The first line of a vault's backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// `piperoll.vault.v1`.
    pub format: String,
    /// Whose vault.
    pub ledger_id: LedgerId,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Makes the file's key one of its own.
    salt: String,
}

/// Rows of one table, in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    table: String,
    rows: Vec<Box<RawValue>>,
}

/// Why there is no backup, or it is not put back.
#[derive(Debug, thiserror::Error)]
pub enum VaultBackupError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Postgres; nothing of the file stays.
    #[error("the vault's database does not answer; nothing was restored")]
    Postgres(#[from] tokio_postgres::Error),
    /// The file system.
    #[error("the file can't be used")]
    Io(#[from] io::Error),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] ids::NoRandomness),
    /// Its first line is not that of a vault's backup.
    #[error("this is no backup of a vault (`{FORMAT}`): {0}")]
    NoBackup(String),
    /// A part does not open.
    #[error(
        "line {0} does not open: the file was cut or changed, or the vault's key in the state folder is another; restore the state folder that the file was made with"
    )]
    Closed(u64),
    /// The vault's key is not there.
    #[error("`{0}` is missing; restore the state folder first")]
    NoKey(String),
    /// A part that this release can't read.
    #[error("a part of the file can't be read by this release")]
    Part(#[from] serde_json::Error),
    /// Something of this ledger stands there.
    #[error(
        "the vault holds {0} rows of this ledger already: an older copy over it could bring back what was erased. Nothing was restored"
    )]
    Holds(i64),
}

impl Kept {
    /// Reads the first line of a backup.
    ///
    /// # Errors
    /// It is none.
    pub fn read(input: &mut impl BufRead) -> Result<(Self, Vec<u8>), VaultBackupError> {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line)?;
        let kept: Self = serde_json::from_slice(&line)
            .map_err(|error| VaultBackupError::NoBackup(error.to_string()))?;
        if kept.format == FORMAT {
            return Ok((kept, line));
        }
        Err(VaultBackupError::NoBackup(format!("it says `{}`", kept.format)))
    }
}

/// Checks that the vault's key is there, because opening a vault would make another.
///
/// # Errors
/// It is not.
pub fn key_is_there(state: &Path) -> Result<(), VaultBackupError> {
    for name in ["wrapping.key", "digesting.key"] {
        let path = state.join("vault").join(name);
        if !path.exists() {
            return Err(VaultBackupError::NoKey(path.display().to_string()));
        }
    }
    Ok(())
}

impl Vault {
    /// Writes what the vault holds of its ledger, as it is at one moment; how many rows.
    ///
    /// # Errors
    /// Postgres, the disk, no random bits.
    pub async fn back_up(
        &mut self,
        made_at: DateTime<Utc>,
        out: &mut (impl Write + Send),
    ) -> Result<u64, VaultBackupError> {
        let salt = ids::nonce()?;
        let kept = Kept { format: FORMAT.to_owned(), ledger_id: self.ledger, made_at, salt };
        let mut first = serde_json::to_vec(&kept)?;
        first.push(b'\n');
        out.write_all(&first)?;
        let mut cipher = Cipher::new(&self.wrapping, &first);
        let ledger = self.ledger.uuid();
        let snapshot = self.client.build_transaction().read_only(true);
        let transaction = snapshot.isolation_level(IsolationLevel::RepeatableRead).start().await?;
        let mut rows: u64 = 0;
        for (table, select, _) in TABLES {
            let portal = transaction.bind(select, &[&ledger]).await?;
            loop {
                let page = transaction.query_portal(&portal, ROWS).await?;
                if page.is_empty() {
                    break;
                }
                let mut part = Part { table: table.to_owned(), rows: Vec::with_capacity(1_000) };
                for row in page {
                    part.rows.push(RawValue::from_string(row.try_get(0)?)?);
                    rows = rows.saturating_add(1);
                }
                out.write_all(&cipher.seal(&serde_json::to_vec(&part)?, Last::No)?)?;
            }
        }
        transaction.commit().await?;
        out.write_all(&cipher.seal(b"", Last::Yes)?)?;
        Ok(rows)
    }

    /// Puts back what a backup holds, but not the keys and actors named as erased; how many rows.
    ///
    /// # Errors
    /// The file does not open, or the vault holds something of this ledger. Nothing is restored then.
    pub async fn put_back(
        &mut self,
        first: &[u8],
        input: &mut (impl BufRead + Send),
        erased: &[Uuid],
    ) -> Result<u64, VaultBackupError> {
        let mut cipher = Cipher::new(&self.wrapping, first);
        let ledger = self.ledger.uuid();
        let transaction = self.client.transaction().await?;
        let held = held(&transaction, ledger).await?;
        if held > 0 {
            return Err(VaultBackupError::Holds(held));
        }
        let mut rows: u64 = 0;
        loop {
            let mut line = Vec::new();
            input.read_until(b'\n', &mut line)?;
            let Some(part) = cipher.open(&line)? else { break };
            let part: Part = serde_json::from_slice(&part)?;
            let known = TABLES.iter().find(|(table, ..)| *table == part.table);
            let Some((_, _, insert)) = known else {
                return Err(VaultBackupError::NoBackup(format!("a table `{}`", part.table)));
            };
            let given = serde_json::to_string(&part.rows)?;
            let stored = transaction.execute(*insert, &[&ledger, &given, &erased]).await?;
            rows = rows.saturating_add(stored);
        }
        if !input.fill_buf()?.is_empty() {
            return Err(VaultBackupError::Closed(cipher.line()));
        }
        transaction.commit().await?;
        Ok(rows)
    }

    /// Those of some keys that the vault does not hold: erased, or lost.
    ///
    /// # Errors
    /// Postgres.
    pub async fn without_key(&self, keys: &[TextKeyId]) -> Result<HashSet<TextKeyId>, VaultError> {
        let wanted: Vec<Uuid> = keys.iter().map(|key| key.uuid()).collect();
        let select = "select key_id from vault.text_key where ledger_id = $1 and key_id = any($2)";
        let mut missing: HashSet<TextKeyId> = keys.iter().copied().collect();
        for row in self.client.query(select, &[&self.ledger.uuid(), &wanted]).await? {
            missing.remove(&TextKeyId::new(row.try_get(0)?));
        }
        Ok(missing)
    }
}

async fn held(transaction: &Transaction<'_>, ledger: Uuid) -> Result<i64, tokio_postgres::Error> {
    let text = "select (select count(*) from vault.text_key where ledger_id = $1)
        + (select count(*) from vault.actor where ledger_id = $1)
        + (select count(*) from vault.claim where ledger_id = $1)";
    transaction.query_one(text, &[&ledger]).await?.try_get(0)
}

/// Whether a part is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

/// Encrypts and opens the parts of one file, in order.
struct Cipher {
    key: [u8; 32],
    first: [u8; 32],
    number: u64,
}

impl Cipher {
    fn new(wrapping: &[u8; 32], first: &[u8]) -> Self {
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(wrapping) {
            *to = *from;
        }
        let first: [u8; 32] = Sha256::digest(first).into();
        let mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        let mac = mac.chain_update(b"piperoll vault backup v1").chain_update(first);
        Self { key: mac.finalize().into_bytes().into(), first, number: 0 }
    }

    /// The line of a file that `number` says, once this one is written or read.
    const fn line(&self) -> u64 {
        self.number.saturating_add(1)
    }

    fn beside(&self, last: Last) -> Vec<u8> {
        let mut beside = self.first.to_vec();
        beside.extend_from_slice(&self.number.to_be_bytes());
        beside.push(u8::from(last == Last::Yes));
        beside
    }

    fn seal(&mut self, part: &[u8], last: Last) -> Result<Vec<u8>, VaultBackupError> {
        self.number = self.number.saturating_add(1);
        let nonce: [u8; 12] = ids::random()?;
        let payload = Payload { msg: part, aad: &self.beside(last) };
        let sealed = Aes256GcmSiv::new_from_slice(&self.key)
            .ok()
            .and_then(|cipher| cipher.encrypt(&Nonce::from(nonce), payload).ok())
            .ok_or(VaultBackupError::Closed(self.line()))?;
        let mut line = BASE64_STANDARD.encode([&nonce[..], &sealed].concat()).into_bytes();
        line.push(b'\n');
        Ok(line)
    }

    /// A part; none for the last, which is empty.
    fn open(&mut self, line: &[u8]) -> Result<Option<Vec<u8>>, VaultBackupError> {
        self.number = self.number.saturating_add(1);
        let closed = || VaultBackupError::Closed(self.line());
        let line = line.strip_suffix(b"\n").ok_or_else(closed)?;
        let bytes = BASE64_STANDARD.decode(line).map_err(|_| closed())?;
        let (nonce, sealed) = bytes.split_first_chunk::<12>().ok_or_else(closed)?;
        let cipher = Aes256GcmSiv::new_from_slice(&self.key).map_err(|_| closed())?;
        let open = |last| {
            let payload = Payload { msg: sealed, aad: &self.beside(last) };
            cipher.decrypt(&Nonce::from(*nonce), payload).ok()
        };
        match (open(Last::No), open(Last::Yes)) {
            (Some(part), _) => Ok(Some(part)),
            (None, Some(_)) => Ok(None),
            (None, None) => Err(closed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_open_in_their_order_with_their_key_and_not_otherwise() {
        let mut sealing = Cipher::new(&[7; 32], b"first");
        let lines: Vec<Vec<u8>> = [(&b"one"[..], Last::No), (b"two", Last::No), (b"", Last::Yes)]
            .into_iter()
            .map(|(part, last)| sealing.seal(part, last).unwrap())
            .collect();
        let read = |key: [u8; 32], first: &[u8], order: &[usize]| {
            let mut cipher = Cipher::new(&key, first);
            let parts: Result<Vec<_>, _> = order.iter().map(|n| cipher.open(&lines[*n])).collect();
            parts.ok()
        };
        let whole = vec![Some(b"one".to_vec()), Some(b"two".to_vec()), None];
        assert_eq!(read([7; 32], b"first", &[0, 1, 2]), Some(whole));
        assert_eq!(read([8; 32], b"first", &[0]), None);
        assert_eq!(read([7; 32], b"other", &[0]), None);
        for order in [&[1][..], &[0, 0], &[0, 2], &[2]] {
            assert_eq!(read([7; 32], b"first", order), None, "{order:?}");
        }
        let mut changed = lines[0].clone();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        assert!(Cipher::new(&[7; 32], b"first").open(&changed).is_err());
        assert!(Cipher::new(&[7; 32], b"first").open(b"").is_err());
    }
}
