//! `re-perform`: a figure worked out again from what was counted (QUESTIONS Q9).
//!
//! **Invariant:** nothing is guessed. What can't be worked out from the record says why.

use std::collections::BTreeMap;

use piperoll_events::ids::MeasureId;
use piperoll_events::text::{Digest, Words};
use piperoll_events::{Breakdown, Period, Position, Quantity};
use piperoll_projections::score::{Rating, published};
use piperoll_projections::scorecard::{CellLine, DefinitionVersion};
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::linking::same_figure;
use super::{LookedAt, Reply, named, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RePerformQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// What the figure is about.
    pub period: Period,
    /// Of which part of the population; absent: the headline.
    pub breakdown: Option<Breakdown>,
    /// SHA-256 of a file that is said to be the figure's source.
    pub file_digest: Option<Digest>,
}

/// A figure worked out again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reperformed {
    /// The measure.
    pub measure: MeasureId,
    /// What it is called.
    pub code: String,
    /// Its title.
    pub title: Words,
    /// What the figure is about.
    pub period: Period,
    /// Of which part of the population.
    pub breakdown: Breakdown,
    /// What was counted.
    pub numerator: Option<Quantity>,
    /// Out of what.
    pub denominator: Option<Quantity>,
    /// What the quotient is multiplied by; absent: nobody said, it is taken as it is.
    pub scale: Option<Quantity>,
    /// Where the definition that the figure was made under was recorded.
    pub definition: Option<Position>,
    /// The figure worked out again.
    pub recomputed: Option<Quantity>,
    /// The figure held.
    pub stored: Option<Quantity>,
    /// What was worked out less what is held.
    pub difference: Option<Quantity>,
    /// Decimals at which the two were compared; absent: those of the figure held.
    pub decimals: Option<u8>,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why it could not be worked out.
    pub why_not: Option<WhyNot>,
    /// The cells of each dimension against the whole.
    pub dimensions: Vec<Dimension>,
    /// How the figure is rated by the rule.
    pub rating: Rating,
    /// How its publisher rated it.
    pub rating_as_reported: Option<String>,
    /// SHA-256 of the file that the figure came with.
    pub file_digest: Option<Digest>,
    /// Whether that is the file asked about; absent: none was.
    pub file: Option<Matching>,
    /// Whether the figure rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// Whether a figure came out the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReperformedVerdict")]
pub enum Verdict {
    /// To nine digits.
    Agrees,
    /// Once both are rounded as the figure is published.
    AgreesRounded,
    /// It did not.
    Differs,
    /// It can't be worked out.
    Cannot,
}

/// Why a figure can't be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// There is no figure.
    NoFigure,
    /// The record does not hold what was counted, or out of what.
    NoNumerator,
    /// Out of nothing.
    ZeroDenominator,
    /// The number is too large to be worked with.
    TooLarge,
}

/// Whether a file is the figure's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// The very bytes.
    Matches,
    /// Another.
    Differs,
}

/// What was counted in the cells of one dimension, added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReperformedDimension")]
pub struct Dimension {
    /// Which one.
    pub dimension: String,
    /// How many cells.
    pub cells: u64,
    /// How many of them hold no number.
    pub missing: u64,
    /// What they add up to.
    pub sum: Quantity,
    /// The whole.
    pub total: Quantity,
    /// The whole less the sum; with cells missing it is theirs.
    pub residual: Quantity,
}

