//! Periods, mappings and the tables they read: any text at all is read or refused, and what is read is
//! read the same again.

use chrono::{Datelike, NaiveDate};
use piperoll::moving::grammar::{self, PeriodForm};
use piperoll::moving::mapping::{Constants, Mapping};
use piperoll::moving::read::read_bytes;
use piperoll_events::Period;
use proptest::prelude::*;

const MAPPING: &str = include_str!("../../deploy/illustrative/northmoor/return.toml");

/// What a period gives is whole, and its text is its only one.
fn holds(period: Period) {
    let (first, last) = period.days();
    assert!(first <= last, "{period}");
    assert_eq!(period.to_string().parse(), Ok(period));
    for other in period.containers().into_iter().chain(period.equivalent_earlier()) {
        assert_eq!(other.to_string().parse(), Ok(other), "{period}");
    }
    for other in [period.previous(), period.year_earlier()].into_iter().flatten() {
        assert_eq!(other.to_string().parse(), Ok(other), "{period}");
    }
}

/// Texts that look like periods, and some that do not.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "FY", "AY", "CY", "H1", "Q4", "Q5", "W53", "W54", "-", "/", "..", " ", ";", " to ",
            "2021", "2020", "1999", "0000", "9999", "65536", "22", "13", "02-29", "April",
            "\u{2013}", "\u{a0}", "\u{661}", "\u{202E}", "\0",
        ][..],
    );
    prop_oneof![
        any::<String>(),
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()),
        "[0-9]{1,5}[-/.W Q;H]{0,2}[0-9]{0,5}[-/.]{0,2}[0-9]{0,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_a_period_or_none(text in texts()) {
        if let Ok(period) = text.parse::<Period>() {
            prop_assert_eq!(period.to_string(), text);
            holds(period);
        }
    }

    #[test]
    fn any_text_is_a_period_of_each_form_or_none(text in texts()) {
        for form in PeriodForm::ALL {
            if let Ok(period) = grammar::read(&[form], &text) {
                holds(period);
            }
        }
        // All forms at once: one reading, or both named; never one of two by chance.
        let readings: Vec<_> = PeriodForm::ALL.iter().filter_map(|f| grammar::read(&[*f], &text).ok()).collect();
        let alike = readings.windows(2).all(|two| two[0] == two[1]);
        let all = grammar::read(&PeriodForm::ALL, &text);
        prop_assert_eq!(all.is_ok(), alike && !readings.is_empty(), "{:?}", text);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_mapping_or_none(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(Mapping::parse("m.toml", &bytes));
    }

    #[test]
    fn a_mapping_with_pieces_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        at in any::<prop::sample::Index>(),
        piece in prop::sample::select(&["[", "]", "{", "\"", "=", "\n", "#", "''", "1e9", "nan", "\u{202E}",
            "[[figure]]\n", "columns = []\n", "known_at = 1979-02-29\n"][..]),
        table in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = MAPPING.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let mut pieced = MAPPING.to_owned();
        let place = (0..=at.index(pieced.len())).rev().find(|at| pieced.is_char_boundary(*at));
        pieced.insert_str(place.unwrap(), piece);
        for mapping in [bytes, pieced.into_bytes()] {
            if let Ok(mapping) = Mapping::parse("m.toml", &mapping) {
                drop(read_bytes("2024-05-17 x.csv", &table, &mapping, &Constants::default()));
            }
        }
    }
}

#[test]
fn leap_days_and_the_ends_of_years_are_where_the_calendar_has_them() {
    let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
    let days = |text: &str| text.parse::<Period>().unwrap().days();
    assert_eq!(days("2024-02"), (day("2024-02-01"), day("2024-02-29")));
    assert_eq!(days("2023-02").1, day("2023-02-28"));
    assert_eq!(days("2000-02").1, day("2000-02-29"));
    assert_eq!(days("2100-02").1, day("2100-02-28"));
    assert_eq!(days("FY2023").1, day("2024-03-31"));
    assert_eq!(days("FY2023-Q4"), (day("2024-01-01"), day("2024-03-31")));
    assert_eq!(days("2020-W53").1, day("2021-01-03"));
    assert_eq!(days("2021-W01").0, day("2021-01-04"));
    assert_eq!(days("2024-02-29..2024-02-29").0.ordinal(), 60);
    for none in [
        "2023-02-29..2023-03-01",
        "2021-W53",
        "2021-W00",
        "2021-13",
        "2021-00",
        "2021-2",
        "FY2021-Q5",
        "FY2021-Q0",
        "2021-H3",
        "2024-01-02..2024-01-01",
        "FY2022..FY2021",
        "FY2021..AY2022",
        "",
        " 2021",
        "2021 ",
        "\u{FEFF}2021",
        "+2021",
        "-2021",
        "2021\n",
        "FY\u{0662}021",
    ] {
        assert!(none.parse::<Period>().is_err(), "`{none}` was read");
    }
}
