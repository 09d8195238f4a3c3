//! Rows on their way into Postgres, in the binary form of COPY.
//!
//! **Invariant:** whatever an event holds can be written. A value that Postgres has no room for is
//! brought to the nearest one that it has, so that no event can stop a projector for ever.

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::text::Digest;
use piperoll_events::{Position, Quantity};
use serde::Serialize;
use uuid::Uuid;

/// What begins a COPY in binary: signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The earliest day that Postgres has, counted from 2000-01-01.
const FIRST_DAY: i64 = -2_451_545;
/// 2000-01-01 counted from year 1.
const EPOCH_DAY: i64 = 730_120;
/// 2000-01-01T00:00:00Z in microseconds since 1970.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Finished rows of one table.
#[derive(Debug, Clone)]
pub struct Copied {
    /// The table's name in its schema.
    pub table: &'static str,
    /// The columns, as SQL lists them.
    pub columns: &'static str,
    /// How the rows join those already there.
    pub keep: Keep,
    /// How many.
    pub rows: u64,
    /// The rows in the binary form of COPY, whole.
    pub bytes: Bytes,
}

/// How rows join those already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Every row is new.
    All,
    /// A row whose key is there already changes nothing.
    First,
}

/// One row of a table, known to COPY.
pub(crate) trait CopyRow {
    /// The table's name.
    const TABLE: &'static str;
    /// The columns, as SQL lists them.
    const COLUMNS: &'static str;
    /// How rows join.
    const KEEP: Keep;
    /// Appends the row.
    fn put(&self, out: &mut BytesMut);
}

/// The rows of one table, where there are any.
pub(crate) fn copied<R: CopyRow>(rows: &[R]) -> Option<Copied> {
    if rows.is_empty() {
        return None;
    }
    let mut out = BytesMut::with_capacity(rows.len().saturating_mul(128).saturating_add(32));
    out.put_slice(HEADER);
    for row in rows {
        row.put(&mut out);
    }
    out.put_i16(-1);
    Some(Copied {
        table: R::TABLE,
        columns: R::COLUMNS,
        keep: R::KEEP,
        rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        bytes: out.freeze(),
    })
}

/// A value that COPY can carry.
pub(crate) trait Field {
    /// Appends the length and the value.
    fn put(&self, out: &mut BytesMut);
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut BytesMut) {
        match self {
            Some(value) => value.put(out),
            None => out.put_i32(-1),
        }
    }
}

impl Field for bool {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(1);
        out.put_u8(u8::from(*self));
    }
}

impl Field for i16 {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(2);
        out.put_i16(*self);
    }
}

impl Field for u64 {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(8);
        out.put_i64(i64::try_from(*self).unwrap_or(i64::MAX));
    }
}

impl Field for Position {
    fn put(&self, out: &mut BytesMut) {
        self.0.put(out);
    }
}

impl Field for Uuid {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(16);
        out.put_slice(self.as_bytes());
    }
}

impl Field for Digest {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(32);
        out.put_slice(self.bytes());
    }
}

impl Field for str {
    fn put(&self, out: &mut BytesMut) {
        // Texts of events hold no NUL; the words of a reject may quote bytes that do.
        if self.contains('\0') {
            return self.replace('\0', "\u{fffd}").put(out);
        }
        out.put_i32(i32::try_from(self.len()).unwrap_or(i32::MAX));
        out.put_slice(self.as_bytes());
    }
}

impl Field for String {
    fn put(&self, out: &mut BytesMut) {
        self.as_str().put(out);
    }
}

impl Field for NaiveDate {
    fn put(&self, out: &mut BytesMut) {
        use chrono::Datelike;
        let days = i64::from(self.num_days_from_ce()).saturating_sub(EPOCH_DAY).max(FIRST_DAY);
        out.put_i32(4);
        out.put_i32(i32::try_from(days).unwrap_or(i32::MAX));
    }
}

impl Field for DateTime<Utc> {
    fn put(&self, out: &mut BytesMut) {
        let earliest = FIRST_DAY.saturating_mul(86_400_000_000);
        out.put_i32(8);
        out.put_i64(self.timestamp_micros().saturating_sub(EPOCH_MICROS).max(earliest));
    }
}

impl Field for Quantity {
    fn put(&self, out: &mut BytesMut) {
        let number = numeric::written(*self);
        out.put_i32(i32::try_from(number.len()).unwrap_or(i32::MAX));
        out.put_slice(&number);
    }
}

/// A value kept as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Json(pub(crate) String);

impl Json {
    /// A value of an event always has its JSON: it came from there.
    pub(crate) fn of<T: Serialize>(value: &T) -> Self {
        Self(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }
}

impl Field for Json {
    fn put(&self, out: &mut BytesMut) {
        self.0.put(out);
    }
}

/// Postgres' `numeric`, digit by digit: noughts at the end stay, also those of nought itself.
pub(crate) mod numeric {
    use bytes::{Buf, BufMut, BytesMut};
    use piperoll_events::Quantity;
    use rust_decimal::Decimal;
    use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

    const NEGATIVE: u16 = 0x4000;

