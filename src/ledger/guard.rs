//! The guard: is the stream still what a ledger needs, and may anybody write to it?
//!
//! **Invariant:** the gate is shut until the stream has been inspected, and shuts again, naming what
//! differs, as soon as an inspection finds something that nobody has accepted. Reading goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use piperoll_events::envelope::micros;
use piperoll_events::ledger::Ledger as LedgerFact;
use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::{Fact, Position};

use super::connection::AskError;
use super::differences::{compare, difference};
use super::monitor::{server_differences, varz, version_difference};
use super::read::{Identity, Stream, StreamReport};
use super::stream::{RESTORED, RESTORING, named};
use crate::clock;

/// How far a writer's clock may be off NATS's.
const MOST_SKEW: TimeDelta = TimeDelta::seconds(2);
/// The field whose difference is a matter of how much was lost.
const LAST_POSITION: &str = "last_position";

/// What an inspection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// When.
    pub at: DateTime<Utc>,
    /// What differs, accepted or not.
    pub differences: Vec<Difference>,
    /// What could not be seen; writing goes on.
    pub warnings: Vec<String>,
    /// How far this machine's clock is ahead of NATS's (behind: negative), in milliseconds.
    pub clock_ahead_ms: i64,
    /// Why the gate is shut after this inspection, if it is.
    pub closed: Option<Closed>,
}

/// Why nothing may be written. Reading goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The stream has not been inspected since the start; it is about to be.
    #[error("the stream has not been inspected yet; try again in a moment")]
    NotInspected,
    /// The stream is not what a ledger needs; somebody decides and records that decision.
    #[error("writing is closed, because the stream differs: {}; accept it with `ledger.configuration_observed` or put it right", named(.0))]
    Differs(Vec<Difference>),
    /// The clocks disagree; the operator sets this machine's.
    #[error(
        "writing is closed, because this machine's clock is {0} ms off that of NATS; set the clock"
    )]
    ClockOff(i64),
}

/// Opens and shuts the way to write; clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Mutex<Standing>>);

#[derive(Debug, Default)]
struct Standing {
    inspected: bool,
    found: Vec<Difference>,
    accepted: Vec<Difference>,
    clock_ahead_ms: i64,
    /// The highest position that anybody here has seen.
    reached: u64,
    /// Why the last append was not acknowledged.
    unstored: Option<Unstored>,
}

/// Why an append was not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstored {
    /// Nobody answered: a server's disk is full, or it is cut off or stands still.
    Unanswered,
    /// NATS says that there is no room.
    Full,
}

impl Gate {
    /// Notes how the last append ended.
    pub(super) fn appended(&self, unstored: Option<Unstored>) {
        self.lock().unstored = unstored;
    }

    /// Why the last append was not acknowledged; none where it was. The gate is open all the same: only
    /// another append can say that there is room again.
    #[must_use]
    pub fn unstored(&self) -> Option<Unstored> {
        self.lock().unstored
    }

    /// Tells the gate that `position` exists: a stream that ends before it has lost something.
    pub fn reached(&self, position: Position) {
        let mut standing = self.lock();
        standing.reached = standing.reached.max(position.0);
    }

    /// The highest position that anybody here has seen.
    #[must_use]
    pub fn furthest(&self) -> Position {
        Position(self.lock().reached)
    }

    /// Exactly these differences are accepted from here on: those of the ledger's last
    /// `configuration_observed`.
    pub(super) fn accept(&self, differences: &[Difference]) {
        self.lock().accepted = differences.to_vec();
    }

