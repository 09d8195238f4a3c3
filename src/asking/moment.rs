//! Which position of a ledger a date, an instant or a position means.

use chrono::{DateTime, Utc};
use piperoll_events::Position;
use piperoll_projections::scorecard::Underway;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::instants;

/// What is asked: the record as it stands, or as it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As it stands.
    Now,
    /// What was known at this instant.
    KnownAt(DateTime<Utc>),
    /// What stood at this position.
    At(Position),
}

/// A moment that a question compares with another: an instant, or a position. Written as a date (its
/// end in London), an instant (RFC 3339) or a position in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// What was known at this instant.
    KnownAt(DateTime<Utc>),
    /// What stood at this position.
    Position(Position),
}

impl From<Moment> for When {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::KnownAt(instant) => Self::KnownAt(instant),
            Moment::Position(position) => Self::At(position),
        }
    }
}

impl std::str::FromStr for Moment {
    type Err = NotAMoment;

    /// Digits alone are a position; else a date, which means its end in London, or an instant.
    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let position = text.parse().map(|number| Self::Position(Position(number)));
            return position.map_err(|_| NotAMoment(text.chars().take(40).collect()));
        }
        instant(text).map(Self::KnownAt)
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KnownAt(instant) => f.write_str(&piperoll_events::envelope::micros(*instant)),
            Self::Position(position) => position.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "maxLength": 40,
            "description": "A date (its end in London), an instant (RFC 3339) or a position in digits."
        })
    }
}

/// Which moment an answer is about. Position and instant together replay it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AsAt {
    /// The last position that the answer includes.
    pub position: Position,
    /// The instant asked for; for a position, when that was known.
    pub instant: Option<DateTime<Utc>>,
    /// Whose knowledge: what this record held.
    pub basis: Basis,
    /// Whether something may still be recorded that was known by then.
    pub closed: Closed,
    /// The file of changes that is being applied to the framework at that position: part of it may
    /// be in force and part not. Absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub being_applied: Option<Underway>,
}

/// Whose knowledge an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AsAtBasis")]
pub enum Basis {
    /// What the record held.
    Recorded,
}

/// Whether a moment is over for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Nothing that was known by then can still be recorded.
    Closed,
    /// It can, until something later is sealed.
    Open,
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a moment: give a date (2022-10-14, its end in London) or an instant (2022-10-14T09:30:00Z)"
)]
pub struct NotAMoment(pub String);

/// As [`instant`], but a date means its start in London.
///
/// # Errors
/// Neither a date nor an instant with its offset.
pub fn instant_from(text: &str) -> Result<DateTime<Utc>, NotAMoment> {
    instants::read_from(text).ok_or_else(|| NotAMoment(text.chars().take(40).collect()))
}

/// The instant that a date or an RFC 3339 instant means; a date means its end in London.
///
/// # Errors
/// Neither a date nor an instant with its offset.
pub fn instant(text: &str) -> Result<DateTime<Utc>, NotAMoment> {
    instants::read(text).ok_or_else(|| NotAMoment(text.chars().take(40).collect()))
}
