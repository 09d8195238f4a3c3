//! Which of several targets governs a period (QUESTIONS D7).
//!
//! **Invariant:** what names the period itself comes before what spans it, the narrower span
//! before the wider; the last recorded decides between equals, and of two recorded in one event the
//! one whose span comes first as written.

use chrono::NaiveDate;
use piperoll_events::target::{Level, TargetShape};
use piperoll_events::{Period, Position};
use schemars::JsonSchema;
use serde::Serialize;

/// A target's last version, as it may govern a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Candidate {
    /// The period that it names; absent: every period from `starts` to `ends`.
    pub names: Option<Period>,
    /// The span of the target it is a part of.
    pub span: Period,
    /// How it spreads; a point of a path is `profile`.
    pub shape: TargetShape,
    /// What is aimed at; absent: words alone.
    pub level: Option<Level>,
    /// Where it was recorded.
    pub position: Position,
    /// Whether a file says so.
    pub asserted: bool,
}

impl Candidate {
    fn governs(&self, period: Period) -> bool {
        match self.names {
            Some(named) if named == period => true,
            Some(named) => self.shape == TargetShape::Standing && named.contains(period),
            None => self.span.contains(period),
        }
    }

    fn rank(&self, period: Period) -> (bool, bool, chrono::TimeDelta, std::cmp::Reverse<Position>) {
        let (starts, ends): (NaiveDate, NaiveDate) = self.span.days();
        (
            self.names != Some(period),
            self.span != period,
            ends.signed_duration_since(starts),
            std::cmp::Reverse(self.position),
        )
    }
}

/// The target that governs `period`, if any does.
#[must_use]
pub fn govern(period: Period, candidates: Vec<Candidate>) -> Option<Candidate> {
    candidates.into_iter().filter(|candidate| candidate.governs(period)).min_by(|a, b| {
        let written = || a.span.to_string().cmp(&b.span.to_string());
        a.rank(period).cmp(&b.rank(period)).then_with(written)
    })
}
