//! Which way a figure is going, in words that the measure's polarity gives.

use piperoll_events::{Polarity, Quantity};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// Which way a figure went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Towards what is wanted.
    Better,
    /// Away from it.
    Worse,
    /// As good as before.
    Same,
    /// One of the two is missing, or neither way is better.
    Unknown,
}

/// From the figure before to the figure after. Short: before is the previous period; long: the
/// same part of the year before.
#[must_use]
pub fn direction(
    before: Option<Quantity>,
    after: Option<Quantity>,
    polarity: &Polarity,
) -> Direction {
    let (Some(before), Some(after)) = (before, after) else {
        return Direction::Unknown;
    };
    let (before, after) = (before.decimal(), after.decimal());
    if before == after {
        return Direction::Same;
    }
    let nearer = match polarity {
        Polarity::HigherIsBetter {} => after.cmp(&before),
        Polarity::LowerIsBetter {} => before.cmp(&after),
        Polarity::Goldilocks { low, high } => {
            outside(before, *low, *high).cmp(&outside(after, *low, *high))
        }
        Polarity::None {} => return Direction::Unknown,
    };
    match nearer {
        std::cmp::Ordering::Greater => Direction::Better,
        std::cmp::Ordering::Less => Direction::Worse,
        std::cmp::Ordering::Equal => Direction::Same,
    }
}

/// How far a value is from a band.
fn outside(value: Decimal, low: Quantity, high: Quantity) -> Decimal {
    let (low, high) = (low.decimal(), high.decimal());
    let far = |a: Decimal, b: Decimal| a.checked_sub(b).unwrap_or(Decimal::MAX);
    if value < low {
        far(low, value)
    } else if value > high {
        far(value, high)
    } else {
        Decimal::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn q(m: i64) -> Quantity {
        Quantity::new(Decimal::new(m, 1))
    }

    fn polarity() -> impl Strategy<Value = Polarity> {
        prop_oneof![
            Just(Polarity::HigherIsBetter {}),
            Just(Polarity::LowerIsBetter {}),
            Just(Polarity::None {}),
            (-100_i64..100, 0_i64..100).prop_map(|(low, width)| Polarity::Goldilocks {
                low: q(low),
                high: q(low + width),
            }),
        ]
    }

    #[test]
    fn nearer_to_the_band_is_better_from_either_side() {
        let band = Polarity::Goldilocks { low: q(900), high: q(950) };
        let way = |a, b| direction(Some(q(a)), Some(q(b)), &band);
        assert_eq!(way(800, 890), Direction::Better);
        assert_eq!(way(990, 960), Direction::Better);
        assert_eq!(way(940, 1000), Direction::Worse);
        assert_eq!(way(910, 940), Direction::Same);
    }

    proptest! {
        #[test]
        fn there_and_back_are_opposites(a in -999_i64..999, b in -999_i64..999, p in polarity()) {
            let there = direction(Some(q(a)), Some(q(b)), &p);
            let back = direction(Some(q(b)), Some(q(a)), &p);
            let expected = match there {
                Direction::Better => Direction::Worse,
                Direction::Worse => Direction::Better,
                same => same,
            };
            prop_assert_eq!(back, expected);
        }

        #[test]
        fn without_both_figures_nothing_is_said(a in -999_i64..999, p in polarity()) {
            prop_assert_eq!(direction(None, Some(q(a)), &p), Direction::Unknown);
            prop_assert_eq!(direction(Some(q(a)), None, &p), Direction::Unknown);
        }
    }
}
