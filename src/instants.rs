//! Instants as people write them: a date means its end.
//!
//! **Invariant:** there is one reading of a date in the whole service, so that what a file asserts
//! and what a question asks mean the same moment.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;
use chrono_tz::Tz;

/// RFC 3339 with its offset; or a date, which means its end in London. Else none.
#[must_use]
pub fn read(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return end_of_day(date, London).filter(|_| written(date));
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    written(instant.date_naive()).then_some(instant)
}

/// Years of four digits, as RFC 3339 writes them; a store may hold no others.
fn written(day: NaiveDate) -> bool {
    (1..=9998).contains(&day.year())
}

/// As [`read`], but a date means its start in London.
#[must_use]
pub fn read_from(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let before = end_of_day(date.pred_opt()?, London).filter(|_| written(date))?;
        return before.checked_add_signed(Duration::microseconds(1));
    }
    read(text)
}

/// The last microsecond before a day's next midnight.
#[must_use]
pub fn end_of_day(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.succ_opt()?.and_time(NaiveTime::MIN);
    let next = zone.from_local_datetime(&midnight).earliest()?.with_timezone(&Utc);
    next.checked_sub_signed(Duration::microseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        piperoll_events::envelope::micros(read(text).unwrap())
    }

    #[test]
    fn a_date_means_its_end_in_london_in_winter_and_in_summer() {
        assert_eq!(shown("2022-01-14"), "2022-01-14T23:59:59.999999Z");
        assert_eq!(shown("2022-10-14"), "2022-10-14T22:59:59.999999Z");
        assert_eq!(shown("2022-03-26"), "2022-03-26T23:59:59.999999Z");
        assert_eq!(shown("2024-02-29"), "2024-02-29T23:59:59.999999Z");
    }

    #[test]
    fn a_date_that_something_begins_on_means_its_start_in_london() {
        let shown = |text| piperoll_events::envelope::micros(read_from(text).unwrap());
        assert_eq!(shown("2022-01-14"), "2022-01-14T00:00:00.000000Z");
        assert_eq!(shown("2022-10-14"), "2022-10-13T23:00:00.000000Z");
        assert_eq!(shown("2022-10-14T09:30:00Z"), "2022-10-14T09:30:00.000000Z");
    }

    #[test]
    fn an_instant_needs_its_offset() {
        assert_eq!(shown("2022-10-14T09:30:00+01:00"), "2022-10-14T08:30:00.000000Z");
        for bad in [
            "",
            "-262143-01-01",
            "+10000-01-01",
            "0000-01-01",
            "today",
            "2022-10-14T09:30:00",
            "2023-02-29",
            "14/10/2022",
        ] {
            assert!(read(bad).is_none(), "`{bad}` was accepted");
        }
    }
}
