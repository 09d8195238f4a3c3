//! Why a figure is rated otherwise: which of the things that changed would do it alone.
//!
//! **Invariant:** pure. The figure comes first: what its own change explains is explained. Then one
//! thing at a time takes its later state while all others keep the earlier one.

use piperoll_events::Quantity;
use piperoll_events::rating::Track;
use piperoll_projections::score::{Figure, Rating, Terms, rate};
use piperoll_projections::scorecard::Line;
use schemars::JsonSchema;
use serde::Serialize;

use super::cells::{rule, track};
use super::linking::Verdict;

/// What a rating is worked out from beside the figure itself, in the order in which causes are
/// told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// What is aimed at.
    Target,
    /// Which way is better.
    Polarity,
    /// What the figure counts in.
    Unit,
    /// What else a definition says that a rating depends on: the decimals that are published.
    Definition,
    /// When which level applies, with the scale.
    Rule,
    /// What is done with the measure's figures.
    Treatment,
    /// What somebody states.
    Override,
}

impl Input {
    const ALL: [Self; 7] = [
        Self::Target,
        Self::Polarity,
        Self::Unit,
        Self::Definition,
        Self::Rule,
        Self::Treatment,
        Self::Override,
    ];
}

/// One figure at two moments, and what the first is multiplied by to be compared with the second.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) a: &'a Line,
    pub(super) b: &'a Line,
    pub(super) factor: Option<Quantity>,
    /// Whether their definitions let the two figures be compared; absent: one of them is missing.
    pub(super) verdict: Option<Verdict>,
}

impl Sides<'_> {
    /// What is not as it was.
    pub(super) fn changed(&self) -> Vec<Input> {
        Input::ALL.into_iter().filter(|input| self.differs(*input)).collect()
    }

    fn differs(&self, input: Input) -> bool {
        let (a, b) = (self.a, self.b);
        let definition = (a.definition.as_ref(), b.definition.as_ref());
        match input {
            Input::Target => level(a) != level(b),
            Input::Polarity => {
                definition.0.map(|it| &it.polarity) != definition.1.map(|it| &it.polarity)
            }
            Input::Unit => definition.0.map(|it| &it.unit) != definition.1.map(|it| &it.unit),
            Input::Definition => {
                definition.0.map(|it| it.decimals) != definition.1.map(|it| it.decimals)
            }
            Input::Rule => rule(a) != rule(b) || a.scale() != b.scale(),
            Input::Treatment => a.measure.treatment != b.measure.treatment,
            Input::Override => {
                let stated = |line: &Line| line.standing_override().map(|it| it.stated.clone());
                stated(a) != stated(b)
            }
        }
    }

    /// Whether the later figure is on track when these alone are as they are later.
    pub(super) fn on_track_with(&self, later: &[Input]) -> bool {
        let rating = self.rating_with(later);
        let scales = if later.contains(&Input::Rule) { self.b } else { self.a };
        rating.is_some_and(|rating| track(&rating, scales.scale()) == Some(Track::On))
    }

    /// Whether the later figure is on track by the earlier rule, whatever anybody stated.
    pub(super) fn on_track_by_figure(&self) -> bool {
        let rating = self.rated_with(&[]);
        rating.is_some_and(|rating| track(&rating, self.a.scale()) == Some(Track::On))
    }

    fn rating_with(&self, later: &[Input]) -> Option<Rating> {
        let states = if later.contains(&Input::Override) { self.b } else { self.a };
        match states.standing_override() {
            Some(stated) => Some(Rating::Level(stated.stated.clone())),
            None => self.rated_with(later),
        }
    }

    /// The later figure by the rule.
    fn rated_with(&self, later: &[Input]) -> Option<Rating> {
        let side = |input: Input| if later.contains(&input) { self.b } else { self.a };
        let value = self.b.headline.as_ref()?.value?;
        let value = if later.contains(&Input::Unit) { value } else { self.in_earlier_unit(value)? };
        let terms = Terms {
            treatment: side(Input::Treatment).measure.treatment,
            polarity: side(Input::Polarity).definition.as_ref()?.polarity.clone(),
            decimals: side(Input::Definition).definition.as_ref()?.decimals,
        };
        let (target, rule) = (level(side(Input::Target)), rule(side(Input::Rule)));
        Some(rate(Figure::Value(value), target, &terms, rule))
    }

    fn in_earlier_unit(&self, value: Quantity) -> Option<Quantity> {
        let Some(factor) = self.factor else { return Some(value) };
        let value = value.decimal().checked_div(factor.decimal())?;
        Some(Quantity::new(value.normalize()))
    }

    /// The things that put the figure on track, each alone; where none does, the smallest set that
    /// does together.
    pub(super) fn sufficient(&self) -> Sufficient {
        let changed = self.changed();
        let alone: Vec<Input> =
            changed.iter().copied().filter(|input| self.on_track_with(&[*input])).collect();
        if !alone.is_empty() {
            return Sufficient::Alone(alone);
        }
        let mut sets: Vec<Vec<Input>> = subsets(&changed);
        sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let found = sets.into_iter().find(|set| set.len() > 1 && self.on_track_with(set));
        Sufficient::Joint(found.unwrap_or_default())
    }
}

