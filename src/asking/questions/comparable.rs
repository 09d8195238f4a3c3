//! `comparable`: whether the figures of two periods can be compared (QUESTIONS Q8).
//!
//! **Invariant:** what counts is the version of the definition that each figure was made under, not
//! the one in force on a date: a back series that was restated is the same again.

use piperoll_events::definition::Aggregation;
use piperoll_events::ids::MeasureId;
use piperoll_events::text::Words;
use piperoll_events::{Period, Position, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::linking::{Difference, Field, Linked, Links, Verdict};
use super::{LookedAt, Reply, named, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::{AsAt, Moment, When};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ComparableQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// The first period.
    pub a_period: Period,
    /// The second.
    pub b_period: Period,
    /// When the first figure is taken; absent: the moment of the answer.
    pub a_at: Option<Moment>,
    /// When the second is.
    pub b_at: Option<Moment>,
}

/// Two figures of a measure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Comparable {
    /// The measure.
    pub measure: MeasureId,
    /// What it is called.
    pub code: String,
    /// Its title.
    pub title: Words,
    /// The first figure.
    pub a: Figure,
    /// The second.
    pub b: Figure,
    /// What becomes of figures between their definitions; absent: one of them has none.
    pub linked: Option<Linked>,
    /// Whether they can be compared.
    pub verdict: Verdict,
    /// What breaks the series, or asks for care.
    pub breaks: Vec<Field>,
    /// All of it in a sentence.
    pub sentence: String,
    /// Whether either figure rests on a file's word.
    pub asserted: bool,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

/// A figure, and what it was made under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ComparedFigure")]
pub struct Figure {
    /// When it was taken.
    pub as_at: AsAt,
    /// What it is about.
    pub period: Period,
    /// The figure.
    pub value: Option<Quantity>,
    /// Where it was recorded.
    pub position: Option<Position>,
    /// Where the definition that it was made under was recorded.
    pub definition: Option<Position>,
    /// The unit by that definition.
    pub unit: Option<String>,
}

impl Desk {
    /// Whether the figures of two periods can be compared.
    ///
    /// # Errors
    /// No such measure, or several; Postgres.
    pub async fn comparable(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Comparable>, AskingError> {
        let as_at = self.together(when).await?;
        let line = self.measure_of(&asked.measure, When::At(as_at.position)).await?.1;
        let links = self.links(&[line.measure], as_at.position).await?;
        let (mut figures, mut asserted, mut notes) = (Vec::new(), false, Vec::new());
        for (period, moment) in [(asked.a_period, asked.a_at), (asked.b_period, asked.b_at)] {
            let at = match moment {
                Some(moment) => self.moment(moment, as_at, &mut notes).await?,
                None => as_at,
            };
            let then = self.measure_of(&asked.measure, When::At(at.position)).await;
            if then.is_ok_and(|(_, then)| then.measure != line.measure) {
                notes.push(format!(
                    "At position {} the code led to another measure; both figures are of the one \
                     that it leads to at position {}.",
                    at.position, as_at.position
                ));
            }
            let (figure, said) = self.made(line.measure, period, at, &links).await?;
            figures.push(figure);
            asserted |= said;
        }
        let mut rows = Vec::new();
        if let (Some(b), Some(a)) = (figures.pop(), figures.pop()) {
            let (code, title) = named(&line);
            let aggregation = links.made_under(line.measure, as_at.position);
            let aggregation = aggregation.and_then(|version| version.definition.aggregation);
            let under = a.definition.zip(b.definition);
            let linked = under.and_then(|(a, b)| links.between(line.measure, a, b));
            rows.push(row((line.measure, code, title), (a, b), linked, (aggregation, asserted)));
        }
        let changes = rows.first().and_then(|row| row.linked.as_ref());
        let changes = changes.map_or(0, |linked| number(linked.differences.len()));
        let looked_at = LookedAt { measures: 1, submissions: 2, changes };
        Ok(Reply { notes, ..Reply::of("comparable", asked, (as_at, looked_at), rows) })
    }

    async fn made(
        &self,
        measure: MeasureId,
        period: Period,
        as_at: AsAt,
        links: &Links,
    ) -> Result<(Figure, bool), AskingError> {
        let lines = self.reader.lines(as_at.position, &[(measure, period)]).await?;
        let headline = lines.into_iter().next().and_then(|line| line.headline);
        let headline = headline.filter(|headline| headline.value.is_some());
        let position = headline.as_ref().map(|headline| headline.position);
        let definition = position.and_then(|made_at| links.made_under(measure, made_at));
        let figure = Figure {
            as_at,
            period,
            value: headline.as_ref().and_then(|headline| headline.value),
            position,
            definition: definition.map(|version| version.position),
            unit: definition
                .and_then(|version| version.definition.unit.as_ref())
                .map(ToString::to_string),
        };
        Ok((figure, headline.is_some_and(|headline| headline.asserted)))
    }
}

fn row(
    (measure, code, title): (MeasureId, String, Words),
    (a, b): (Figure, Figure),
    linked: Option<Linked>,
    (aggregation, asserted): (Option<Aggregation>, bool),
) -> Comparable {
    let lengths = a.period.period_type() != b.period.period_type();
    let breaks_series = |it: &Difference| {
        let field = it.field;
        (!matches!(field, Field::Decimals | Field::Formula)).then_some(field)
    };
    let mut breaks: Vec<Field> = linked
        .as_ref()
        .map(|linked| linked.differences.iter().filter_map(breaks_series).collect())
        .unwrap_or_default();
    if lengths {
        breaks.push(Field::PeriodLength);
    }
    let verdict = match &linked {
        None => Verdict::Unknown,
        Some(_) if lengths && aggregation != Some(Aggregation::Point) => Verdict::Broken,
        Some(linked) => linked.verdict,
    };
    let factor = linked.as_ref().and_then(|linked| linked.factor);
    let sentence = sentence(&code, (&a, &b), verdict, (factor, &breaks));
    let positions = [a.definition, a.position, b.definition, b.position].into_iter().flatten();
    let mut positions: Vec<Position> = positions.collect();
    positions.sort_unstable();
    positions.dedup();
    Comparable {
        measure,
        code,
        title,
        a,
        b,
        linked,
        verdict,
        breaks,
        sentence,
        asserted,
        positions,
    }
}

fn sentence(
    code: &str,
    (a, b): (&Figure, &Figure),
    verdict: Verdict,
    (factor, breaks): (Option<Quantity>, &[Field]),
) -> String {
    let both = format!("{code} for {} and for {}", a.period, b.period);
    let turned = breaks.contains(&Field::Polarity);
    let way = if turned { "; which way is better changed in between" } else { "" };
    match (verdict, factor) {
        (Verdict::SameAfterFactor, Some(factor)) => {
            format!("{both} can be compared once the first is multiplied by {factor}{way}.")
        }
        (Verdict::WithCare, _) => format!("{both} can be compared with care{way}."),
        (Verdict::Broken, _) if breaks.contains(&Field::PeriodLength) => {
            format!("{both} can't be compared: the periods are not of one length{way}.")
        }
        (Verdict::Broken, _) => format!("{both} can't be compared: another thing is counted{way}."),
        (Verdict::Unknown, _) => {
            format!("{both}: there is no figure, or no definition that it was made under.")
        }
        _ => format!("{both} can be compared as they are{way}."),
    }
}
