//! Whether a target was made easier to meet, harder, or something else (QUESTIONS D5).
//!
//! **Invariant:** what stands on both sides is compared value by value, for every period that either
//! side names. Steps between the points of one target are its path and never a change.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::definition::Polarity;
use crate::period::Period;
use crate::target::{Level, Target};

/// How a target compares with the one before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Ease {
    /// What did not meet the old one may meet the new one.
    Easier,
    /// What met the old one may fail the new one.
    Harder,
    /// A band that neither holds the old one nor lies within it.
    Moved,
    /// Easier for some periods, and not for others.
    Mixed,
    /// There was one and there is none.
    Lost,
    /// There was none before.
    First,
    /// Neither way is better, or one of them is words.
    NotComparable,
    /// The same.
    Unchanged,
}

impl Ease {
    /// Whether a committee that asks for targets made easier is to see it.
    #[must_use]
    pub const fn loosens(self) -> bool {
        matches!(self, Self::Easier | Self::Lost | Self::Mixed)
    }
}

/// A target and the span that its key names.
#[derive(Debug, Clone, Copy)]
pub struct Spanned<'a> {
    /// The span.
    pub span: Period,
    /// What is aimed at in it.
    pub target: &'a Target,
}

/// How the target for `span` compares with the one that stood under its key.
#[must_use]
pub fn ease(old: Option<&Target>, new: Option<&Target>, span: Period, polarity: &Polarity) -> Ease {
    let (old, new) = match (old, new) {
        (None, None) => return Ease::Unchanged,
        (None, Some(_)) => return Ease::First,
        (Some(_), None) => return Ease::Lost,
        (Some(old), Some(new)) => (old, new),
    };
    if old == new {
        return Ease::Unchanged;
    }
    let of = |target: &Target, period| target.level_for(span, period);
    let periods = named(span, old).into_iter().chain(named(span, new)).collect::<BTreeSet<_>>();
    let compared = periods.into_iter().filter_map(|period| {
        let (before, after) = (of(old, period), of(new, period));
        match (before.or(old.level), after.or(new.level)) {
            (None, None) => None,
            (None, Some(_)) => Some(Ease::First),
            (Some(_), None) => Some(Ease::Lost),
            (Some(before), Some(after)) => Some(of_levels(before, after, polarity)),
        }
    });
    altogether(compared, || words_alone(old, new))
}

/// How a target compares with the one for an equivalent earlier span (QUESTIONS D6): the values
/// that stand for the spans as a whole.
#[must_use]
pub fn ease_between(
    earlier: Option<Spanned<'_>>,
    later: Option<Spanned<'_>>,
    polarity: &Polarity,
) -> Ease {
    let whole = |of: Spanned<'_>| {
        let last = of.target.points.iter().max_by_key(|point| point.period.days().1);
        of.target.level_for(of.span, of.span).or_else(|| last.map(|point| point.level))
    };
    match (earlier, later) {
        (None, None) => Ease::Unchanged,
        (None, Some(_)) => Ease::First,
        (Some(_), None) => Ease::Lost,
        (Some(earlier), Some(later)) => match (whole(earlier), whole(later)) {
            (Some(old), Some(new)) => of_levels(old, new, polarity),
            _ => words_alone(earlier.target, later.target),
        },
    }
}

/// How one value compares with another.
#[must_use]
pub fn of_levels(old: Level, new: Level, polarity: &Polarity) -> Ease {
    match polarity {
        Polarity::None {} if old == new => Ease::Unchanged,
        Polarity::None {} => Ease::NotComparable,
        Polarity::HigherIsBetter {} => by_order(new.at.cmp(&old.at)),
        Polarity::LowerIsBetter {} => {
            by_order(old.to.unwrap_or(old.at).cmp(&new.to.unwrap_or(new.at)))
        }
        Polarity::Goldilocks { low, high } => {
            // As rating has it: a single value inside the definition's band stands for the band.
            let band = |level: Level| match level.to {
                Some(to) => (level.at, to),
                None if *low <= level.at && level.at <= *high => (*low, *high),
                None => (level.at, level.at),
            };
            let ((a, b), (c, d)) = (band(old), band(new));
            if (a, b) == (c, d) {
                Ease::Unchanged
            } else if c <= a && b <= d {
                Ease::Easier
            } else if a <= c && d <= b {
                Ease::Harder
            } else {
                Ease::Moved
            }
        }
    }
}

