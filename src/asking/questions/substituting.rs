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

use super::cells::{rule, scale, track};

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
            Input::Rule => rule(a) != rule(b) || scale(a) != scale(b),
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
        rating.is_some_and(|rating| track(&rating, scale(scales)) == Some(Track::On))
    }

    /// Whether the later figure is on track by the earlier rule, whatever anybody stated.
    pub(super) fn on_track_by_figure(&self) -> bool {
        let rating = self.rated_with(&[]);
        rating.is_some_and(|rating| track(&rating, scale(self.a)) == Some(Track::On))
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
