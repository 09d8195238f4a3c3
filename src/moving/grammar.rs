//! Period grammars: what people write for a reference period, and what it means when a mapping
//! names the form.
//!
//! **Invariant:** nothing is guessed. A text is read only by the forms listed for its measure, and
//! a text that two of them read as different periods is refused with both readings.

use std::fmt;

use chrono::NaiveDate;
use piperoll_events::Period;
use piperoll_events::period::YearKind;
use serde::{Deserialize, Serialize};

/// One accepted way of writing a period. Spaces around and doubled inside, en dashes and the case
/// of letters make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodForm {
    /// `2021`: January to December.
    CalendarYear,
    /// `2021-22`, `2021/22`, `2021/2022`, `2021-2022`: April to March. The years must follow.
    FinancialYear,
    /// The same texts: September to August.
    AcademicYear,
    /// `H1 2023`, `2023 H1`.
    CalendarHalf,
    /// `H1 2023/24`, `2023-24;H1`.
    FinancialHalf,
    /// `Q4 2001`, `2001 Q4`, `2001-Q4`.
    CalendarQuarter,
    /// `Q2 2021/22`, `2018-19;Q1`, `2018-19 Q1`.
    FinancialQuarter,
    /// `April 2023`, `2023;April`, `Apr 2023`: months by name.
    Month,
    /// `2023-04`. A form of its own, because `2010-11` may be a year.
    IsoMonth,
    /// `2021-W07`.
    IsoWeek,
    /// `2010-14`, `2010-2014`, `2001 - 2006`: these calendar years pooled, both included.
    PooledCalendar,
    /// `2001/02 - 2006/07`, `2002/03-2007/08`, `200102 - 200607`: these financial years pooled.
    PooledFinancial,
    /// `2001 - 2006` where it is short for `2001/02 - 2006/07`: the financial years that begin in
    /// these years and those between, pooled. A mapping that lists it says so for its files.
    PooledFinancialStarts,
    /// `2010-12`: from April 2010 to March 2012, the two financial years between; never one.
    FinancialSpan,
    /// `2001/02 - 2006/07`: these academic years pooled.
    PooledAcademic,
    /// `2021-04-06..2022-04-05`, `2021-04-06 to 2022-04-05`, `2021-04-06/2022-04-05`.
    Custom,
    /// This project's own written form: `FY2021-Q2`.
    Written,
}

/// Why a text is not a period of the forms listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRead {
    /// No form reads it.
    NoForm,
    /// Two forms read it as different periods.
    Ambiguous {
        /// One reading.
        one: (PeriodForm, Period),
        /// The other.
        other: (PeriodForm, Period),
    },
}

/// Reads `text` by the forms listed.
///
/// # Errors
/// No form reads it, or two read it differently.
pub fn read(forms: &[PeriodForm], text: &str) -> Result<Period, NotRead> {
    let text = tidy(text);
    let mut found: Option<(PeriodForm, Period)> = None;
    for form in forms {
        let Some(period) = form.read(&text) else { continue };
        match found {
            Some(one) if one.1 != period => {
                return Err(NotRead::Ambiguous { one, other: (*form, period) });
            }
            _ => found = Some((*form, period)),
        }
    }
    found.map(|(_, period)| period).ok_or(NotRead::NoForm)
}

