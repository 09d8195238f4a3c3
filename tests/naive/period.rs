//! The days of a reference period, from its one written form.

use chrono::{Days, Months, NaiveDate, Weekday};

/// First and last day of `2021`, `FY2021-Q2`, `2020-W53`, `2010..2014` and the like.
pub(crate) fn days(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    if let Some((from, to)) = text.split_once("..") {
        if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
            return Some((from, to));
        }
        return Some((days(from)?.0, days(to)?.1));
    }
    let (head, part) = text.split_once('-').unwrap_or((text, ""));
    let (first_month, year) = match (head.strip_prefix("FY"), head.strip_prefix("AY")) {
        (Some(year), _) => (4, year),
        (_, Some(year)) => (9, year),
        _ => (1, head),
    };
    let year: i32 = year.parse().ok()?;
    let starts = NaiveDate::from_ymd_opt(year, first_month, 1)?;
    let number = |text: &str| text.parse::<u32>().ok();
    let span = |skip: u32, length: u32| {
        let from = starts + Months::new(skip);
        (from, from + Months::new(length) - Days::new(1))
    };
    match part.chars().next() {
        None => Some(span(0, 12)),
        Some('H') => Some(span(6 * (number(&part[1..])? - 1), 6)),
        Some('Q') => Some(span(3 * (number(&part[1..])? - 1), 3)),
        Some('W') => {
            let week = number(&part[1..])?;
            let day = |weekday| NaiveDate::from_isoywd_opt(year, week, weekday);
            Some((day(Weekday::Mon)?, day(Weekday::Sun)?))
        }
        Some(_) => Some(span(number(part)? - 1, 1)),
    }
}

/// Whether every day of `inner` is a day of `outer`, both as written.
pub(crate) fn within(inner: &str, outer: &str) -> bool {
    match (days(inner), days(outer)) {
        (Some((from, to)), Some((start, end))) => start <= from && to <= end,
        _ => false,
    }
}

#[test]
fn each_written_form_has_its_days() {
    let cases = [
        ("2021", "2021-01-01 2021-12-31"),
        ("2021-H2", "2021-07-01 2021-12-31"),
        ("FY2021", "2021-04-01 2022-03-31"),
        ("FY2021-Q4", "2022-01-01 2022-03-31"),
        ("AY2021", "2021-09-01 2022-08-31"),
        ("2024-02", "2024-02-01 2024-02-29"),
        ("2020-W53", "2020-12-28 2021-01-03"),
        ("2010..2014", "2010-01-01 2014-12-31"),
        ("FY2001..FY2006", "2001-04-01 2007-03-31"),
        ("2021-04-06..2022-04-05", "2021-04-06 2022-04-05"),
    ];
    for (text, said) in cases {
        let (from, to) = days(text).unwrap();
        assert_eq!(format!("{from} {to}"), said, "{text}");
    }
    assert!(within("FY2021-Q4", "FY2021") && !within("FY2021", "2021"));
}