    /// Why nothing may be written, if so.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.lock().closed()
    }

    /// Lets a fact through or says why not. The observation that re-opens the gate passes a gate
    /// shut by differences.
    pub(super) fn pass(&self, fact: &Fact) -> Result<(), Closed> {
        let observation = matches!(fact, Fact::Ledger(LedgerFact::ConfigurationObserved(_)));
        match self.closed() {
            None => Ok(()),
            Some(Closed::Differs(_)) if observation => Ok(()),
            Some(closed) => Err(closed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn closed(&self) -> Option<Closed> {
        let open: Vec<_> = self.found.iter().filter(|d| !self.accepts(d)).cloned().collect();
        if !self.inspected {
            Some(Closed::NotInspected)
        } else if !open.is_empty() {
            Some(Closed::Differs(open))
        } else if self.clock_ahead_ms.saturating_abs() > MOST_SKEW.num_milliseconds() {
            Some(Closed::ClockOff(self.clock_ahead_ms))
        } else {
            None
        }
    }

    fn accepts(&self, difference: &Difference) -> bool {
        self.accepted.iter().any(|accepted| {
            // Once a shorter stream is accepted it grows again: what was accepted is the loss of
            // what stood up to `expected`.
            accepted == difference
                || (difference.field.as_str() == LAST_POSITION
                    && accepted.field == difference.field
                    && accepted.expected == difference.expected)
        })
    }
}

/// Inspects one stream and works its gate.
#[derive(Debug, Clone)]
pub struct Guard {
    stream: Stream,
    remembered: Identity,
    monitors: Vec<String>,
    gate: Gate,
}

impl Guard {
    /// A guard over `stream`, which is expected to be the one `remembered`; `monitors` are the
    /// monitoring addresses (`http://host:port`) of every server known.
    #[must_use]
    pub fn new(stream: Stream, remembered: Identity, monitors: Vec<String>) -> Self {
        Self { stream, remembered, monitors, gate: Gate::default() }
    }

    /// The same, where the record accepts these differences.
    #[must_use]
    pub fn accepting(self, differences: &[Difference]) -> Self {
        self.gate.accept(differences);
        self
    }

    /// The gate that this guard works.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Looks at the stream and its servers, and opens or shuts the gate accordingly.
    ///
    /// # Errors
    /// NATS can't be asked; the gate stays as it is, and writes fail by themselves.
    pub async fn inspect(&self) -> Result<Findings, AskError> {
        let asked_at = clock::now();
        // Before asking: what is appended while NATS answers is not missing from the answer.
        //
        //   guard                     writer                    NATS
        //   asks ────────────────────────────────────────────► ends at 4
        //                             appends, reached is 7 ──► ends at 7
        //   hears "4": less than 7, were `reached` read only here
        let reached = self.gate.lock().reached;
        let info = match self.stream.info_from(Position(reached)).await {
            Ok(info) => info,
            Err(error) if error.is_missing_stream() => {
                let found = difference("stream", &self.stream.stream_name(), "no such stream");
                return Ok(self.judge(vec![found], Vec::new(), 0));
            }
            Err(error) => return Err(error),
        };
        let ahead = ahead_ms(asked_at, clock::now(), info.ts);
        let mut differences = compare(self.stream.name(), Some(&self.remembered), &info.config);
        differences.extend(identity_differences(&self.remembered, &info, reached));
        let version = self.stream.connection().server_version();
        differences.extend(version_difference("server_version", &version));
        let mut warnings = Vec::new();
        for monitor in &self.monitors {
            match varz(monitor).await {
                Ok(varz) => differences.extend(server_differences(monitor, &varz)),
                Err(reason) => warnings.push(format!("the monitor `{monitor}` {reason}")),
            }
        }
        Ok(self.judge(differences, warnings, ahead))
    }

    /// Inspects again and again; ends only when dropped. `hear` is told of every inspection.
    pub async fn watch(
        &self,
        interval: Duration,
        mut hear: impl FnMut(&Result<Findings, AskError>) + Send,
    ) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            hear(&self.inspect().await);
        }
    }

    fn judge(
        &self,
        differences: Vec<Difference>,
        warnings: Vec<String>,
        clock_ahead_ms: i64,
    ) -> Findings {
        let mut standing = self.gate.lock();
        standing.inspected = true;
        standing.found.clone_from(&differences);
        standing.clock_ahead_ms = clock_ahead_ms;
        let closed = standing.closed();
        Findings { at: clock::now(), differences, warnings, clock_ahead_ms, closed }
    }
}

