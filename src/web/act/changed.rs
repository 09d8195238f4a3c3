//! What an act changed, part by part: what stood before it and what stands from it on.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Measure;
use piperoll_events::sign_off::Covered;
use piperoll_events::submission::Submission;
use piperoll_events::{Event, Fact, Position};

use super::people::People;
use super::{Telling, figures, framework, measure};
use crate::api::problem::Problem;
use crate::asking::acted::MeasureKnown;
use crate::asking::around::subject;
use crate::web::lang::{Lang, Written};

/// One part of what changed.
#[derive(Debug)]
pub(super) struct Row {
    /// Which part.
    pub(super) what: Written,
    /// As it was; none: nothing stood, or nothing is known of it.
    pub(super) before: Option<Written>,
    /// As it is; none: nothing stands.
    pub(super) after: Option<Written>,
}

/// What a version says, part by part, by the keys of their names.
pub(super) type Parts = Vec<(&'static str, Option<Written>)>;

/// The parts that two versions say differently.
pub(super) fn differing(lang: Lang, old: Option<Parts>, new: Parts) -> Vec<Row> {
    let old = old.unwrap_or_default();
    let before = |key: &str| old.iter().find(|(name, _)| *name == key)?.1.clone();
    let pairs = new.into_iter().map(|(key, after)| (key, before(key), after));
    pairs
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| Row::of(lang, key, before, after))
        .collect()
}

/// A measure on either side of an act.
pub(super) struct Sides {
    pub(super) before: Option<MeasureKnown>,
    pub(super) after: Option<MeasureKnown>,
}

impl Sides {
    /// The unit in which the act speaks.
    pub(super) fn unit(&self) -> Option<&str> {
        self.after.as_ref()?.line.facts.unit()
    }

    /// The unit that was in force before it.
    pub(super) fn unit_before(&self) -> Option<&str> {
        self.before.as_ref()?.line.facts.unit()
    }
}

impl Row {
    /// A part under its name in the page's words.
    pub(super) fn of(
        lang: Lang,
        key: &str,
        before: Option<Written>,
        after: Option<Written>,
    ) -> Self {
        Self { what: Written::own(lang.say(key).into_owned()), before, after }
    }

    /// A part that nothing stood before.
    pub(super) fn first(lang: Lang, key: &str, after: impl Into<Option<Written>>) -> Self {
        Self::of(lang, key, None, after.into())
    }
}

/// Every part that an act changed.
///
/// # Errors
/// Postgres, NATS or the vault.
pub(super) async fn rows(telling: &Telling<'_>, people: &People) -> Result<Vec<Row>, Problem> {
    match &telling.event.fact {
        Fact::Measure(fact) => {
            let sides = telling.sides(MeasureId::new(telling.event.entity.id)).await?;
            measure::rows(telling, fact, &sides, people).await
        }
        Fact::Submission(fact) => {
            let measure = subject(telling.event).map(|(measure, _)| measure);
            let sides = match measure {
                Some(measure) => telling.sides(measure).await?,
                None => Sides { before: None, after: None },
            };
            figures::rows(telling, fact, &sides, people).await
        }
        _ => framework::rows(telling, people).await,
    }
}

/// The versions that a signature covers.
pub(super) fn covered(event: &Event) -> &[Covered] {
    match &event.fact {
        Fact::Submission(Submission::SignedOff(signed)) => &signed.covers,
        _ => &[],
    }
}

/// The events that a fact itself speaks of, each under its name.
pub(super) fn referred(fact: &Fact) -> Vec<(&'static str, Position)> {
    match fact {
        Fact::Measure(Measure::TargetCorrected(it)) => vec![("refers-corrects", it.corrects)],
        Fact::Submission(Submission::CommentaryWritten(it)) => {
            vec![("refers-explains", it.explains)]
        }
        Fact::Submission(Submission::SignOffWithdrawn(it)) => {
            vec![("refers-signature", it.signed_at)]
        }
        Fact::Submission(Submission::RatingOverridden(it)) => {
            it.inputs.iter().map(|input| ("refers-rated", *input)).collect()
        }
        _ => Vec::new(),
    }
}

impl Telling<'_> {
    /// The measure just before the act and just after it.
    async fn sides(&self, measure: MeasureId) -> Result<Sides, Problem> {
        let period = subject(self.event).and_then(|(_, period)| period);
        let before = Position(self.at.0.saturating_sub(1));
        let (before, after) = tokio::try_join!(
            self.desk.measure_known(measure, period, before),
            self.desk.measure_known(measure, period, self.at),
        )?;
        Ok(Sides { before, after })
    }
}