/// What put a figure on track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sufficient {
    /// Each of these alone would.
    Alone(Vec<Input>),
    /// Only these together would; empty: nothing that is known of.
    Joint(Vec<Input>),
}

fn level(line: &Line) -> Option<piperoll_events::target::Level> {
    line.target.as_ref().and_then(|target| target.level)
}

/// Every set of these, each in their order.
fn subsets(inputs: &[Input]) -> Vec<Vec<Input>> {
    inputs.iter().fold(vec![Vec::new()], |mut sets, input| {
        let with = sets.iter().map(|set| [&set[..], &[*input]].concat());
        let with: Vec<Vec<Input>> = with.collect();
        sets.extend(with);
        sets
    })
}

#[cfg(test)]
pub(in crate::asking) mod tests {
    use super::*;
    use piperoll_events::ids::MeasureId;
    use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
    use piperoll_events::rating::{Compare, Ends, RatingRule, Scale, ScaleLevel, Shape, Tolerance};
    use piperoll_events::target::{Level, TargetShape};
    use piperoll_events::text::Words;
    use piperoll_events::{Period, Polarity, Position};
    use piperoll_projections::score::Candidate;
    use piperoll_projections::scorecard::{
        Headline, MeasureLine, OverrideLine, RuleLine, State, Yardstick,
    };

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn scale() -> Scale {
        let level = |code: &str, track| ScaleLevel {
            code: code.parse().unwrap(),
            words: Words { en: code.parse().unwrap(), cy: None },
            shape: Shape::Circle,
            colour: "#000000".parse().unwrap(),
            track,
        };
        let levels = [("green", Track::On), ("amber", Track::AtRisk), ("red", Track::Off)];
        Scale { levels: levels.map(|(code, track)| level(code, track)).into() }
    }

    const PLACE: Position = Position(1);

    fn measure() -> MeasureLine {
        MeasureLine {
            measure: MeasureId::derived(&["bins"]),
            framework: uuid::Uuid::nil(),
            title: Words { en: "Bins".parse().unwrap(), cy: None },
            codes: Vec::new(),
            treatment: Treatment::Targeted,
            level: MeasureLevel::Strategic,
            subject: Subject::PerformanceMeasure,
            places: Vec::new(),
            ended: None,
            position: PLACE,
            asserted: false,
        }
    }

    fn headline(value: &str) -> Headline {
        Headline {
            state: State::Value,
            value: Some(q(value)),
            numerator: None,
            denominator: None,
            status: None,
            no_value: None,
            expected_on: None,
            position: PLACE,
            content_from: PLACE,
            asserted: false,
        }
    }

    /// Within a tenth is amber.
    fn rule() -> RatingRule {
        RatingRule {
            met: "green".parse().unwrap(),
            near: "amber".parse().ok(),
            missed: "red".parse().unwrap(),
            tolerance: Some(Tolerance { rate: Some(q("0.1")), absolute: None }),
            compare: Compare::Exact,
            ends: Ends::Inclusive,
        }
    }

