//! What stood of a measure around each change of its targets: versions in, comparisons out.
//!
//! **Invariant:** pure. Every comparison is made from what stood just before the change.

use std::collections::HashMap;

use piperoll_events::ease::{Ease, Spanned, ease, ease_between};
use piperoll_events::{Period, Polarity, Position, Target, TargetKey};
use piperoll_projections::accountability::Act;
use piperoll_projections::score::{Figure, Known, Rating, Said, Terms, known, meets, rate};
use piperoll_projections::scorecard::TargetHappened;
use piperoll_projections::scorecard::TargetVersion;
use piperoll_projections::scorecard::history::{FigureVersion, Standing};

/// Everything that was said of a measure's targets and figures.
pub(super) struct History<'a> {
    pub(super) targets: &'a [TargetVersion],
    pub(super) figures: &'a [FigureVersion],
}

/// What was known when a target was touched.
pub(super) struct KnownThen {
    pub(super) actual: Option<Known>,
    pub(super) recorded_with: Option<Known>,
}

/// What stood before a version, and what stands from it on.
pub(super) fn sides(version: &TargetVersion) -> (Option<&Target>, Option<&Target>) {
    match version.happened {
        TargetHappened::Set => (None, Some(&version.target)),
        TargetHappened::Changed | TargetHappened::Corrected => {
            (version.old.as_ref(), Some(&version.target))
        }
        TargetHappened::Withdrawn => (Some(&version.target), None),
    }
}

/// Against the version before; a correction is no change of policy.
pub(super) fn same_period(version: &TargetVersion, polarity: &Polarity) -> Option<Ease> {
    let (old, new) = sides(version);
    match version.happened {
        TargetHappened::Corrected => None,
        _ => Some(ease(old, new, version.key.period, polarity)),
    }
}

impl History<'_> {
    /// Against the target for the equivalent earlier period, as it stood just before; none where there
    /// is no such target.
    pub(super) fn year_on_year(
        &self,
        version: &TargetVersion,
        polarity: &Polarity,
    ) -> Option<(Period, Ease)> {
        let new = match version.happened {
            TargetHappened::Set | TargetHappened::Changed => &version.target,
            TargetHappened::Corrected | TargetHappened::Withdrawn => return None,
        };
        let candidates = version.key.period.equivalent_earlier().into_iter();
        let mut standing = candidates.filter_map(|period| {
            let key = TargetKey { period, ..version.key.clone() };
            Some((period, self.standing(&key, version.position)?))
        });
        let (earlier, old) = standing.next()?;
        let compared = ease_between(
            Some(Spanned { span: earlier, target: old }),
            Some(Spanned { span: version.key.period, target: new }),
            polarity,
        );
        Some((earlier, compared))
    }

    /// The target under a key, as it stood just before a position.
    fn standing(&self, key: &TargetKey, before: Position) -> Option<&Target> {
        let mut versions = self.targets.iter().rev();
        let last = versions.find(|version| version.position < before && version.key == *key)?;
        sides(last).1
    }

    /// What was known of a headline target's figures just before it was touched.
    pub(super) fn known(&self, version: &TargetVersion, act: Option<&Act>) -> KnownThen {
        if !version.key.breakdown.is_headline() {
            return KnownThen { actual: None, recorded_with: None };
        }
        let mut latest: HashMap<Period, &FigureVersion> = HashMap::new();
        for figure in self.figures.iter().take_while(|it| it.position < version.position) {
            latest.insert(figure.period, figure);
        }
        let (with, before): (Vec<&FigureVersion>, Vec<&FigureVersion>) =
            latest.into_values().partition(|figure| act.is_some_and(|act| together(figure, act)));
        let shape = version.target.shape;
        let known = |figures: Vec<&FigureVersion>| {
            let said: Vec<Said> = figures.into_iter().filter_map(said).collect();
            known(version.key.period, shape, &said)
        };
        KnownThen { actual: known(before), recorded_with: known(with) }
    }
}

fn said(figure: &FigureVersion) -> Option<Said> {
    let (period, position) = (figure.period, figure.position);
    figure.value.map(|value| Said { period, value, position })
}

/// Whether a figure came with an act: in the same file, or, witnessed, at the same instant.
fn together(figure: &FigureVersion, act: &Act) -> bool {
    match (figure.import, act.import) {
        (Some(one), Some(other)) => one == other,
        (None, None) => figure.recorded_at == act.recorded_at,
        _ => false,
    }
}

/// How the known figure is rated under a target.
pub(super) fn rated(
    known: &Known,
    target: Option<&Target>,
    span: Period,
    standing: &Standing,
) -> Option<Rating> {
    let definition = standing.definition.as_ref()?;
    let terms = Terms {
        treatment: standing.measure.treatment,
        polarity: definition.polarity.clone(),
        decimals: definition.decimals,
    };
    let level = target.and_then(|target| target.level_about(span, known.said.period));
    let rule = standing.rule.as_ref().and_then(|rule| rule.rule.as_ref());
    Some(rate(Figure::Value(known.said.value), level, &terms, rule))
}

/// Whether the known figure meets a target.
pub(super) fn met(
    known: &Known,
    target: Option<&Target>,
    span: Period,
    polarity: &Polarity,
) -> Option<bool> {
    let level = target?.level_about(span, known.said.period)?;
    meets(known.said.value, level, polarity)
}
