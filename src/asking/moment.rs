//! Which position of a ledger a date, an instant or a position means.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;
use piperoll_events::Position;
use serde::Serialize;

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

/// Which moment an answer is about. Position and instant together replay it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AsAt {
    /// The last position that the answer includes.
    pub position: Position,
    /// The instant asked for; for a position, when that was known.
    pub instant: Option<DateTime<Utc>>,
    /// Whose knowledge: what this record held.
    pub basis: Basis,
    /// Whether something may still be recorded that was known by then.
    pub closed: Closed,
}

/// Whose knowledge an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What the record held.
    Recorded,
}

/// Whether a moment is over for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// The instant that a date or an RFC 3339 instant means; a date means its end in London.
///
/// # Errors
/// Neither a date nor an instant with its offset.
pub fn instant(text: &str) -> Result<DateTime<Utc>, NotAMoment> {
    let wrong = || NotAMoment(text.chars().take(40).collect());
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return end_of_day(date).ok_or_else(wrong);
    }
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
    Ok(instant.with_timezone(&Utc))
}

/// The last microsecond before the next midnight in London.
#[must_use]
pub fn end_of_day(date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.succ_opt()?.and_time(NaiveTime::MIN);
    let midnight = London.from_local_datetime(&midnight).earliest()?.with_timezone(&Utc);
    midnight.checked_sub_signed(Duration::microseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        piperoll_events::envelope::micros(instant(text).unwrap())
    }

    #[test]
    fn a_date_means_its_end_in_london_in_winter_and_in_summer() {
        assert_eq!(shown("2022-01-14"), "2022-01-14T23:59:59.999999Z");
        assert_eq!(shown("2022-10-14"), "2022-10-14T22:59:59.999999Z");
        assert_eq!(shown("2022-03-26"), "2022-03-26T23:59:59.999999Z");
        assert_eq!(shown("2024-02-29"), "2024-02-29T23:59:59.999999Z");
    }

    #[test]
    fn an_instant_needs_its_offset() {
        assert_eq!(shown("2022-10-14T09:30:00+01:00"), "2022-10-14T08:30:00.000000Z");
        for bad in ["", "today", "2022-10-14T09:30:00", "2023-02-29", "14/10/2022"] {
            assert!(instant(bad).is_err(), "`{bad}` was accepted");
        }
    }
}
