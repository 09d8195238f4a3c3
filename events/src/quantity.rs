//! Quantities: exact decimals that stand on the wire as text.
//!
//! **Invariant:** a quantity is never a float, in memory or in JSON. What was written is what is
//! read back, digit by digit, trailing zeros included.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An exact decimal of up to 28 significant digits. Its unit comes from the measure's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuantity {
    /// Something other than digits, one point and a leading minus.
    #[error("`{0}` is not a plain decimal number")]
    Form(String),
    /// More than 28 significant digits.
    #[error("`{0}` has more digits than can be kept exactly (28)")]
    TooLong(String),
}

impl Quantity {
    /// Nought.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Wraps a decimal.
    #[must_use]
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// The bare decimal, for arithmetic and storage.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (whole, part) = match text.strip_prefix('-').unwrap_or(text).split_once('.') {
            Some((whole, part)) => (whole, Some(part)),
            None => (text.strip_prefix('-').unwrap_or(text), None),
        };
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if text.len() > 64 || !digits(whole) || !part.is_none_or(digits) {
            return Err(NotAQuantity::Form(text.chars().take(64).collect()));
        }
        Decimal::from_str_exact(text).map(Self).map_err(|_| NotAQuantity::TooLong(text.to_owned()))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number as text")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
            "maxLength": 64,
            "description": "An exact decimal as text; its unit comes from the definition."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_keeps_every_digit_it_was_given() {
        for text in ["0", "-28", "0.001", "97.40", "5695.149739475916", "198956051.70000002"] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for bad in ["", "-", ".5", "5.", "+5", "1e3", "1,000", "1_000", "NaN", "٣", " 1", "1 "] {
            assert!(bad.parse::<Quantity>().is_err(), "`{bad}` was accepted");
        }
        assert!("1".repeat(40).parse::<Quantity>().is_err());
        assert!(serde_json::from_str::<Quantity>("1").is_err());
    }
}
