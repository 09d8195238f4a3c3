//! How it all stands: the servers, and of each ledger its guard, its read models and its updates.
//!
//! **Invariant:** `/readyz` and the metrics tell the same, because both ask here. What can't be seen is told
//! as unknown, never as nought.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use piperoll_events::Position;
use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::{Cursor, Lag, connect};
use piperoll_projections::{READ_MODELS, Schema};

use super::site::{Site, Source};
use crate::clock;
use crate::config::Config;
use crate::ledger::{Closed, Connection, Gate, Role};

/// How long a server may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the publishers of this process have looked at each ledger.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<LedgerName, Position>>);

impl Board {
    /// A publisher has looked so far.
    pub(crate) fn looked(&self, ledger: &LedgerName, upto: Position) {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.insert(ledger.clone(), upto);
    }

    /// How far that is; none where no publisher of this process has begun.
    pub(crate) fn find(&self, ledger: &LedgerName) -> Option<Position> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(ledger).copied()
    }
}

/// A ledger that is looked at.
pub(crate) struct View {
    pub(crate) site: Site,
    /// None where it could not be opened.
    pub(crate) source: Option<Source>,
    /// The gate of its writer; none where nobody has written yet.
    pub(crate) gate: Option<Gate>,
    /// Why the last act was put off, where a server could not do its part.
    pub(crate) put_off: Option<&'static str>,
    /// How far a publisher of this process has looked.
    pub(crate) published: Option<Position>,
}

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) nats: bool,
    pub(crate) postgres: bool,
    pub(crate) ledgers: Vec<LedgerStanding>,
}

/// What was seen of one ledger.
#[derive(Debug, Clone)]
pub(crate) struct LedgerStanding {
    pub(crate) name: LedgerName,
    pub(crate) guard: Guarded,
    /// Why the last act was put off; none where it was not.
    pub(crate) put_off: Option<&'static str>,
    /// Each read model by name; none where its lag can't be seen.
    pub(crate) models: Vec<(&'static str, Option<Lag>)>,
    /// Of the publisher of this process, where there is one.
    pub(crate) updates: Option<Updates>,
}

/// How far a publisher is behind; none where it can't be seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Updates(pub(crate) Option<Lag>);

/// Whether a ledger's guard lets anybody write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guarded {
    /// It does.
    Open,
    /// It does not; the names of what differs.
    Closed(Vec<String>),
    /// Nobody has written here yet, so no guard of this process looks on.
    NotYet,
}

impl Guarded {
    /// What a gate says.
    pub(crate) fn of(gate: Option<&Gate>) -> Self {
        let Some(gate) = gate else { return Self::NotYet };
        match gate.closed() {
            None => Self::Open,
            Some(Closed::NotInspected) => Self::NotYet,
            Some(Closed::Differs(found)) => {
                Self::Closed(found.iter().map(|it| it.field.as_str().to_owned()).collect())
            }
            Some(Closed::ClockOff(_)) => Self::Closed(vec!["clock".to_owned()]),
        }
    }
}

/// Looks at everything. No part waits for another, and each only so long.
pub(crate) async fn look(config: &Config, views: &[View]) -> Standing {
    let nats = async {
        let Ok(url) = config.nats_reader_url() else { return false };
        in_time(Connection::open(Role::Reader, url)).await.is_some_and(|it| it.is_ok())
    };
    let postgres = async {
        let Ok(url) = config.postgres_url() else { return false };
        in_time(async {
            let link = connect(url).await.ok()?;
            link.simple_query("select 1").await.ok()
        })
        .await
        .flatten()
        .is_some()
    };
    let ledgers = join_all(views.iter().map(View::look));
    let (nats, postgres, ledgers) = tokio::join!(nats, postgres, ledgers);
    Standing { nats, postgres, ledgers }
}

/// What comes of some work; none where it takes too long.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, work).await.ok()
}

impl View {
    async fn look(&self) -> LedgerStanding {
        let (head, cursors) = tokio::join!(self.head(), self.cursors());
        let lags = READ_MODELS.iter().map(|model| async {
            let lag = match (head, cursors.get(model.name())) {
                (Some(head), Some(cursor)) => Some(self.lag(*cursor, head).await),
                _ => None,
            };
            (model.name(), lag)
        });
        let updates = async {
            let published = self.published?;
            let Some(head) = head else { return Some(Updates(None)) };
            Some(Updates(Some(self.lag(published, head).await)))
        };
        let (models, updates) = tokio::join!(join_all(lags), updates);
        let guard = Guarded::of(self.gate.as_ref());
        let (name, put_off) = (self.site.name.clone(), self.put_off);
        LedgerStanding { name, guard, put_off, models, updates }
    }

