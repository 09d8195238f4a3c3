//! Breakdowns: which part of the population a cell is about.
//!
//! **Invariant:** a breakdown is sorted by taxonomy and names each taxonomy once, so that two
//! writers of the same breakdown write the same bytes. The empty breakdown is the headline.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One part of a breakdown: a code of one of the body's own lists.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The list, `sex` or `gas`: lower-case letters, digits and `_`.
    #[schemars(regex(pattern = "^[a-z0-9_]{1,64}$"))]
    pub taxonomy: String,
    /// The code in the list: lower-case letters, digits and `_`.
    #[schemars(regex(pattern = "^[a-z0-9_]{1,128}$"))]
    pub code: String,
}

/// A sorted list of tags; empty for the headline.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Breakdown(Vec<Tag>);

/// Why a list of tags is not a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotABreakdown {
    /// A taxonomy or code with other letters, or too long.
    #[error("`{0}` is not a code: lower-case letters, digits and `_` are needed")]
    Code(String),
    /// Out of order, or a taxonomy twice.
    #[error("taxonomies must be sorted and named once; `{0}` is not")]
    Order(String),
    /// More than eight taxonomies.
    #[error("{0} taxonomies in one breakdown; eight are the most")]
    TooMany(usize),
}

impl Breakdown {
    /// The whole population.
    pub const HEADLINE: Self = Self(Vec::new());

    /// A breakdown from tags in any order.
    ///
    /// # Errors
    /// A malformed code, a taxonomy named twice, or more than eight.
    pub fn new(mut tags: Vec<Tag>) -> Result<Self, NotABreakdown> {
        tags.sort();
        Self::sorted(tags)
    }

    /// Whether this is the whole population.
    #[must_use]
    pub fn is_headline(&self) -> bool {
        self.0.is_empty()
    }

    /// The tags, sorted by taxonomy.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.0
    }

    fn sorted(tags: Vec<Tag>) -> Result<Self, NotABreakdown> {
        if tags.len() > 8 {
            return Err(NotABreakdown::TooMany(tags.len()));
        }
        for tag in &tags {
            for (code, longest) in [(&tag.taxonomy, 64), (&tag.code, 128)] {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                if code.is_empty() || code.len() > longest || !code.bytes().all(plain) {
                    return Err(NotABreakdown::Code(code.chars().take(64).collect()));
                }
            }
        }
        match tags.windows(2).find(|pair| matches!(pair, [a, b] if a.taxonomy >= b.taxonomy)) {
            Some([_, second]) => Err(NotABreakdown::Order(second.taxonomy.clone())),
            _ => Ok(Self(tags)),
        }
    }
}

impl fmt::Display for Breakdown {
    /// `gas=methane; series=territorial`; nothing for the headline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, tag) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { "; " };
            write!(f, "{gap}{}={}", tag.taxonomy, tag.code)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Breakdown {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::sorted(Vec::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(taxonomy: &str, code: &str) -> Tag {
        Tag { taxonomy: taxonomy.to_owned(), code: code.to_owned() }
    }

    #[test]
    fn tags_in_any_order_make_one_breakdown() {
        let a = Breakdown::new(vec![tag("sex", "f"), tag("age", "0_4")]).unwrap();
        let b = Breakdown::new(vec![tag("age", "0_4"), tag("sex", "f")]).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "age=0_4; sex=f");
    }

    #[test]
    fn a_taxonomy_twice_a_bad_code_or_a_wrong_order_is_refused() {
        assert!(Breakdown::new(vec![tag("sex", "f"), tag("sex", "m")]).is_err());
        assert!(Breakdown::new(vec![tag("sex", "F")]).is_err());
        assert!(Breakdown::new(vec![tag("", "f")]).is_err());
        let wrong = r#"[{"taxonomy":"sex","code":"f"},{"taxonomy":"age","code":"0_4"}]"#;
        assert!(serde_json::from_str::<Breakdown>(wrong).is_err());
    }
}
