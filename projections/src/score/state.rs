//! Why a figure is there or not (QUESTIONS Q14, as far as events of this release go).

use chrono::NaiveDate;
use piperoll_events::submission::no_value_declared::NoValue;
use schemars::JsonSchema;
use serde::Serialize;

use super::Figure;

/// What can be said of a figure on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureState {
    /// It is there.
    Present,
    /// Collected no more.
    Discontinued,
    /// Makes no sense for the period.
    NotApplicable,
    /// Nobody collects it.
    NotCollected,
    /// The source keeps it back.
    SuppressedAtSource,
    /// Kept back until it is checked.
    WithheldPendingValidation,
    /// The source has not published it.
    AwaitingSource,
    /// Not expected yet.
    NotDue,
    /// Expected, and not there.
    Late,
    /// Not there, and nobody said when it is due.
    Absent,
}

/// A declaration that there is no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Declared {
    /// What is the matter.
    pub state: NoValue,
    /// When a figure is expected.
    pub expected_on: Option<NaiveDate>,
}

/// The state of a figure on the day `on`; `due` is the first day on which it is late, where one
/// is known. The first that applies, in the order of Q14.
#[must_use]
pub fn figure_state(
    figure: Figure,
    declared: &[Declared],
    due: Option<NaiveDate>,
    on: NaiveDate,
) -> FigureState {
    if matches!(figure, Figure::Value(_)) {
        return FigureState::Present;
    }
    let lasting = [
        (NoValue::Discontinued, FigureState::Discontinued),
        (NoValue::NotApplicable, FigureState::NotApplicable),
        (NoValue::NotCollected, FigureState::NotCollected),
        (NoValue::SuppressedAtSource, FigureState::SuppressedAtSource),
        (NoValue::WithheldPendingValidation, FigureState::WithheldPendingValidation),
    ];
    for (said, state) in lasting {
        if declared.iter().any(|declared| declared.state == said) {
            return state;
        }
    }
    let awaiting = declared.iter().find(|declared| declared.state == NoValue::AwaitingSource);
    match (awaiting, due) {
        (Some(awaiting), Some(due)) if on >= due => match awaiting.expected_on {
            Some(expected) if expected >= on => FigureState::AwaitingSource,
            _ => FigureState::Late,
        },
        (Some(_), _) => FigureState::AwaitingSource,
        (None, Some(due)) if on >= due => FigureState::Late,
        (None, Some(_)) => FigureState::NotDue,
        (None, None) => FigureState::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_that_lasts_comes_before_lateness_and_a_figure_before_both() {
        let day = |d| NaiveDate::from_ymd_opt(2024, 5, d).unwrap();
        let said = |state, expected_on| Declared { state, expected_on };
        let none = Figure::Missing;
        let due = Some(day(10));
        let awaiting = [said(NoValue::AwaitingSource, Some(day(20)))];
        assert_eq!(figure_state(none, &[], due, day(9)), FigureState::NotDue);
        assert_eq!(figure_state(none, &[], due, day(10)), FigureState::Late);
        assert_eq!(figure_state(none, &awaiting, due, day(9)), FigureState::AwaitingSource);
        assert_eq!(figure_state(none, &awaiting, due, day(20)), FigureState::AwaitingSource);
        assert_eq!(figure_state(none, &awaiting, due, day(21)), FigureState::Late);
        let gone = [said(NoValue::Discontinued, None), said(NoValue::AwaitingSource, None)];
        assert_eq!(figure_state(none, &gone, due, day(21)), FigureState::Discontinued);
        let value = Figure::Value(piperoll_events::Quantity::ZERO);
        assert_eq!(figure_state(value, &gone, due, day(21)), FigureState::Present);
    }
}
