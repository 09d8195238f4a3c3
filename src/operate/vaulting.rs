//! The vault of a ledger backed up, put back, and held against the ledger.
//!
//! **Invariant:** a vault is put back before its ledger is used again, and never over a vault in use.
//! Which keys are missing is told by position: whether they were erased or lost, only people know.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use piperoll_events::Position;
use piperoll_events::ids::TextKeyId;
use piperoll_projections::Outcome;
use piperoll_projections::runtime::connect;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::site::{Site, SiteError};
use crate::clock;
use crate::identity::backup::{Kept, VaultBackupError, key_is_there};
use crate::identity::vault::{Vault, VaultError};
use crate::ledger::{FollowError, Until};

/// How long a copy of keys may outlive an erasure.
const OLDEST: TimeDelta = TimeDelta::days(30);

/// Why a vault is not backed up, put back or looked through.
#[derive(Debug, thiserror::Error)]
pub enum VaultingError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The file or the vault.
    #[error(transparent)]
    Backup(#[from] VaultBackupError),
    /// The ledger.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// An event that can't be written again; this is a fault of ours.
    #[error("an event can't be taken apart; this is a fault of ours")]
    Apart(#[from] serde_json::Error),
    /// Older than copies of keys may get.
    #[error(
        "this backup was made {0}, more than 30 days ago, and copies of keys may not get so old: what was erased since would be readable again. Name those keys with --erased and add --older"
    )]
    TooOld(DateTime<Utc>),
}

macro_rules! through {
    ($($error:ty => $to:ident),*) => {$(
        impl From<$error> for VaultingError {
            fn from(error: $error) -> Self {
                Self::$to(error.into())
            }
        }
    )*};
}

through!(VaultError => Site, crate::config::Missing => Site, std::io::Error => Backup);

/// How old a backup may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// As copies of keys may get.
    Young,
    /// Any.
    Any,
}

/// A sealed text whose key is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// The event that holds it.
    pub position: Position,
    /// Its key.
    pub key_id: TextKeyId,
}

/// The sealed texts of a ledger, held against its vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// How many sealed texts the ledger holds.
    pub texts: u64,
    /// Those whose key is gone.
    pub closed: Vec<Closed>,
}

/// Writes a vault's backup to a file that must not exist; how many rows.
///
/// # Errors
/// The servers or the disk.
pub async fn back_up(site: &Site, to: &Path) -> Result<u64, VaultingError> {
    key_is_there(site.config.state()?)?;
    let mut vault = site.vault(site.source().await?.identity).await?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(to)?;
    let mut out = BufWriter::new(file);
    let rows = vault.back_up(clock::now(), &mut out).await;
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            // What is not whole must not be taken for a backup.
            std::fs::remove_file(to)?;
            return Err(error.into());
        }
    };
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(rows)
}

/// Puts a vault back, without the keys and actors named as erased; how many rows.
///
/// # Errors
/// The file, its age, or a vault that holds something of that ledger.
pub async fn put_back(
    site: &Site,
    from: &Path,
    erased: &[Uuid],
    age: Age,
) -> Result<u64, VaultingError> {
    let state = site.config.state()?;
    key_is_there(state)?;
    let mut input = BufReader::new(File::open(from)?);
    let (kept, first) = Kept::read(&mut input)?;
    if age == Age::Young && clock::now().signed_duration_since(kept.made_at) > OLDEST {
        return Err(VaultingError::TooOld(kept.made_at));
    }
    let url = site.config.postgres_url()?;
    let link = connect(url).await.map_err(SiteError::Postgres)?;
    let mut vault = Vault::open(link, state, kept.ledger_id).await?;
    Ok(vault.put_back(&first, &mut input, erased).await?)
}

/// Looks which sealed texts of a ledger have no key in its vault.
///
/// # Errors
/// The servers.
pub async fn look(site: &Site) -> Result<Looked, VaultingError> {
    let source = site.source().await?;
    let vault = site.vault(source.identity).await?;
    let mut following = source.follow(Position::START, Until::Head);
    let mut looked = Looked::default();
    while let Some(batch) = following.next().await {
        let mut sealed: HashMap<TextKeyId, Position> = HashMap::new();
        for placed in batch? {
            if let Outcome::Event(event) = placed.outcome {
                let mut keys = HashSet::new();
                keys_of(&serde_json::to_value(&event.fact)?, &mut keys);
                looked.texts = looked.texts.saturating_add(count(&keys));
                sealed.extend(keys.into_iter().map(|key| (key, placed.position)));
            }
        }
        let keys: Vec<TextKeyId> = sealed.keys().copied().collect();
        let missing = vault.without_key(&keys).await?;
        let closed = sealed.into_iter().filter(|(key, _)| missing.contains(key));
        let mut closed: Vec<_> =
            closed.map(|(key_id, position)| Closed { position, key_id }).collect();
        closed.sort_by_key(|it| (it.position, it.key_id.uuid()));
        looked.closed.append(&mut closed);
    }
    Ok(looked)
}

fn count(keys: &HashSet<TextKeyId>) -> u64 {
    u64::try_from(keys.len()).unwrap_or(u64::MAX)
}

/// The keys of the sealed texts in a fact, wherever they stand in it.
fn keys_of(value: &Value, keys: &mut HashSet<TextKeyId>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| keys_of(one, keys)),
        Value::Object(fields) => {
            if fields.contains_key("ciphertext")
                && let Some(key) = fields.get("key_id").and_then(Value::as_str)
                && let Ok(key) = key.parse()
            {
                keys.insert(key);
            }
            fields.values().for_each(|one| keys_of(one, keys));
        }
        _ => {}
    }
}
