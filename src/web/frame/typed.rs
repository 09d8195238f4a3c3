//! A day typed in three fields, as people type days: `14`, `10`, `2022`.

use chrono::{Datelike, NaiveDate};

use super::super::lang::Lang;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Typed {
    /// Nothing.
    Nothing,
    /// A day.
    Day(NaiveDate),
    /// Something that is no day: what stands in each field.
    Wrong([String; 3]),
}

/// Three fields with a day in them, or with what was typed and is none.
pub(in crate::web) struct DateField {
    /// What the fields' names begin with.
    pub(in crate::web) prefix: &'static str,
    /// What stands in each: day, month, year.
    pub(in crate::web) day: String,
    pub(in crate::web) month: String,
    pub(in crate::web) year: String,
    /// What is wrong with it.
    pub(in crate::web) error: Option<String>,
}

impl Typed {
    /// What stands in day, month and year.
    pub(in crate::web) fn of(fields: [&Option<String>; 3]) -> Self {
        if fields.iter().all(|field| field.is_none()) {
            return Self::Nothing;
        }
        let fields = fields.map(|field| field.clone().unwrap_or_default());
        Self::read(&fields).map_or(Self::Wrong(fields), Self::Day)
    }

    fn read([day, month, year]: &[String; 3]) -> Option<NaiveDate> {
        // A year of two digits may be of any century.
        let year = year.parse().ok().filter(|_| year.len() == 4)?;
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day.
    pub(in crate::web) const fn day(&self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => Some(*day),
            _ => None,
        }
    }

    /// Whether something was typed that is no day.
    pub(in crate::web) const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }
}

impl DateField {
    /// Fields that hold what was typed, else the day that the page is about.
    pub(in crate::web) fn of(
        lang: Lang,
        prefix: &'static str,
        typed: Typed,
        day: Option<NaiveDate>,
    ) -> Self {
        let shown = |part: u32| part.to_string();
        let (fields, error) = match (typed, day) {
            (Typed::Wrong(fields), _) => (fields, Some(lang.say("date-wrong").into_owned())),
            (Typed::Day(day), _) | (Typed::Nothing, Some(day)) => {
                ([shown(day.day()), shown(day.month()), day.year().to_string()], None)
            }
            (Typed::Nothing, None) => (Default::default(), None),
        };
        let [day, month, year] = fields;
        Self { prefix, day, month, year, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: [&str; 3]) -> Typed {
        let fields = fields.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        Typed::of([&fields[0], &fields[1], &fields[2]])
    }

    #[test]
    fn a_day_is_read_from_three_fields() {
        assert_eq!(typed(["14", "10", "2022"]).day(), "2022-10-14".parse().ok());
        assert_eq!(typed(["29", "02", "2024"]).day(), "2024-02-29".parse().ok());
        assert_eq!(typed(["", "", ""]), Typed::Nothing);
    }

    #[test]
    fn what_is_no_day_is_kept_as_it_was_typed() {
        for fields in [
            ["29", "2", "2023"],
            ["1", "1", "22"],
            ["1", "1", ""],
            ["31", "April", "2022"],
            ["1", "1", "99999"],
            ["-1", "1", "2022"],
        ] {
            assert_eq!(typed(fields), Typed::Wrong(fields.map(str::to_owned)), "{fields:?}");
        }
    }
}
