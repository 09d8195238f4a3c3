//! The cells that stand in a submission, by breakdown.
//!
//! **Invariant:** sorted, and each breakdown once. Most submissions hold one cell, and a ledger has
//! very many submissions: a tree makes room for eleven cells at once, a list for those there are.

use piperoll_events::{Breakdown, Cell};

/// Cells by breakdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells(Vec<Cell>);

impl Cells {
    /// The cell of a breakdown.
    #[must_use]
    pub fn find(&self, breakdown: &Breakdown) -> Option<&Cell> {
        self.place(breakdown).ok().and_then(|at| self.0.get(at))
    }

    /// Whether there is a cell of a breakdown.
    #[must_use]
    pub fn has(&self, breakdown: &Breakdown) -> bool {
        self.place(breakdown).is_ok()
    }

    /// Puts a cell in the place of the one that its breakdown had, if it had one.
    pub fn put(&mut self, cell: Cell) {
        match self.place(&cell.breakdown) {
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, cell);
            }
            Ok(at) => {
                if let Some(held) = self.0.get_mut(at) {
                    *held = cell;
                }
            }
        }
    }

    /// Takes the cell of a breakdown away.
    pub fn remove(&mut self, breakdown: &Breakdown) {
        self.0.retain(|cell| cell.breakdown != *breakdown);
    }

    /// Takes away every cell that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&Breakdown) -> bool) {
        self.0.retain(|cell| keep(&cell.breakdown));
    }

    /// The cells, sorted by breakdown.
    pub fn iter(&self) -> std::slice::Iter<'_, Cell> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, breakdown: &Breakdown) -> Result<usize, usize> {
        self.0.binary_search_by(|cell| cell.breakdown.cmp(breakdown))
    }
}

impl Extend<Cell> for Cells {
    fn extend<I: IntoIterator<Item = Cell>>(&mut self, cells: I) {
        cells.into_iter().for_each(|cell| self.put(cell));
    }
}

impl FromIterator<Cell> for Cells {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        let mut all = Self::default();
        all.extend(cells);
        all
    }
}

impl IntoIterator for Cells {
    type Item = Cell;
    type IntoIter = std::vec::IntoIter<Cell>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Cells {
    type Item = &'a Cell;
    type IntoIter = std::slice::Iter<'a, Cell>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::submission::examples::cell;

    #[test]
    fn cells_are_sorted_each_once_and_the_later_stands() {
        let given = [cell("m", "1"), cell("", "2"), cell("f", "3"), cell("m", "4")];
        let mut cells: Cells = given.into_iter().collect();
        let sorted = vec![cell("", "2"), cell("f", "3"), cell("m", "4")];
        assert_eq!(cells.iter().cloned().collect::<Vec<_>>(), sorted);
        assert_eq!(cells.find(&cell("m", "0").breakdown), Some(&cell("m", "4")));
        cells.remove(&cell("f", "0").breakdown);
        cells.retain(|breakdown| !breakdown.is_headline());
        assert_eq!((cells.len(), cells.has(&Breakdown::HEADLINE)), (1, false));
    }
}
