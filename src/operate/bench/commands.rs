//! W1: targets changed by many clients at once, each change durable before its answer.
//!
//! **Invariant:** every command goes the whole way: looked up, loaded, decided, signed, appended under
//! its guard, acknowledged after a sync of the disk. Nothing is appended past the rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use piperoll_events::ids::{ActorId, FrameworkId, MeasureId};
use piperoll_events::ledger::created::{BodyKind, Created, Reality};
use piperoll_events::period::YearKind;
use piperoll_events::reason::{AuthorityKind, AuthorityState};
use piperoll_events::{Authority, Breakdown, Channel, Period, Quantity, Target, TargetKey, Tier};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use super::asking::{FIRST_YEAR, share};
use super::invented::Size;
use super::planted::{Planted, Then, reason};
use super::table::{Figure, Goal, Spread, count};
use super::{BenchError, Wanted, on_a_ledger, over_http};
use crate::clock;
use crate::commands::Request;
use crate::commands::framework::Adopt as AdoptFramework;
use crate::commands::ledger::{Create, Open};
use crate::commands::measure::{Adopt, ChangeTarget};
use crate::config::Config;
use crate::ids;
use crate::ledger::{Acting, Connection, Founding, Lanes, Ledger, Replicas, Role, bootstrap};
use crate::operate::guarding::under_guard;
use crate::operate::site::{Site, SiteError};

/// As many measures as the most clients, so that each has one to itself.
const MEASURES: u32 = 256;
/// The shortest and the longest history that a measure begins with.
const HISTORY: (u32, u32) = (10, 56);
/// How long a run takes.
const RUN: Duration = Duration::from_secs(4);
/// What comes before the run and is not counted, so that what is held in memory is held.
const WARM: Duration = Duration::from_millis(500);
/// Commands a second that a well-kept library on Postgres does with one client, and with 64, on such a
/// machine (postgres-es 0.5.0, measured).
const PEER: (f64, f64) = (1_455.0, 4_150.0);

/// How many clients, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// Each on measures of its own.
    Disjoint(u32),
    /// The same, asking the service over HTTP.
    OverHttp(u32),
    /// All on one measure.
    Hot(u32),
}