/// Lower case, plain hyphens and single spaces; over-long texts are cut, so they fit no form.
fn tidy(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(64)
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
            other => other.to_ascii_lowercase(),
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl PeriodForm {
    /// Every form.
    pub const ALL: [Self; 17] = [
        Self::CalendarYear,
        Self::FinancialYear,
        Self::AcademicYear,
        Self::CalendarHalf,
        Self::FinancialHalf,
        Self::CalendarQuarter,
        Self::FinancialQuarter,
        Self::Month,
        Self::IsoMonth,
        Self::IsoWeek,
        Self::PooledCalendar,
        Self::PooledFinancial,
        Self::PooledFinancialStarts,
        Self::FinancialSpan,
        Self::PooledAcademic,
        Self::Custom,
        Self::Written,
    ];

    /// A text of this form, to show what would be right.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::CalendarYear => "2021",
            Self::FinancialYear | Self::AcademicYear => "2021-22",
            Self::CalendarHalf => "H1 2021",
            Self::FinancialHalf => "H1 2021/22",
            Self::CalendarQuarter => "Q4 2021",
            Self::FinancialQuarter => "Q4 2021/22",
            Self::Month => "April 2021",
            Self::IsoMonth => "2021-04",
            Self::IsoWeek => "2021-W07",
            Self::PooledCalendar => "2010-2014",
            Self::PooledFinancial | Self::PooledAcademic => "2010/11 - 2014/15",
            Self::PooledFinancialStarts => "2010 - 2014",
            Self::FinancialSpan => "2010-12",
            Self::Custom => "2021-04-06..2022-04-05",
            Self::Written => "FY2021-Q2",
        }
    }

    fn read(self, text: &str) -> Option<Period> {
        use YearKind::{Academic, Calendar, Financial};
        match self {
            Self::CalendarYear => Period::year(Calendar, year(text)?).ok(),
            Self::FinancialYear => Period::year(Financial, double_year(text)?).ok(),
            Self::AcademicYear => Period::year(Academic, double_year(text)?).ok(),
            Self::CalendarHalf => {
                let (rest, half) = part(text, 'h')?;
                Period::half(Calendar, year(rest)?, half).ok()
            }
            Self::FinancialHalf => {
                let (rest, half) = part(text, 'h')?;
                Period::half(Financial, double_year(rest)?, half).ok()
            }
            Self::CalendarQuarter => {
                let (rest, quarter) = part(text, 'q')?;
                Period::quarter(Calendar, year(rest)?, quarter).ok()
            }
            Self::FinancialQuarter => {
                let (rest, quarter) = part(text, 'q')?;
                Period::quarter(Financial, double_year(rest)?, quarter).ok()
            }
            Self::Month => month(text),
            Self::IsoMonth => {
                let (head, number) = text.split_once('-')?;
                Period::month(year(head)?, digits(number, 2)?.try_into().ok()?).ok()
            }
            Self::IsoWeek => {
                let (head, week) = text.split_once("-w")?;
                Period::week(year(head)?, digits(week, 2)?.try_into().ok()?).ok()
            }
            Self::PooledCalendar => {
                let (first, last) = years_between(text)?;
                Period::pooled(Calendar, first, last).ok()
            }
            Self::PooledFinancial => pooled_double(Financial, text),
            Self::PooledFinancialStarts => {
                let (first, last) = years_between(text)?;
                Period::pooled(Financial, first, last).ok()
            }
            Self::PooledAcademic => pooled_double(Academic, text),
            Self::FinancialSpan => {
                let (first, last) = years_between(text)?;
                Period::pooled(Financial, first, last.checked_sub(1)?).ok()
            }
            Self::Custom => {
                let (from, to) = halves(text, &["..", " to ", "/", " - "])?;
                Period::custom(day(from)?, day(to)?).ok()
            }
            Self::Written => text.to_ascii_uppercase().parse().ok(),
        }
    }
}

impl fmt::Display for PeriodForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Exactly `length` ASCII digits.
fn digits(text: &str, length: usize) -> Option<u16> {
    let plain = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn year(text: &str) -> Option<u16> {
    digits(text.trim(), 4)
}

/// The two parts of a text at the first separator that it holds, trimmed.
fn halves<'t>(text: &'t str, separators: &[&str]) -> Option<(&'t str, &'t str)> {
    let (one, other) = separators.iter().find_map(|between| text.split_once(between))?;
    Some((one.trim(), other.trim()))
}

