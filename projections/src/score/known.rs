//! What was known of a measure when its target was touched (QUESTIONS D4).
//!
//! **Invariant:** the actual is worked out from what stood before the act, never typed. What came with
//! the act, in the same file or at the same instant, is told apart: who set the target had it in hand,
//! but the record did not know it yet.

use chrono::NaiveDate;
use piperoll_events::target::TargetShape;
use piperoll_events::{Period, Position, Quantity};
use schemars::JsonSchema;
use serde::Serialize;

/// A headline figure that stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Said {
    /// What it is about.
    pub period: Period,
    /// The figure.
    pub value: Quantity,
    /// Where it was recorded.
    pub position: Position,
}

/// The actual that was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Known {
    /// How the figure relates to the target.
    pub basis: Basis,
    /// The figure.
    #[serde(flatten)]
    pub said: Said,
}

/// How a known figure relates to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "KnownBasis")]
pub enum Basis {
    /// It is the figure that the target is for.
    SamePeriod,
    /// It is the latest of those that the target is for.
    SubPeriod,
    /// It is the latest before.
    EarlierPeriod,
}

/// When a target was touched, as against the time that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Before the period began.
    BeforeStart,
    /// While it ran.
    InPeriod,
    /// When it was over.
    AfterEnd,
    /// When its figure was known.
    AfterValueKnown,
}

/// The figure that was known about a target for `period`, of those that stood.
#[must_use]
pub fn known(period: Period, shape: TargetShape, standing: &[Said]) -> Option<Known> {
    let latest = |which: &dyn Fn(Period) -> bool| {
        let those = standing.iter().filter(|said| which(said.period));
        those.max_by_key(|said| {
            let (first, last) = said.period.days();
            (last, first, said.period.to_string())
        })
    };
    let of = |basis| move |said: &Said| Known { basis, said: *said };
    let spreads = matches!(shape, TargetShape::Standing | TargetShape::Profile);
    latest(&|it| it == period)
        .map(of(Basis::SamePeriod))
        .or_else(|| {
            let within = latest(&|it| spreads && it != period && period.contains(it));
            within.map(of(Basis::SubPeriod))
        })
        .or_else(|| {
            let before = latest(&|it| it.days().1 < period.days().0);
            before.map(of(Basis::EarlierPeriod))
        })
}

/// When a target for `period` was touched, if that was known on `day`.
#[must_use]
pub fn timing(day: NaiveDate, period: Period, known: Option<&Known>) -> Timing {
    let (first, last) = period.days();
    if known.is_some_and(|known| known.basis == Basis::SamePeriod) {
        Timing::AfterValueKnown
    } else if day < first {
        Timing::BeforeStart
    } else if day > last {
        Timing::AfterEnd
    } else {
        Timing::InPeriod
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(period: &str, value: &str) -> Said {
        Said {
            period: period.parse().unwrap(),
            value: value.parse().unwrap(),
            position: Position(1),
        }
    }

    fn found(period: &str, shape: TargetShape, standing: &[Said]) -> Option<(Basis, String)> {
        let known = known(period.parse().unwrap(), shape, standing)?;
        Some((known.basis, known.said.value.to_string()))
    }

    #[test]
    fn the_period_itself_comes_first_then_the_latest_within_it_then_the_latest_before() {
        let standing = [said("FY2013", "365"), said("FY2014-Q1", "36"), said("FY2014-Q2", "40")];
        let standing_for = |period| found(period, TargetShape::Standing, &standing);
        assert_eq!(standing_for("FY2014-Q1"), Some((Basis::SamePeriod, "36".to_owned())));
        assert_eq!(standing_for("FY2014"), Some((Basis::SubPeriod, "40".to_owned())));
        assert_eq!(standing_for("FY2015"), Some((Basis::EarlierPeriod, "40".to_owned())));
        let point = found("FY2014", TargetShape::Point, &standing);
        assert_eq!(point, Some((Basis::EarlierPeriod, "365".to_owned())), "a quarter is no year");
        assert_eq!(standing_for("FY2012"), None);
    }

    #[test]
    fn a_target_touched_when_its_figure_is_known_is_touched_after_the_fact() {
        let day = |text: &str| text.parse().unwrap();
        let year: Period = "FY2014".parse().unwrap();
        let known = known(year, TargetShape::Point, &[said("FY2014", "3")]);
        assert_eq!(timing(day("2014-06-01"), year, known.as_ref()), Timing::AfterValueKnown);
        assert_eq!(timing(day("2014-03-31"), year, None), Timing::BeforeStart);
        assert_eq!(timing(day("2014-04-01"), year, None), Timing::InPeriod);
        assert_eq!(timing(day("2015-03-31"), year, None), Timing::InPeriod);
        assert_eq!(timing(day("2015-04-01"), year, None), Timing::AfterEnd);
    }
}
