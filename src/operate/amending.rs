//! A framework amended from a file, and written back as at any moment.
//!
//! **Invariant:** the file is compared with all that stands and checked by every rule before the first
//! event; a call that was stopped goes on when it is made again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use piperoll_events::{Position, Reason};

use super::guarding::under_guard;
use super::projecting::{self, ProjectError};
use super::site::{Site, SiteError};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;
use crate::identity::vault::VaultError;
use crate::ledger::{FollowError, Ledger, Until};
use crate::moving::framework::amend::{AmendError, Ready, Record, Stated, give_up, prepare};
use crate::moving::framework::compare::Terms;
use crate::moving::framework::file::FrameworkFile;
use crate::moving::framework::read::{AllWrong, read};
use crate::moving::plan::sha256;
use crate::moving::record::{Author, RecordError, Recorded, Told, drive};
use crate::moving::sequence::Batches;

/// Why a framework was not amended or shown.
#[derive(Debug, thiserror::Error)]
pub enum AmendingError {
    /// The file can't be read.
    #[error("`{0}` can't be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// What is wrong with it.
    #[error(transparent)]
    Wrong(#[from] AllWrong),
    /// What stands.
    #[error(transparent)]
    Amend(#[from] AmendError),
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The stream.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Recording.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The read models.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The moment asked for.
    #[error(transparent)]
    Asking(#[from] AskingError),
    /// A position that does not exist yet.
    #[error("position {wanted} was asked for and the last is {head}")]
    NotThere {
        /// The position asked for.
        wanted: Position,
        /// The last.
        head: Position,
    },
    /// Nothing was agreed by then.
    #[error("no framework was agreed at position {0}")]
    NoFramework(Position),
    /// A value that TOML can't hold. It is our fault.
    #[error("what is agreed can't be written")]
    Unwritable(#[from] toml::ser::Error),
}

/// Reads a file and its digest.
///
/// # Errors
/// It can't be read, or all that is wrong with its form.
pub fn state(path: &Path) -> Result<Stated, AmendingError> {
    let bytes =
        std::fs::read(path).map_err(|error| AmendingError::Unreadable(path.to_owned(), error))?;
    Ok(Stated { file: read(&bytes)?, digest: sha256(&bytes) })
}

/// Why and by whose leave: what a caller gives, or else what the file states.
#[must_use]
pub fn terms(
    file: &FrameworkFile,
    given: (Option<Reason>, Option<piperoll_events::Authority>),
) -> Option<Terms> {
    let (reason, authority) = given;
    let authority = authority.or_else(|| file.amendment.authority.clone());
    let reason = reason.or_else(|| file.amendment.reason.clone())?;
    Some(Terms { reason, authority })
}

/// What a file would change, as everything stands.
///
/// # Errors
/// What is wrong with the file, or the servers.
pub async fn plan(
    site: &Site,
    stated: &Stated,
    terms: Option<Terms>,
) -> Result<Ready, AmendingError> {
    let source = site.source().await?;
    let mut following = source.follow(Position::START, Until::Head);
    let record = Record::read(&mut following, None, |_| ()).await?;
    Ok(prepare(&record, source.identity.ledger_id, stated, terms)?)
}

/// Applies a file, or what is left of it. Nothing is recorded where a rule refuses any of it; what was
/// worked out says so.
///
/// # Errors
/// What is wrong with the file, no reason, or the servers.
pub async fn apply(
    site: &Site,
    stated: &Stated,
    terms: Option<Terms>,
    actor: &str,
    told: Told<'_>,
) -> Result<(Ready, Option<Recorded>), AmendingError> {
    let (ledger, guard) = site.writer().await?;
    let ledger = Arc::new(ledger);
    let record = standing(site, &ledger).await?;
    let unsaid = terms.is_none();
    let mut ready = prepare(&record, ledger.identity().ledger_id, stated, terms)?;
    if ready.batches.is_empty() || ready.refused().next().is_some() {
        return Ok((ready, None));
    }
    if unsaid && record.underway().is_none() {
        return Err(AmendError::NoReason.into());
    }
    let batches = std::mem::take(&mut ready.batches);
    let recording = carry_out(site, &ledger, &record, (batches, &ready), actor, told);
    let recorded = under_guard(site, &guard, recording).await?;
    projecting::catch_up(site).await?;
    Ok((ready, Some(recorded)))
}

/// Ends the application of a file where it is. What it had recorded stands.
///
/// # Errors
/// None is underway, or the servers.
pub async fn end_here(
    site: &Site,
    reason: Reason,
    actor: &str,
    told: Told<'_>,
) -> Result<Recorded, AmendingError> {
    let (ledger, guard) = site.writer().await?;
    let ledger = Arc::new(ledger);
    let record = standing(site, &ledger).await?;
    let mut ready = give_up(&record, ledger.identity().ledger_id, reason)?;
    let batches = std::mem::take(&mut ready.batches);
    let recording = carry_out(site, &ledger, &record, (batches, &ready), actor, told);
    let recorded = under_guard(site, &guard, recording).await?;
    projecting::catch_up(site).await?;
    Ok(recorded)
}

/// What was agreed at a moment, as a file, and the position of that.
///
/// # Errors
/// No framework by then, a position that is not there, or the servers.
pub async fn show(site: &Site, when: When) -> Result<(Position, FrameworkFile), AmendingError> {
    let upto = match when {
        When::Now => None,
        When::At(position) => Some(position),
        When::KnownAt(_) => {
            let desk = Desk::open(&site.config, &site.name).await?;
            Some(desk.resolve(when).await?.position)
        }
    };
    let source = site.source().await?;
    let mut following = source.follow(Position::START, Until::Head);
    let record = Record::read(&mut following, upto, |_| ()).await?;
    let head = record.past.head();
    if let Some(wanted) = upto.filter(|wanted| *wanted > head) {
        return Err(AmendingError::NotThere { wanted, head });
    }
    if record.agreed.current().is_none() {
        return Err(AmendingError::NoFramework(head));
    }
    Ok((head, record.agreed.file()))
}

/// Everything that stands; the writer remembers it too.
async fn standing(site: &Site, ledger: &Ledger) -> Result<Record, AmendingError> {
    let source = site.source().await?;
    let mut following = source.follow(Position::START, Until::Head);
    let record = Record::read(&mut following, None, |placed| ledger.preload(placed)).await?;
    ledger.preloaded(record.past.head());
    Ok(record)
}

async fn carry_out(
    site: &Site,
    ledger: &Arc<Ledger>,
    record: &Record,
    (batches, ready): (Vec<Vec<crate::moving::sequence::Planned>>, &Ready),
    actor: &str,
    told: Told<'_>,
) -> Result<Recorded, AmendingError> {
    let vault = site.vault(ledger.identity()).await?;
    let actor = vault.actor(actor).await?;
    let author = Author { actor, correlation: ready.correlation, files: &[] };
    let seal = async |texts: &[piperoll_events::text::Prose]| vault.seal(texts).await;
    Ok(drive(ledger, Batches::of(batches), &record.past, author, seal, told).await?)
}
