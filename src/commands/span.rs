//! Spans of days: from a first day on, until before another. Who held what, and when.

use chrono::NaiveDate;

use super::Rejection;

/// A span of days; open where nobody knows its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from: NaiveDate,
    /// The first day after.
    until: Option<NaiveDate>,
}

impl Span {
    /// As an event states it.
    pub(super) const fn new(from: NaiveDate, until: Option<NaiveDate>) -> Self {
        Self { from, until }
    }

    /// As a command asks for it: a day long at least.
    pub(super) fn asked(from: NaiveDate, until: Option<NaiveDate>) -> Result<Self, Rejection> {
        if until.is_some_and(|until| until <= from) {
            return Err(Rejection::Malformed("a span ends after the day on which it begins"));
        }
        Ok(Self::new(from, until))
    }

    /// Whether a day lies within.
    pub(super) fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Whether the two have a day in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let empty = |span: Self| span.until == Some(span.from);
        let before = |a: Self, b: Self| b.until.is_none_or(|until| a.from < until);
        !empty(self) && !empty(other) && before(self, other) && before(other, self)
    }

    /// Whether it ended on that day: the first that is not within.
    pub(super) fn ended(self, day: NaiveDate) -> bool {
        self.until == Some(day)
    }

    /// Ends it, if that day lies within.
    pub(super) fn end(&mut self, day: NaiveDate) {
        if self.contains(day) {
            self.until = Some(day);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, until: &str) -> Span {
        Span::new(from.parse().unwrap(), until.parse().ok())
    }

    #[test]
    fn the_first_day_counts_and_the_last_named_does_not() {
        let may = span("2022-05-01", "2022-06-01");
        for (day, within) in [("2022-04-30", false), ("2022-05-01", true), ("2022-06-01", false)] {
            assert_eq!(may.contains(day.parse().unwrap()), within, "{day}");
        }
        assert!(span("2022-05-01", "").contains("2099-01-01".parse().unwrap()));
        let asked = |until: &str| Span::asked(may.from, until.parse().ok());
        assert!(asked("2022-05-01").is_err() && asked("2022-04-01").is_err());
        assert!(asked("2022-05-02").is_ok() && asked("").is_ok());
    }

    #[test]
    fn spans_that_only_touch_have_no_day_in_common_and_an_empty_one_has_none() {
        let may = span("2022-05-01", "2022-06-01");
        for (other, common) in [
            (span("2022-06-01", ""), false),
            (span("2022-05-31", ""), true),
            (span("2022-04-01", "2022-05-01"), false),
            (span("2022-04-01", ""), true),
            (span("2022-05-10", "2022-05-10"), false),
        ] {
            assert_eq!((may.overlaps(other), other.overlaps(may)), (common, common), "{other:?}");
        }
    }
}