/// `2021-22` and its like: the first year, when the second is the one that follows.
fn double_year(text: &str) -> Option<u16> {
    let (head, tail) = halves(text, &["/", "-"])?;
    let first = year(head)?;
    let next = first.checked_add(1)?;
    let second = digits(tail, 2).map(|short| (short, next % 100));
    let second = second.or_else(|| year(tail).map(|long| (long, next)));
    second.is_some_and(|(written, due)| written == due).then_some(first)
}

/// `2010-14`, `2010-2014`, `2001 - 2006`: first and last, in order.
fn years_between(text: &str) -> Option<(u16, u16)> {
    let (head, tail) = halves(text, &["-", " to "])?;
    let first = year(head)?;
    let last = match digits(tail, 2) {
        Some(short) => {
            let century = first.checked_sub(first % 100)?;
            let same = century.checked_add(short)?;
            if same > first { same } else { same.checked_add(100)? }
        }
        None => year(tail)?,
    };
    (first < last).then_some((first, last))
}

/// `2001/02 - 2006/07`, `2002-03 to 2007-08`, `200102 - 200607`.
fn pooled_double(kind: YearKind, text: &str) -> Option<Period> {
    let (from, to) = halves(text, &[" to ", " - "]).or_else(|| halves(text, &["-"]))?;
    let one = |text: &str| {
        let short = text.len() == 6 && text.is_ascii();
        let spelt = short.then(|| text.split_at_checked(4)).flatten();
        match spelt {
            Some((first, second)) => double_year(&format!("{first}/{second}")),
            None => double_year(text),
        }
    };
    Period::pooled(kind, one(from)?, one(to)?).ok()
}

/// The year beside `q2` or `h1`, at either end, whatever stands between.
fn part(text: &str, letter: char) -> Option<(&str, u8)> {
    let number = |text: &str| digits(text, 1).and_then(|n| u8::try_from(n).ok());
    let between: &[char] = &[' ', ';', '-', '/', ','];
    let (at, _) = text.match_indices(letter).next()?;
    let (before, after) = text.split_at_checked(at)?;
    let after = after.strip_prefix(letter)?;
    if before.is_empty() {
        let (which, rest) = after.split_at_checked(1)?;
        return Some((rest.strip_prefix(between)?, number(which)?));
    }
    Some((before.strip_suffix(between).unwrap_or(before), number(after)?))
}

fn month(text: &str) -> Option<Period> {
    let (head, tail) = halves(text, &[";", " ", "-"])?;
    let (in_year, name) = match year(head) {
        Some(in_year) => (in_year, tail),
        None => (year(tail)?, head),
    };
    Period::month(in_year, month_named(name)?).ok()
}

fn month_named(name: &str) -> Option<u8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = NAMES.iter().position(|full| {
        *full == name || full.get(..3) == Some(name) || (*full == "september" && name == "sept")
    })?;
    u8::try_from(at).ok()?.checked_add(1)
}

