//! Where a series stops being one line: neighbours whose definitions can't be compared as they are.
//!
//! **Invariant:** it says of two neighbours what `comparable` says of them.

use piperoll_events::Position;
use piperoll_events::ids::MeasureId;

use super::linking::{Linked, Verdict};
use crate::asking::answer::{AskingError, Desk};

impl Desk {
    /// What lies between figures that were recorded at two positions each: a break, or a factor; none
    /// where they compare as they are.
    ///
    /// # Errors
    /// Postgres.
    pub async fn breaks(
        &self,
        measure: MeasureId,
        neighbours: &[(Position, Position)],
        at: Position,
    ) -> Result<Vec<Option<Linked>>, AskingError> {
        let links = self.links(&[measure], at).await?;
        let between = |(first, second): &(Position, Position)| {
            let first = links.made_under(measure, *first)?.position;
            let second = links.made_under(measure, *second)?.position;
            let linked = links.between(measure, first, second).filter(|_| first != second)?;
            matches!(linked.verdict, Verdict::Broken | Verdict::SameAfterFactor).then_some(linked)
        };
        Ok(neighbours.iter().map(between).collect())
    }
}