    async fn head(&self) -> Option<Position> {
        in_time(self.source.as_ref()?.stream.head()).await?.ok()
    }

    async fn cursors(&self) -> BTreeMap<&'static str, Position> {
        let mut cursors = BTreeMap::new();
        // What was read by then counts, should Postgres stop answering halfway.
        in_time(async {
            let link = connect(self.site.config.postgres_url().ok()?).await.ok()?;
            for model in READ_MODELS {
                let schema = Schema::live(&self.site.name, *model);
                if let Ok(cursor) = Cursor::read(&*link, &schema).await {
                    cursors.insert(model.name(), cursor.position);
                }
            }
            Some(())
        })
        .await;
        cursors
    }

    async fn lag(&self, cursor: Position, head: Position) -> Lag {
        let waiting = async {
            let source = self.source.as_ref().filter(|_| cursor < head)?;
            let time = in_time(source.time_of(cursor.next())).await?.ok()??;
            Some(clock::now().signed_duration_since(time))
        };
        Lag::between(cursor, head, waiting.await)
    }
}

impl Standing {
    /// Sets the gauges to what was seen.
    pub(crate) fn measure(&self) {
        for (name, up) in [("nats", self.nats), ("postgres", self.postgres)] {
            metrics::gauge!("piperoll_dependency_up", "dependency" => name).set(u8::from(up));
        }
        for ledger in &self.ledgers {
            let name = ledger.name.as_str().to_owned();
            let (open, findings) = match &ledger.guard {
                Guarded::Open => (1.0, 0),
                Guarded::Closed(found) => (0.0, found.len()),
                Guarded::NotYet => (f64::NAN, 0),
            };
            metrics::gauge!("piperoll_guard_open", "ledger" => name.clone()).set(open);
            metrics::gauge!("piperoll_guard_findings", "ledger" => name.clone())
                .set(u32::try_from(findings).unwrap_or(u32::MAX));
            metrics::gauge!("piperoll_acts_put_off", "ledger" => name.clone())
                .set(u8::from(ledger.put_off.is_some()));
            for (model, lag) in &ledger.models {
                let (events, seconds) = measured(*lag);
                metrics::gauge!("piperoll_projection_lag_events", "ledger" => name.clone(), "model" => *model)
                    .set(events);
                metrics::gauge!("piperoll_projection_lag_seconds", "ledger" => name.clone(), "model" => *model)
                    .set(seconds);
            }
            if let Some(Updates(lag)) = ledger.updates {
                let (events, seconds) = measured(lag);
                metrics::gauge!("piperoll_updates_lag_events", "ledger" => name.clone())
                    .set(events);
                metrics::gauge!("piperoll_updates_lag_seconds", "ledger" => name).set(seconds);
            }
        }
    }
}

/// A lag as gauges: events and seconds. Ahead is below nought; unknown is no number.
fn measured(lag: Option<Lag>) -> (f64, f64) {
    let number = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    match lag {
        None => (f64::NAN, f64::NAN),
        Some(Lag::Level {}) => (0.0, 0.0),
        Some(Lag::Behind { events, seconds }) => (number(events), seconds.map_or(f64::NAN, number)),
        Some(Lag::Ahead { events }) => (-number(events), f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ahead_or_unknown_is_never_nought() {
        assert_eq!(measured(Some(Lag::Level {})), (0.0, 0.0));
        let behind = Lag::Behind { events: 3, seconds: Some(7) };
        assert_eq!(measured(Some(behind)), (3.0, 7.0));
        let (events, seconds) = measured(Some(Lag::Ahead { events: 4 }));
        assert!((events + 4.0).abs() < f64::EPSILON && seconds.is_nan());
        let (events, seconds) = measured(None);
        assert!(events.is_nan() && seconds.is_nan());
        let (events, seconds) = measured(Some(Lag::Behind { events: 1, seconds: None }));
        assert!((events - 1.0).abs() < f64::EPSILON && seconds.is_nan());
    }
}
