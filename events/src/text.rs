//! Texts: short ones in the plain, long ones sealed, and digests.
//!
//! **Invariant:** a text in an event is valid Unicode without control characters and without
//! characters that reorder what a reader sees (Unicode TR 36, bidirectional controls).

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TextKeyId;

/// Why a text can't stand in an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Nothing, or only spaces.
    #[error("a text is needed and there is none")]
    Empty,
    /// Longer than `most` characters.
    #[error("the text has {length} characters; {most} are the most")]
    TooLong {
        /// Characters found.
        length: usize,
        /// Characters allowed.
        most: usize,
    },
    /// A control character, or one that reorders text.
    #[error("the text holds the character U+{0:04X}, which is not allowed")]
    Character(u32),
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($most:literal, $lines:literal)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters.
            pub const MOST: usize = $most;

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotText;
            fn from_str(text: &str) -> Result<Self, NotText> {
                check(text, $most, $lines)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                check(&text, $most, $lines).map_err(serde::de::Error::custom)?;
                Ok(Self(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "minLength": 1, "maxLength": $most})
            }
        }
    )*};
}

texts! {
    /// A short text on one line: a title, a code, a unit.
    Label(500, "no"),
    /// A text of several lines that is not personal: a reason, a rationale.
    Prose(20_000, "yes"),
}

fn check(text: &str, most: usize, lines: &str) -> Result<(), NotText> {
    if text.trim().is_empty() {
        return Err(NotText::Empty);
    }
    let length = text.chars().count();
    if length > most {
        return Err(NotText::TooLong { length, most });
    }
    match text.chars().find(|c| !allowed(*c, lines == "yes")) {
        Some(c) => Err(NotText::Character(c.into())),
        None => Ok(()),
    }
}

fn allowed(c: char, lines: bool) -> bool {
    let reorders = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}');
    let line = matches!(c, '\n' | '\t');
    let separator = matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    !reorders && !separator && (!c.is_control() || (lines && line))
}

/// A text in English and, where there is one, in Welsh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: Label,
    /// Welsh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cy: Option<Label>,
}

/// A text that only the vault can open: AES-256-GCM-SIV (RFC 8452) under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedText {
    /// The key's record in the vault.
    pub key_id: TextKeyId,
    /// 96 bits, base64.
    #[schemars(length(equal = 16))]
    pub nonce: String,
    /// The text, encrypted and authenticated, base64.
    #[schemars(length(max = 120_000))]
    pub ciphertext: String,
    /// SHA-256 that binds the text to one key.
    pub commitment: Digest,
}

/// A SHA-256 digest, in hexadecimal on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(NotADigest) };
        let pairs: &[[u8; 2]; 32] = pairs.try_into().map_err(|_| NotADigest)?;
        let mut bytes = [0; 32];
        let mut wrong = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(*high), digit(*low));
            wrong |= high | low;
            *byte = (high << 4) | (low & 0xF);
        }
        if wrong > 0xF { Err(NotADigest) } else { Ok(Self(bytes)) }
    }
}

/// The value of a lower-case hexadecimal digit; more than 15 for anything else.
const fn digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit.wrapping_sub(b'0'),
        b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
        _ => 0xFF,
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Digest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 hexadecimal digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_could_mislead_a_reader_are_refused() {
        for bad in ["", "  ", "a\u{202E}b", "a\u{2066}b", "a\0b", "line\nline", "a\u{1b}[31m"] {
            assert!(bad.parse::<Label>().is_err(), "{bad:?} was accepted");
        }
        assert!("line\nline".parse::<Prose>().is_ok());
        assert!("a\rb".parse::<Prose>().is_err());
        assert!("Cyngor Tŵr £5 – 20 %".parse::<Label>().is_ok());
        assert!("x".repeat(501).parse::<Label>().is_err());
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::new([0xab; 32]);
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        for bad in ["AB".repeat(32), "ab".repeat(31), "ab".repeat(33), "xy".repeat(32)] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
