//! Periods as keys of tables: one number each, in the order of time.
//!
//! **Invariant:** a key names one period and a period has one key. A greater key ends later, or as
//! late and starts later; of two with the same days the one whose written form comes first is the
//! greater. So the latest period of a measure is its greatest key.

use std::cmp::Reverse;

use bytes::{BufMut, BytesMut};
use chrono::{Datelike, Months, NaiveDate};
use piperoll_events::period::YearKind;
use piperoll_events::{Period, PeriodType};

use crate::runtime::copy::Field;

/// A period as tables keep it: its last day, its first, both counted from year 1, and its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(i64);

/// Bits of a day: enough for every year that periods may have.
const DAY: u32 = 20;
/// Bits of a type.
const TYPE: u32 = 4;

/// A type's number in keys is its place here.
const TYPES: [PeriodType; 11] = [
    PeriodType::FinancialQuarter,
    PeriodType::FinancialHalf,
    PeriodType::FinancialYear,
    PeriodType::AcademicYear,
    PeriodType::Week,
    PeriodType::CalendarQuarter,
    PeriodType::CalendarHalf,
    PeriodType::Pooled,
    PeriodType::Custom,
    PeriodType::Month,
    PeriodType::CalendarYear,
];

impl Key {
    /// No period: of a submission, the measure as a whole; of a target, every period in its span.
    pub const ALL: Self = Self(0);

    /// The key of a period.
    #[must_use]
    pub fn of(period: Period) -> Self {
        let (starts, ends) = period.days();
        let kind = TYPES.iter().position(|kind| *kind == period.period_type());
        let kind = kind.and_then(|kind| i64::try_from(kind).ok()).unwrap_or(0);
        let day = |day: NaiveDate| i64::from(day.num_days_from_ce());
        Self((((day(ends) << DAY) | day(starts)) << TYPE) | kind)
    }

    /// The key of a period, or of none.
    #[must_use]
    pub fn or_all(period: Option<Period>) -> Self {
        period.map_or(Self::ALL, Self::of)
    }

    /// A key from what a column keeps.
    #[must_use]
    pub const fn kept(number: i64) -> Self {
        Self(number)
    }

    /// The number that a column keeps.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// What puts periods in the order of their last days, of those with the same the shortest first.
    pub(crate) const fn earliest_first(self) -> (i64, Reverse<Self>) {
        (self.0 >> TYPE >> DAY, Reverse(self))
    }

    /// The period that it stands for; none for [`Self::ALL`].
    #[must_use]
    pub fn period(self) -> Option<Period> {
        let kind = usize::try_from(self.0 & mask(TYPE)).ok()?;
        let (starts, ends) = (day(self.0 >> TYPE)?, day(self.0 >> TYPE >> DAY)?);
        let year = |day: NaiveDate| u16::try_from(day.year()).ok();
        let calendar = YearKind::Calendar;
        // A financial year counts its months from April.
        let (financial, counted) =
            (YearKind::Financial, starts.checked_sub_months(Months::new(3))?);
        let period = match TYPES.get(kind)? {
            PeriodType::CalendarYear => Period::year(calendar, year(starts)?),
            PeriodType::CalendarHalf => Period::half(calendar, year(starts)?, part(starts, 6)),
            PeriodType::CalendarQuarter => {
                Period::quarter(calendar, year(starts)?, part(starts, 3))
            }
            PeriodType::FinancialYear => Period::year(financial, year(counted)?),
            PeriodType::FinancialHalf => Period::half(financial, year(counted)?, part(counted, 6)),
            PeriodType::FinancialQuarter => {
                Period::quarter(financial, year(counted)?, part(counted, 3))
            }
            PeriodType::AcademicYear => Period::year(YearKind::Academic, year(starts)?),
            PeriodType::Month => Period::month(year(starts)?, part(starts, 1)),
            PeriodType::Week => {
                let week = starts.iso_week();
                Period::week(u16::try_from(week.year()).ok()?, u8::try_from(week.week()).ok()?)
            }
            PeriodType::Pooled => {
                let kind = match starts.month() {
                    1 => calendar,
                    4 => financial,
                    _ => YearKind::Academic,
                };
                // The last year begins twelve months before the day after the last.
                let last = ends.succ_opt()?.checked_sub_months(Months::new(12))?;
                Period::pooled(kind, year(starts)?, year(last)?)
            }
            PeriodType::Custom => Period::custom(starts, ends),
        };
        period.ok()
    }
}

/// All of so many bits.
const fn mask(bits: u32) -> i64 {
    !(-1 << bits)
}

fn day(bits: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(bits & mask(DAY)).ok()?)
}

/// Which part of `months` months of its year a day falls in, from 1.
fn part(day: NaiveDate, months: u32) -> u8 {
    let before = day.month0().checked_div(months).unwrap_or(0);
    u8::try_from(before).unwrap_or(0).saturating_add(1)
}

impl Field for Key {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(8);
        out.put_i64(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p(text: &str) -> Period {
        text.parse().unwrap()
    }

    #[test]
    fn a_later_period_has_the_greater_key() {
        // From the latest to the earliest; those with the same days as their written forms.
        let order = [
            "2021",
            "2021-01-01..2021-12-31",
            "2021-03",
            "2021-01-01..2021-03-31",
            "2021-Q1",
            "FY2020-Q4",
            "FY2020-H2",
            "FY2020",
            "AY2019",
            "2020-W01",
        ];
        let mut keys: Vec<Key> = order.iter().map(|text| Key::of(p(text))).collect();
        keys.sort();
        let sorted: Vec<String> =
            keys.iter().rev().map(|key| key.period().unwrap().to_string()).collect();
        assert_eq!(sorted, order);
        assert_eq!(Key::ALL.period(), None);
    }

    proptest! {
        #[test]
        fn a_key_names_its_period(year in 1801_u16..2199, n in 1_u8..=53, more in 1_u16..9) {
            use YearKind::{Academic, Calendar, Financial};
            let days = |n: u8| NaiveDate::from_yo_opt(i32::from(year), u32::from(n));
            let mut made = vec![Period::month(year, n), Period::week(year, n)];
            for kind in [Calendar, Financial, Academic] {
                made.push(Period::year(kind, year));
                made.push(Period::half(kind, year, n % 3));
                made.push(Period::quarter(kind, year, n % 5));
                made.push(Period::pooled(kind, year, (year + more).min(2200)));
            }
            made.push(Period::custom(days(n).unwrap(), days(n + 40).unwrap()));
            for period in made.into_iter().flatten() {
                prop_assert_eq!(Key::of(period).period(), Some(period));
            }
        }
    }
}
