//! One figure held against every version of its target: what a target's history did to a status.
//!
//! **Invariant:** only the target differs from version to version. Figure, definition and rule are those
//! of the moment asked.

use chrono::{DateTime, Utc};
use piperoll_events::target::Level;
use piperoll_events::{Authority, Period, Position, Reason, Target, Tier};
use piperoll_projections::score::{Figure, Rating, rate};
use piperoll_projections::scorecard::{Headline, Line, TargetHappened, TargetVersion};

use super::answer::{AskingError, Desk, Scored};

/// A figure under one version of its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderTarget {
    /// Where the version was recorded.
    pub position: Position,
    /// When it was known.
    pub known_at: Option<DateTime<Utc>>,
    /// What happened to the target.
    pub happened: TargetHappened,
    /// What it asks of the figure's period; absent: nothing, or words alone.
    pub level: Option<Level>,
    /// What it asks in words.
    pub words: Option<String>,
    /// How the figure is rated under it.
    pub rating: Rating,
    /// Whether it governs at the moment asked.
    pub governs: Governs,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
    /// Whether a file says so.
    pub asserted: bool,
}

/// Whether a version governs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governs {
    /// It does.
    Yes,
    /// Another does, or none.
    No,
}

impl Desk {
    /// The figure of a line under every version of the expected targets about its period, by position.
    ///
    /// # Errors
    /// Postgres.
    pub async fn under_targets(
        &self,
        line: &Scored<Line>,
        versions: &[TargetVersion],
    ) -> Result<Vec<UnderTarget>, AskingError> {
        let Some(period) = line.facts.period else { return Ok(Vec::new()) };
        let mut rows = under(&line.facts, period, versions);
        let positions: Vec<Position> = rows.iter().map(|row| row.position).collect();
        let instants = self.reader.instants(&positions).await?;
        for row in &mut rows {
            row.known_at = instants.get(&row.position).copied();
        }
        Ok(rows)
    }
}

fn under(line: &Line, period: Period, versions: &[TargetVersion]) -> Vec<UnderTarget> {
    let Some(terms) = line.terms() else { return Vec::new() };
    let figure = line.headline.as_ref().map_or(Figure::Missing, Headline::figure);
    let rule = line.rule.as_ref().and_then(|rule| rule.rule.as_ref());
    let governing = line.target.as_ref().map(|target| (target.position, target.span));
    let about = |version: &&TargetVersion| {
        let span = version.key.period;
        let asks = |target: &Target| {
            let in_words = target.words.is_some() && span.contains(period);
            in_words || target.level_for(span, period).is_some()
        };
        let speaks = asks(&version.target) || version.old.as_ref().is_some_and(asks);
        version.key.breakdown.is_headline() && version.key.tier == Tier::Expected && speaks
    };
    let row = |version: &TargetVersion| {
        let level = match version.happened {
            TargetHappened::Withdrawn => None,
            _ => version.target.level_for(version.key.period, period),
        };
        UnderTarget {
            position: version.position,
            known_at: None,
            happened: version.happened,
            level,
            rating: rate(figure, level, &terms, rule),
            governs: if governing == Some((version.position, version.key.period)) {
                Governs::Yes
            } else {
                Governs::No
            },
            words: version.target.words.as_ref().map(ToString::to_string),
            reason: version.reason.clone(),
            authority: version.authority.clone(),
            asserted: version.asserted,
        }
    };
    versions.iter().filter(about).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::questions::substituting::tests::line;
    use piperoll_events::reason::ReasonCode;
    use piperoll_events::target::TargetShape;
    use piperoll_events::{Breakdown, TargetKey};

    fn version(
        position: u64,
        tier: Tier,
        happened: TargetHappened,
        (old, new): (Option<&str>, &str),
    ) -> TargetVersion {
        let period: Period = "FY2023-Q3".parse().unwrap();
        let target = |text: &str| {
            let level = Some(Level { at: text.parse().unwrap(), to: None });
            Target { shape: TargetShape::Point, level, points: Vec::new(), words: None }
        };
        TargetVersion {
            key: TargetKey { period, breakdown: Breakdown::HEADLINE, tier },
            tier,
            happened,
            target: target(new),
            old: old.map(target),
            reason: Reason { code: ReasonCode::DemandChanged, text: None },
            authority: None,
            position: Position(position),
            asserted: false,
        }
    }

    #[test]
    fn a_figure_is_rated_under_each_version_of_what_was_expected_and_the_last_governs() {
        let (mut line, period) = (line("70", "60"), "FY2023-Q3".parse().unwrap());
        if let Some(target) = &mut line.target {
            target.position = Position(3);
        }
        let versions = [
            version(2, Tier::Expected, TargetHappened::Set, (None, "90")),
            version(3, Tier::Expected, TargetHappened::Changed, (Some("90"), "60")),
            version(3, Tier::Stretch, TargetHappened::Set, (None, "95")),
            version(4, Tier::Stretch, TargetHappened::Withdrawn, (None, "95")),
        ];
        let told: Vec<_> = under(&line, period, &versions)
            .into_iter()
            .map(|row| (row.position.0, row.level.unwrap().at.to_string(), row.rating, row.governs))
            .collect();
        let level = |code: &str| Rating::Level(code.parse().unwrap());
        let expected = [
            (2, "90".to_owned(), level("red"), Governs::No),
            (3, "60".to_owned(), level("green"), Governs::Yes),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_target_taken_away_leaves_the_figure_unrated() {
        let line = line("70", "60");
        let versions = [version(9, Tier::Expected, TargetHappened::Withdrawn, (None, "60"))];
        let rows = under(&line, "FY2023-Q3".parse().unwrap(), &versions);
        let told: Vec<_> = rows.into_iter().map(|row| (row.level, row.rating)).collect();
        assert_eq!(told, [(None, Rating::NoTarget)]);
    }
}
