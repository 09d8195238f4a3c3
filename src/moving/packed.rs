//! Rows kept packed: a file of a million of them is checked whole before the first is recorded.
//!
//! **Invariant:** a row comes out as it went in. Packed it takes some sixty bytes, spread out some
//! five hundred; so rows are spread out one, or one instant, at a time.

use std::fmt;

use super::reading::ReadRow;

/// Rows in the order of the file.
#[derive(Clone, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    /// Where each begins; a row knows itself where it ends.
    places: Vec<usize>,
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The row at a place among them, from nought.
    #[must_use]
    pub fn find(&self, at: usize) -> Option<ReadRow> {
        Some(unpack(self.bytes.get(*self.places.get(at)?..)?))
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = ReadRow> {
        (0..self.len()).filter_map(|at| self.find(at))
    }

    /// Puts a row in the place of another.
    pub(super) fn put(&mut self, at: usize, row: &ReadRow) {
        let place = self.pack(row);
        if let Some(held) = self.places.get_mut(at) {
            *held = place;
        }
    }

    /// Keeps the rows at the places that `keep` wants.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut at = 0_usize..;
        self.places.retain(|_| at.next().is_some_and(&mut keep));
    }

    fn pack(&mut self, row: &ReadRow) -> usize {
        let place = self.bytes.len();
        let bytes = std::mem::take(&mut self.bytes);
        #[expect(clippy::unwrap_used, reason = "every row can be packed, and memory is no error")]
        let bytes = postcard::to_extend(row, bytes).unwrap();
        self.bytes = bytes;
        place
    }
}

#[expect(clippy::unwrap_used, reason = "these are the bytes that were packed above")]
fn unpack(bytes: &[u8]) -> ReadRow {
    postcard::take_from_bytes(bytes).unwrap().0
}

impl Extend<ReadRow> for Rows {
    fn extend<I: IntoIterator<Item = ReadRow>>(&mut self, rows: I) {
        for row in rows {
            let place = self.pack(&row);
            self.places.push(place);
        }
    }
}

impl FromIterator<ReadRow> for Rows {
    fn from_iter<I: IntoIterator<Item = ReadRow>>(rows: I) -> Self {
        let mut all = Self::default();
        all.extend(rows);
        all
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Types that leave fields out when they are written are packed as JSON, which names its fields.
pub(super) mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(value).map_err(S::Error::custom)?)
    }

    pub(in super::super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        let text = <&str>::deserialize(from)?;
        serde_json::from_str(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use piperoll_events::breakdown::Tag;
    use piperoll_events::cell::{FigureStatus, Oddity};
    use piperoll_events::submission::no_value_declared::NoValue;
    use piperoll_events::target::{Level, Point, TargetShape};
    use piperoll_events::{Breakdown, Target};

    use super::super::reading::{DefinitionPart, Figure, Said, Statement};
    use super::super::spec::{figure, key, p, q, row, said, target, worded};
    use super::*;

    /// Everything that a row can say.
    fn all() -> Vec<ReadRow> {
        let tag = Tag { taxonomy: "sex".to_owned(), code: "f".to_owned() };
        let full = Figure {
            period: p("2019-04-15..2021-12-31"),
            breakdown: Breakdown::new(vec![tag]).unwrap(),
            value: Said::Value(q("-0.10")),
            numerator: Said::Nothing,
            denominator: Said::Value(q("1234567890123456789012345678")),
            status: Said::Value(FigureStatus::Estimate),
            status_as_reported: said(Some("guessed".parse().unwrap())),
            rating_as_reported: said(Some("lg".parse().unwrap())),
            commentary: said(Some("two\nlines".parse().unwrap())),
            oddities: vec![Oddity::TenTimes, Oddity::CellsUnlikeTotal],
        };
        let point = Point { period: p("2021"), level: Level { at: q("1"), to: Some(q("2.0")) } };
        let path = Target {
            shape: TargetShape::Profile,
            level: None,
            points: vec![point],
            words: Some("as agreed".parse().unwrap()),
        };
        let definition = Statement::Definition {
            part: DefinitionPart::Midpoint,
            now: said(Some("1.0".parse().unwrap())),
            before: Said::Silent,
        };
        let mut dated = row(
            7,
            "C&L 01/number",
            vec![
                Statement::Figure(Box::new(full)),
                Statement::Target { key: key("2021"), target: Some(path) },
                Statement::NoValue { period: None, state: NoValue::Discontinued },
                Statement::NoValue { period: Some(p("FY2014-Q2")), state: NoValue::AwaitingSource },
                Statement::Listed,
                Statement::Unit { unit: "£".parse().unwrap() },
                definition,
            ],
        );
        dated.known_at = Some("2023-08-25T22:59:59.999999Z".parse().unwrap());
        dated.code_as_written = " c&l 1".to_owned();
        vec![
            row(2, "A", vec![figure("2021", Some("1.50"))]),
            dated,
            row(u64::MAX, "B", vec![target("2021..2025", None), worded("2022-02", "0", "so")]),
            row(9, "C", Vec::new()),
        ]
    }

    #[test]
    fn a_row_comes_out_as_it_went_in() {
        let rows: Rows = all().into_iter().collect();
        assert_eq!(rows.iter().collect::<Vec<_>>(), all());
        assert_eq!((rows.len(), rows.find(4)), (4, None));
    }

    #[test]
    fn a_row_is_put_in_anothers_place_and_others_are_dropped() {
        let mut rows: Rows = all().into_iter().collect();
        let [first, second, third, _] = all().try_into().unwrap();
        rows.put(0, &third);
        rows.retain(|at| at < 2);
        assert_eq!(rows, [third, second].into_iter().collect());
        assert_ne!(rows, std::iter::once(first).collect());
    }
}