/// One run.
pub(super) struct Ran {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures W1; its ledgers are thrown away at the end.
///
/// # Errors
/// The servers.
pub(super) async fn measure(
    config: &Config,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    say("W1: two ledgers of 256 measures with histories");
    let by_library = async |site: &Site| found_and_load(site, wanted, &mut *say).await;
    let mut figures = on_a_ledger(config, "benchcommands", by_library).await?;
    // Its own: a measure that was changed thousands of times by then is none that anybody has.
    let by_http = async |site: &Site| found_and_serve(site, wanted.runs, say).await;
    figures.extend(on_a_ledger(config, "benchhttp", by_http).await?);
    Ok(figures)
}

async fn found_and_serve(
    site: &Site,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let (ledger, guard) = found(site).await?;
    let measures = under_guard(site, &guard, begin(&ledger)).await?;
    drop(ledger);
    over_http::measure(site, &measures, runs, say).await
}

async fn found_and_load(
    site: &Site,
    wanted: &Wanted,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let (ledger, guard) = found(site).await?;
    let measures = begin(&ledger).await?;
    let (lanes, pump) = Lanes::over(ledger, wanted.terms);
    let mut figures = Vec::new();
    let work = async {
        for load in [1, 8, 64, 256].map(Load::Disjoint).into_iter().chain([Load::Hot(8)]) {
            say(&format!("W1: {load}"));
            let mut ran = Vec::new();
            for _ in 0..wanted.runs {
                ran.push(run(&lanes, &measures, load).await?);
            }
            figures.extend(load.figures(&ran));
        }
        drop(lanes);
        Ok::<_, BenchError>(())
    };
    let both = async { tokio::join!(work, pump.run()).0 };
    under_guard(site, &guard, both).await?;
    Ok(figures)
}

/// The ledger's stream and a writer on it.
pub(super) async fn found(site: &Site) -> Result<(Ledger, crate::ledger::Guard), BenchError> {
    let url = site.config.nats_owner_url().map_err(SiteError::from)?;
    let owner = Connection::open(Role::Owner, url).await?;
    let ledger_id = ids::ledger_id()?;
    let founding = Founding { ledger_id, genesis: clock::now(), replicas: Replicas::One };
    bootstrap(&owner, &site.name, founding).await?;
    Ok(site.writer().await?)
}

/// The body's framework and its measures, and their targets changed a few times.
pub(super) async fn begin(ledger: &Ledger) -> Result<Vec<MeasureId>, BenchError> {
    let planted = Planted::new(Size { measures: MEASURES, periods: 12, versions: 1 }, Then::End)?;
    let actor = ids::actor_id()?;
    let id = ledger.identity().ledger_id;
    let created = Created {
        name: planted.name.clone(),
        title: planted.words.clone(),
        body_kind: BodyKind::Council,
        reality: Reality::Illustrative,
        plan_digest: None,
    };
    let framework = FrameworkId::derived(&["bench"]);
    let fact = planted.framework();
    let first: [Box<dyn Request>; 3] = [
        Box::new(Create { ledger: id, fact: created }),
        Box::new(AdoptFramework { framework, fact }),
        Box::new(Open { ledger: id, asserted: 0 }),
    ];
    for request in first {
        ledger.execute(request.as_ref(), &acting(actor)?).await?;
    }
    let measures = planted.measures.clone();
    let mut adopt: Vec<(Box<dyn Request>, Acting)> = Vec::new();
    for (n, measure) in (0_u32..).zip(&measures) {
        let fact = planted.adopted(framework, n);
        adopt.push((Box::new(Adopt { measure: *measure, fact }), acting(actor)?));
    }
    ledger.execute_batch(&adopt).await?;
    let (fewest, most) = HISTORY;
    for round in 1..most {
        let mut batch: Vec<(Box<dyn Request>, Acting)> = Vec::new();
        let more = most.saturating_sub(fewest).saturating_add(1);
        let long = |n: u32| fewest.saturating_add(n.checked_rem(more).unwrap_or(0)) > round;
        for (_, measure) in (0_u32..).zip(&measures).filter(|(n, _)| long(*n)) {
            batch.push((change(*measure, round.into())?, acting(actor)?));
        }
        ledger.execute_batch(&batch).await?;
    }
    Ok(measures)
}

/// Clients that each wait for an answer before they ask again.
async fn run(lanes: &Lanes, measures: &[MeasureId], load: Load) -> Result<Ran, BenchError> {
    let (begun, value) = (Instant::now(), Arc::new(AtomicU64::new(1_000)));
    let mut clients = JoinSet::new();
    for own in load.shares(measures) {
        clients.spawn(client(lanes.clone(), own, begun, Arc::clone(&value)));
    }
    let mut took = Vec::new();
    while let Some(client) = clients.join_next().await {
        took.extend(client.map_err(std::io::Error::other)??);
    }
    Ok(Ran::of(took))
}

impl Ran {
    /// Of what each command took, in milliseconds.
    pub(super) fn of(mut took: Vec<f64>) -> Self {
        took.sort_by(f64::total_cmp);
        let commands = count(u64::try_from(took.len()).unwrap_or(u64::MAX));
        let per_second = commands / RUN.as_secs_f64();
        Self { per_second, p50_ms: share(&took, 500), p99_ms: share(&took, 990) }
    }
}

/// Notes how long a command took that was just answered, if it counts; whether to go on. What was asked
/// after the warm-up and answered before the end counts.
pub(super) fn timed(begun: Instant, asked: Instant, took: &mut Vec<f64>) -> bool {
    if begun.elapsed() > WARM.saturating_add(RUN) {
        return false;
    }
    if asked.duration_since(begun) >= WARM {
        took.push(asked.elapsed().as_secs_f64() * 1_000.0);
    }
    true
}

/// How many milliseconds each command took that counts.
async fn client(
    lanes: Lanes,
    own: Vec<MeasureId>,
    begun: Instant,
    value: Arc<AtomicU64>,
) -> Result<Vec<f64>, BenchError> {
    let (actor, mut took) = (ids::actor_id()?, Vec::new());
    for measure in own.iter().cycle() {
        let request = change(*measure, value.fetch_add(1, Ordering::Relaxed))?;
        let asked = Instant::now();
        lanes.execute(request, acting(actor)?).await?;
        if !timed(begun, asked, &mut took) {
            break;
        }
    }
    Ok(took)
}

/// Another target of a measure, with reason and authority.
pub(super) fn change(measure: MeasureId, value: u64) -> Result<Box<dyn Request>, BenchError> {
    Ok(Box::new(changed(measure, value)?))
}

/// The same as it goes over HTTP.
pub(super) fn changed(measure: MeasureId, value: u64) -> Result<ChangeTarget, BenchError> {
    let period = Period::year(YearKind::Financial, FIRST_YEAR);
    let period = period.map_err(std::io::Error::other)?;
    let tenths = Decimal::new(i64::try_from(value).unwrap_or(i64::MAX), 1);
    Ok(ChangeTarget {
        measure,
        key: TargetKey { period, breakdown: Breakdown::HEADLINE, tier: Tier::Expected },
        new: Target::standing(Quantity::new(tenths)),
        reason: reason(),
        authority: Some(Authority {
            kind: AuthorityKind::BodyDecision,
            body: "Cabinet".parse().ok(),
            decided_on: None,
            reference: "CAB/26/117".parse().ok(),
            meeting: None,
            item: None,
            resolution: None,
            state: AuthorityState::Stated,
            consulted: Vec::new(),
        }),
        case: None,
    })
}

pub(super) fn acting(actor: ActorId) -> Result<Acting, BenchError> {
    Ok(Acting::new(actor, Channel::Api, ids::command_id()?))
}

impl Load {
    /// Which measures each client has.
    pub(super) fn shares(self, measures: &[MeasureId]) -> Vec<Vec<MeasureId>> {
        let (clients, measures) = match self {
            Self::Disjoint(clients) | Self::OverHttp(clients) => (clients, measures),
            Self::Hot(clients) => {
                return vec![measures.get(..1).unwrap_or_default().to_vec(); index(clients)];
            }
        };
        let share = |client| measures.iter().skip(client).step_by(index(clients)).copied();
        (0..index(clients)).map(|client| share(client).collect()).collect()
    }

