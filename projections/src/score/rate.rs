//! A figure against its target.
//!
//! **Invariant:** a target of nought and a negative figure are as good as any. No value, no
//! target, no rule each have their own name; none of them is a level.

use piperoll_events::measure::adopted::Treatment;
use piperoll_events::rating::{Compare, Ends, RatingRule, Tolerance};
use piperoll_events::target::Level;
use piperoll_events::text::Label;
use piperoll_events::{Polarity, Quantity};
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::Serialize;

/// How a measure's figure is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "rating", content = "level", rename_all = "snake_case")]
pub enum Rating {
    /// A level of the body's own scale.
    Level(Label),
    /// There is no figure.
    NoFigure,
    /// There is nothing to compare it with.
    NoTarget,
    /// Nobody said how figures are rated.
    NoRule,
    /// Neither way is better.
    NotComparable,
    /// Too little of the period is over.
    TooEarly,
    /// The measure is watched, not rated.
    Tracker,
    /// Rating is suspended.
    Suspended,
    /// The figure is kept back.
    Suppressed,
}

/// A figure, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The value held.
    Value(Quantity),
    /// None.
    Missing,
    /// One that is kept back.
    Suppressed,
}

/// What a definition and a measure say of rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What is done with the measure's figures.
    pub treatment: Treatment,
    /// Which way is better.
    pub polarity: Polarity,
    /// Decimals of the published figure.
    pub decimals: Option<u8>,
}

/// The figure as published: rounded to the definition's decimals, half away from nought.
#[must_use]
pub fn published(value: Quantity, decimals: Option<u8>) -> Quantity {
    decimals.map_or(value, |places| {
        let rounding = RoundingStrategy::MidpointAwayFromZero;
        let mut rounded = value.decimal().round_dp_with_strategy(places.into(), rounding);
        // A figure with fewer digits than are published is shown with all of them.
        if rounded.scale() < u32::from(places) {
            rounded.rescale(places.into());
        }
        Quantity::new(rounded)
    })
}

/// The rating of a figure. What stops a rating first is what is said.
#[must_use]
pub fn rate(
    figure: Figure,
    target: Option<Level>,
    terms: &Terms,
    rule: Option<&RatingRule>,
) -> Rating {
    if terms.treatment != Treatment::Targeted {
        return Rating::Tracker;
    }
    let value = match figure {
        Figure::Suppressed => return Rating::Suppressed,
        Figure::Missing => return Rating::NoFigure,
        Figure::Value(value) => value,
    };
    let Some(target) = target else {
        return Rating::NoTarget;
    };
    let Some(rule) = rule else {
        return Rating::NoRule;
    };
    let value = match rule.compare {
        Compare::Exact => value,
        Compare::Published => published(value, terms.decimals),
    };
    let Some(miss) = miss(value.decimal(), target, &terms.polarity) else {
        return Rating::NotComparable;
    };
    let level = if miss.by.is_zero() {
        &rule.met
    } else {
        match &rule.near {
            Some(near) if within(miss, rule.tolerance.as_ref(), rule.ends) => near,
            _ => &rule.missed,
        }
    };
    Rating::Level(level.clone())
}

/// Whether a value meets what is aimed at; none where neither way is better.
#[must_use]
pub fn meets(value: Quantity, target: Level, polarity: &Polarity) -> Option<bool> {
    Some(miss(value.decimal(), target, polarity)?.by.is_zero())
}

/// How far a value is from what is aimed at, and from which end of it.
#[derive(Debug, Clone, Copy)]
struct Miss {
    by: Decimal,
    from: Decimal,
}

