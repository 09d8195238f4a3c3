//! Whether figures made under two versions of a definition can be compared, and by which factor.
//!
//! **Invariant:** a factor is stated in the record, or observed: every figure that was re-issued with
//! the new definition moved by one and the same power of ten. Nothing else makes figures of another
//! unit comparable.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use piperoll_events::comparability::{Comparability, change};
use piperoll_events::decision_right::ChangeClass;
use piperoll_events::ids::MeasureId;
use piperoll_events::{Definition, Period, Polarity, Position, Quantity};
use piperoll_projections::scorecard::DefinitionVersion;
use piperoll_projections::scorecard::history::FigureVersion;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::asking::answer::{AskingError, Desk};

/// What becomes of figures between two versions of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Linked {
    /// Whether they can be compared.
    pub verdict: Verdict,
    /// What the first figure is multiplied by to be compared with the second.
    pub factor: Option<Quantity>,
    /// How the factor is known.
    pub factor_basis: Option<FactorBasis>,
    /// The deepest change on the way; absent: none.
    pub change_class: Option<ChangeClass>,
    /// What the two versions say differently.
    pub differences: Vec<Difference>,
}

/// Whether two figures can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ComparableVerdict")]
pub enum Verdict {
    /// As they are.
    Same,
    /// Once the first is multiplied by the factor.
    SameAfterFactor,
    /// With a look at what changed beside what they count.
    WithCare,
    /// They can't.
    Broken,
    /// There is no figure, or no definition that it was made under.
    Unknown,
}

/// How a factor is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FactorBasis {
    /// Whoever changed the definition states it.
    Stated {},
    /// That many figures were re-issued with the definition, all multiplied by it.
    Observed {
        /// How many.
        figures: u64,
    },
}

/// A field that two definitions say differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Which one.
    pub field: Field,
    /// As it was.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
}

/// The fields of a definition that figures depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The unit.
    Unit,
    /// What numerator over denominator is multiplied by.
    Scale,
    /// Which way is better.
    Polarity,
    /// The types of period.
    Frequency,
    /// How long the two periods are.
    PeriodLength,
    /// How it is worked out.
    Formula,
    /// What is counted.
    Numerator,
    /// Out of what.
    Denominator,
    /// How the figures of a year relate.
    Aggregation,
    /// Where they come from.
    Source,
    /// The year whose prices they are in.
    PriceBase,
    /// Decimals of the published figure.
    Decimals,
}

/// What links are worked out from, of several measures.
#[derive(Debug, Default)]
pub(super) struct Links {
    definitions: BTreeMap<MeasureId, Vec<DefinitionVersion>>,
    figures: BTreeMap<MeasureId, Vec<FigureVersion>>,
    instants: HashMap<Position, DateTime<Utc>>,
}

impl Desk {
    /// What links figures of these measures under their definitions, as known at a position.
    pub(super) async fn links(
        &self,
        measures: &[MeasureId],
        at: Position,
    ) -> Result<Links, AskingError> {
        if measures.is_empty() {
            return Ok(Links::default());
        }
        let definitions = self.reader.definition_versions(measures, at).await?;
        let changed = |(measure, versions): (&MeasureId, &Vec<DefinitionVersion>)| {
            (versions.len() > 1).then_some(*measure)
        };
        let changed: Vec<MeasureId> = definitions.iter().filter_map(changed).collect();
        let figures = self.reader.figure_versions(&changed, at).await?;
        let positions: Vec<Position> =
            figures.values().flatten().map(|figure| figure.position).collect();
        let instants = self.reader.instants(&positions).await?;
        Ok(Links { definitions, figures, instants })
    }
}

impl Links {
    /// The version of a measure's definition that something at a position was made under.
    pub(super) fn made_under(
        &self,
        measure: MeasureId,
        made_at: Position,
    ) -> Option<&DefinitionVersion> {
        let versions = self.definitions.get(&measure)?.iter();
        versions.rev().find(|version| version.position <= made_at)
    }

    /// Every version of a measure's definition, by position.
    pub(super) fn definitions(&self, measure: MeasureId) -> &[DefinitionVersion] {
        self.definitions.get(&measure).map_or(&[], Vec::as_slice)
    }

    /// What becomes of figures between the versions recorded at two positions, either of them first.
    pub(super) fn between(&self, measure: MeasureId, a: Position, b: Position) -> Option<Linked> {
        if b < a {
            return Some(turned(self.forward(measure, b, a)?));
        }
        self.forward(measure, a, b)
    }

    fn forward(&self, measure: MeasureId, first: Position, last: Position) -> Option<Linked> {
        let versions = self.definitions.get(&measure)?;
        let within = versions.iter().filter(|it| first <= it.position && it.position <= last);
        let steps: Vec<&DefinitionVersion> = within.collect();
        let (from, to) = (steps.first()?, steps.last()?);
        let mut link = Link::default();
        for (old, new) in steps.iter().zip(steps.iter().skip(1)) {
            link.step(old, new, || self.observed(measure, new.position));
        }
        let differences = differences(&from.definition, &to.definition);
        Some(link.linked(differences))
    }

