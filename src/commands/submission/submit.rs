//! Submit figures where there are none.

use piperoll_events::ids::{MeasureId, SubmissionId};
use piperoll_events::submission::Submitted;
use piperoll_events::text::Label;
use piperoll_events::{Cell, EntityRef, Period};

use super::{Content, Submission, check_cells};
use crate::commands::{Command, Decision, Ground, Rejection, SealedWords};

/// Submit the figures of one measure and period.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The figures.
    pub cells: Vec<Cell>,
    /// The publisher's own rating.
    pub rating_as_reported: Option<Label>,
    /// What is said of them.
    pub commentary: Option<SealedWords>,
}

impl Command for Submit {
    const NAME: &'static str = "submission.submit";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, Some(self.period)).into()
    }

    fn decide(&self, submission: &Submission, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if self.cells.is_empty() {
            return Err(Rejection::NoFigure);
        }
        check_cells(&self.cells)?;
        if let Content::Figures(_) = submission.content {
            return Err(Rejection::FiguresStand);
        }
        Ok(Decision::record(Submitted {
            measure: self.measure,
            period: self.period,
            cells: self.cells.clone(),
            rating_as_reported: self.rating_as_reported.clone(),
            commentary: self.commentary.as_ref().map(|words| words.sealed.clone()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::submission::MOST_CELLS;
    use crate::commands::submission::examples::{cell, measure, period, submitted};
    use piperoll_events::Position;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::submission::Withdrawn;

    fn submit(cells: Vec<Cell>) -> Submit {
        Submit {
            measure: measure(),
            period: period(),
            cells,
            rating_as_reported: None,
            commentary: None,
        }
    }

    #[test]
    fn figures_are_submitted_where_there_are_none() {
        given([]).when(&submit(submitted().cells)).then_recorded(submitted());
        given([submitted().into()])
            .when(&submit(vec![cell("", "1")]))
            .then_refused("figures_stand");
    }

    #[test]
    fn figures_may_come_again_after_they_were_withdrawn() {
        let withdrawn = Withdrawn {
            measure: measure(),
            period: Some(period()),
            content_from: Position(1),
            reason: Reason { code: ReasonCode::Withdrawn, text: None },
        };
        given([submitted().into(), withdrawn.into()])
            .when(&submit(submitted().cells))
            .then_recorded(submitted());
    }

    #[test]
    fn no_figure_a_cell_twice_or_too_many_cells_are_refused() {
        given([]).when(&submit(Vec::new())).then_refused("no_figure");
        let mut empty = cell("", "1");
        empty.value = None;
        given([]).when(&submit(vec![empty])).then_refused("no_figure");
        given([]).when(&submit(vec![cell("", "1"), cell("", "2")])).then_refused("cell_twice");
        let many = (0..=MOST_CELLS).map(|n| cell(&format!("c{n}"), "1")).collect();
        given([]).when(&submit(many)).then_refused("too_many_cells");
    }

    #[test]
    fn the_fullest_submission_fits_into_one_event() {
        let mut full = cell(&"x".repeat(40), "-1234567890.123456789");
        full.numerator = full.value;
        full.denominator = full.value;
        let one = serde_json::to_vec(&full).unwrap().len();
        assert!(one * MOST_CELLS < 240 * 1024, "{} bytes", one * MOST_CELLS);
    }
}
