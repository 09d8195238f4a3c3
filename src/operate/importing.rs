//! A file applied to a ledger in use, or undone.
//!
//! **Invariant:** the file is read, compared and checked against everything that stands before the
//! first event; a call that was stopped goes on when it is made again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec::IntoIter;

use chrono::{DateTime, Utc};
use piperoll_events::ids::{CommandId, ImportId};
use piperoll_events::reason::Reason;
use piperoll_events::text::{Label, Prose, SealedText};

use super::guarding::under_guard;
use super::projecting::{self, ProjectError};
use super::site::{Site, SiteError};
use crate::identity::vault::{Opened, Vault, VaultError};
use crate::ledger::{Guard, Ledger, Until};
use crate::moving::compare::Codes;
use crate::moving::import::{ImportError, Standing, prepare};
use crate::moving::mapping::{Constants, Mapping, MappingError};
use crate::moving::open::Source as Opening;
use crate::moving::plan::{Definitions, FilePart, Instant};
use crate::moving::prologue::Summary;
use crate::moving::read::{ReadError, read_file};
use crate::moving::record::{Author, RecordError, Recorded, Told, drive};
use crate::moving::reverse::{ReverseError, Undoing};
use crate::moving::sequence::{Batches, Planned};

/// A file to be applied.
#[derive(Debug)]
pub struct Import {
    source: Opening,
}

/// What to do with what was worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsal {
    /// Show it only.
    Only,
    /// Record it.
    No,
}

/// Why a file was not applied or undone.
#[derive(Debug, thiserror::Error)]
pub enum ImportingError {
    /// The mapping can't be read.
    #[error("`{0}` can't be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The mapping.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What stands.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// What was built on it.
    #[error(transparent)]
    Reverse(#[from] ReverseError),
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Recording.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The read models.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

impl Import {
    /// Reads the file with its mapping and checks every row.
    ///
    /// # Errors
    /// All that is wrong with the file, or the mapping.
    pub fn read(
        file: &Path,
        mapping: &Path,
        values: BTreeMap<String, String>,
        known_at: Option<DateTime<Utc>>,
        reason: Option<Reason>,
    ) -> Result<Self, ImportingError> {
        let bytes = std::fs::read(mapping)
            .map_err(|error| ImportingError::Unreadable(mapping.to_owned(), error))?;
        let read_with = Mapping::parse(&mapping.to_string_lossy(), &bytes)?;
        let constants = Constants { values: values.clone(), known_at };
        let reading = read_file(file, &read_with, &constants)?;
        let part = FilePart {
            path: file.to_owned(),
            mapping: mapping.to_owned(),
            constants: values,
            known_at: known_at.map(Instant),
            codes: Codes::default(),
            definitions: Definitions::default(),
            reason,
        };
        Ok(Self { source: Opening { reading, mapping: read_with, part } })
    }

    /// What was read.
    #[must_use]
    pub const fn reading(&self) -> &crate::moving::reading::Reading {
        &self.source.reading
    }

    /// Compares the file with what the ledger holds and records what differs.
    ///
    /// # Errors
    /// The ledger is not open, a rule says no, or the servers.
    pub async fn run(
        &self,
        site: &Site,
        actor: &str,
        rehearsal: Rehearsal,
        told: Told<'_>,
    ) -> Result<(Summary, ImportId, Option<Recorded>), ImportingError> {
        let room = Room::enter(site).await?;
        let standing = room.standing(|_, _| ()).await?;
        let application = prepare(&standing, &self.source)?;
        let (summary, import) = (application.summary, application.import);
        if rehearsal == Rehearsal::Only {
            return Ok((summary, import, None));
        }
        let files = [self.source.reading.file_name.clone()];
        let batches = Batches::of(application.batches);
        let work = Work { batches, correlation: application.correlation };
        let recorded = room.record(&standing, work, &files, actor, told).await?;
        projecting::catch_up(site).await?;
        Ok((summary, import, Some(recorded)))
    }
}

/// Undoes what the application of a file recorded.
///
/// # Errors
/// Somebody has built on it since, or the servers.
pub async fn reverse(
    site: &Site,
    import: ImportId,
    text: Option<Prose>,
    actor: &str,
    told: Told<'_>,
) -> Result<Recorded, ImportingError> {
    let room = Room::enter(site).await?;
    let mut undoing = Undoing::new(import);
    let standing = room.standing(|standing, placed| undoing.see(standing, placed)).await?;
    let batches = Batches::of(undoing.prepare(&standing, text)?);
    let work = Work { batches, correlation: undoing.correlation() };
    let recorded = room.record(&standing, work, &[], actor, told).await?;
    projecting::catch_up(site).await?;
    Ok(recorded)
}

struct Room<'a> {
    site: &'a Site,
    ledger: Arc<Ledger>,
    guard: Guard,
    vault: Vault,
}

struct Work {
    batches: Batches<IntoIter<Vec<Planned>>>,
    correlation: CommandId,
}

impl<'a> Room<'a> {
    async fn enter(site: &'a Site) -> Result<Self, ImportingError> {
        let (ledger, guard) = site.writer().await?;
        let vault = site.vault(ledger.identity()).await?;
        Ok(Self { site, ledger: Arc::new(ledger), guard, vault })
    }

    /// Everything that stands; `each` sees it event by event.
    async fn standing(
        &self,
        mut each: impl FnMut(&Standing, &piperoll_projections::Placed),
    ) -> Result<Standing, ImportingError> {
        let source = self.site.source().await?;
        let mut following = source.follow(piperoll_events::Position::START, Until::Head);
        let open = async |texts: &[SealedText]| open(&self.vault, texts).await;
        let ledger = &self.ledger;
        let see =
            |standing: &Standing, placed: &piperoll_projections::Placed, _: Option<&Prose>| {
                each(standing, placed);
                ledger.preload(std::slice::from_ref(placed));
            };
        let standing = Standing::read(source.identity.ledger_id, &mut following, open, see).await?;
        self.ledger.preloaded(standing.past.head());
        Ok(standing)
    }

    async fn record(
        &self,
        standing: &Standing,
        work: Work,
        files: &[Label],
        actor: &str,
        told: Told<'_>,
    ) -> Result<Recorded, ImportingError> {
        let actor = self.vault.actor(actor).await?;
        let author = Author { actor, correlation: work.correlation, files };
        let seal = async |texts: &[Prose]| self.vault.seal(texts).await;
        let recording = drive(&self.ledger, work.batches, &standing.past, author, seal, told);
        Ok(under_guard(self.site, &self.guard, recording).await?)
    }
}

async fn open(vault: &Vault, texts: &[SealedText]) -> Result<Vec<Option<Prose>>, VaultError> {
    let opened = vault.unseal(texts).await?;
    Ok(opened
        .into_iter()
        .map(|opened| match opened {
            Opened::Words(words) => words.parse().ok(),
            Opened::Erased => None,
        })
        .collect())
}