const fn by_order(new_against_old: std::cmp::Ordering) -> Ease {
    match new_against_old {
        std::cmp::Ordering::Less => Ease::Easier,
        std::cmp::Ordering::Equal => Ease::Unchanged,
        std::cmp::Ordering::Greater => Ease::Harder,
    }
}

/// The periods that a target says something of; its span, where it says it of that.
fn named(span: Period, target: &Target) -> Vec<Period> {
    let own = target.level.map(|_| span);
    target.points.iter().map(|point| point.period).chain(own).collect()
}

fn words_alone(old: &Target, new: &Target) -> Ease {
    if old.words == new.words { Ease::Unchanged } else { Ease::NotComparable }
}

/// One word for several: unchanged ones don't count, what can't be compared can't be summed up.
fn altogether(each: impl Iterator<Item = Ease>, none: impl FnOnce() -> Ease) -> Ease {
    let each: BTreeSet<Ease> = each.collect();
    if each.is_empty() {
        return none();
    }
    if each.contains(&Ease::NotComparable) {
        return Ease::NotComparable;
    }
    let mut kinds = each.into_iter().filter(|ease| *ease != Ease::Unchanged);
    match (kinds.next(), kinds.next()) {
        (None, _) => Ease::Unchanged,
        (Some(one), None) => one,
        (Some(_), Some(_)) => Ease::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quantity::Quantity;
    use crate::target::{Point, TargetShape};

    const HIGHER: Polarity = Polarity::HigherIsBetter {};
    const LOWER: Polarity = Polarity::LowerIsBetter {};

    fn level(text: &str) -> Level {
        let (at, to) = text.split_once("..").map_or((text, None), |(at, to)| (at, Some(to)));
        Level { at: at.parse().unwrap(), to: to.map(|to| to.parse().unwrap()) }
    }

    fn standing(text: &str) -> Target {
        Target { level: Some(level(text)), ..Target::standing(Quantity::ZERO) }
    }

    fn profile(points: &[(&str, &str)]) -> Target {
        Target {
            shape: TargetShape::Profile,
            level: None,
            points: points
                .iter()
                .map(|(period, at)| Point { period: period.parse().unwrap(), level: level(at) })
                .collect(),
            words: None,
        }
    }

    fn words(text: &str) -> Target {
        Target { level: None, words: Some(text.parse().unwrap()), ..standing("0") }
    }

    fn year(old: &Target, new: &Target, polarity: &Polarity) -> Ease {
        ease(Some(old), Some(new), "FY2014".parse().unwrap(), polarity)
    }

    #[test]
    fn less_is_easier_where_more_is_better_and_the_other_way_round() {
        assert_eq!(year(&standing("36"), &standing("28"), &HIGHER), Ease::Easier);
        assert_eq!(year(&standing("28"), &standing("36"), &HIGHER), Ease::Harder);
        assert_eq!(year(&standing("36"), &standing("28"), &LOWER), Ease::Harder);
        assert_eq!(year(&standing("-28"), &standing("0"), &LOWER), Ease::Easier);
        assert_eq!(year(&standing("36"), &standing("36.0"), &HIGHER), Ease::Unchanged);
        assert_eq!(year(&standing("1"), &standing("2"), &Polarity::None {}), Ease::NotComparable);
    }

    #[test]
    fn a_first_target_is_not_easier_and_a_lost_one_is_lost() {
        let span = "FY2014".parse().unwrap();
        assert_eq!(ease(None, Some(&standing("1")), span, &HIGHER), Ease::First);
        assert_eq!(ease(Some(&standing("12")), None, span, &LOWER), Ease::Lost);
        assert!(Ease::Lost.loosens() && Ease::Mixed.loosens() && !Ease::First.loosens());
    }

    #[test]
    fn a_wider_band_is_easier_a_narrower_harder_and_a_shifted_one_moved() {
        let band = Polarity::Goldilocks { low: "4".parse().unwrap(), high: "6".parse().unwrap() };
        assert_eq!(year(&standing("4..6"), &standing("3..6"), &band), Ease::Easier);
        assert_eq!(year(&standing("3..6"), &standing("4..5"), &band), Ease::Harder);
        assert_eq!(year(&standing("3..6"), &standing("4..7"), &band), Ease::Moved);
        assert_eq!(year(&standing("5"), &standing("4..6"), &band), Ease::Unchanged, "the band's");
        assert_eq!(year(&standing("5"), &standing("7"), &band), Ease::Moved);
    }

    #[test]
    fn a_step_of_a_path_is_no_change_and_points_that_part_ways_are_mixed() {
        let old = profile(&[("FY2014-Q1", "5"), ("FY2014-Q2", "9")]);
        assert_eq!(year(&old, &old.clone(), &HIGHER), Ease::Unchanged);
        let lower = profile(&[("FY2014-Q1", "5"), ("FY2014-Q2", "8")]);
        assert_eq!(year(&old, &lower, &HIGHER), Ease::Easier);
        let both = profile(&[("FY2014-Q1", "6"), ("FY2014-Q2", "8")]);
        assert_eq!(year(&old, &both, &HIGHER), Ease::Mixed);
        let longer = profile(&[("FY2014-Q1", "5"), ("FY2014-Q2", "9"), ("FY2014-Q3", "12")]);
        assert_eq!(year(&old, &longer, &HIGHER), Ease::First, "a further point is a first one");
        assert_eq!(year(&longer, &old, &HIGHER), Ease::Lost);
    }

    #[test]
    fn words_compare_with_nothing_but_themselves() {
        assert_eq!(year(&words("best fifth"), &words("best half"), &HIGHER), Ease::NotComparable);
        assert_eq!(year(&words("best fifth"), &words("best fifth"), &HIGHER), Ease::Unchanged);
        assert_eq!(year(&words("best fifth"), &standing("4"), &HIGHER), Ease::First);
    }

    #[test]
    fn this_year_compares_with_last_year_by_what_stands_for_each_as_a_whole() {
        let (a, b) = (standing("90"), profile(&[("FY2015-Q4", "85"), ("FY2015-Q1", "99")]));
        let spanned = |span: &str, target| Spanned { span: span.parse().unwrap(), target };
        let (a, b) = (spanned("FY2014", &a), spanned("FY2015", &b));
        assert_eq!(ease_between(Some(a), Some(b), &HIGHER), Ease::Easier, "a path by its end");
        assert_eq!(ease_between(None, Some(b), &HIGHER), Ease::First);
        assert_eq!(ease_between(Some(a), None, &HIGHER), Ease::Lost);
    }

    fn wide(at: i32, by: i32) -> Level {
        let number = |n: i32| n.to_string().parse().unwrap();
        Level { at: number(at), to: Some(number(at.saturating_add(by))) }
    }

    proptest! {
        #[test]
        fn what_is_easier_one_way_is_harder_the_other(
            a in -50_i32..50, b in -50_i32..50, c in 0_i32..9, d in 0_i32..9,
        ) {
            let (low, high) = ("-3".parse().unwrap(), "3".parse().unwrap());
            let (one, other) = (level(&a.to_string()), level(&b.to_string()));
            for (old, new, polarity) in [
                (one, other, HIGHER),
                (one, other, LOWER),
                (wide(a, c), wide(b, d), Polarity::Goldilocks { low, high }),
            ] {
                let back = match of_levels(old, new, &polarity) {
                    Ease::Easier => Ease::Harder,
                    Ease::Harder => Ease::Easier,
                    same => same,
                };
                prop_assert_eq!(of_levels(new, old, &polarity), back);
            }
        }
    }
}