fn day(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(form: PeriodForm, text: &str) -> Option<String> {
        read(&[form], text).ok().map(|period| period.to_string())
    }

    #[test]
    fn every_way_that_the_real_sets_write_a_period_is_read_by_its_form() {
        use PeriodForm as F;
        let cases = [
            (F::CalendarYear, "1990", "1990"),
            (F::FinancialYear, "2010-11", "FY2010"),
            (F::FinancialYear, "1999/00", "FY1999"),
            (F::FinancialYear, "2021/2022", "FY2021"),
            (F::AcademicYear, "2021/22", "AY2021"),
            (F::CalendarQuarter, "2001 Q4", "2001-Q4"),
            (F::FinancialQuarter, "2018-19;Q1", "FY2018-Q1"),
            (F::FinancialQuarter, "2018-19 Q1", "FY2018-Q1"),
            (F::FinancialQuarter, "Q2 2021/22", "FY2021-Q2"),
            (F::Month, "2023;April", "2023-04"),
            (F::Month, "April 2023", "2023-04"),
            (F::IsoMonth, "2023-04", "2023-04"),
            (F::CalendarHalf, "H1 2023", "2023-H1"),
            (F::FinancialHalf, "2023/24 H2", "FY2023-H2"),
            (F::PooledCalendar, "2001 - 2006", "2001..2006"),
            (F::PooledCalendar, "2001  - 2006", "2001..2006"),
            (F::PooledCalendar, "2010-14", "2010..2014"),
            (F::PooledFinancial, "2001/02 - 2006/07", "FY2001..FY2006"),
            (F::PooledFinancial, "2002/03-2007/08", "FY2002..FY2007"),
            (F::PooledFinancial, "200102  - 200607", "FY2001..FY2006"),
            (F::PooledFinancialStarts, "2001  - 2006", "FY2001..FY2006"),
            (F::FinancialSpan, "2010-12", "FY2010..FY2011"),
            (F::FinancialSpan, "2012-15", "FY2012..FY2014"),
            (F::IsoWeek, "2021-W07", "2021-W07"),
            (F::Custom, "2021-04-06 to 2022-04-05", "2021-04-06..2022-04-05"),
            (F::Written, "FY2021-Q2", "FY2021-Q2"),
        ];
        for (form, text, meant) in cases {
            assert_eq!(one(form, text).as_deref(), Some(meant), "{form} `{text}`");
        }
    }

    #[test]
    fn years_that_do_not_follow_each_other_are_no_financial_year() {
        for text in ["2021-23", "2021-21", "2021/20", "2021-2023", "2010-12", "202122"] {
            assert_eq!(one(PeriodForm::FinancialYear, text), None, "{text}");
        }
        assert_eq!(one(PeriodForm::FinancialSpan, "2010-11"), None);
    }

    #[test]
    fn a_text_that_two_listed_forms_read_differently_is_refused_with_both() {
        let forms = [PeriodForm::FinancialYear, PeriodForm::IsoMonth];
        let found = read(&forms, "2010-11").unwrap_err();
        let NotRead::Ambiguous { one, other } = found else { unreachable!("{found:?}") };
        assert_eq!((one.0, one.1.to_string()), (forms[0], "FY2010".to_owned()));
        assert_eq!((other.0, other.1.to_string()), (forms[1], "2010-11".to_owned()));
        assert!(read(&forms, "2010-13").is_err());
    }

    #[test]
    fn three_spellings_of_a_pool_are_one_period_where_a_mapping_lists_both_forms() {
        let forms = [PeriodForm::PooledFinancial, PeriodForm::PooledFinancialStarts];
        for text in ["2001 - 2006", "2001/02 - 2006/07", "200102 - 200607"] {
            assert_eq!(read(&forms, text).unwrap().to_string(), "FY2001..FY2006", "{text}");
        }
    }

    #[test]
    fn a_span_and_a_year_of_financial_years_never_fit_one_text() {
        let forms = [PeriodForm::FinancialYear, PeriodForm::FinancialSpan];
        assert_eq!(read(&forms, "2010-11").unwrap().to_string(), "FY2010");
        assert_eq!(read(&forms, "2010-12").unwrap().to_string(), "FY2010..FY2011");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_a_crash(text in ".{0,40}") {
            for form in PeriodForm::ALL {
                prop_assert!(read(&[form], &text).is_ok_and(|p| !p.to_string().is_empty())
                    || read(&[form], &text).is_err());
            }
        }

        #[test]
        fn near_periods_are_read_or_refused_and_never_a_crash(
            text in "[0-9]{0,4}[-/; ]{0,3}[QqHhWwÀ]?[0-9]{0,4}[-/ ]{0,3}[0-9a-zé]{0,6}",
        ) {
            prop_assert!(read(&PeriodForm::ALL, &text).is_ok() || read(&PeriodForm::ALL, &text).is_err());
        }

        #[test]
        fn what_is_written_is_read_back(year in 1900u16..2100, quarter in 1u8..=4) {
            let period = Period::quarter(YearKind::Financial, year, quarter).unwrap();
            prop_assert_eq!(read(&[PeriodForm::Written], &period.to_string()), Ok(period));
        }
    }
}
