//! Numbers and instants as files write them, turned into exact quantities and moments.
//!
//! **Invariant:** a number is read digit by digit, never through a float, and only in the ways
//! that the mapping names. A local time that a clock shows twice, or never, is refused.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use piperoll_events::Quantity;
use rust_decimal::Decimal;

use super::says::{Numbers, Scientific};
use crate::instants::end_of_day;

/// What is wrong, and what would be right.
pub(super) type Fault = (String, String);

/// Reads a number as the mapping says numbers are written.
pub(super) fn number(text: &str, says: &Numbers) -> Result<Quantity, Fault> {
    let fault = |wrong: &str, right: &str| Err((wrong.to_owned(), right.to_owned()));
    let mut plain = text.trim();
    for sign in &says.signs {
        plain = plain.strip_suffix(sign.as_str()).unwrap_or(plain).trim_end();
        let (minus, rest) = match plain.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", plain),
        };
        if let Some(rest) = rest.strip_prefix(sign.as_str()) {
            let rest = format!("{minus}{}", rest.trim_start());
            return number(&rest, &Numbers { signs: Vec::new(), ..says.clone() });
        }
    }
    let decimal = says.decimal.unwrap_or('.');
    let (head, tail) = plain.split_once(decimal).unwrap_or((plain, ""));
    let head = match says.thousands {
        Some(between) if head.contains(between) => match ungrouped(head, between) {
            Some(joined) => joined,
            None => return fault("thousands are not in groups of three", "write 1,234,567"),
        },
        _ => head.to_owned(),
    };
    let joined = if plain.contains(decimal) { format!("{head}.{tail}") } else { head };
    if let Ok(quantity) = joined.parse::<Quantity>() {
        return Ok(quantity);
    }
    if let Some((mantissa, exponent)) = joined.split_once(['e', 'E']) {
        return match says.scientific {
            Scientific::Exact => shifted(mantissa, exponent).ok_or_else(|| {
                let right = "write out its digits, 28 at the most".to_owned();
                ("a number in powers of ten that can't be kept exactly".to_owned(), right)
            }),
            Scientific::Refuse => fault(
                "a number in powers of ten",
                "write out its digits, or say scientific = \"exact\" under [numbers]",
            ),
        };
    }
    let digits = joined.bytes().filter(u8::is_ascii_digit).count();
    if digits > 28 {
        return fault("more digits than can be kept exactly", "give 28 digits at the most");
    }
    if digits > 0 && plain.contains([',', '£', '%', '$', '€', ' ', '\u{a0}']) {
        return fault(
            "not a plain number: the mapping names no sign like that",
            "write digits, one point and a minus; or name thousands, decimal or signs in [numbers]",
        );
    }
    fault(
        "not a number",
        "write digits, one point and a minus, or leave it out as the mapping says",
    )
}

fn ungrouped(head: &str, between: char) -> Option<String> {
    let mut groups = head.split(between);
    let first = groups.next()?;
    let lead = first.strip_prefix('-').unwrap_or(first);
    let good = (1..=3).contains(&lead.len()) && groups.all(|group| group.len() == 3);
    good.then(|| head.replace(between, ""))
}

/// `1.5e-3` as `0.0015`, by moving the point.
fn shifted(mantissa: &str, exponent: &str) -> Option<Quantity> {
    mantissa.parse::<Quantity>().ok()?;
    let exponent: i32 = exponent.parse().ok().filter(|e| (-40..=40).contains(e))?;
    let (minus, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let text = if point <= 0 {
        let noughts = usize::try_from(point.checked_neg()?).ok()?;
        format!("{minus}0.{}{all}", "0".repeat(noughts))
    } else {
        let point = usize::try_from(point).ok()?;
        match all.split_at_checked(point) {
            Some((whole, "")) => format!("{minus}{whole}"),
            Some((whole, part)) => format!("{minus}{whole}.{part}"),
            None => format!("{minus}{all}{}", "0".repeat(point.checked_sub(all.len())?)),
        }
    };
    let bare = text.trim_start_matches('-').trim_start_matches('0');
    let bare =
        if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.into() };
    format!("{minus}{bare}").parse().ok()
}

/// Whether a text would be taken for a formula by a spreadsheet: it begins like one and is no
/// number.
pub(super) fn looks_like_formula(text: &str) -> bool {
    let begins = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    begins && text.trim().parse::<Quantity>().is_err()
}

/// Reads an instant from the beginning of `text`, and gives back what is left. A date without an
/// hour is the last microsecond of that day.
pub(super) fn instant<'t>(
    text: &'t str,
    format: &str,
    zone: Tz,
) -> Result<(DateTime<Utc>, &'t str), &'static str> {
    if format == "rfc3339" {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| "not an RFC 3339 instant")?;
        return Ok((at.with_timezone(&Utc), ""));
    }
    if let Ok((at, rest)) = DateTime::parse_and_remainder(text, format) {
        return Ok((at.with_timezone(&Utc), rest));
    }
    if let Ok((local, rest)) = NaiveDateTime::parse_and_remainder(text, format) {
        return Ok((moment(local, zone)?, rest));
    }
    let (day, rest) = NaiveDate::parse_and_remainder(text, format)
        .map_err(|_| "not an instant or a date of the format that the mapping names")?;
    let end = end_of_day(day, zone).ok_or("not a day that can be reckoned with")?;
    Ok((end, rest))
}