fn miss(value: Decimal, target: Level, polarity: &Polarity) -> Option<Miss> {
    let low = target.at.decimal();
    let high = target.to.map_or(low, Quantity::decimal);
    let below = || Miss { by: gap(low, value), from: low };
    let above = || Miss { by: gap(value, high), from: high };
    match polarity {
        Polarity::HigherIsBetter {} => Some(below()),
        Polarity::LowerIsBetter {} => Some(above()),
        Polarity::Goldilocks { low: from, high: to } => {
            let (from, to) = (from.decimal(), to.decimal());
            // A single value inside the definition's band stands for the band.
            let (low, high) = if target.to.is_none() && from <= low && low <= to {
                (from, to)
            } else {
                (low, high)
            };
            Some(if value < low {
                Miss { by: gap(low, value), from: low }
            } else {
                Miss { by: gap(value, high), from: high }
            })
        }
        Polarity::None {} => None,
    }
}

/// How much greater `a` is than `b`; nought where it isn't.
fn gap(a: Decimal, b: Decimal) -> Decimal {
    if a <= b { Decimal::ZERO } else { a.checked_sub(b).unwrap_or(Decimal::MAX) }
}

fn within(miss: Miss, tolerance: Option<&Tolerance>, ends: Ends) -> bool {
    let Some(tolerance) = tolerance else {
        return false;
    };
    let share = tolerance
        .rate
        .map(|rate| rate.decimal().checked_mul(miss.from.abs()).unwrap_or(Decimal::MAX));
    let absolute = tolerance.absolute.map(Quantity::decimal);
    let margin = share.max(absolute).unwrap_or(Decimal::ZERO);
    match ends {
        Ends::Inclusive => miss.by <= margin,
        Ends::Exclusive => miss.by < margin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn terms(polarity: Polarity) -> Terms {
        Terms { treatment: Treatment::Targeted, polarity, decimals: Some(0) }
    }

    fn rule(
        compare: Compare,
        ends: Ends,
        rate: Option<&str>,
        absolute: Option<&str>,
    ) -> RatingRule {
        RatingRule {
            met: "green".parse().unwrap(),
            near: Some("amber".parse().unwrap()),
            missed: "red".parse().unwrap(),
            tolerance: Some(Tolerance { rate: rate.map(q), absolute: absolute.map(q) }),
            compare,
            ends,
        }
    }

    #[track_caller]
    fn says(value: &str, target: &str, polarity: Polarity, rule: &RatingRule, level: &str) {
        let target = Some(Level { at: q(target), to: None });
        let rating = rate(Figure::Value(q(value)), target, &terms(polarity), Some(rule));
        assert_eq!(rating, Rating::Level(level.parse().unwrap()), "{value}");
    }

    const HIGHER: Polarity = Polarity::HigherIsBetter {};
    const LOWER: Polarity = Polarity::LowerIsBetter {};

    #[test]
    fn a_rounded_figure_may_meet_a_target_that_the_exact_one_misses() {
        let exact = rule(Compare::Exact, Ends::Inclusive, Some("0.05"), None);
        let shown = rule(Compare::Published, Ends::Inclusive, Some("0.05"), None);
        says("96.5", "97", HIGHER, &exact, "amber");
        says("96.5", "97", HIGHER, &shown, "green");
        says("-0.5", "0", HIGHER, &shown, "red");
    }

    #[test]
    fn a_target_of_nought_has_only_an_absolute_margin() {
        let both = rule(Compare::Exact, Ends::Inclusive, Some("0.05"), Some("2"));
        let share = rule(Compare::Exact, Ends::Inclusive, Some("0.05"), None);
        says("-28", "0", LOWER, &share, "green");
        says("1", "0", LOWER, &share, "red");
        says("2", "0", LOWER, &both, "amber");
        says("2.1", "0", LOWER, &both, "red");
    }

    #[test]
    fn the_very_end_is_inside_only_where_the_rule_says_so() {
        let inside = rule(Compare::Exact, Ends::Inclusive, Some("0.05"), None);
        let outside = rule(Compare::Exact, Ends::Exclusive, Some("0.05"), None);
        says("95", "100", HIGHER, &inside, "amber");
        says("95", "100", HIGHER, &outside, "red");
        says("-105", "-100", HIGHER, &inside, "amber");
    }

    #[test]
    fn what_stops_a_rating_has_a_name() {
        let rule = rule(Compare::Exact, Ends::Inclusive, None, None);
        let level = Some(Level { at: q("1"), to: None });
        let (value, higher) = (Figure::Value(q("1")), terms(HIGHER));
        assert_eq!(rate(Figure::Missing, level, &higher, Some(&rule)), Rating::NoFigure);
        assert_eq!(rate(Figure::Suppressed, level, &higher, Some(&rule)), Rating::Suppressed);
        assert_eq!(rate(value, None, &higher, Some(&rule)), Rating::NoTarget);
        assert_eq!(rate(value, level, &higher, None), Rating::NoRule);
        let neither = terms(Polarity::None {});
        assert_eq!(rate(value, level, &neither, Some(&rule)), Rating::NotComparable);
        let watched = Terms { treatment: Treatment::Tracker, ..higher };
        assert_eq!(rate(value, level, &watched, Some(&rule)), Rating::Tracker);
    }

    fn order(rating: &Rating) -> u8 {
        match rating {
            Rating::Level(level) => match level.as_str() {
                "green" => 2,
                "amber" => 1,
                _ => 0,
            },
            _ => panic!("no level"),
        }
    }

    fn number() -> impl Strategy<Value = Quantity> {
        (-1_000_000_i64..1_000_000, 0_u32..4).prop_map(|(m, s)| Quantity::new(Decimal::new(m, s)))
    }

    fn any_rule() -> impl Strategy<Value = RatingRule> {
        (0_i64..100, 0_i64..50, any::<[bool; 4]>()).prop_map(|(r, a, [c, e, hr, ha])| RatingRule {
            tolerance: Some(Tolerance {
                rate: hr.then(|| Quantity::new(Decimal::new(r, 2))),
                absolute: ha.then(|| Quantity::new(Decimal::new(a, 0))),
            }),
            ..rule(
                if c { Compare::Exact } else { Compare::Published },
                if e { Ends::Inclusive } else { Ends::Exclusive },
                None,
                None,
            )
        })
    }

    proptest! {
        #[test]
        fn a_better_figure_is_never_rated_worse(a in number(), b in number(), t in number(), rule in any_rule()) {
            let (worse, better) = if a <= b { (a, b) } else { (b, a) };
            let level = Some(Level { at: t, to: None });
            let at = |v, p| order(&rate(Figure::Value(v), level, &terms(p), Some(&rule)));
            prop_assert!(at(worse, HIGHER) <= at(better, HIGHER));
            prop_assert!(at(better, LOWER) <= at(worse, LOWER));
        }

        #[test]
        fn lower_is_better_is_higher_is_better_in_a_mirror(v in number(), t in number(), rule in any_rule()) {
            let neg = |q: Quantity| Quantity::new(-q.decimal());
            let one = rate(Figure::Value(v), Some(Level { at: t, to: None }), &terms(HIGHER), Some(&rule));
            let two = rate(Figure::Value(neg(v)), Some(Level { at: neg(t), to: None }), &terms(LOWER), Some(&rule));
            prop_assert_eq!(one, two);
        }

        #[test]
        fn inside_a_band_all_figures_are_rated_alike(v in number(), w in 0_i64..1000, d in 0_i64..1000, rule in any_rule()) {
            let low = v.decimal().round();
            let high = low + Decimal::new(w, 0);
            let inside = low + Decimal::new(d.min(w), 0);
            let band = Polarity::Goldilocks { low: Quantity::new(low), high: Quantity::new(high) };
            let level = Some(Level { at: Quantity::new(low), to: Some(Quantity::new(high)) });
            let rating = rate(Figure::Value(Quantity::new(inside)), level, &terms(band), Some(&rule));
            prop_assert_eq!(order(&rating), 2);
        }
    }
}