    /// The power of ten by which every figure re-issued with a definition moved, and how many.
    fn observed(&self, measure: MeasureId, redefined_at: Position) -> Option<(Decimal, u64)> {
        let figures = self.figures.get(&measure)?;
        let mut before: HashMap<Period, &FigureVersion> = HashMap::new();
        for figure in figures.iter().filter(|it| it.position < redefined_at) {
            before.insert(figure.period, figure);
        }
        let mut later = figures.iter().filter(|it| it.position > redefined_at).peekable();
        let instant = |figure: &FigureVersion| self.instants.get(&figure.position);
        let release = instant(later.peek()?)?;
        let mut found: Option<(Decimal, u64)> = None;
        for figure in later.take_while(|figure| instant(figure) == Some(release)) {
            let old = before.get(&figure.period).and_then(|old| old.value);
            let Some((old, new)) = old.zip(figure.value) else { continue };
            if old.decimal().is_zero() && new.decimal().is_zero() {
                continue;
            }
            let power = power_of_ten(old.decimal(), new.decimal())?;
            found = match found {
                None => Some((power, 1)),
                Some((held, count)) if held == power => Some((held, count.saturating_add(1))),
                Some(_) => return None,
            };
        }
        // One figure that moved by a power of ten may have moved for any reason.
        found.filter(|(power, count)| *count > 1 && *power != Decimal::ONE)
    }
}

/// The steps between two versions, taken together.
#[derive(Default)]
struct Link {
    factor: Option<Decimal>,
    observed: Option<u64>,
    broken: bool,
    class: Option<ChangeClass>,
}

impl Link {
    fn step(
        &mut self,
        old: &DefinitionVersion,
        new: &DefinitionVersion,
        observed: impl FnOnce() -> Option<(Decimal, u64)>,
    ) {
        let worked_out = || change(&old.definition, &new.definition, None);
        let change = new.change.clone().unwrap_or_else(worked_out);
        self.class = self.class.max(Some(change.class));
        let factor = match change.comparability {
            Comparability::Same {} => return,
            Comparability::SameAfterFactor { factor } => Some(factor.decimal()),
            Comparability::Broken {} => observed().map(|(power, figures)| {
                self.observed = Some(self.observed.map_or(figures, |held| held.min(figures)));
                power
            }),
        };
        let both = factor.and_then(|by| self.factor.unwrap_or(Decimal::ONE).checked_mul(by));
        self.broken |= both.is_none();
        self.factor = both.map(|factor| factor.normalize()).or(self.factor);
    }

    fn linked(self, differences: Vec<Difference>) -> Linked {
        let factor = self.factor.filter(|factor| !self.broken && *factor != Decimal::ONE);
        // Which way is better and how a figure is rounded leave it what it is; all else may not.
        let beside = |it: &Difference| !matches!(it.field, Field::Polarity | Field::Decimals);
        let verdict = if self.broken {
            Verdict::Broken
        } else if factor.is_some() {
            Verdict::SameAfterFactor
        } else if differences.iter().any(beside) {
            Verdict::WithCare
        } else {
            Verdict::Same
        };
        let basis = match self.observed {
            Some(figures) => FactorBasis::Observed { figures },
            None => FactorBasis::Stated {},
        };
        Linked {
            verdict,
            factor: factor.map(Quantity::new),
            factor_basis: factor.map(|_| basis),
            change_class: self.class,
            differences,
        }
    }
}

/// The same seen from the other end.
fn turned(linked: Linked) -> Linked {
    let inverse = |factor: Quantity| Decimal::ONE.checked_div(factor.decimal());
    let swapped = |it: Difference| Difference { field: it.field, old: it.new, new: it.old };
    Linked {
        factor: linked.factor.and_then(inverse).map(|it| Quantity::new(it.normalize())),
        differences: linked.differences.into_iter().map(swapped).collect(),
        ..linked
    }
}

/// `new` as a power of ten times `old`, to nine digits; none where it is no such multiple.
fn power_of_ten(old: Decimal, new: Decimal) -> Option<Decimal> {
    (-6..=6)
        .map(ten_to)
        .find(|power| old.checked_mul(*power).is_some_and(|scaled| same_figure(scaled, new)))
}

fn ten_to(exponent: i32) -> Decimal {
    let places = exponent.unsigned_abs();
    let small = Decimal::new(1, places);
    if exponent <= 0 { small } else { Decimal::ONE.checked_div(small).unwrap_or(Decimal::ONE) }
}

