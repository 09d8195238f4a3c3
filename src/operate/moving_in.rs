//! A body moves in: its plan read and checked, its ledger founded, its prologue recorded.
//!
//! **Invariant:** until everything is checked nothing outside is touched. From then on the same
//! call, made again after any end, goes on where it stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use piperoll_events::ids::{LedgerId, LedgerName};
use piperoll_events::ledger::KeyAdded;
use piperoll_events::ledger::key_added::KeyAlgorithm;
use piperoll_events::text::NotText;

use super::guarding::under_guard;
use super::projecting::{self, ProjectError};
use super::site::{Site, SiteError};
use crate::clock;
use crate::config::Config;
use crate::identity::vault::VaultError;
use crate::ids::{self, NoRandomness};
use crate::ledger::{
    AskError, BootstrapError, ConnectError, Connection, FollowError, Founding, Identity, KeyError,
    Replicas, Role, Stream, Until, WriterKey, bootstrap, throw_away,
};
use crate::moving::open::{OpenError, Source, open};
use crate::moving::plan::{Loaded, PlanError, load};
use crate::moving::prologue::{Prologue, PrologueError, Summary, prepare};
use crate::moving::reading::Finding;
use crate::moving::record::{Past, RecordError, Recorded, Told, record};
use crate::publish::{self, MakeError};

/// A plan whose files are read and sound.
#[derive(Debug)]
pub struct MoveIn {
    plan: Loaded,
    sources: Vec<Source>,
}

/// What to do with a ledger that stands half moved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Go on where it stopped.
    GoOn,
    /// Throw it away: a new ledger id, a new stream.
    BeginAgain,
}

