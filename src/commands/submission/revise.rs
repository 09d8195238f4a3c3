//! Revise some of the figures that stand.

use piperoll_events::ids::{MeasureId, SubmissionId};
use piperoll_events::reason::Reason;
use piperoll_events::submission::Revised;
use piperoll_events::submission::revised::ReportedRating;
use piperoll_events::{Breakdown, Cell, EntityRef, Period, Position};

use super::{Submission, check_cells};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Revise the submission of one measure and period.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revise {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The content that is meant; absent: whatever stands.
    pub content_from: Option<Position>,
    /// Cells that are new or say something else, whole.
    pub changed: Vec<Cell>,
    /// Cells that are held no more.
    pub removed: Vec<Breakdown>,
    /// The publisher's own rating, where that changed.
    pub rating_as_reported: Option<ReportedRating>,
    /// Why.
    pub reason: Reason,
}

impl Command for Revise {
    const NAME: &'static str = "submission.revise";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, Some(self.period)).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let content_from = submission.figures_from(self.content_from)?;
        check_cells(&self.changed)?;
        for breakdown in &self.removed {
            let changed = self.changed.iter().any(|cell| cell.breakdown == *breakdown);
            if changed || !submission.cells.has(breakdown) {
                return Err(Rejection::NoSuchCell(breakdown.to_string()));
            }
        }
        let differs = |cell: &&Cell| submission.cells.find(&cell.breakdown) != Some(*cell);
        let changed: Vec<Cell> = self.changed.iter().filter(differs).cloned().collect();
        let rating = self
            .rating_as_reported
            .clone()
            .filter(|rating| rating.now != submission.rating_as_reported);
        if changed.is_empty() && self.removed.is_empty() && rating.is_none() {
            return Ok(Decision::Unchanged);
        }
        let added = changed.iter().filter(|c| !submission.cells.has(&c.breakdown)).count();
        let left = submission.cells.len().saturating_add(added).saturating_sub(self.removed.len());
        match left {
            0 if !submission.outlives_its_figures(rating.as_ref()) => {
                return Err(Rejection::NoFigure);
            }
            many if many > super::MOST_CELLS => return Err(Rejection::TooManyCells(many)),
            _ => {}
        }
        Ok(Decision::record(Revised {
            measure: self.measure,
            period: self.period,
            content_from,
            changed,
            removed: self.removed.clone(),
            rating_as_reported: rating,
            reason: self.reason.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{cell, measure, period, submitted};
    use piperoll_events::reason::ReasonCode;

    fn revise(changed: Vec<Cell>, removed: Vec<Breakdown>) -> Revise {
        Revise {
            measure: measure(),
            period: period(),
            content_from: None,
            changed,
            removed,
            rating_as_reported: None,
            reason: Reason { code: ReasonCode::SourceRevised, text: None },
        }
    }

    fn revised(changed: Vec<Cell>, removed: Vec<Breakdown>) -> Revised {
        Revised {
            measure: measure(),
            period: period(),
            content_from: Position(1),
            changed,
            removed,
            rating_as_reported: None,
            reason: Reason { code: ReasonCode::SourceRevised, text: None },
        }
    }

    #[test]
    fn only_the_cells_that_differ_are_recorded() {
        let command = revise(vec![cell("", "97.9"), cell("f", "98.0")], Vec::new());
        given([submitted().into()])
            .when(&command)
            .then_recorded(revised(vec![cell("", "97.9")], Vec::new()));
    }

    #[test]
    fn the_same_figures_again_are_no_revision() {
        given([submitted().into()]).when(&revise(submitted().cells, Vec::new())).then_unchanged();
    }

    #[test]
    fn a_cell_that_is_held_can_be_removed_and_no_other() {
        let f = cell("f", "1").breakdown;
        given([submitted().into()])
            .when(&revise(Vec::new(), vec![f.clone()]))
            .then_recorded(revised(Vec::new(), vec![f.clone()]));
        let m = cell("m", "1").breakdown;
        given([submitted().into()]).when(&revise(Vec::new(), vec![m])).then_refused("no_such_cell");
        given([submitted().into()])
            .when(&revise(Vec::new(), vec![f, Breakdown::HEADLINE]))
            .then_refused("no_figure");
    }

    #[test]
    fn what_does_not_stand_or_is_other_content_cannot_be_revised() {
        let mut command = revise(vec![cell("", "1")], Vec::new());
        given([]).when(&command).then_refused("missing");
        command.content_from = Some(Position(9));
        given([submitted().into()]).when(&command).then_refused("other_content");
    }

    #[test]
    fn a_rating_may_outlive_the_figure_and_ends_by_being_withdrawn_not_revised_away() {
        let mut rated = submitted();
        rated.cells = vec![cell("", "0")];
        rated.rating_as_reported = Some("lr".parse().unwrap());
        let bare = revise(Vec::new(), vec![Breakdown::HEADLINE]);
        let blank = revised(Vec::new(), vec![Breakdown::HEADLINE]);
        given([rated.clone().into()]).when(&bare).then_recorded(blank.clone());
        let back = revise(vec![cell("", "0")], Vec::new());
        given([rated.clone().into(), blank.clone().into()])
            .when(&back)
            .then_recorded(revised(vec![cell("", "0")], Vec::new()));
        let mut unrated = revise(Vec::new(), Vec::new());
        unrated.rating_as_reported = Some(ReportedRating { now: None });
        given([rated.into(), blank.into()]).when(&unrated).then_refused("no_figure");
    }

    #[test]
    fn the_publishers_rating_alone_may_change() {
        let mut command = revise(Vec::new(), Vec::new());
        let now = Some("lg".parse().unwrap());
        command.rating_as_reported = Some(ReportedRating { now });
        let mut fact = revised(Vec::new(), Vec::new());
        fact.rating_as_reported.clone_from(&command.rating_as_reported);
        given([submitted().into()]).when(&command).then_recorded(fact);
        command.rating_as_reported = Some(ReportedRating { now: None });
        given([submitted().into()]).when(&command).then_unchanged();
    }
}
