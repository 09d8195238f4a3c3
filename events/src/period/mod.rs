//! Reference periods: what a figure is about, typed and exact.
//!
//! **Invariant:** a period has one written form and one pair of days. Nothing is guessed from what
//! people write; the mapping of a file names the grammar, and this is what the grammar yields.
//!
//! Written forms: `2021`, `2021-H1`, `2021-Q2`, `2021-04`, `2021-W07` (calendar; ISO 8601 weeks);
//! `FY2021`, `FY2021-H1`, `FY2021-Q2` (financial year from 1 April); `AY2021` (academic year from
//! 1 September); `2010..2014`, `FY2010..FY2014`, `AY2010..AY2014` (years pooled, both included);
//! `2021-04-06..2022-04-05` (any other span of days, both included).

mod written;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which year a year is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YearKind {
    /// 1 January to 31 December.
    Calendar,
    /// 1 April to 31 March, named by the year it starts in.
    Financial,
    /// 1 September to 31 August, named by the year it starts in.
    Academic,
}

/// A reference period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Year(YearKind, u16),
    Half(YearKind, u16, u8),
    Quarter(YearKind, u16, u8),
    Month(u16, u8),
    Week(u16, u8),
    Pooled(YearKind, u16, u16),
    Custom(NaiveDate, NaiveDate),
}

/// The type of a period, named by a definition.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PeriodType {
    /// January to December.
    CalendarYear,
    /// Half of a calendar year.
    CalendarHalf,
    /// Quarter of a calendar year.
    CalendarQuarter,
    /// April to March.
    FinancialYear,
    /// Half of a financial year.
    FinancialHalf,
    /// Quarter of a financial year.
    FinancialQuarter,
    /// September to August.
    AcademicYear,
    /// A month.
    Month,
    /// A week, Monday to Sunday (ISO 8601).
    Week,
    /// Several years taken together.
    Pooled,
    /// Any other span of days.
    Custom,
}

/// Why a text or a set of numbers is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reference period")]
pub struct NotAPeriod(pub String);

const YEARS: std::ops::RangeInclusive<u16> = 1800..=2200;

impl Period {
    /// A whole year.
    ///
    /// # Errors
    /// A year outside 1800 to 2200; the same holds for every maker below.
    pub fn year(kind: YearKind, year: u16) -> Result<Self, NotAPeriod> {
        checked(Form::Year(kind, year))
    }

    /// Half `half` (1 or 2) of a calendar or financial year.
    ///
    /// # Errors
    /// Another half, or an academic year.
    pub fn half(kind: YearKind, year: u16, half: u8) -> Result<Self, NotAPeriod> {
        checked(Form::Half(kind, year, half))
    }

    /// Quarter `quarter` (1 to 4) of a calendar or financial year.
    ///
    /// # Errors
    /// Another quarter, or an academic year.
    pub fn quarter(kind: YearKind, year: u16, quarter: u8) -> Result<Self, NotAPeriod> {
        checked(Form::Quarter(kind, year, quarter))
    }

    /// A month, 1 to 12.
    ///
    /// # Errors
    /// Another month.
    pub fn month(year: u16, month: u8) -> Result<Self, NotAPeriod> {
        checked(Form::Month(year, month))
    }

    /// An ISO week, 1 to 52 or 53.
    ///
    /// # Errors
    /// A week that the year does not have.
    pub fn week(year: u16, week: u8) -> Result<Self, NotAPeriod> {
        checked(Form::Week(year, week))
    }

    /// Years `first` to `last` taken together, both included, at least two.
    ///
    /// # Errors
    /// `last` not after `first`.
    pub fn pooled(kind: YearKind, first: u16, last: u16) -> Result<Self, NotAPeriod> {
        checked(Form::Pooled(kind, first, last))
    }

    /// Any span of days, both included.
    ///
    /// # Errors
    /// An end before the start.
    pub fn custom(start: NaiveDate, end: NaiveDate) -> Result<Self, NotAPeriod> {
        checked(Form::Custom(start, end))
    }