    /// The value as `numeric` sends it.
    pub(crate) fn written(quantity: Quantity) -> BytesMut {
        let decimal = quantity.decimal();
        let scale = decimal.scale();
        // Groups of four digits count from the point, so the last group is filled up.
        let fill = scale.wrapping_neg() % 4;
        let mut rest =
            decimal.mantissa().unsigned_abs().saturating_mul(10_u128.saturating_pow(fill));
        let mut groups: Vec<u16> = Vec::with_capacity(8);
        while rest > 0 {
            groups.push(u16::try_from(rest % 10_000).unwrap_or(0));
            rest /= 10_000;
        }
        let after = i16::try_from(scale.div_ceil(4)).unwrap_or(0);
        let count = i16::try_from(groups.len()).unwrap_or(0);
        let zero = groups.is_empty();
        let mut out = BytesMut::with_capacity(24);
        out.put_i16(count);
        out.put_i16(if zero { 0 } else { count.saturating_sub(after).saturating_sub(1) });
        out.put_u16(if decimal.is_sign_negative() && !zero { NEGATIVE } else { 0 });
        out.put_u16(u16::try_from(scale).unwrap_or(0));
        for group in groups.iter().rev() {
            out.put_u16(*group);
        }
        out
    }

    fn read(mut raw: &[u8]) -> Option<Quantity> {
        if raw.len() < 8 {
            return None;
        }
        let count = raw.get_u16();
        let weight = i32::from(raw.get_i16());
        let sign = raw.get_u16();
        let scale = u32::from(raw.get_u16());
        let mut mantissa: i128 = 0;
        for _ in 0..count {
            let group = if raw.len() >= 2 {
                raw.get_u16()
            } else {
                return None;
            };
            mantissa = mantissa.checked_mul(10_000)?.checked_add(i128::from(group))?;
        }
        let held = i32::from(count).checked_sub(1)?.checked_sub(weight)?.checked_mul(4)?;
        let shift = i32::try_from(scale).ok()?.checked_sub(held)?;
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        mantissa = match (mantissa, power) {
            (0, _) => 0,
            (value, Some(power)) if shift >= 0 => value.checked_mul(power)?,
            (value, Some(power)) => value.checked_div(power)?,
            (_, None) => return None,
        };
        let signed = if sign == NEGATIVE { mantissa.checked_neg()? } else { mantissa };
        Decimal::try_from_i128_with_scale(signed, scale).ok().map(Quantity::new)
    }

    /// A quantity as a parameter or a column.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Numeric(pub(crate) Quantity);

    impl<'a> FromSql<'a> for Numeric {
        fn from_sql(
            _: &Type,
            raw: &'a [u8],
        ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
            read(raw).map(Numeric).ok_or_else(|| "a number outside 28 digits".into())
        }

        fn accepts(ty: &Type) -> bool {
            *ty == Type::NUMERIC
        }
    }

    impl ToSql for Numeric {
        fn to_sql(
            &self,
            _: &Type,
            out: &mut BytesMut,
        ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
            out.put_slice(&written(self.0));
            Ok(IsNull::No)
        }

        fn accepts(ty: &Type) -> bool {
            *ty == Type::NUMERIC
        }

        to_sql_checked!();
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn a_quantity_comes_back_digit_by_digit(m in -(10_i128.pow(28)-1)..10_i128.pow(28), s in 0_u32..=28) {
                let q = Quantity::new(Decimal::from_i128_with_scale(m, s));
                prop_assert_eq!(read(&written(q)).unwrap().to_string(), q.to_string());
            }
        }

        #[test]
        fn noughts_keep_their_places() {
            for text in ["0", "0.00", "-28", "97.40", "100000", "0.0001", "198956051.70000002"] {
                let q: Quantity = text.parse().unwrap();
                assert_eq!(read(&written(q)).unwrap().to_string(), text);
            }
        }
    }
}

/// Declares the tables of a read model: a row type each, and all of them together.
macro_rules! histories {
    ($all:ident; $($(#[$doc:meta])* $table:ident : $row:ident ($keep:ident) {
        $($field:ident : $kind:ty),* $(,)?
    })*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) struct $row { $(pub(crate) $field: $kind),* }

        impl $crate::runtime::copy::CopyRow for $row {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static str = stringify!($($field),*);
            const KEEP: $crate::runtime::copy::Keep = $crate::runtime::copy::Keep::$keep;
            fn put(&self, out: &mut bytes::BytesMut) {
                const FIELDS: &[&str] = &[$(stringify!($field)),*];
                bytes::BufMut::put_i16(out, i16::try_from(FIELDS.len()).unwrap_or(0));
                $($crate::runtime::copy::Field::put(&self.$field, out);)*
            }
        })*

        /// Rows of every table.
        #[derive(Debug, Default, PartialEq)]
        pub(crate) struct $all { $(pub(crate) $table: Vec<$row>),* }

        impl $all {
            /// The tables that have rows, ready to copy in.
            pub(crate) fn copied(&self) -> Vec<$crate::runtime::copy::Copied> {
                [$($crate::runtime::copy::copied(&self.$table)),*].into_iter().flatten().collect()
            }
        }
    };
}
pub(crate) use histories;
