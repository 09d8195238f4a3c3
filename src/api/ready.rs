//! Whether a process can do what it is there for, and how everything that it stands on does.
//!
//! **Invariant:** 503 means that whoever sends work should send it elsewhere. A process that still answers
//! part of what it is asked is ready, and says which part is not.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use piperoll_projections::runtime::Lag;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::problem::Problem;
use crate::operate::standing::{Guarded, LedgerStanding, Standing, Updates};

/// A read model further behind than this can't be asked for what stands.
const MOST_BEHIND: u64 = 10_000;
/// How long what was seen of the servers is told again.
const FRESH: Duration = Duration::from_secs(1);

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Questions, acts and pages.
    Serve,
    /// Read models or updates: each needs both servers.
    Move,
}

/// It can do what it is there for, or part of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ready {
    /// Each part by name. Of a ledger: `guard`, `reading`, `writing`, each read model, and `updates`
    /// where they are published by this process.
    parts: Parts,
}

type Parts = BTreeMap<String, Part>;

/// A part of the service.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
struct Part {
    /// Whether it can be used.
    state: State,
    /// Events that it is behind its ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<u64>,
    /// How long the first of them has waited, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    /// Events that it holds and its ledger does not: the ledger was lost or restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u64>,
    /// Whether a guard lets anybody write.
    #[serde(skip_serializing_if = "Option::is_none")]
    guard: Option<Gate>,
    /// What a guard found to differ; of writing, why the last act was put off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<String>,
}

/// Whether a part can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PartState")]
enum State {
    /// It can.
    Ready,
    /// It can't, or can't be seen.
    #[default]
    NotReady,
}

/// Whether a guard lets anybody write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GuardState")]
enum Gate {
    /// It does.
    Open,
    /// It does not.
    Closed,
    /// Nobody has written through this process yet.
    NotYet,
}

/// What was seen last. Anybody may ask, so however many do, the servers are looked at once a second.
#[derive(Default)]
pub(super) struct Looked(tokio::sync::Mutex<Option<(Instant, Standing)>>);

impl Looked {
    /// What was seen a moment ago, or is seen now.
    pub(super) async fn look<Seeing: Future<Output = Standing>>(
        &self,
        see: impl FnOnce() -> Seeing,
    ) -> Standing {
        let mut last = self.0.lock().await;
        if let Some((at, standing)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return standing.clone();
        }
        let standing = see().await;
        *last = Some((Instant::now(), standing.clone()));
        standing
    }
}

/// Tells how it stands.
///
/// # Errors
/// The process can do nothing of what it is there for (503).
pub(super) fn told(standing: &Standing, purpose: Purpose) -> Result<Ready, Problem> {
    let parts = parts(standing, purpose);
    let can = |end: &str| {
        let mut of = parts.iter().filter(|(name, _)| name.ends_with(end));
        of.any(|(_, part)| part.state == State::Ready)
    };
    let both = standing.nats && standing.postgres;
    let able = match purpose {
        Purpose::Serve => both || can(READING) || can(WRITING),
        Purpose::Move => both,
    };
    if able {
        return Ok(Ready { parts });
    }
    let not_ready = parts.iter().filter(|(_, part)| part.state == State::NotReady);
    let named: Vec<&str> = not_ready.map(|(name, _)| &**name).collect();
    let problem = Problem::later("not_ready", format!("not ready: {}", named.join(", ")));
    Err(problem.with("parts", json!(parts)))
}

const READING: &str = "/reading";
const WRITING: &str = "/writing";

fn state(good: bool) -> Part {
    Part { state: if good { State::Ready } else { State::NotReady }, ..Part::default() }
}