/// Why a body can't move in.
#[derive(Debug, thiserror::Error)]
pub enum MoveInError {
    /// The plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its files.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What they amount to.
    #[error(transparent)]
    Prologue(#[from] PrologueError),
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The stream.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// The stream of updates.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// What stands already.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// Recording.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The read models.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A ledger that is open can't begin again.
    #[error("`{0}` has been opened: what it holds was witnessed and can't be thrown away")]
    Opened(LedgerName),
    /// A key that can't be announced.
    #[error("the writer's key has no name that an event can bear")]
    KeyName(#[from] NotText),
}

macro_rules! through_site {
    ($($error:ty),*) => {$(
        impl From<$error> for MoveInError {
            fn from(error: $error) -> Self {
                Self::Site(error.into())
            }
        }
    )*};
}

through_site!(ConnectError, AskError, KeyError, VaultError, crate::config::Missing);

impl From<NoRandomness> for MoveInError {
    fn from(error: NoRandomness) -> Self {
        Self::Site(VaultError::from(error).into())
    }
}

impl MoveIn {
    /// Reads the plan, its mappings and its files, and checks every row.
    ///
    /// # Errors
    /// All that is wrong with the files, or with the plan.
    pub fn read(plan: &Path, base: Option<&Path>) -> Result<Self, MoveInError> {
        let plan = load(plan, base)?;
        let sources = open(&plan)?;
        Ok(Self { plan, sources })
    }

    /// The same, under another name.
    #[must_use]
    pub fn under(mut self, name: LedgerName) -> Self {
        self.plan.plan.ledger.name = name;
        self
    }

    /// The ledger's name.
    #[must_use]
    pub const fn ledger(&self) -> &LedgerName {
        &self.plan.plan.ledger.name
    }

    /// What looks odd, by file.
    pub fn warnings(&self) -> impl Iterator<Item = (PathBuf, &[Finding], u64)> {
        self.sources.iter().filter(|source| !source.reading.warnings.is_empty()).map(|source| {
            let reading = &source.reading;
            let name = PathBuf::from(reading.file_name.as_str());
            (name, reading.warnings.as_slice(), reading.more_warnings)
        })
    }

    /// What would be recorded. Nothing outside is touched.
    ///
    /// # Errors
    /// Something that a rule refuses.
    pub fn rehearse(&self) -> Result<Summary, MoveInError> {
        let ledger = LedgerId::derived(&["rehearsal"]);
        Ok(prepare(&self.plan, &self.sources, ledger, Vec::new())?.summary)
    }

    /// Records what is not recorded yet, and moves the read models on.
    ///
    /// # Errors
    /// The servers, or something that a rule refuses; call again to go on.
    pub async fn run(
        &self,
        config: &Config,
        half: Half,
        actor: &str,
        told: Told<'_>,
    ) -> Result<(Recorded, Summary), MoveInError> {
        let site = Site::new(config, self.ledger());
        let key = WriterKey::open(config.state()?)?;
        let owner = Connection::open(Role::Owner, config.nats_owner_url()?).await?;
        if half == Half::BeginAgain {
            // What a rule refuses is refused while the half-moved ledger still stands.
            self.rehearse()?;
            self.throw_away(&site, &owner).await?;
        }
        let announced = KeyAdded {
            key_id: key.key_id().parse()?,
            algorithm: KeyAlgorithm::Ed25519,
            public_key: key.public_key(),
        };
        let (identity, prologue) = self.found(&owner, announced).await?;
        let (ledger, guard) = site.writer().await?;
        let ledger = Arc::new(ledger);
        let source = site.source().await?;
        let mut following = source.follow(piperoll_events::Position::START, Until::Head);
        let past = Past::read(&mut following, async |placed| ledger.preload(placed)).await?;
        ledger.preloaded(past.head());
        let vault = site.vault(identity).await?;
        let actor = vault.actor(actor).await?;
        let seal = async |texts: &[_]| vault.seal(texts).await;
        let recording = record(&ledger, &prologue, &past, actor, seal, told);
        let recorded = under_guard(&site, &guard, recording).await?;
        // Every entity of the ledger is held in there; the read models need none of them.
        drop(ledger);
        projecting::catch_up(&site).await?;
        Ok((recorded, prologue.summary))
    }

    /// The ledger's stream, there already or made, and all that is to be recorded in it. What a
    /// rule refuses is refused before there is a stream to clean up.
    async fn found(
        &self,
        owner: &Connection,
        key: KeyAdded,
    ) -> Result<(Identity, Prologue<'_>), MoveInError> {
        let stream = Stream::new(owner.clone(), self.ledger().clone());
        let there = match stream.identity().await {
            Ok(there) => there.map(|identity| identity.ledger_id),
            Err(error) if error.is_missing_stream() => None,
            Err(error) => return Err(error.into()),
        };
        let ledger_id = there.map_or_else(ids::ledger_id, Ok)?;
        let prologue = self.prepare(ledger_id, key.clone())?;
        let replicas = Replicas::most(owner);
        let founding = Founding { ledger_id, genesis: clock::now(), replicas };
        let identity = bootstrap(owner, self.ledger(), founding).await?;
        publish::make(owner, self.ledger(), identity, replicas).await?;
        if identity.ledger_id == ledger_id {
            return Ok((identity, prologue));
        }
        // Somebody else was quicker: theirs is the ledger.
        Ok((identity, self.prepare(identity.ledger_id, key)?))
    }

    fn prepare(&self, ledger: LedgerId, key: KeyAdded) -> Result<Prologue<'_>, MoveInError> {
        Ok(prepare(&self.plan, &self.sources, ledger, vec![key])?)
    }

    /// Throws a half-moved ledger away with its rows. One that was opened stays.
    async fn throw_away(&self, site: &Site, owner: &Connection) -> Result<(), MoveInError> {
        match site.source().await {
            Ok(source) => {
                let mut following = source.follow(piperoll_events::Position::START, Until::Head);
                let past = Past::read(&mut following, async |_| ()).await?;
                if past.opened().is_some() {
                    return Err(MoveInError::Opened(site.name.clone()));
                }
            }
            Err(SiteError::Ask(error)) if error.is_missing_stream() => {}
            Err(error) => return Err(error.into()),
        }
        projecting::forget(site).await?;
        // Nothing is published of a ledger that never opened, so no subscriber has seen it.
        publish::throw_away(owner, &site.name).await?;
        throw_away(owner, &site.name).await?;
        Ok(())
    }
}
