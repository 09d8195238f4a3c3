//! The bench: this machine measured, on a ledger moved in from an invented file.
//!
//! One file of changes is made (W6), moved in through mapping, checks, rules, signatures and
//! JetStream; the read model is rebuilt from that stream (W2) and asked at random moments (W4).
//! Nothing is mocked; the ledger is thrown away at the end.
//!
//! [`invented`]: the file, its mapping and its plan; [`rebuilding`]: W2; [`asking`]: W4;
//! [`planted`]: W4 of any size, without the way through the file; [`machine`]: ceilings and memory;
//! [`table`]: the figures, the goals, met or missed.

pub mod asking;
pub mod invented;
pub mod machine;
pub mod planted;
pub mod rebuilding;
pub mod table;

use std::path::Path;
use std::time::Instant;

use piperoll_projections::Schema;
use piperoll_projections::runtime::{RuntimeError, pool};
use piperoll_projections::scorecard::{Reader, Scorecard};
use serde::Serialize;

use self::invented::{Invented, Size};
use self::table::{Figure, Goal, Spread};
use super::moving_in::{Half, MoveIn, MoveInError};
use super::projecting::{self, ProjectError};
use super::site::{Site, SiteError};
use crate::asking::answer::AskingError;
use crate::config::Config;
use crate::ledger::{ConnectError, Connection, Role, throw_away};
use crate::moving::record::{Progress, Receipt, Told};

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How large the ledger was.
    pub size: Size,
    /// The figures.
    pub figures: Vec<Figure>,
}

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
    /// NATS.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Reading the stream.
    #[error(transparent)]
    Follow(#[from] crate::ledger::FollowError),
}

/// Measures everything once the file is made; `say` hears what is being done.
///
/// # Errors
/// The servers; the invented ledger is thrown away all the same.
pub async fn run(
    config: &Config,
    folder: &Path,
    size: Size,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Report, BenchError> {
    let invented = Invented::write(folder, size)?;
    let site = Site::new(config, &invented.name);
    let measured = measure(&site, &invented, runs, say).await;
    projecting::forget(&site).await?;
    let url = config.nats_owner_url().map_err(SiteError::from)?;
    throw_away(&Connection::open(Role::Owner, url).await?, &invented.name)
        .await
        .map_err(SiteError::from)?;
    Ok(Report { size, figures: measured? })
}

async fn measure(
    site: &Site,
    invented: &Invented,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    say("W6: checking and recording the invented file");
    let mut figures = import(site, invented).await?;
    say("W2: rebuilding the read model");
    figures.extend(rebuilding::measure(site, runs).await?);
    say("W4: asking at random moments");
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let reader = Reader::new(pool(url, 1)?, Schema::live(&site.name, &Scorecard));
    figures.extend(asking::measure(&reader, invented, invented.size, runs).await?);
    say("the machine's own ceilings");
    let state = site.config.state().map_err(SiteError::from)?;
    figures.push(machine::fsyncs(state, runs)?);
    Ok(figures)
}

/// W6: one run, because a ledger moves in once.
async fn import(site: &Site, invented: &Invented) -> Result<Vec<Figure>, BenchError> {
    let began = Instant::now();
    let moving = MoveIn::read(&invented.plan, None)?;
    let checked = began.elapsed();
    let mut recorded_at = None;
    let mut progress = |_: Progress<'_>| recorded_at = Some(Instant::now());
    let mut receipt = |_: Receipt| ();
    let told = Told { progress: &mut progress, receipt: &mut receipt };
    let (_, summary) = moving.run(&site.config, Half::GoOn, "bench", told).await?;
    let whole = recorded_at.map_or(began.elapsed(), |at| at.duration_since(began));
    let rows: u64 = summary.files.iter().map(|file| file.rows.read).sum();
    let per_second = |seconds: f64| table::count(rows) / seconds.max(1e-9);
    Ok(vec![
        Figure {
            of: "W6 rows checked".to_owned(),
            unit: "rows/s",
            spread: Spread::of(vec![per_second(checked.as_secs_f64())]),
            goal: None,
        },
        Figure {
            of: format!("W6 rows validated and recorded ({rows} rows)"),
            unit: "rows/s",
            spread: Spread::of(vec![per_second(whole.as_secs_f64())]),
            goal: Some(Goal::AtLeast(20_000.0)),
        },
        Figure {
            of: "W6 memory, at most".to_owned(),
            unit: "MB",
            spread: Spread::of(vec![machine::most_memory_mb()]),
            goal: Some(Goal::AtMost(200.0)),
        },
    ])
}
