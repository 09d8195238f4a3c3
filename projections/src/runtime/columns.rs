//! From columns back to the words of the format.

use piperoll_events::text::Digest;
use piperoll_events::{Breakdown, Period, Position, Quantity};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::RuntimeError;
use super::copy::numeric::Numeric;
use super::cursor::position;
use super::key::Key;
use super::numbered::Numbered;

/// Reads a row's columns one after the other; `table` is named where one can't be read.
pub(crate) struct Columns<'r> {
    pub(crate) row: &'r Row,
    pub(crate) at: usize,
    pub(crate) table: &'static str,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r Row, table: &'static str) -> Self {
        Self { row, at: 0, table }
    }

    pub(crate) fn next<T: FromSql<'r>>(&mut self) -> Result<T, RuntimeError> {
        let value = self.row.try_get(self.at)?;
        self.at = self.at.saturating_add(1);
        Ok(value)
    }

    pub(crate) fn bad<T>(&self, value: Option<T>) -> Result<T, RuntimeError> {
        value.ok_or(RuntimeError::Row(self.table))
    }

    pub(crate) fn position(&mut self) -> Result<Position, RuntimeError> {
        self.next().map(position)
    }

    pub(crate) fn count(&mut self) -> Result<u64, RuntimeError> {
        self.next().map(|kept: i64| position(kept).0)
    }

    /// The place, from 0, of what `with ordinality` counts from 1.
    pub(crate) fn ordinal(&mut self) -> Result<usize, RuntimeError> {
        let counted: i64 = self.next()?;
        self.bad(counted.checked_sub(1).and_then(|n| usize::try_from(n).ok()))
    }

    pub(crate) fn word<T: Numbered>(&mut self) -> Result<T, RuntimeError> {
        let number = self.next()?;
        self.bad(T::from_number(number))
    }

    pub(crate) fn word_or_none<T: Numbered>(&mut self) -> Result<Option<T>, RuntimeError> {
        match self.next::<Option<i16>>()? {
            None => Ok(None),
            Some(number) => self.bad(T::from_number(number)).map(Some),
        }
    }

    pub(crate) fn quantity(&mut self) -> Result<Option<Quantity>, RuntimeError> {
        Ok(self.next::<Option<Numeric>>()?.map(|numeric| numeric.0))
    }

    pub(crate) fn period(&mut self) -> Result<Period, RuntimeError> {
        let key = self.next().map(Key::kept)?;
        self.bad(key.period())
    }

    pub(crate) fn digest(&mut self) -> Result<Option<Digest>, RuntimeError> {
        match self.next::<Option<&[u8]>>()? {
            None => Ok(None),
            Some(bytes) => self.bad(bytes.try_into().ok().map(Digest::new)).map(Some),
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, RuntimeError> {
        let found = self.json_or_none()?;
        self.bad(found)
    }

    pub(crate) fn json_or_none<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RuntimeError> {
        match self.next::<Option<Text>>()? {
            None => Ok(None),
            Some(text) => self.bad(serde_json::from_str(text.0).ok()).map(Some),
        }
    }

    /// The tags of a breakdown; null is the headline.
    pub(crate) fn breakdown(&mut self) -> Result<Breakdown, RuntimeError> {
        Ok(self.json_or_none()?.unwrap_or(Breakdown::HEADLINE))
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, RuntimeError> {
        self.next()
    }
}

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
