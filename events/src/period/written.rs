//! How a period is written: one form each way, checked by reading back what was written.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Form, NotAPeriod, Period, YearKind, checked};

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Year(kind, year) => write!(f, "{}{year}", kind.prefix()),
            Form::Half(kind, year, half) => write!(f, "{}{year}-H{half}", kind.prefix()),
            Form::Quarter(kind, year, quarter) => write!(f, "{}{year}-Q{quarter}", kind.prefix()),
            Form::Month(year, month) => write!(f, "{year}-{month:02}"),
            Form::Week(year, week) => write!(f, "{year}-W{week:02}"),
            Form::Pooled(kind, first, last) => {
                let prefix = kind.prefix();
                write!(f, "{prefix}{first}..{prefix}{last}")
            }
            Form::Custom(start, end) => write!(f, "{start}..{end}"),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let wrong = || NotAPeriod(text.chars().take(64).collect());
        let form = if let Some((from, to)) = text.split_once("..") {
            span(from, to)
        } else {
            single(text)
        };
        let period = form.and_then(|form| checked(form).ok()).ok_or_else(wrong)?;
        if period.to_string() == text { Ok(period) } else { Err(wrong()) }
    }
}

fn span(from: &str, to: &str) -> Option<Form> {
    if from.len() == 10 {
        let day = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        return Some(Form::Custom(day(from)?, day(to)?));
    }
    let (kind, first) = year(from)?;
    let (same, last) = year(to)?;
    (kind == same).then_some(Form::Pooled(kind, first, last))
}

fn single(text: &str) -> Option<Form> {
    let Some((head, tail)) = text.split_once('-') else {
        let (kind, year) = year(text)?;
        return Some(Form::Year(kind, year));
    };
    let (kind, year) = year(head)?;
    let number = |text: &str| text.parse::<u8>().ok();
    if let Some(half) = tail.strip_prefix('H') {
        Some(Form::Half(kind, year, number(half)?))
    } else if let Some(quarter) = tail.strip_prefix('Q') {
        Some(Form::Quarter(kind, year, number(quarter)?))
    } else if kind != YearKind::Calendar {
        None
    } else if let Some(week) = tail.strip_prefix('W') {
        Some(Form::Week(year, number(week)?))
    } else {
        Some(Form::Month(year, number(tail)?))
    }
}

fn year(text: &str) -> Option<(YearKind, u16)> {
    let (kind, digits) = if let Some(rest) = text.strip_prefix("FY") {
        (YearKind::Financial, rest)
    } else if let Some(rest) = text.strip_prefix("AY") {
        (YearKind::Academic, rest)
    } else {
        (YearKind::Calendar, text)
    };
    (digits.len() == 4).then_some((kind, digits.parse().ok()?))
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "maxLength": 24,
            "pattern": "^((FY|AY)?[0-9]{4}(\\.\\.(FY|AY)?[0-9]{4})?|(FY)?[0-9]{4}-(H[12]|Q[1-4])|[0-9]{4}-([0-9]{2}|W[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2}\\.\\.[0-9]{4}-[0-9]{2}-[0-9]{2})$",
            "description": "A reference period in its one written form."
        })
    }
}
