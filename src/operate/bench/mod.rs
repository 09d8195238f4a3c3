//! The bench: this machine measured, on a ledger moved in from an invented file.
//!
//! A file of changes is made and moved in through mapping, checks, rules, signatures and JetStream
//! (W6); the read models are rebuilt from that stream (W2). As-at is asked of a larger ledger, whose
//! events go straight into the real projection (W4). Nothing is mocked; the ledgers are thrown away
//! at the end.
//!
//! `commands`, and the same `over_http`: W1; `freshness`: W3; `invented`: the file, its mapping and its plan; `importing`: W6; `rebuilding`: W2;
//! `planted`: a ledger of any size, what is `changing` in it at its end, and `asking` and
//! `questioning`: W4; `machine`: ceilings and memory;
//! `table`: the figures, the goals, met or missed.

mod asking;
mod changing;
mod commands;
mod freshness;
mod importing;
pub mod invented;
mod machine;
mod over_http;
mod planted;
mod questioning;
mod rebuilding;
pub mod table;

use std::path::{Path, PathBuf};

use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::RuntimeError;

use self::importing::Goals;
use self::invented::{Invented, Size};
use self::table::{Figure, Goal, Spread};
use super::issuing::IssueError;
use super::moving_in::{MoveIn, MoveInError};
use super::projecting::{self, ProjectError};
use super::site::{Site, SiteError};
use crate::asking::answer::AskingError;
use crate::config::Config;
use crate::ledger::{ConnectError, Connection, Role, Terms};

