//! What figures and targets were made under: the unit and the decimals of the definition of their time.
//!
//! **Invariant:** a figure keeps the unit it was told in. A later definition changes what comes after it,
//! and what is told anew.

use std::collections::HashMap;

use piperoll_events::ids::MeasureId;
use piperoll_events::{Position, Quantity};
use piperoll_projections::score::published;
use piperoll_projections::scorecard::{Line, Yardstick};

use super::answer::{AskingError, Desk};

/// The definitions that were in force where figures and targets were recorded.
#[derive(Debug, Default)]
pub struct MadeUnder(HashMap<(MeasureId, Position), Yardstick>);

impl Desk {
    /// What was in force where some versions of a measure's figures and targets were recorded.
    ///
    /// # Errors
    /// Postgres.
    pub async fn made_under(
        &self,
        asked: &[(MeasureId, Position)],
    ) -> Result<MadeUnder, AskingError> {
        let standing = self.reader.standing(asked).await?.into_iter();
        let known = standing.filter_map(|(at, standing)| Some((at, standing.definition?)));
        Ok(MadeUnder(known.collect()))
    }

    /// The same for what some lines show, where that is older than their definitions.
    ///
    /// # Errors
    /// Postgres.
    pub async fn lines_made_under<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a Line>,
    ) -> Result<MadeUnder, AskingError> {
        let older = |line: &'a Line| {
            let defined_at = line.definition.as_ref().map(|definition| definition.position);
            let figure = line.headline.as_ref().map(|headline| headline.position);
            let target = line.target.as_ref().map(|target| target.position);
            let both = figure.into_iter().chain(target);
            let measure = line.measure.measure;
            both.filter(move |at| Some(*at) < defined_at).map(move |at| (measure, at))
        };
        let asked: Vec<_> = lines.into_iter().flat_map(older).collect();
        self.made_under(&asked).await
    }
}

impl MadeUnder {
    /// What something of a line that was recorded at a position was made under. What was recorded before
    /// there was any definition is read by the line's own.
    #[must_use]
    pub fn yardstick<'a>(&'a self, line: &'a Line, at: Position) -> Option<&'a Yardstick> {
        self.0.get(&(line.measure.measure, at)).or(line.definition.as_ref())
    }

    /// The unit of something of a line that was recorded at a position.
    #[must_use]
    pub fn unit<'a>(&'a self, line: &'a Line, at: Position) -> Option<&'a str> {
        self.yardstick(line, at)?.unit.as_deref()
    }

    /// A figure of a line as it was published, with its unit.
    #[must_use]
    pub fn published<'a>(
        &'a self,
        line: &'a Line,
        value: Quantity,
        at: Position,
    ) -> (Quantity, Option<&'a str>) {
        let yardstick = self.yardstick(line, at);
        let value = published(value, yardstick.and_then(|it| it.decimals));
        (value, yardstick.and_then(|it| it.unit.as_deref()))
    }

    /// The unit of a line's target.
    #[must_use]
    pub fn target_unit<'a>(&'a self, line: &'a Line) -> Option<&'a str> {
        match &line.target {
            Some(target) => self.unit(line, target.position),
            None => line.unit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::questions::substituting::tests::line;

    #[test]
    fn a_figure_keeps_the_unit_and_the_decimals_that_it_was_told_in() {
        let line = line("0.25", "60");
        let now = line.definition.clone().unwrap();
        let then = Yardstick {
            unit: Some("£".to_owned()),
            decimals: Some(3),
            position: Position(1),
            ..now
        };
        let made = MadeUnder([((line.measure.measure, Position(2)), then)].into());
        let told = |at: u64| {
            let (value, unit) = made.published(&line, "0.25".parse().unwrap(), Position(at));
            (value.to_string(), unit.unwrap().to_owned())
        };
        assert_eq!(told(2), ("0.250".to_owned(), "£".to_owned()));
        assert_eq!(told(9), ("0.25".to_owned(), "%".to_owned()));
    }
}