    /// A figure in per cent, higher better, against a target.
    pub(in crate::asking) fn line(value: &str, target: &str) -> Line {
        let period: Period = "FY2023-Q3".parse().unwrap();
        let (scale, rule) = (Some(scale()), Some(rule()));
        let position = PLACE;
        Line {
            measure: measure(),
            period: Some(period),
            headline: Some(headline(value)),
            previous: None,
            year_earlier: None,
            target: Some(Candidate {
                names: Some(period),
                span: period,
                shape: TargetShape::Point,
                level: Some(Level { at: q(target), to: None }),
                position,
                asserted: false,
            }),
            definition: Some(Yardstick {
                polarity: Polarity::HigherIsBetter {},
                decimals: None,
                unit: Some("%".to_owned()),
                position,
                asserted: false,
            }),
            baseline: None,
            rule: Some(RuleLine { rule, scale, position, asserted: false }),
            rating_as_reported: None,
            overridden: None,
        }
    }

    fn found(a: &Line, b: &Line, factor: Option<&str>) -> (Vec<Input>, Sufficient) {
        let sides = Sides { a, b, factor: factor.map(q), verdict: None };
        (sides.changed(), sides.sufficient())
    }

    #[test]
    fn a_lowered_target_alone_turns_a_figure_green() {
        let (a, b) = (line("60", "80"), line("60", "55"));
        let alone = Sufficient::Alone(vec![Input::Target]);
        assert_eq!(found(&a, &b, None), (vec![Input::Target], alone));
        let sides = Sides { a: &a, b: &b, factor: None, verdict: None };
        assert!(!sides.on_track_by_figure(), "by the target that stood it is red");
        let better = line("81", "55");
        let sides = Sides { a: &a, b: &better, factor: None, verdict: None };
        assert!(sides.on_track_by_figure(), "it would have been green by the old target too");
    }

    #[test]
    fn all_changes_that_suffice_alone_are_told_in_their_order() {
        let a = line("60", "80");
        let mut b = line("60", "55");
        if let Some(definition) = &mut b.definition {
            definition.polarity = Polarity::LowerIsBetter {};
        }
        if let Some(RuleLine { rule: Some(rule), .. }) = &mut b.rule {
            rule.missed = "green".parse().unwrap();
        }
        let changed = vec![Input::Target, Input::Polarity, Input::Rule];
        let alone = Sufficient::Alone(changed.clone());
        assert_eq!(found(&a, &b, None), (changed, alone));
    }

    #[test]
    fn what_only_turns_a_figure_together_is_joint_and_the_smallest_set_is_told() {
        // 60 % became 0.6 of 1, and the target was lowered in the new unit: 0.6 against 80 is red, 60
        // against 0.55 in the old unit too is green, so the target would do it alone.
        let (a, mut b) = (line("60", "80"), line("0.6", "0.55"));
        if let Some(definition) = &mut b.definition {
            definition.unit = Some("share of 1".to_owned());
        }
        let (changed, sufficient) = found(&a, &b, Some("0.01"));
        assert_eq!(changed, [Input::Target, Input::Unit]);
        assert_eq!(sufficient, Sufficient::Alone(vec![Input::Target]));
        // Near alone is not enough, and neither is a kinder target alone.
        let (a, mut b) = (line("60", "80"), line("60", "65"));
        if let Some(RuleLine { rule: Some(rule), .. }) = &mut b.rule {
            rule.near = "green".parse().ok();
        }
        let (changed, sufficient) = found(&a, &b, None);
        assert_eq!(changed, [Input::Target, Input::Rule]);
        assert_eq!(sufficient, Sufficient::Joint(vec![Input::Target, Input::Rule]));
    }

    #[test]
    fn an_override_counts_as_long_as_its_inputs_stand() {
        let (a, mut b) = (line("60", "80"), line("60", "80"));
        let stated = OverrideLine {
            computed: "red".parse().ok(),
            stated: "green".parse().unwrap(),
            inputs: vec![Position(1)],
            position: Position(2),
            asserted: false,
        };
        b.overridden = Some(stated.clone());
        let alone = Sufficient::Alone(vec![Input::Override]);
        assert_eq!(found(&a, &b, None), (vec![Input::Override], alone));
        b.overridden = Some(OverrideLine { inputs: vec![Position(1), Position(9)], ..stated });
        assert_eq!(found(&a, &b, None), (Vec::new(), Sufficient::Joint(Vec::new())));
    }
}
