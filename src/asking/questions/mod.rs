//! The questions of committees and auditors, each by its name: one file a question.
//!
//! **Invariant:** an answer says at which position it stands, what it looked at and how many of each,
//! and running it again with the position that it names gives the same. No row is an answer too.

pub mod accountable_on;
pub mod baseline_moved;
mod breaks;
pub mod cells;
pub mod changes;
pub mod comparable;
pub mod differs;
pub mod doing;
pub mod dropped;
pub mod linking;
pub mod made_easier;
pub mod overridden;
pub mod reperform;
pub mod retargeting;
pub mod signed_by;
pub mod substituting;
mod targets;
pub mod turned_green;
pub mod who_changed;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use piperoll_events::Position;
use piperoll_events::text::Words;
use piperoll_projections::scorecard::MeasureLine;
use piperoll_projections::scorecard::history::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::answer::{AskingError, Desk, code_of};
use super::moment::{AsAt, Closed, When, instant, instant_from};

/// The answer to a question.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "{R}Reply")]
pub struct Reply<P, R> {
    /// The question's name.
    pub question: &'static str,
    /// What was asked, written in one way.
    pub params: P,
    /// At which moment the record was asked.
    pub as_at: AsAt,
    /// How much was looked at.
    pub looked_at: LookedAt,
    /// What was found, in the question's own order.
    pub rows: Vec<R>,
    /// What was found, counted.
    pub totals: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Rows that this reader may not see.
    pub withheld: u64,
    /// What a reader should know of this answer.
    pub notes: Vec<String>,
}

impl<P, R> Reply<P, R> {
    /// Rows of an answer, with nothing counted and nothing to remark.
    fn of(
        question: &'static str,
        params: P,
        (as_at, looked_at): (AsAt, LookedAt),
        rows: Vec<R>,
    ) -> Self {
        let (totals, notes) = (BTreeMap::new(), Vec::new());
        Self { question, params, as_at, looked_at, rows, totals, withheld: 0, notes }
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LookedAt {
    /// Measures.
    pub measures: u64,
    /// Figures of theirs.
    pub submissions: u64,
    /// Changes: of targets, or of what else the question is about.
    pub changes: u64,
}

/// Between which moments a fact was known. What is absent does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Between {
    /// The first instant; asked with a date, its start in London.
    #[serde(default, deserialize_with = "first")]
    pub from: Option<DateTime<Utc>>,
    /// The last; asked with a date, its end in London.
    #[serde(default, deserialize_with = "last")]
    pub to: Option<DateTime<Utc>>,
}

impl Desk {
    /// A moment that both the figures and the acts have reached.
    pub(super) async fn together(&self, when: When) -> Result<AsAt, AskingError> {
        let mut as_at = self.resolve(when).await?;
        let acts = self.acts.cursor().await?.position;
        if as_at.position > acts {
            match when {
                When::At(wanted) => return Err(AskingError::NotThere { wanted, reached: acts }),
                When::Now => as_at = self.resolve(When::At(acts)).await?,
                // The instant stays what was asked for, and is open as long as acts are missing.
                When::KnownAt(_) => (as_at.position, as_at.closed) = (acts, Closed::Open),
            }
        }
        Ok(as_at)
    }

    /// The positions at which something was known between two instants, up to `at`.
    pub(super) async fn span(&self, between: Between, at: Position) -> Result<Span, AskingError> {
        if between.from.zip(between.to).is_some_and(|(from, to)| to < from) {
            return Err(AskingError::Backwards);
        }
        let before = between
            .from
            .and_then(|from| from.checked_sub_signed(chrono::TimeDelta::microseconds(1)));
        let after = match before {
            Some(before) => self.reader.position_at(before).await?,
            None => Position::START,
        };
        let upto = match between.to {
            Some(to) => self.reader.position_at(to).await?.min(at),
            None => at,
        };
        Ok(Span { after, upto })
    }
}

/// The code that a measure had at a moment, with its title: how every row names it.
fn named(measure: &MeasureLine) -> (String, Words) {
    (code_of(measure), measure.title.clone())
}

fn first<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| instant_from(&text).map_err(serde::de::Error::custom)).transpose()
}

fn last<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| instant(&text).map_err(serde::de::Error::custom)).transpose()
}

/// Adds one to what is counted under a name.
fn count(counts: &mut BTreeMap<String, u64>, name: impl Serialize) {
    let name = serde_json::to_value(name).unwrap_or_default();
    let name = name.as_str().unwrap_or("none").to_owned();
    let counted = counts.entry(name).or_default();
    *counted = counted.saturating_add(1);
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