    pub(super) fn figures(self, ran: &[Ran]) -> Vec<Figure> {
        let figure = |of: &str, unit, value: fn(&Ran) -> f64, goal| Figure {
            of: format!("W1 {self}: {of}"),
            unit,
            spread: Spread::of(ran.iter().map(value).collect()),
            goal,
        };
        let (alone, many) = PEER;
        let goal = match self {
            Self::Disjoint(1) => Some(Goal::AtLeast(1.5 * alone)),
            Self::Disjoint(64) => Some(Goal::AtLeast(2.5 * many)),
            Self::Disjoint(256) => Some(Goal::AtLeast(5.0 * many)),
            _ => None,
        };
        // The goal is the library's.
        let p99 = (!matches!(self, Self::OverHttp(_))).then_some(Goal::AtMost(25.0));
        vec![
            figure("commands", "a second", |ran| ran.per_second, goal),
            figure("p50", "ms", |ran| ran.p50_ms, None),
            figure("p99", "ms", |ran| ran.p99_ms, p99),
        ]
    }
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disjoint(1) => f.write_str("one client"),
            Self::OverHttp(1) => f.write_str("one client over HTTP"),
            Self::OverHttp(clients) => write!(f, "{clients} clients over HTTP"),
            Self::Disjoint(clients) => write!(f, "{clients} clients"),
            Self::Hot(clients) => write!(f, "{clients} clients on one measure"),
        }
    }
}

fn index(clients: u32) -> usize {
    usize::try_from(clients).unwrap_or(1).max(1)
}