fn moment(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, &'static str> {
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        chrono::LocalResult::Ambiguous(..) => {
            Err("a local time that the clock showed twice that day; give its offset")
        }
        chrono::LocalResult::None => Err("a local time that the clock skipped that day"),
    }
}

/// Whether two figures agree in so many significant digits; in all of them where nobody says.
pub(super) fn agree(a: Quantity, b: Quantity, digits: Option<u8>) -> bool {
    let (a, b) = (a.decimal(), b.decimal());
    let apart = || {
        let mut apart = a.checked_sub(b)?.abs();
        for _ in 0..digits? {
            apart = apart.checked_mul(Decimal::TEN)?;
        }
        Some(apart <= a.abs().max(b.abs()))
    };
    a == b || apart().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;
    use proptest::prelude::*;

    use super::*;

    fn says(toml: &str) -> Numbers {
        toml::from_str(toml).unwrap()
    }

    fn read(text: &str, toml: &str) -> Option<String> {
        number(text, &says(toml)).ok().map(|q| q.to_string())
    }

    #[test]
    fn a_number_is_read_only_in_the_ways_that_the_mapping_names() {
        assert_eq!(read(" -28 ", "").as_deref(), Some("-28"));
        assert_eq!(read("198956051.70000002", "").as_deref(), Some("198956051.70000002"));
        for bad in ["1,234", "£5", "97%", "1e-05", "1,5", "5.", "+5", "", "-", "1 234", "NaN"] {
            assert_eq!(read(bad, ""), None, "{bad}");
        }
        assert_eq!(read("1,234,567.50", "thousands=','").as_deref(), Some("1234567.50"));
        assert_eq!(read("1,5", "thousands=','"), None);
        assert_eq!(read("1.234,5", "thousands='.'\ndecimal=','").as_deref(), Some("1234.5"));
        assert_eq!(read("-£1,200", "thousands=','\nsigns=['£']").as_deref(), Some("-1200"));
        assert_eq!(read("97.5 %", "signs=['%']").as_deref(), Some("97.5"));
    }

    #[test]
    fn powers_of_ten_are_moved_points_and_never_floats() {
        let exact = "scientific='exact'";
        assert_eq!(read("1e-05", exact).as_deref(), Some("0.00001"));
        assert_eq!(read("-2.50E+3", exact).as_deref(), Some("-2500"));
        assert_eq!(read("1.2345e2", exact).as_deref(), Some("123.45"));
        assert_eq!(read("0e0", exact).as_deref(), Some("0"));
        assert_eq!(read("1e40", exact), None);
    }

    #[test]
    fn a_date_without_an_hour_is_the_end_of_that_day_in_london() {
        let at = |text, format| instant(text, format, London).map(|(at, _)| at.to_rfc3339());
        assert_eq!(at("2014-08-10", "%Y-%m-%d").unwrap(), "2014-08-10T22:59:59.999999+00:00");
        assert_eq!(at("2014-11-07", "%Y-%m-%d").unwrap(), "2014-11-07T23:59:59.999999+00:00");
        let (found, rest) =
            instant("2021-06-15T093037_a8d0a9216b.csv", "%Y-%m-%dT%H%M%S", Tz::UTC).unwrap();
        assert_eq!(found.to_rfc3339(), "2021-06-15T09:30:37+00:00");
        assert_eq!(rest, "_a8d0a9216b.csv");
    }

    #[test]
    fn a_local_time_that_a_clock_shows_twice_is_refused() {
        assert!(instant("2021-10-31 01:30", "%Y-%m-%d %H:%M", London).is_err());
        assert!(instant("2021-03-28 01:30", "%Y-%m-%d %H:%M", London).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_or_refused_and_never_a_crash(text in ".{0,40}") {
            let all = says("thousands=','\nsigns=['£','%']\nscientific='exact'");
            prop_assert!(number(&text, &all).is_ok() || number(&text, &all).is_err());
            prop_assert!(instant(&text, "%Y-%m-%d", London).is_ok_and(|_| true)
                || instant(&text, "%Y-%m-%d", London).is_err());
        }

        #[test]
        fn powers_of_ten_agree_with_arithmetic(digits in -9999i64..9999, exponent in -8i32..8) {
            let read = read(&format!("{digits}e{exponent}"), "scientific='exact'").unwrap();
            let found = rust_decimal::Decimal::from_str_exact(&read).unwrap();
            let due = rust_decimal::Decimal::from_scientific(&format!("{digits}e{exponent}"));
            prop_assert_eq!(found, due.unwrap());
        }
    }

    #[test]
    fn figures_that_agree_in_the_digits_that_count_are_one() {
        let q = |text: &str| text.parse().unwrap();
        let (exact, noisy) = (q("1.643594839430373"), q("1.64359483943037"));
        assert!(agree(exact, noisy, Some(12)) && !agree(exact, noisy, None));
        assert!(!agree(q("97.4"), q("97.400000001"), Some(12)));
        assert!(!agree(q("0.47710682"), q("-0.47710682"), Some(12)));
        assert!(agree(q("1.0"), q("1"), None) && !agree(q("0"), q("0.0000001"), Some(12)));
    }
}