    /// The first and the last day, both included.
    #[must_use]
    pub fn days(self) -> (NaiveDate, NaiveDate) {
        self.0.days().unwrap_or((NaiveDate::MIN, NaiveDate::MIN))
    }

    /// What type of period this is.
    #[must_use]
    pub const fn period_type(self) -> PeriodType {
        match self.0 {
            Form::Year(YearKind::Calendar, _) => PeriodType::CalendarYear,
            Form::Year(YearKind::Financial, _) => PeriodType::FinancialYear,
            Form::Year(YearKind::Academic, _) => PeriodType::AcademicYear,
            Form::Half(YearKind::Calendar, ..) => PeriodType::CalendarHalf,
            Form::Half(..) => PeriodType::FinancialHalf,
            Form::Quarter(YearKind::Calendar, ..) => PeriodType::CalendarQuarter,
            Form::Quarter(..) => PeriodType::FinancialQuarter,
            Form::Month(..) => PeriodType::Month,
            Form::Week(..) => PeriodType::Week,
            Form::Pooled(..) => PeriodType::Pooled,
            Form::Custom(..) => PeriodType::Custom,
        }
    }

    /// The standard periods that contain this one, itself first, then from the narrowest to the
    /// widest. A target set for any of them as a standing value governs this period.
    #[must_use]
    pub fn containers(self) -> Vec<Self> {
        let mut found = vec![self];
        let (start, end) = self.days();
        for kind in [YearKind::Calendar, YearKind::Financial, YearKind::Academic] {
            let year = kind.year_of(start);
            let candidates = [
                Form::Quarter(kind, year, kind.part_of(start, 3)),
                Form::Half(kind, year, kind.part_of(start, 6)),
                Form::Year(kind, year),
            ];
            for form in candidates {
                let Ok(wider) = checked(form) else { continue };
                let (from, to) = wider.days();
                if from <= start && end <= to && !found.contains(&wider) {
                    found.push(wider);
                }
            }
        }
        found.sort_by_key(|p| {
            let (from, to) = p.days();
            (*p != self, to.signed_duration_since(from))
        });
        found
    }

    /// The period of the same type just before.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        let form = match self.0 {
            Form::Year(kind, year) => Form::Year(kind, year.checked_sub(1)?),
            Form::Half(kind, year, 1) => Form::Half(kind, year.checked_sub(1)?, 2),
            Form::Half(kind, year, half) => Form::Half(kind, year, half.checked_sub(1)?),
            Form::Quarter(kind, year, 1) => Form::Quarter(kind, year.checked_sub(1)?, 4),
            Form::Quarter(kind, year, quarter) => {
                Form::Quarter(kind, year, quarter.checked_sub(1)?)
            }
            Form::Month(year, 1) => Form::Month(year.checked_sub(1)?, 12),
            Form::Month(year, month) => Form::Month(year, month.checked_sub(1)?),
            Form::Week(..) => {
                let monday = self.days().0.checked_sub_days(Days::new(7))?.iso_week();
                Form::Week(u16::try_from(monday.year()).ok()?, u8::try_from(monday.week()).ok()?)
            }
            Form::Pooled(kind, first, last) => {
                Form::Pooled(kind, first.checked_sub(1)?, last.checked_sub(1)?)
            }
            Form::Custom(start, end) => {
                let length = u64::try_from(end.signed_duration_since(start).num_days()).ok()?;
                let last = start.pred_opt()?;
                Form::Custom(last.checked_sub_days(Days::new(length))?, last)
            }
        };
        checked(form).ok()
    }

    /// The same part of the year before; for pooled years the pool that ends a year earlier.
    #[must_use]
    pub fn year_earlier(self) -> Option<Self> {
        let form = match self.0 {
            Form::Year(kind, year) => Form::Year(kind, year.checked_sub(1)?),
            Form::Half(kind, year, half) => Form::Half(kind, year.checked_sub(1)?, half),
            Form::Quarter(kind, year, quarter) => {
                Form::Quarter(kind, year.checked_sub(1)?, quarter)
            }
            Form::Month(year, month) => Form::Month(year.checked_sub(1)?, month),
            Form::Week(year, week) => Form::Week(year.checked_sub(1)?, week),
            Form::Pooled(kind, first, last) => {
                Form::Pooled(kind, first.checked_sub(1)?, last.checked_sub(1)?)
            }
            Form::Custom(start, end) => {
                let year = Months::new(12);
                Form::Custom(start.checked_sub_months(year)?, end.checked_sub_months(year)?)
            }
        };
        checked(form).ok()
    }

    /// The equivalent earlier periods (QUESTIONS D6), the best first: the same part of the year
    /// before; for pooled years the pool that ends where this one begins, and only where there is
    /// nothing for it the overlapping one that ends a year earlier.
    #[must_use]
    pub fn equivalent_earlier(self) -> Vec<Self> {
        let apart = match self.0 {
            Form::Pooled(kind, first, last) => {
                let years = last.saturating_sub(first).saturating_add(1);
                let earlier = first.checked_sub(years).zip(last.checked_sub(years));
                earlier.map(|(first, last)| Form::Pooled(kind, first, last))
            }
            _ => None,
        };
        apart.and_then(|form| checked(form).ok()).into_iter().chain(self.year_earlier()).collect()
    }

    /// Whether every day of `other` is a day of this period.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        let ((start, end), (from, to)) = (self.days(), other.days());
        start <= from && to <= end
    }

    /// Whether the two share a day.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let ((start, end), (from, to)) = (self.days(), other.days());
        start <= to && from <= end
    }
}

