//! Backup: a ledger written to a file, and put back from it.
//!
//! **Invariant:** a file is read to its end and found whole before anything outside is touched; a
//! position of the file is that position of the ledger, and its bytes are those bytes.
//!
//! `file.rs`: the file, line by line, and how one that was cut or changed is found out.

mod file;

use std::path::Path;

use futures::StreamExt;
use piperoll_events::Position;

pub use file::{FileError, Head};
use file::{Reader, Sink, Writer};

use super::site::{Site, SiteError};
use crate::ledger::{
    AskError, ConnectError, Connection, Identity, KeyError, Original, Replicas, RestoreError,
    Restorer, Role, Verifier, Whole, WholeError, configured, wholes,
};

/// Why a ledger is not backed up or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A message that can't be exported.
    #[error(transparent)]
    Whole(#[from] WholeError),
    /// The stream.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Messages that no key known here vouches for; whoever restores decides.
    #[error(
        "{count} messages bear no good code of a writer whose key is in the state folder, the first at position {first}. Restore the state folder first; if they were no part of the record before either (`piperoll doctor`), add --accept-unauthentic {count}"
    )]
    Unauthentic {
        /// How many.
        count: u64,
        /// The first.
        first: Position,
    },
}

macro_rules! through_site {
    ($($error:ty),*) => {$(
        impl From<$error> for BackupError {
            fn from(error: $error) -> Self {
                Self::Site(error.into())
            }
        }
    )*};
}

through_site!(AskError, ConnectError, KeyError, crate::config::Missing);

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// The last position.
    pub head: Position,
    /// SHA-256 over everything before the file's last line, as that line has it.
    pub sha256: String,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// The last position.
    pub head: Position,
    /// How many stood there before, from a restore that did not end.
    pub before: u64,
    /// How many are not authentic.
    pub unauthentic: u64,
}

/// What to do with a restore that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Go on where it stopped.
    GoOn,
    /// Throw it away.
    BeginAgain,
}

/// How to restore.
#[derive(Debug, Clone, Copy)]
pub struct Restoring {
    /// How many servers hold a copy; none: as many as there are.
    pub replicas: Option<Replicas>,
    /// What to do with one that was begun.
    pub half: Half,
    /// How many messages that are not authentic may be in the file.
    pub unauthentic: u64,
}

/// Writes a ledger, as far as it goes when this begins, to a file that must not exist, or to
/// standard output. `progress` hears the position written and the last.
///
/// # Errors
/// The servers, a position that is empty, the disk.
pub async fn export(
    site: &Site,
    to: Option<&Path>,
    mut progress: impl FnMut(Position, Position),
) -> Result<Exported, BackupError> {
    let source = site.source().await?;
    let (identity, head, configuration) =
        configured(&source.stream).await?.ok_or_else(|| SiteError::NoLedger(site.name.clone()))?;
    let Identity { ledger_id, created, genesis } = identity;
    let ledger = site.name.to_string();
    let format = file::FORMAT.to_owned();
    let first = Head { format, ledger, ledger_id, genesis, created, head, configuration };
    let mut writer = Writer::begin(Sink::open(to)?, &first)?;
    let mut messages = std::pin::pin!(wholes(&source.stream, head));
    while let Some(whole) = messages.next().await {
        let whole = whole?;
        writer.write(&whole)?;
        progress(whole.position, head);
    }
    let sha256 = writer.end(head)?;
    Ok(Exported { head, sha256 })
}

/// Puts a ledger back from a file. Made again after any end, the same call goes on where it stopped.
///
/// # Errors
/// The file is not whole or another ledger's, something stands there, or the servers.
pub async fn restore(
    site: &Site,
    from: &Path,
    how: Restoring,
    mut progress: impl FnMut(Position, Position),
) -> Result<Restored, BackupError> {
    let verifier = Verifier::open(site.config.state()?)?;
    let (original, unauthentic) = examine(site, from, &verifier)?;
    if let Some(first) = unauthentic.first
        && unauthentic.count != how.unauthentic
    {
        return Err(BackupError::Unauthentic { count: unauthentic.count, first });
    }
    let owner = Connection::open(Role::Owner, site.config.nats_owner_url()?).await?;
    if how.half == Half::BeginAgain {
        Restorer::throw_away(&owner, &site.name).await?;
    }
    let head = original.head;
    let digest = original.digest.clone();
    let replicas = how.replicas.unwrap_or_else(|| Replicas::most(&owner));
    let mut restorer = Restorer::begin(owner, site.name.clone(), original, replicas).await?;
    let before = restorer.standing().0;
    let mut reader = Reader::open(from, &site.name)?;
    while let Some(whole) = reader.next()? {
        let position = whole.position;
        restorer.take(whole).await?;
        progress(position, head);
    }
    if reader.sha256() != digest {
        return Err(FileError::Exchanged.into());
    }
    restorer.end().await?;
    Ok(Restored { head, before, unauthentic: unauthentic.count })
}

/// Messages that no key known here vouches for.
#[derive(Debug, Default)]
struct Unauthentic {
    count: u64,
    first: Option<Position>,
}

/// Reads a file to its end: what it restores, and how much of it is not authentic.
fn examine(
    site: &Site,
    from: &Path,
    verifier: &Verifier,
) -> Result<(Original, Unauthentic), BackupError> {
    let mut reader = Reader::open(from, &site.name)?;
    let mut found = Unauthentic::default();
    while let Some(whole) = reader.next()? {
        if !authentic(verifier, &whole) {
            found.count = found.count.saturating_add(1);
            found.first = found.first.or(Some(whole.position));
        }
    }
    let digest = reader.sha256();
    let Head { ledger_id, genesis, created, head, .. } = *reader.head();
    Ok((Original { ledger_id, genesis, created, head, digest }, found))
}

fn authentic(verifier: &Verifier, whole: &Whole) -> bool {
    let code = whole.header("Piperoll-Mac").unwrap_or_default();
    verifier.authentic(code, &whole.subject, &whole.body)
}
