//! Pages of a list, and the cursors from one to the next.
//!
//! **Invariant:** a cursor pins the position of its first page, so a list that grows meanwhile is seen
//! whole and once. Only a cursor that this service made, for this list, is taken.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use piperoll_events::Position;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::identity::tokens::Issuer;

/// A page when nothing else is asked for.
const USUAL: u16 = 100;
/// The longest page.
const MOST: u16 = 500;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(super) struct Asked {
    /// Where the page before ended: its `next`.
    #[schemars(length(max = 200))]
    pub(super) cursor: Option<String>,
    /// The most items; 100 where it is not given.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u16>,
}

/// Between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// What the first page saw.
    pub(super) pinned: Position,
    /// What was shown already: so many items, or up to this position.
    pub(super) shown: u64,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(super) struct Page<T> {
    /// What all pages of this list see.
    pub(super) position: Position,
    /// The items, in the list's own order.
    pub(super) items: Vec<T>,
    /// The cursor of the next page; absent on the last.
    pub(super) next: Option<String>,
}

impl Asked {
    /// How many items.
    ///
    /// # Errors
    /// None, or more than there may be.
    pub(super) fn limit(&self) -> Result<u16, Problem> {
        match self.limit.unwrap_or(USUAL) {
            limit @ 1..=MOST => Ok(limit),
            _ => Err(Problem::bad("malformed_parameter", "`limit` is 1 to 500")),
        }
    }

    /// Where to go on; none at the beginning.
    ///
    /// # Errors
    /// A cursor that was not made here for this list.
    pub(super) fn cursor(&self, issuer: &Issuer, list: &str) -> Result<Option<Cursor>, Problem> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let cursor = Cursor::read(issuer, list, text);
        let detail = "this cursor was not made here for this list; begin again without one";
        cursor.map(Some).ok_or_else(|| Problem::bad("unknown_cursor", detail))
    }
}

impl Cursor {
    /// As it is handed out.
    pub(super) fn write(self, issuer: &Issuer, list: &str) -> String {
        let body = [self.pinned.0.to_be_bytes(), self.shown.to_be_bytes()].concat();
        let code = issuer.seal(&format!("cursor of {list}"), &body);
        let code = code.get(..16).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode([&body, code].concat())
    }

    fn read(issuer: &Issuer, list: &str, text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (pinned, rest) = bytes.split_first_chunk::<8>()?;
        let (shown, _) = rest.split_first_chunk::<8>()?;
        let cursor = Self {
            pinned: Position(u64::from_be_bytes(*pinned)),
            shown: u64::from_be_bytes(*shown),
        };
        (cursor.write(issuer, list) == text).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_list_or_touched_is_not_taken() {
        let issuer = Issuer::open(tempfile::tempdir().unwrap().path()).unwrap();
        let cursor = Cursor { pinned: Position(7), shown: 3 };
        let text = cursor.write(&issuer, "a");
        assert_eq!(Cursor::read(&issuer, "a", &text), Some(cursor));
        assert_eq!(Cursor::read(&issuer, "b", &text), None);
        for forged in ["", "AAAA", &text[1..], &format!("{text}A"), &text.replace('B', "C")] {
            assert!(forged == text || Cursor::read(&issuer, "a", forged).is_none(), "{forged}");
        }
    }
}