/// Why the bench stopped.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The file system.
    #[error("the bench's own files can't be written")]
    Io(#[from] std::io::Error),
    /// Moving in.
    #[error(transparent)]
    MoveIn(#[from] MoveInError),
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The read models.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Questions.
    #[error(transparent)]
    Asking(#[from] AskingError),
    /// The rows asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// Postgres.
    #[error("postgres does not answer")]
    Postgres(#[from] tokio_postgres::Error),
    /// A command.
    #[error(transparent)]
    Execute(#[from] crate::ledger::ExecuteError),
    /// Commands in one batch.
    #[error(transparent)]
    Batch(#[from] crate::ledger::BatchError),
    /// The stream.
    #[error(transparent)]
    Bootstrap(#[from] crate::ledger::BootstrapError),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] crate::ids::NoRandomness),
    /// NATS.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A token for the service.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The service.
    #[error(transparent)]
    Serve(#[from] crate::api::ServeError),
    /// Its answers.
    #[error("the service did not answer as it should")]
    Http(#[from] ureq::Error),
    /// Reading the stream.
    #[error(transparent)]
    Follow(#[from] crate::ledger::FollowError),
}

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Rows of the invented file (W6), whose ledger is rebuilt from (W2).
    pub rows: u32,
    /// Versions of figures that as-at (W4) is asked of.
    pub versions: u32,
    /// Plans of one's own, moved in as well (W6).
    pub plans: Vec<PathBuf>,
    /// Where their files are looked for.
    pub base: Option<PathBuf>,
    /// Which workloads.
    pub workloads: Vec<Workload>,
    /// How often each is measured.
    pub runs: usize,
    /// From when on commands are coalesced (W1).
    pub terms: Terms,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Workload {
    /// W1: targets changed by many clients at once, through the library and over HTTP.
    Commands,
    /// W3: how long after its answer a change is seen.
    Freshness,
    /// W6 and W2: moving in from an invented file, and rebuilding from its ledger.
    Import,
    /// W4: figures, series and scorecards as at random moments.
    AsAt,
    /// W4: every question, of a ledger of 5,000 measures.
    Questions,
}

impl Workload {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Commands, Self::Freshness, Self::Import, Self::AsAt, Self::Questions];
}

/// The size that every other is compared with.
const SMALL: u32 = 100_000;
/// The size at which as-at may have grown by half, and no more.
const LARGE: u32 = 10_000_000;

/// Measures what is wanted, each at two sizes; `folder` is for the bench's own files, and `say`
/// hears what is being done.
///
/// # Errors
/// The servers; the invented ledgers are thrown away all the same.
pub async fn run(
    config: &Config,
    folder: &Path,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let runs = wanted.runs;
    let mut figures = Vec::new();
    for workload in &wanted.workloads {
        figures.extend(match workload {
            Workload::Commands => commands::measure(config, wanted, say).await?,
            Workload::Freshness => freshness::measure(config, wanted, say).await?,
            Workload::Import => through_files(config, folder, wanted, say).await?,
            Workload::AsAt => as_at(config, wanted, say).await?,
            Workload::Questions => questioning::measure(config, runs, say).await?,
        });
    }
    say("the machine's own ceilings");
    figures.push(machine::fsyncs(folder, runs)?);
    Ok(figures)
}

async fn through_files(
    config: &Config,
    folder: &Path,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let runs = wanted.runs;
    let mut figures = Vec::new();
    for rows in sizes(wanted.rows) {
        let size = Size::of(rows);
        let name = format!("bench{}", size.rows()).parse().map_err(|_| named())?;
        let invented = Invented::write(folder, name, size)?;
        let site = Site::new(config, &invented.name);
        let measured = through_a_file(&site, &invented, runs, say).await;
        throw_away(&site).await?;
        figures.extend(measured?);
    }
    for (n, plan) in wanted.plans.iter().enumerate() {
        say(&format!("W6: {}", plan.display()));
        let name: LedgerName = format!("benchplan{n}").parse().map_err(|_| named())?;
        let site = Site::new(config, &name);
        let read = || Ok(MoveIn::read(plan, wanted.base.as_deref())?.under(name.clone()));
        let measured = importing::measure(&site, read, runs, Goals::NotAsked).await;
        throw_away(&site).await?;
        figures.extend(measured?);
    }
    Ok(figures)
}

async fn as_at(
    config: &Config,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let (mut figures, mut boards) = (Vec::new(), Vec::new());
    for versions in sizes(wanted.versions) {
        let asked = planted::measure(config, Size::of(versions), wanted.runs, say).await?;
        boards.push(asked.board_ms);
        figures.extend(asked.figures);
    }
    if let [small, large] = boards.as_slice() {
        figures.push(Figure {
            of: format!("W4 a scorecard, p50, {} versions against {SMALL}", wanted.versions),
            unit: "times",
            spread: Spread::of(vec![large / small]),
            goal: (wanted.versions >= LARGE).then_some(Goal::AtMost(1.5)),
        });
    }
    Ok(figures)
}

/// A small size and the one wanted, once each.
fn sizes(wanted: u32) -> Vec<u32> {
    if wanted > SMALL { vec![SMALL, wanted] } else { vec![wanted] }
}

async fn through_a_file(
    site: &Site,
    invented: &Invented,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let rows = invented.size.rows();
    say(&format!("W6: checking and recording an invented file of {rows} rows"));
    let read = || Ok(MoveIn::read(&invented.plan, None)?);
    let mut figures = importing::measure(site, read, runs, Goals::Asked).await?;
    say("W2: rebuilding the read models of its ledger");
    figures.extend(rebuilding::measure(site, runs).await?);
    Ok(figures)
}

/// Measures on a ledger of the bench's own, of which nothing is there before and nothing afterwards.
async fn on_a_ledger<T>(
    config: &Config,
    name: &str,
    measure: impl AsyncFnOnce(&Site) -> Result<T, BenchError>,
) -> Result<T, BenchError> {
    let name: LedgerName = name.parse().map_err(|_| named())?;
    let site = Site::new(config, &name);
    throw_away(&site).await?;
    let measured = measure(&site).await;
    throw_away(&site).await?;
    measured
}

/// Throws one of the bench's own ledgers away, where there is one.
async fn throw_away(site: &Site) -> Result<(), BenchError> {
    projecting::forget(site).await?;
    let url = site.config.nats_owner_url().map_err(SiteError::from)?;
    let owner = Connection::open(Role::Owner, url).await?;
    // Moving in makes a stream of updates too; the next ledger of this name is another.
    crate::publish::throw_away(&owner, &site.name).await.map_err(SiteError::from)?;
    Ok(crate::ledger::throw_away(&owner, &site.name).await.map_err(SiteError::from)?)
}

fn named() -> std::io::Error {
    std::io::Error::other("the bench's ledger name")
}
