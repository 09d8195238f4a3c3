//! Read models kept up with their ledger: once, for ever, or made anew.
//!
//! **Invariant:** a projector that stops on a gap, a lost end or an unknown event stays stopped
//! until somebody has looked; everything else it tries again from the cursor, with a pause.

use std::time::Duration;

use futures::Stream;
use futures::future::join_all;
use piperoll_events::Position;
use piperoll_projections::runtime::batch::shared;
use piperoll_projections::runtime::{
    self, Begun, Comparison, Cursor, Fence, Old, Plan, Progress, Rebuild, Rebuilt, RuntimeError,
    Start, Verdict, connect, install,
};
use piperoll_projections::{Placed, Projection, READ_MODELS, Schema};
use tokio::sync::watch;

use super::site::{Site, SiteError, Source};
use super::spans::Rows;
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

/// Moves every read model of a ledger on to its head with one reading of it, and says where that is.
/// Where another worker is at it, waits for that one.
///
/// # Errors
/// The servers, or what stops a projector.
pub async fn catch_up(site: &Site) -> Result<Position, ProjectError> {
    let source = site.source().await?;
    let head = source.stream.head().await?;
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for model in READ_MODELS {
        match take(site, &source, *model).await {
            Ok(fence) if fence.cursor().position >= head => {}
            Ok(fence) => ours.push(fence),
            Err(ProjectError::Runtime(RuntimeError::Held { .. })) => others.push(*model),
            Err(error) => return Err(error),
        }
    }
    if let Some(lowest) = lowest(&ours) {
        let batches = batches(source.follow(lowest, Until::Head));
        runtime::follow_beside(ours, batches, &watch::channel(Position::START).0).await?;
    }
    for model in others {
        let pool = runtime::pool(site.config.postgres_url().map_err(SiteError::from)?, 1)?;
        let schema = Schema::live(&site.name, model);
        runtime::wait_for(&pool, &schema, head, Duration::from_mins(1)).await?;
    }
    Ok(head)
}

/// The lowest of the cursors: what is read for all of them begins after it.
fn lowest(fences: &[Fence]) -> Option<Position> {
    fences.iter().map(|fence| fence.cursor().position).min()
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
    let following = source.follow(fence.cursor().position, Until::Dropped);
    let Some(rows) = Rows::traced(&site.name, model) else {
        runtime::follow(fence, batches(following), reached).await?;
        return Ok(());
    };
    let fence = fence.heard_by(rows.listener());
    runtime::follow(fence, rows.batches(following), reached).await?;
    Ok(())
}

/// How read models are made anew.
#[derive(Clone)]
pub struct How {
    /// What becomes of a shadow that was cut short.
    pub start: Start,
    /// What becomes of the rows that the last rebuild put aside.
    pub old: Old,
    /// Set to true, it ends the work.
    pub cancel: watch::Receiver<bool>,
}

/// Who is told of a rebuild, and decides about it.
pub trait Overseer: Sync {
    /// It begins.
    fn begun(&self, model: &'static dyn Projection, how: &Begun);
    /// It goes on.
    fn progress(&self, model: &'static dyn Projection, at: Progress);
    /// It has compared its rows with those in use.
    fn judge(&self, model: &'static dyn Projection, found: &Comparison) -> Verdict;
}

/// What became of each read model.
pub type Each<T> = Vec<(&'static dyn Projection, Result<T, RuntimeError>)>;

/// Makes read models anew beside the rows in use, with one reading of the ledger, compares, and swaps
/// each when it is ready.
///
/// # Errors
/// The servers. Of each read model: cancelled, or what stops a projector; then the rows in use are as
/// they were.
pub async fn rebuild(
    site: &Site,
    models: &[&'static dyn Projection],
    how: How,
    overseer: &impl Overseer,
) -> Result<Each<Rebuilt>, ProjectError> {
    let source = site.source().await?;
    let head = source.stream.head().await?;
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let schemas: Vec<Schema> =
        models.iter().map(|model| Schema::live(&site.name, *model)).collect();
    let How { start, old, cancel } = how;
    let mut begun = Vec::new();
    for (model, schema) in models.iter().copied().zip(&schemas) {
        let plan = Plan::new(url, schema, model, source.origin(), head);
        let rebuild = Rebuild::begin(Plan { start, old, ..plan }).await?;
        overseer.begun(model, rebuild.begun());
        begun.push((model, rebuild));
    }
    let lowest = begun.iter().map(|(_, rebuild)| rebuild.position()).min();
    let from = lowest.unwrap_or(Position::START);
    let batches = batches(source.follow(from, Until::Dropped));
    let (handing, handed) = shared(batches, begun.len());
    let working = join_all(begun.into_iter().zip(handed).map(|((model, rebuild), handed)| {
        let progress = move |at| overseer.progress(model, at);
        let judge = move |found: &Comparison| overseer.judge(model, found);
        let work = rebuild.run(handed, cancel.clone(), progress, judge);
        async move { (model, work.await) }
    }));
    let mut working = std::pin::pin!(working);
    tokio::select! {
        done = &mut working => Ok(done),
        () = handing => Ok(working.await),
    }
}

/// Drops the rows that the last rebuild put aside; where they stood, if there were any.
///
/// # Errors
/// Postgres.
pub async fn drop_old(site: &Site, model: &dyn Projection) -> Result<Option<Cursor>, ProjectError> {
    let link = connect(site.config.postgres_url().map_err(SiteError::from)?).await?;
    Ok(runtime::drop_old(&link, &Schema::live(&site.name, model)).await?)
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
