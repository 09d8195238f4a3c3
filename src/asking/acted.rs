//! What an act is told with: how its measure stood on either side of it, and what its posts were called.
//!
//! **Invariant:** what stood before an act is read at the position before its own, by the same readers as
//! every other answer.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_events::ids::{MeasureId, PostId};
use piperoll_events::text::Words;
use piperoll_events::{Definition, Period, Position};
use piperoll_projections::scorecard::{Line, Submitted};

use super::answer::{AskingError, Desk, Scored};
use super::moment::When;

/// A measure as it stood at a position.
#[derive(Debug, Clone)]
pub struct MeasureKnown {
    /// As the scorecard shows it, for the period asked about where one was.
    pub line: Scored<Line>,
    /// All that its definition says.
    pub definition: Option<Definition>,
    /// What had been submitted for the period, or for the measure as a whole.
    pub submission: Option<Submitted>,
}

impl Desk {
    /// A measure as it stood at a position; none where there was no such measure.
    ///
    /// # Errors
    /// Postgres.
    pub async fn measure_known(
        &self,
        measure: MeasureId,
        period: Option<Period>,
        at: Position,
    ) -> Result<Option<MeasureKnown>, AskingError> {
        let as_at = self.resolve(When::At(at)).await?;
        let Some(line) = self.line(measure, period, as_at).await? else { return Ok(None) };
        let definition = self.reader.definitions(measure, at).await?.pop();
        let definition = definition.map(|version| version.definition);
        let submission = self.reader.submission(measure, period, at).await?;
        Ok(Some(MeasureKnown { line, definition, submission }))
    }

    /// What posts were called at a position; a post without a name is left out.
    ///
    /// # Errors
    /// Postgres.
    pub async fn post_titles(
        &self,
        posts: &BTreeSet<PostId>,
        at: Position,
    ) -> Result<BTreeMap<PostId, Words>, AskingError> {
        let posts: Vec<PostId> = posts.iter().copied().collect();
        let known = self.acts.posts(&posts, at).await?.into_iter();
        Ok(known.filter_map(|(post, known)| Some((post, known.title?))).collect())
    }
}