/// Whether two numbers are the same to nine digits: published files hold the noise of floats.
pub(super) fn same_figure(a: Decimal, b: Decimal) -> bool {
    if a == b {
        return true;
    }
    let least = a.abs().max(b.abs()).checked_mul(Decimal::new(1, 9));
    a.checked_sub(b).zip(least).is_some_and(|(gap, least)| gap.abs() <= least)
}

/// The steps of a figure that still count: what came back to where it had been is undone, with all
/// in between.
pub(super) fn contributing<S>(
    start: Option<Quantity>,
    steps: impl IntoIterator<Item = S>,
    value: impl Fn(&S) -> Option<Quantity>,
) -> Vec<S> {
    let mut kept: Vec<(Option<Decimal>, S)> = Vec::new();
    let start = start.map(Quantity::decimal);
    for step in steps {
        let now = value(&step).map(Quantity::decimal);
        if now == start {
            kept.clear();
        } else if let Some(at) = kept.iter().position(|(held, _)| *held == now) {
            kept.truncate(at.saturating_add(1));
        } else {
            kept.push((now, step));
        }
    }
    kept.into_iter().map(|(_, step)| step).collect()
}

/// What two definitions say differently, field by field.
pub(super) fn differences(old: &Definition, new: &Definition) -> Vec<Difference> {
    let texts = |it: &Definition| {
        [
            (Field::Unit, said(it.unit.as_ref())),
            (Field::Scale, said(it.scale.as_ref())),
            (Field::Polarity, Some(way(&it.polarity))),
            (Field::Frequency, said((!it.period_types.is_empty()).then_some(&it.period_types))),
            (Field::Formula, said(it.formula.as_ref())),
            (Field::Numerator, said(it.numerator.as_ref())),
            (Field::Denominator, said(it.denominator.as_ref())),
            (Field::Aggregation, said(it.aggregation.as_ref())),
            (Field::Source, said(it.source.as_ref())),
            (Field::PriceBase, said(it.price_base.as_ref())),
            (Field::Decimals, said(it.decimals.as_ref())),
        ]
    };
    let pairs = texts(old).into_iter().zip(texts(new));
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| Difference { field, old, new })
        .collect()
}

/// A field as text.
fn said(part: Option<&impl Serialize>) -> Option<String> {
    fn told(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(parts) => {
                parts.iter().map(told).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        }
    }
    part.and_then(|part| serde_json::to_value(part).ok()).map(|value| told(&value))
}

fn way(polarity: &Polarity) -> String {
    match polarity {
        Polarity::HigherIsBetter {} => "higher_is_better".to_owned(),
        Polarity::LowerIsBetter {} => "lower_is_better".to_owned(),
        Polarity::Goldilocks { low, high } if low == high => format!("goldilocks {low}"),
        Polarity::Goldilocks { low, high } => format!("goldilocks {low} to {high}"),
        Polarity::None {} => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_power_of_ten_is_found_to_nine_digits_and_nothing_else_is() {
        assert_eq!(power_of_ten(d("93.1"), d("0.931")), Some(d("0.01")));
        assert_eq!(power_of_ten(d("93.10000000000001"), d("0.931")), Some(d("0.01")));
        assert_eq!(power_of_ten(d("0.5"), d("500")), Some(d("1000")));
        assert_eq!(power_of_ten(d("93.1"), d("93.1")), Some(d("1")));
        assert_eq!(power_of_ten(d("93.1"), d("0.932")), None);
        assert_eq!(power_of_ten(d("0"), d("1")), None);
        assert_eq!(power_of_ten(d("-28"), d("0.28")), None);
    }

    #[test]
    fn a_figure_that_came_back_has_no_step_that_counts() {
        let q = |text: &str| Some(text.parse::<Quantity>().unwrap());
        let kept =
            |steps: &[&'static str]| contributing(q("60"), steps.iter().copied(), |step| q(step));
        assert_eq!(kept(&["90", "60", "91"]), ["91"]);
        assert_eq!(kept(&["90", "91"]), ["90", "91"]);
        assert_eq!(kept(&["90", "91", "90"]), ["90"]);
        assert_eq!(kept(&["60.0", "60"]), [""; 0]);
    }

    #[test]
    fn what_two_definitions_say_differently_is_told_field_by_field() {
        let old =
            Definition { unit: "£".parse().ok(), ..Definition::bare(Polarity::HigherIsBetter {}) };
        let point = "1.0".parse().unwrap();
        let goldilocks = Polarity::Goldilocks { low: point, high: point };
        let new = Definition { unit: None, polarity: goldilocks, ..old.clone() };
        let told = differences(&old, &new);
        let of = |field, old: &str, new: Option<&str>| Difference {
            field,
            old: Some(old.to_owned()),
            new: new.map(str::to_owned),
        };
        assert_eq!(
            told,
            [
                of(Field::Unit, "£", None),
                of(Field::Polarity, "higher_is_better", Some("goldilocks 1.0")),
            ]
        );
        assert_eq!(differences(&old, &old), []);
    }
}