impl Desk {
    /// Works a figure out again.
    ///
    /// # Errors
    /// No such measure or submission; Postgres.
    pub async fn reperform(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Reperformed>, AskingError> {
        let as_at = self.together(when).await?;
        let at = When::At(as_at.position);
        let answer = self.submission(&asked.measure, Some(asked.period), at).await?.answer;
        let facts = &answer.line.facts;
        let cells = &answer.submission.cells;
        let breakdown = asked.breakdown.clone().unwrap_or(Breakdown::HEADLINE);
        let cell = cells.iter().find(|cell| cell.breakdown == breakdown);
        let measure = facts.measure.measure;
        let definitions = self.reader.definitions(measure, as_at.position).await?;
        let made_at = cell.map(|cell| cell.position);
        let under = definitions.iter().rev().find(|it| made_at.is_some_and(|at| it.position <= at));
        let worked = work_out(cell, under);
        let versions = &answer.submission.versions;
        let version = versions.iter().find(|version| Some(version.position) == made_at);
        let file_digest = version.and_then(|version| version.file_digest);
        let (code, title) = named(&facts.measure);
        let row = Reperformed {
            measure,
            code,
            title,
            period: asked.period,
            numerator: cell.and_then(|cell| cell.numerator),
            denominator: cell.and_then(|cell| cell.denominator),
            scale: under.and_then(|it| it.definition.scale),
            definition: under.map(|it| it.position),
            recomputed: worked.recomputed,
            stored: cell.and_then(|cell| cell.value),
            difference: worked.difference,
            decimals: under.and_then(|it| it.definition.decimals),
            verdict: worked.verdict,
            why_not: worked.why_not,
            dimensions: cell
                .filter(|_| breakdown.is_headline())
                .map(|whole| added_up(whole, cells))
                .unwrap_or_default(),
            rating: answer.line.by_rule().clone(),
            rating_as_reported: facts.rating_as_reported.clone(),
            file: asked.file_digest.map(|file| {
                if Some(file) == file_digest { Matching::Matches } else { Matching::Differs }
            }),
            file_digest,
            asserted: cell.is_some_and(|cell| cell.asserted),
            positions: made_at.into_iter().chain(under.map(|it| it.position)).collect(),
            breakdown,
        };
        let changes = number(versions.len());
        let looked_at = LookedAt { measures: 1, submissions: 1, changes };
        Ok(Reply::of("re-perform", asked, (as_at, looked_at), vec![row]))
    }
}

struct Worked {
    recomputed: Option<Quantity>,
    difference: Option<Quantity>,
    verdict: Verdict,
    why_not: Option<WhyNot>,
}

fn work_out(cell: Option<&CellLine>, under: Option<&DefinitionVersion>) -> Worked {
    let scale = under.and_then(|it| it.definition.scale);
    let decimals = under.and_then(|it| it.definition.decimals);
    let (stored, again) = match quotient(cell, scale) {
        Ok(found) => found,
        Err(why) => {
            return Worked {
                recomputed: None,
                difference: None,
                verdict: Verdict::Cannot,
                why_not: Some(why),
            };
        }
    };
    let verdict = if same_figure(again, stored.decimal()) {
        Verdict::Agrees
    } else if as_published(again, stored, decimals) {
        Verdict::AgreesRounded
    } else {
        Verdict::Differs
    };
    let difference = again.checked_sub(stored.decimal());
    Worked {
        recomputed: Some(Quantity::new(again.normalize())),
        difference: difference.map(|it| Quantity::new(it.normalize())),
        verdict,
        why_not: None,
    }
}

/// The figure held, and what the record makes it.
fn quotient(
    cell: Option<&CellLine>,
    scale: Option<Quantity>,
) -> Result<(Quantity, Decimal), WhyNot> {
    let cell = cell.ok_or(WhyNot::NoFigure)?;
    let stored = cell.value.ok_or(WhyNot::NoFigure)?;
    let (over, under) = cell.numerator.zip(cell.denominator).ok_or(WhyNot::NoNumerator)?;
    if under.decimal().is_zero() {
        return Err(WhyNot::ZeroDenominator);
    }
    let scale = scale.map_or(Decimal::ONE, Quantity::decimal);
    let again = over.decimal().checked_mul(scale).and_then(|it| it.checked_div(under.decimal()));
    Ok((stored, again.ok_or(WhyNot::TooLarge)?))
}

/// Whether both are published as one figure: with the definition's decimals, else with those held.
fn as_published(again: Decimal, stored: Quantity, decimals: Option<u8>) -> bool {
    if decimals.is_some() {
        return published(Quantity::new(again), decimals).decimal()
            == published(stored, decimals).decimal();
    }
    let places = stored.decimal().scale();
    again.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero) == stored.decimal()
}

/// The cells that cut the population by one dimension alone, added up.
fn added_up(whole: &CellLine, cells: &[CellLine]) -> Vec<Dimension> {
    let mut by_dimension: BTreeMap<&str, Vec<&CellLine>> = BTreeMap::new();
    for cell in cells {
        if let [tag] = cell.breakdown.tags() {
            by_dimension.entry(tag.taxonomy.as_str()).or_default().push(cell);
        }
    }
    // Counts add up; shares, rates and means don't, and a figure does not say whether it is a count.
    let Some(total) = whole.numerator else { return Vec::new() };
    let number_of = |cell: &&CellLine| cell.numerator;
    let dimension = |(name, cells): (&str, Vec<&CellLine>)| {
        let held: Vec<Quantity> = cells.iter().filter_map(number_of).collect();
        let sum = held.iter().try_fold(Decimal::ZERO, |sum, it| sum.checked_add(it.decimal()))?;
        let residual = total.decimal().checked_sub(sum)?;
        Some(Dimension {
            dimension: name.to_owned(),
            cells: number(cells.len()),
            missing: number(cells.len().saturating_sub(held.len())),
            sum: Quantity::new(sum),
            total,
            residual: Quantity::new(residual),
        })
    };
    by_dimension.into_iter().filter_map(dimension).collect()
}