fn parts(standing: &Standing, purpose: Purpose) -> Parts {
    let mut parts = Parts::new();
    parts.insert("nats".to_owned(), state(standing.nats));
    parts.insert("postgres".to_owned(), state(standing.postgres));
    for ledger in &standing.ledgers {
        let mut insert = |name: &str, part| {
            parts.insert(format!("{}/{}", ledger.name, name.trim_start_matches('/')), part);
        };
        for (model, lag) in &ledger.models {
            insert(model, lagging(*lag));
        }
        if let Some(Updates(lag)) = ledger.updates {
            insert("updates", lagging(lag));
        }
        if purpose == Purpose::Serve {
            insert("guard", guarded(ledger));
            // Rows are read without NATS; an act needs the names and texts in Postgres as well.
            let made = ledger.models.iter().all(|(_, lag)| lag.is_some());
            insert(READING, state(standing.postgres && (made || !standing.nats)));
            let open = !matches!(ledger.guard, Guarded::Closed(_));
            let able = standing.nats && standing.postgres && open && ledger.put_off.is_none();
            let findings = ledger.put_off.iter().map(|code| (*code).to_owned()).collect();
            insert(WRITING, Part { findings, ..state(able) });
        }
    }
    parts
}

fn guarded(ledger: &LedgerStanding) -> Part {
    let (guard, findings) = match &ledger.guard {
        Guarded::Open => (Gate::Open, Vec::new()),
        Guarded::NotYet => (Gate::NotYet, Vec::new()),
        Guarded::Closed(found) => (Gate::Closed, found.clone()),
    };
    Part { guard: Some(guard), findings, ..state(guard != Gate::Closed) }
}

fn lagging(lag: Option<Lag>) -> Part {
    match lag {
        None => state(false),
        Some(Lag::Level {}) => Part { behind: Some(0), seconds: Some(0), ..state(true) },
        Some(Lag::Behind { events, seconds }) => {
            Part { behind: Some(events), seconds, ..state(events <= MOST_BEHIND) }
        }
        Some(Lag::Ahead { events }) => Part { ahead: Some(events), ..state(false) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(nats: bool, postgres: bool, guard: Guarded, lag: Option<Lag>) -> Standing {
        let (name, models) = ("northmoor".parse().unwrap(), vec![("scorecard", lag)]);
        let ledgers = vec![LedgerStanding { name, guard, put_off: None, models, updates: None }];
        Standing { nats, postgres, ledgers }
    }

    #[test]
    fn only_what_can_do_nothing_it_is_there_for_is_not_ready() {
        let level = Some(Lag::Level {});
        let is = |nats, postgres, purpose| {
            told(&seen(nats, postgres, Guarded::Open, level), purpose).is_ok()
        };
        let both = [(true, true), (false, true), (true, false), (false, false)];
        assert_eq!(both.map(|(n, p)| is(n, p, Purpose::Serve)), [true, true, false, false]);
        assert_eq!(both.map(|(n, p)| is(n, p, Purpose::Move)), [true, false, false, false]);
    }

    #[test]
    fn a_closed_guard_stops_writing_and_nothing_else_and_is_named() {
        let closed = Guarded::Closed(vec!["max_age".to_owned()]);
        let parts = parts(&seen(true, true, closed, Some(Lag::Level {})), Purpose::Serve);
        let state = |name: &str| parts.get(&format!("northmoor/{name}")).unwrap().state;
        assert_eq!(state("guard"), State::NotReady);
        assert_eq!(state("writing"), State::NotReady);
        assert_eq!(state("reading"), State::Ready);
        assert_eq!(parts.get("northmoor/guard").unwrap().findings, ["max_age"]);
    }

    #[test]
    fn writing_is_not_ready_while_the_last_act_was_put_off() {
        let mut standing = seen(true, true, Guarded::Open, Some(Lag::Level {}));
        standing.ledgers[0].put_off = Some("database_unavailable");
        let parts = parts(&standing, Purpose::Serve);
        let writing = parts.get("northmoor/writing").unwrap();
        assert_eq!(writing.state, State::NotReady);
        assert_eq!(writing.findings, ["database_unavailable"]);
        assert_eq!(parts.get("northmoor/reading").unwrap().state, State::Ready);
    }

    #[test]
    fn rows_ahead_of_the_ledger_are_not_level_and_unknown_ones_are_not_either() {
        let ahead = lagging(Some(Lag::Ahead { events: 4 }));
        assert_eq!((ahead.state, ahead.behind, ahead.ahead), (State::NotReady, None, Some(4)));
        let unknown = lagging(None);
        assert_eq!((unknown.state, unknown.behind), (State::NotReady, None));
    }
}