fn checked(form: Form) -> Result<Period, NotAPeriod> {
    let period = Period(form);
    let wrong = || NotAPeriod(period.to_string());
    let part = |kind, part: u8, of: u8| kind != YearKind::Academic && (1..=of).contains(&part);
    let good = match form {
        Form::Year(_, year) | Form::Week(year, _) => YEARS.contains(&year),
        Form::Half(kind, year, half) => YEARS.contains(&year) && part(kind, half, 2),
        Form::Quarter(kind, year, quarter) => YEARS.contains(&year) && part(kind, quarter, 4),
        Form::Month(year, month) => YEARS.contains(&year) && (1..=12).contains(&month),
        Form::Pooled(_, first, last) => {
            YEARS.contains(&first) && first < last && YEARS.contains(&last)
        }
        Form::Custom(start, end) => {
            let year = |d: NaiveDate| u16::try_from(d.year()).is_ok_and(|y| YEARS.contains(&y));
            start <= end && year(start) && year(end)
        }
    };
    if good && form.days().is_some() { Ok(period) } else { Err(wrong()) }
}

impl Form {
    fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        match self {
            Self::Year(kind, year) => months(kind.starts(year)?, 12),
            Self::Half(kind, year, half) => part(kind, year, half, 6),
            Self::Quarter(kind, year, quarter) => part(kind, year, quarter, 3),
            Self::Month(year, month) => {
                months(NaiveDate::from_ymd_opt(year.into(), month.into(), 1)?, 1)
            }
            Self::Week(year, week) => {
                let day = |weekday| NaiveDate::from_isoywd_opt(year.into(), week.into(), weekday);
                Some((day(Weekday::Mon)?, day(Weekday::Sun)?))
            }
            Self::Pooled(kind, first, last) => {
                Some((kind.starts(first)?, months(kind.starts(last)?, 12)?.1))
            }
            Self::Custom(start, end) => Some((start, end)),
        }
    }
}

fn part(kind: YearKind, year: u16, which: u8, length: u32) -> Option<(NaiveDate, NaiveDate)> {
    let before = u32::from(which.checked_sub(1)?).checked_mul(length)?;
    months(kind.starts(year)?.checked_add_months(Months::new(before))?, length)
}

fn months(start: NaiveDate, count: u32) -> Option<(NaiveDate, NaiveDate)> {
    Some((start, start.checked_add_months(Months::new(count))?.pred_opt()?))
}

impl YearKind {
    const fn first_month(self) -> u32 {
        match self {
            Self::Calendar => 1,
            Self::Financial => 4,
            Self::Academic => 9,
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Calendar => "",
            Self::Financial => "FY",
            Self::Academic => "AY",
        }
    }