fn identity_differences(
    remembered: &Identity,
    info: &StreamReport,
    reached: u64,
) -> Vec<Difference> {
    use chrono::SubsecRound;
    let mut differences = Vec::new();
    let created = micros(info.created.trunc_subsecs(6));
    // A restored stream is never taken for the one that was lost before somebody has said so on the
    // record: it may be an older copy.
    let wanted = info.mark(RESTORED).map_or_else(|| micros(remembered.created), str::to_owned);
    if created != wanted {
        differences.push(difference("created", &wanted, &created));
    }
    if info.mark(RESTORING).is_some() {
        differences.push(difference("restore", "ended", "begun and not ended"));
    }
    let state = info.state;
    let empty = state.messages == 0 && state.last_seq == 0;
    if state.first_seq != 1 && !empty {
        differences.push(difference("first_position", "1", &state.first_seq.to_string()));
    }
    let span = state.last_seq.saturating_sub(state.first_seq).saturating_add(1);
    if !empty && state.messages != span {
        differences.push(difference("messages", &span.to_string(), &state.messages.to_string()));
    }
    if state.last_seq < reached {
        let wanted = format!("{reached} or more");
        differences.push(difference(LAST_POSITION, &wanted, &state.last_seq.to_string()));
    }
    differences
}

/// How far our clock is ahead of NATS's, as far as an answer in transit lets one say: nothing, while
/// NATS's instant lies between our asking and our hearing.
fn ahead_ms(asked: DateTime<Utc>, heard: DateTime<Utc>, theirs: DateTime<Utc>) -> i64 {
    let early = asked.signed_duration_since(theirs);
    let late = heard.signed_duration_since(theirs);
    if early > TimeDelta::zero() {
        early.num_milliseconds()
    } else if late < TimeDelta::zero() {
        late.num_milliseconds()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn the_observation_passes_a_shut_gate_and_nothing_else_does() {
        let observation: Fact = piperoll_events::ledger::ConfigurationObserved {
            differences: vec![difference("max_age", "0", "1")],
            reason: piperoll_events::Reason {
                code: piperoll_events::reason::ReasonCode::AmbitionRaised,
                text: None,
            },
        }
        .into();
        let other: Fact = piperoll_events::ledger::Opened { asserted: 0 }.into();
        let gate = Gate::default();
        assert_eq!(gate.pass(&observation), Err(Closed::NotInspected));
        gate.lock().inspected = true;
        assert_eq!(gate.pass(&other), Ok(()));
        let found = vec![difference("max_age", "0", "1")];
        gate.lock().found.clone_from(&found);
        assert_eq!(gate.pass(&other), Err(Closed::Differs(found.clone())));
        assert_eq!(gate.pass(&observation), Ok(()));
        gate.accept(&found);
        assert_eq!(gate.pass(&other), Ok(()));
        gate.lock().found.push(difference("max_age", "0", "2"));
        assert_eq!(gate.pass(&other), Err(Closed::Differs(vec![difference("max_age", "0", "2")])));
    }

    #[test]
    fn a_loss_once_accepted_stays_accepted_as_the_stream_grows_again() {
        let gate = Gate::default();
        gate.lock().inspected = true;
        gate.accept(&[difference(LAST_POSITION, "20 or more", "17")]);
        gate.lock().found = vec![difference(LAST_POSITION, "20 or more", "18")];
        assert_eq!(gate.closed(), None);
        gate.lock().found = vec![difference(LAST_POSITION, "21 or more", "18")];
        assert!(gate.closed().is_some());
    }

    #[test]
    fn a_clock_two_seconds_off_shuts_the_gate_for_the_observation_too() {
        let at = |ms: i64| DateTime::from_timestamp_millis(1_784_000_000_000 + ms).unwrap();
        assert_eq!(ahead_ms(at(0), at(300), at(150)), 0);
        assert_eq!(ahead_ms(at(0), at(300), at(-2500)), 2500);
        assert_eq!(ahead_ms(at(0), at(300), at(2900)), -2600);
        let gate = Gate::default();
        gate.lock().inspected = true;
        for (off, shut) in [(2000, false), (2001, true), (-2001, true)] {
            gate.lock().clock_ahead_ms = off;
            assert_eq!(gate.closed(), shut.then_some(Closed::ClockOff(off)));
        }
    }
}
