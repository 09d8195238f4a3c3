//! W1 over HTTP: the same changes of targets, asked of the service as anybody's program would.
//!
//! **Invariant:** the service is the one that `piperoll serve` runs, with its own writer and guard; only
//! how much it takes at a time, and from one person, is set so high that nobody is put off.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use piperoll_events::Position;
use piperoll_events::ids::MeasureId;
use piperoll_events::role::granted::RoleName;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use ureq::Agent;

use super::BenchError;
use super::commands::{Load, Ran, changed, timed};
use super::table::Figure;
use crate::api::{self, Limits};
use crate::identity::tokens::Bearer;
use crate::ids;
use crate::operate::issuing::issue;
use crate::operate::site::{Site, SiteError};

/// How many clients; each is a thread of this process.
const CLIENTS: [u32; 3] = [1, 8, 64];
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Everybody's requests and acts find a place.
const LIMITS: Limits =
    Limits { time: PATIENCE, at_once: 1_024, acts: 512, per_second: NonZeroU32::MAX, lines: 1 };

/// What a client needs to ask.
#[derive(Clone)]
struct Door {
    base: String,
    token: String,
    /// Where the ledger ended when everybody read it last.
    read_at: Position,
}

/// What of an answer matters to a client.
#[derive(serde::Deserialize)]
struct Answered {
    position: Position,
}

/// Serves the ledger and has clients change its targets.
pub(super) async fn measure(
    site: &Site,
    measures: &[MeasureId],
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    // The demo's issuer says that somebody may change targets.
    let bearer = Bearer {
        sub: "Bench".parse().map_err(std::io::Error::other)?,
        post: None,
        roles: vec![RoleName::FrameworkAdmin],
        ledgers: vec![site.name.clone()],
    };
    let token = issue(&site.config, &bearer, TimeDelta::hours(1)).await?;
    let (tell, told) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let listening = |address| {
        tell.send(address).ok();
    };
    let stopped = async {
        stopped.await.ok();
    };
    let any = ([127, 0, 0, 1], 0).into();
    let serving = api::serve(&site.config, any, LIMITS, Arc::default(), listening, stopped);
    let work = async {
        let Ok(address) = told.await else { return Ok(Vec::new()) };
        let base = format!("http://{address}/api/v1/ledgers/{}/measures", site.name);
        let mut door = Door { base, token, read_at: Position::START };
        let mut figures = Vec::new();
        for load in CLIENTS.map(Load::OverHttp) {
            say(&format!("W1: {load}"));
            let mut ran = Vec::new();
            for _ in 0..runs {
                door.read_at = site.source().await?.stream.head().await.map_err(SiteError::from)?;
                ran.push(run(&door, measures, load).await?);
            }
            figures.extend(load.figures(&ran));
        }
        drop(stop);
        Ok::<_, BenchError>(figures)
    };
    let (served, figures) = tokio::join!(serving, work);
    served?;
    figures
}

async fn run(door: &Door, measures: &[MeasureId], load: Load) -> Result<Ran, BenchError> {
    let (begun, value) = (Instant::now(), Arc::new(AtomicU64::new(1_000)));
    let mut clients = JoinSet::new();
    for own in load.shares(measures) {
        let (door, value) = (door.clone(), Arc::clone(&value));
        clients.spawn_blocking(move || client(&door, &own, begun, &value));
    }
    let mut took = Vec::new();
    while let Some(client) = clients.join_next().await {
        took.extend(client.map_err(std::io::Error::other)??);
    }
    Ok(Ran::of(took))
}

/// How long each request took, as for a client of the library.
fn client(
    door: &Door,
    own: &[MeasureId],
    begun: Instant,
    value: &AtomicU64,
) -> Result<Vec<f64>, BenchError> {
    let agent: Agent =
        Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build().into();
    // Nobody else changes these measures.
    let (mut took, mut read_at) = (Vec::new(), door.read_at);
    for measure in own.iter().cycle() {
        let mut body =
            serde_json::to_value(changed(*measure, value.fetch_add(1, Ordering::Relaxed))?)
                .map_err(std::io::Error::other)?;
        // The path says it.
        body.as_object_mut().and_then(|fields| fields.remove("measure"));
        let asked = Instant::now();
        let answered = agent
            .post(format!("{}/{measure}/change-target", door.base))
            .header("authorization", format!("Bearer {}", door.token))
            .header("idempotency-key", ids::command_id()?.to_string())
            .header("if-match", format!("\"{read_at}\""))
            .send_json(&body);
        let answer: Answered = answered?.body_mut().read_json()?;
        // Where nothing changed it is an earlier one.
        read_at = read_at.max(answer.position);
        if !timed(begun, asked, &mut took) {
            break;
        }
    }
    Ok(took)
}