    fn starts(self, year: u16) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year.into(), self.first_month(), 1)
    }

    /// The year of this kind that a day falls in; 0 for a day before year 1.
    fn year_of(self, day: NaiveDate) -> u16 {
        let year = u16::try_from(day.year()).unwrap_or(0);
        if day.month() < self.first_month() { year.saturating_sub(1) } else { year }
    }

    /// Which part of `length` months of its year a day falls in, from 1.
    fn part_of(self, day: NaiveDate, length: u32) -> u8 {
        let month = day.month().saturating_add(12).saturating_sub(self.first_month()) % 12;
        let part = month.checked_div(length).unwrap_or(0).saturating_add(1);
        u8::try_from(part).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p(text: &str) -> Period {
        text.parse().unwrap()
    }

    fn days(text: &str) -> (String, String) {
        let (start, end) = p(text).days();
        (start.to_string(), end.to_string())
    }

    #[test]
    fn each_written_form_has_its_days() {
        let cases = [
            ("2021", "2021-01-01", "2021-12-31"),
            ("2021-H2", "2021-07-01", "2021-12-31"),
            ("2021-Q1", "2021-01-01", "2021-03-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2020-W53", "2020-12-28", "2021-01-03"),
            ("FY2021", "2021-04-01", "2022-03-31"),
            ("FY2021-H2", "2021-10-01", "2022-03-31"),
            ("FY2021-Q4", "2022-01-01", "2022-03-31"),
            ("AY2021", "2021-09-01", "2022-08-31"),
            ("2010..2014", "2010-01-01", "2014-12-31"),
            ("FY2001..FY2006", "2001-04-01", "2007-03-31"),
            ("2021-04-06..2022-04-05", "2021-04-06", "2022-04-05"),
        ];
        for (text, start, end) in cases {
            assert_eq!(days(text), (start.to_owned(), end.to_owned()), "{text}");
        }
    }

    #[test]
    fn forms_that_are_no_period_are_refused() {
        let bad = [
            "",
            "21",
            "2021-13",
            "2021-1",
            "2021-W54",
            "2021-W53",
            "2021-Q5",
            "FY2021-04",
            "AY2021-Q1",
            "2014..2010",
            "2010..2010",
            "2010..FY2014",
            "2021-02-29..2021-03-01",
            "2022-01-01..2021-01-01",
            "2021-22",
            " 2021",
            "1066",
            "2021-Q02",
            "fy2021",
        ];
        for text in bad {
            assert!(text.parse::<Period>().is_err(), "`{text}` was accepted");
        }
    }

    #[test]
    fn a_quarter_is_governed_by_its_half_and_its_years() {
        let names: Vec<String> =
            p("FY2021-Q2").containers().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["FY2021-Q2", "2021-Q3", "FY2021-H1", "2021-H2", "2021", "FY2021"]);
    }

    #[test]
    fn before_and_a_year_earlier_cross_the_ends_of_years() {
        assert_eq!(p("FY2021-Q1").previous(), Some(p("FY2020-Q4")));
        assert_eq!(p("2021-01").previous(), Some(p("2020-12")));
        assert_eq!(p("2021-W01").previous(), Some(p("2020-W53")));
        assert_eq!(p("2020-W53").year_earlier(), None);
        assert_eq!(p("2010..2014").previous(), Some(p("2009..2013")));
        assert_eq!(p("2024-02-29..2024-02-29").year_earlier(), Some(p("2023-02-28..2023-02-28")));
    }

    proptest! {
        #[test]
        fn any_text_is_a_period_or_refused_and_never_a_crash(text in ".{0,30}") {
            if let Ok(period) = text.parse::<Period>() {
                prop_assert_eq!(period.to_string(), text);
            }
        }

        #[test]
        fn a_period_is_inside_each_of_its_containers(year in 1801u16..2199, quarter in 1u8..=4) {
            let period = Period::quarter(YearKind::Financial, year, quarter).unwrap();
            for wider in period.containers() {
                prop_assert!(wider.contains(period));
            }
        }
    }
}
