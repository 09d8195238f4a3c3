//! From columns back to the words of the format.

use piperoll_events::text::Digest;
use piperoll_events::{Breakdown, Period, Polarity, Position, Quantity};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::answers::{Headline, Yardstick};
use super::key::Key;
use super::words::{Numbered, PolarityKind, State};
use crate::runtime::RuntimeError;
use crate::runtime::copy::numeric::Numeric;
use crate::runtime::cursor::position;

/// Reads a row's columns one after the other; `table` is named where one can't be read.
pub(super) struct Columns<'r> {
    row: &'r Row,
    at: usize,
    table: &'static str,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r Row, table: &'static str) -> Self {
        Self { row, at: 0, table }
    }

    pub(super) fn next<T: FromSql<'r>>(&mut self) -> Result<T, RuntimeError> {
        let value = self.row.try_get(self.at)?;
        self.at = self.at.saturating_add(1);
        Ok(value)
    }

    fn bad<T>(&self, value: Option<T>) -> Result<T, RuntimeError> {
        value.ok_or(RuntimeError::Row(self.table))
    }

    pub(super) fn position(&mut self) -> Result<Position, RuntimeError> {
        self.next().map(position)
    }

    pub(super) fn count(&mut self) -> Result<u64, RuntimeError> {
        self.next().map(|kept: i64| position(kept).0)
    }

    /// The place, from 0, of what `with ordinality` counts from 1.
    pub(super) fn ordinal(&mut self) -> Result<usize, RuntimeError> {
        let counted: i64 = self.next()?;
        self.bad(counted.checked_sub(1).and_then(|n| usize::try_from(n).ok()))
    }

    pub(super) fn word<T: Numbered>(&mut self) -> Result<T, RuntimeError> {
        let number = self.next()?;
        self.bad(T::from_number(number))
    }

    pub(super) fn word_or_none<T: Numbered>(&mut self) -> Result<Option<T>, RuntimeError> {
        match self.next::<Option<i16>>()? {
            None => Ok(None),
            Some(number) => self.bad(T::from_number(number)).map(Some),
        }
    }

    pub(super) fn quantity(&mut self) -> Result<Option<Quantity>, RuntimeError> {
        Ok(self.next::<Option<Numeric>>()?.map(|numeric| numeric.0))
    }

    pub(super) fn period(&mut self) -> Result<Period, RuntimeError> {
        let key = self.next().map(Key::kept)?;
        self.bad(key.period())
    }

    pub(super) fn digest(&mut self) -> Result<Option<Digest>, RuntimeError> {
        match self.next::<Option<&[u8]>>()? {
            None => Ok(None),
            Some(bytes) => self.bad(bytes.try_into().ok().map(Digest::new)).map(Some),
        }
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, RuntimeError> {
        let found = self.json_or_none()?;
        self.bad(found)
    }

    pub(super) fn json_or_none<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RuntimeError> {
        match self.next::<Option<Text>>()? {
            None => Ok(None),
            Some(text) => self.bad(serde_json::from_str(text.0).ok()).map(Some),
        }
    }

    /// The columns that `headline!` names.
    pub(super) fn headline(&mut self) -> Result<Headline, RuntimeError> {
        Ok(Headline {
            position: self.position()?,
            content_from: self.position()?,
            state: self.word::<State>()?,
            no_value: self.word_or_none()?,
            expected_on: self.next()?,
            value: self.quantity()?,
            numerator: self.quantity()?,
            denominator: self.quantity()?,
            status: self.word_or_none()?,
            asserted: self.next()?,
        })
    }

    /// As [`Self::headline`], where there is such a version.
    pub(super) fn headline_or_none(&mut self) -> Result<Option<Headline>, RuntimeError> {
        if self.row.try_get::<_, Option<i64>>(self.at)?.is_some() {
            return self.headline().map(Some);
        }
        self.at = self.at.saturating_add(HEADLINE);
        Ok(None)
    }

    /// As [`Self::headline`], where there is such a version and its content was not taken back.
    pub(super) fn standing(&mut self) -> Result<Option<Headline>, RuntimeError> {
        let headline = self.headline_or_none()?;
        Ok(headline.filter(|headline| headline.state != State::Withdrawn))
    }

    /// position, polarity, low, high, decimals, unit, asserted.
    pub(super) fn yardstick(&mut self) -> Result<Yardstick, RuntimeError> {
        let position = self.position()?;
        let kind = self.word::<PolarityKind>()?;
        let (low, high) = (self.quantity()?, self.quantity()?);
        let polarity = match (kind, low, high) {
            (PolarityKind::Higher, ..) => Polarity::HigherIsBetter {},
            (PolarityKind::Lower, ..) => Polarity::LowerIsBetter {},
            (PolarityKind::Goldilocks, Some(low), Some(high)) => Polarity::Goldilocks { low, high },
            (PolarityKind::Goldilocks, ..) => return Err(RuntimeError::Row(self.table)),
            (PolarityKind::None, ..) => Polarity::None {},
        };
        let decimals = self.next::<Option<i16>>()?.map(u8::try_from).transpose();
        let decimals = decimals.map_err(|_| RuntimeError::Row(self.table))?;
        Ok(Yardstick { position, polarity, decimals, unit: self.next()?, asserted: self.next()? })
    }

    /// The tags of a breakdown; null is the headline.
    pub(super) fn breakdown(&mut self) -> Result<Breakdown, RuntimeError> {
        Ok(self.json_or_none()?.unwrap_or(Breakdown::HEADLINE))
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid, RuntimeError> {
        self.next()
    }
}

/// How many columns [`headline!`] names.
const HEADLINE: usize = 10;

/// The columns of a submission's version, in the order that they are read.
macro_rules! headline {
    () => {
        "position, content_from, state, no_value, expected_on, value, numerator, denominator, \
         status, asserted"
    };
}
pub(super) use headline;

/// JSON as it stands, not parsed twice.
struct Text<'a>(&'a str);

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    fn accepts(ty: &tokio_postgres::types::Type) -> bool {
        *ty == tokio_postgres::types::Type::JSON
    }
}
