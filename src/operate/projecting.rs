//! Read models kept up with their ledger: once, for ever, or made anew.
//!
//! **Invariant:** a projector that stops on a gap, a lost end or an unknown event stays stopped
//! until somebody has looked; everything else it tries again from the cursor, with a pause.

use std::time::Duration;

use futures::Stream;
use piperoll_events::Position;
use piperoll_projections::runtime::rebuild::Plan;
use piperoll_projections::runtime::{
    self, Comparison, Cursor, Fence, Progress, Rebuilt, RuntimeError, Verdict, connect, install,
};
use piperoll_projections::{Placed, Projection, READ_MODELS, Schema};
use tokio::sync::watch;

use super::site::{Site, SiteError, Source};
use crate::ledger::{AskError, FollowError, Following, Until};

/// The longest pause before a projector tries again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why a read model was not moved on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The runtime: each of its sentences says who acts next.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// NATS does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// No read model of that name.
    #[error("there is no read model `{0}`; `piperoll projections list` names them")]
    NoModel(String),
}

/// The read model called `name`.
///
/// # Errors
/// There is none.
pub fn model(name: &str) -> Result<&'static dyn Projection, ProjectError> {
    READ_MODELS
        .iter()
        .copied()
        .find(|model| model.name() == name)
        .ok_or_else(|| ProjectError::NoModel(name.to_owned()))
}

/// Moves every read model of a ledger on to its head, and says where that is. Where another worker
/// is at it, waits for that one.
///
/// # Errors
/// The servers, or what stops a projector.
pub async fn catch_up(site: &Site) -> Result<Position, ProjectError> {
    let source = site.source().await?;
    let head = source.stream.head().await?;
    for model in READ_MODELS {
        match take(site, &source, *model).await {
            Ok(fence) if fence.cursor().position >= head => {}
            Ok(fence) => {
                let batches = batches(source.follow(fence.cursor().position, Until::Head));
                runtime::follow(fence, batches, &watch::channel(Position::START).0).await?;
            }
            Err(ProjectError::Runtime(RuntimeError::Held { .. })) => {
                let pool = runtime::pool(site.config.postgres_url().map_err(SiteError::from)?, 1)?;
                let schema = Schema::live(&site.name, *model);
                runtime::wait_for(&pool, &schema, head, Duration::from_mins(1)).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

/// Keeps one read model up for ever; ends with what somebody has to look at.
///
/// # Errors
/// A gap, a lost end, another stream, an event of a later release.
pub async fn keep_up(site: &Site, model: &'static dyn Projection) -> Result<(), ProjectError> {
    let mut pause = Duration::from_millis(100);
    let (reached, _) = watch::channel(Position::START);
    loop {
        let before = *reached.borrow();
        let Err(error) = keep_up_once(site, model, &reached).await else { return Ok(()) };
        if stays_stopped(&error) {
            return Err(error);
        }
        if *reached.borrow() > before {
            pause = Duration::from_millis(100);
        }
        tracing::warn!(%error, model = model.name(), "trying again");
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

async fn keep_up_once(
    site: &Site,
    model: &'static dyn Projection,
    reached: &watch::Sender<Position>,
) -> Result<(), ProjectError> {
    let source = site.source().await?;
    let fence = take(site, &source, model).await?;
    let batches = batches(source.follow(fence.cursor().position, Until::Dropped));
    runtime::follow(fence, batches, reached).await?;
    Ok(())
}

/// Makes a read model anew beside the rows in use, compares, and swaps.
///
/// # Errors
/// The servers, cancelled, or what stops a projector; the rows in use are as they were.
pub async fn rebuild(
    site: &Site,
    model: &'static dyn Projection,
    cancel: watch::Receiver<bool>,
    progress: impl FnMut(Progress) + Send,
    judge: impl FnOnce(&Comparison) -> Verdict + Send,
) -> Result<Rebuilt, ProjectError> {
    let source = site.source().await?;
    let head = source.stream.head().await?;
    let schema = Schema::live(&site.name, model);
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let plan = Plan { url, schema: &schema, model, origin: source.origin(), head };
    let batches = batches(source.follow(Position::START, Until::Dropped));
    Ok(runtime::rebuild(plan, batches, cancel, progress, judge).await?)
}

/// Where a read model stands; none when it was never made.
///
/// # Errors
/// Postgres.
pub async fn cursor(site: &Site, model: &dyn Projection) -> Result<Option<Cursor>, ProjectError> {
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let link = connect(url).await?;
    match Cursor::read(&*link, &Schema::live(&site.name, model)).await {
        Ok(cursor) => Ok(Some(cursor)),
        Err(RuntimeError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Drops the rows of a ledger that is thrown away.
///
/// # Errors
/// Postgres.
pub async fn forget(site: &Site) -> Result<(), ProjectError> {
    let link = connect(site.config.postgres_url().map_err(SiteError::from)?).await?;
    for model in READ_MODELS {
        let live = Schema::live(&site.name, *model);
        for schema in [live.shadow(), live.old(), live] {
            let text = format!("drop schema if exists {schema} cascade");
            link.batch_execute(&text).await.map_err(RuntimeError::from)?;
        }
    }
    Ok(())
}

/// Whether a read model's rows are of this stream and of this release; the error says what to do.
///
/// # Errors
/// Another ledger or stream, tables of another release, Postgres.
pub async fn fits(
    site: &Site,
    source: &Source,
    model: &dyn Projection,
) -> Result<(), ProjectError> {
    let link = connect(site.config.postgres_url().map_err(SiteError::from)?).await?;
    let schema = Schema::live(&site.name, model);
    Cursor::check(&*link, &schema, model, source.origin()).await?;
    Ok(())
}

async fn take(
    site: &Site,
    source: &Source,
    model: &'static dyn Projection,
) -> Result<Fence, ProjectError> {
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let schema = Schema::live(&site.name, model);
    install(&mut *connect(url).await?, &schema, model, source.origin()).await?;
    Ok(Fence::take(url, &schema, model, source.origin()).await?)
}

/// What the ledger hands over, as the runtime takes it.
pub fn batches(
    following: Following,
) -> impl Stream<Item = Result<Vec<Placed>, runtime::run::SourceError>> {
    futures::stream::unfold(following, |mut following| async {
        let batch = following.next().await?;
        Some((batch.map_err(Into::into), following))
    })
}

/// Whether trying again can't help.
fn stays_stopped(error: &ProjectError) -> bool {
    match error {
        ProjectError::Runtime(RuntimeError::Source(source)) => matches!(
            source.downcast_ref::<FollowError>(),
            Some(
                FollowError::Recreated { .. }
                    | FollowError::OtherLedger { .. }
                    | FollowError::Behind { .. }
                    | FollowError::Gap { .. }
                    | FollowError::Unknown(_)
            )
        ),
        ProjectError::Runtime(error) => matches!(
            error,
            RuntimeError::Gap { .. }
                | RuntimeError::OtherLedger { .. }
                | RuntimeError::OtherShape { .. }
        ),
        _ => false,
    }
}
