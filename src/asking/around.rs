//! What stood just before each event of a span and just after it: figures, ratings, signatures.
//!
//! **Invariant:** an answer about one event is the same, however many events are asked about with it.
//! Figures are read at the two ends of a span only; so a span ends before a figure would be touched in
//! it a second time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::{MeasureId, PostId};
use piperoll_events::measure::Measure;
use piperoll_events::submission::Submission;
use piperoll_events::text::Words;
use piperoll_events::{Breakdown, EntityKind, Event, Fact, Period, Position};
use piperoll_projections::accountability::duties::Borne;
use piperoll_projections::scorecard::around::{Heard, MeasureThen, PartVersion, TouchedCell};
use piperoll_projections::scorecard::history::Span;
use piperoll_projections::scorecard::{Line, State};

use super::answer::{AskingError, Desk, Scored, score};
use super::questions::signed_by::{Kind, Signed, SigningKnown, State as SignedState};

/// What stood around one event.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The measures that it is about, as they were then.
    pub(crate) measures: BTreeMap<MeasureId, MeasureThen>,
    /// The parts of a framework that it gave a version.
    pub(crate) parts: Vec<PartVersion>,
    /// Who has which duty towards the measure, and what their posts are called.
    pub(crate) owners: Vec<(Borne, Option<Words>)>,
    /// The cells that were held before, where the event ends a submission's content.
    pub(crate) held: Vec<Breakdown>,
    /// The figures whose rating may be another.
    pub(crate) ratings: Vec<RatingAround>,
    /// The signatures that stand otherwise than before.
    pub(crate) signatures: Vec<SignatureThen>,
}

/// A figure just before an event and just after it.
#[derive(Debug)]
pub(crate) struct RatingAround {
    /// What it is about.
    pub(crate) period: Period,
    /// Before; none where nothing had been recorded for the period.
    pub(crate) before: Option<Scored<Line>>,
    /// After.
    pub(crate) after: Scored<Line>,
}

/// A signature as an event left it.
#[derive(Debug)]
pub(crate) struct SignatureThen {
    /// The measure.
    pub(crate) measure: MeasureId,
    /// What the figures signed are about.
    pub(crate) period: Option<Period>,
    /// Where it was given.
    pub(crate) given_at: Position,
    /// How it stands.
    pub(crate) signed: Signed,
    /// What lapsed it.
    pub(crate) lapsed_by: Option<Kind>,
}

type Touched = BTreeMap<Position, BTreeSet<TouchedCell>>;

impl Desk {
    /// Where the ledger was opened, as far as the figures have come; none while it is moving in.
    ///
    /// # Errors
    /// Postgres.
    pub async fn opened_at(&self) -> Result<Option<Position>, AskingError> {
        Ok(self.reader.cursor().await?.opened_at)
    }

    /// What stood around each event of a span, and up to where the answer goes: one position at least.
    ///
    /// # Errors
    /// Postgres; the read models must have come to the end of the span.
    pub(crate) async fn around(
        &self,
        span: Span,
        events: &BTreeMap<Position, Event>,
    ) -> Result<(Position, BTreeMap<Position, Around>), AskingError> {
        let mut touched = self.reader.touched_at(span).await?;
        let span = Span { after: span.after, upto: once(&mut touched, span) };
        let mut found: BTreeMap<Position, Around> = BTreeMap::new();
        for (position, parts) in self.reader.structure_within(span).await? {
            found.entry(position).or_default().parts = parts;
        }
        let within = || events.range(span.after.next()..=span.upto).map(|(at, event)| (*at, event));
        for (position, event) in within() {
            let around = found.entry(position).or_default();
            around.held = self.held(position, event).await?;
            if let Fact::Measure(fact) = &event.fact
                && describes(fact)
            {
                around.owners = self.owners(MeasureId::new(event.entity.id), position).await?;
            }
        }
        self.rate_around(span, &touched, &mut found).await?;
        let named = |(position, event): (Position, &Event)| Some((position, subject(event)?.0));
        let touching = touched
            .iter()
            .flat_map(|(position, cells)| cells.iter().map(|cell| (*position, cell.measure)));
        let asked: BTreeSet<_> = within().filter_map(named).chain(touching).collect();
        let then = self.reader.measures_then(&asked).await?;
        for ((position, measure), then) in then {
            found.entry(position).or_default().measures.insert(measure, then);
        }
        let said = within().filter_map(|(position, event)| Some((position, said_of(event)?)));
        for (position, (measure, period)) in said {
            let cell = TouchedCell { measure, period, heard: Heard::Before };
            touched.entry(position).or_default().insert(cell);
        }
        self.sign_around(span, &touched, &mut found).await?;
        Ok((span.upto, found))
    }

    /// The ratings before and after each position, of the figures that it touched.
    async fn rate_around(
        &self,
        span: Span,
        touched: &Touched,
        found: &mut BTreeMap<Position, Around>,
    ) -> Result<(), AskingError> {
        let cell = |cell: &TouchedCell| Some((cell.measure, cell.period?));
        let cells: Vec<_> = touched.values().flatten().filter_map(cell).collect();
        if cells.is_empty() {
            return Ok(());
        }
        let (before, after) = tokio::try_join!(
            self.reader.lines(span.after, &cells),
            self.reader.lines(span.upto, &cells),
        )?;
        let (mut before, mut after) = (by_cell(before), by_cell(after));
        for (position, cells) in touched {
            let rated = cells.iter().filter_map(|touched| {
                let (measure, period) = cell(touched)?;
                let after = after.remove(&(measure, period))?;
                let before = before.remove(&(measure, period));
                let before = before.filter(|_| touched.heard == Heard::Before);
                Some(RatingAround { period, before, after })
            });
            found.entry(*position).or_default().ratings.extend(rated);
        }
        Ok(())
    }

    /// The signatures that each position gave, took back or lapsed.
    async fn sign_around(
        &self,
        span: Span,
        touched: &Touched,
        found: &mut BTreeMap<Position, Around>,
    ) -> Result<(), AskingError> {
        let signed = self.acts.signed_cells(span.upto).await?;
        if signed.is_empty() {
            return Ok(());
        }
        for (position, cells) in touched {
            let Some(around) = found.get_mut(position) else { continue };
            let cells: BTreeSet<_> = cells.iter().map(|cell| (cell.measure, cell.period)).collect();
            for (measure, period) in cells.intersection(&signed) {
                let Some(then) = around.measures.get(measure) else { continue };
                let known = self.signing(&then.line, *period, *position).await?;
                let changed = changed(&known, *position);
                around.signatures.extend(changed.map(|(given_at, signed, lapsed_by)| {
                    let (measure, period) = (*measure, *period);
                    SignatureThen { measure, period, given_at, signed, lapsed_by }
                }));
            }
        }
        Ok(())
    }

    /// The cells held just before an event that ends or begins a submission's content.
    async fn held(&self, at: Position, event: &Event) -> Result<Vec<Breakdown>, AskingError> {
        let Fact::Submission(fact) = &event.fact else { return Ok(Vec::new()) };
        let ends = match fact {
            Submission::Withdrawn(_) | Submission::NoValueDeclared(_) => true,
            // Where it was declared before that there is no figure.
            Submission::Submitted(_) => event.record.previous.is_some(),
            _ => false,
        };
        let Some((measure, period)) = subject(event).filter(|_| ends) else {
            return Ok(Vec::new());
        };
        let before = Position(at.0.saturating_sub(1));
        let submission = self.reader.submission(measure, period, before).await?;
        let Some(submission) = submission else { return Ok(Vec::new()) };
        if submission.headline.state == State::NoValue {
            return Ok(vec![Breakdown::HEADLINE]);
        }
        Ok(submission.cells.into_iter().map(|cell| cell.breakdown).collect())
    }

    async fn owners(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<(Borne, Option<Words>)>, AskingError> {
        let mut borne = self.acts.duties(measure, at).await?;
        borne.sort_by_key(|it| (it.position, it.post));
        let posts: Vec<PostId> = borne.iter().filter_map(|it| it.post).collect();
        let mut titles = self.acts.posts(&posts, at).await?;
        let titled = borne.into_iter().map(|it| {
            let title = it.post.and_then(|post| titles.get_mut(&post)?.title.clone());
            (it, title)
        });
        Ok(titled.collect())
    }
}

/// Cuts what was touched before a figure comes a second time; the last position that is left.
fn once(touched: &mut Touched, span: Span) -> Position {
    let mut seen: BTreeSet<(MeasureId, Option<Period>)> = BTreeSet::new();
    let again = touched.iter().find(|(_, cells)| {
        let again = cells.iter().any(|cell| seen.contains(&(cell.measure, cell.period)));
        seen.extend(cells.iter().map(|cell| (cell.measure, cell.period)));
        again
    });
    let Some(again) = again.map(|(position, _)| *position) else { return span.upto };
    touched.split_off(&again);
    Position(again.0.saturating_sub(1))
}

fn by_cell(lines: Vec<Line>) -> HashMap<(MeasureId, Period), Scored<Line>> {
    let cell = |line: Line| Some(((line.measure.measure, line.period?), score(line, None)));
    lines.into_iter().filter_map(cell).collect()
}

/// The signatures that stand otherwise at a position than just before it.
fn changed(
    known: &SigningKnown,
    at: Position,
) -> impl Iterator<Item = (Position, Signed, Option<Kind>)> {
    let before = known.at(Position(at.0.saturating_sub(1)));
    let stood = move |given_at: &Position| before.get(given_at).map(|it| (it.state, it.ended_by));
    known.at(at).into_iter().filter_map(move |(given_at, signed)| {
        if stood(&given_at) == Some((signed.state, signed.ended_by)) {
            return None;
        }
        let by = signed.ended_by.filter(|_| signed.state == SignedState::Lapsed);
        let lapsed_by = by.and_then(|by| known.kind(&signed.scope, by));
        Some((given_at, signed, lapsed_by))
    })
}

/// Whether an event says something of a measure beside its definition, its targets and its baseline.
pub(crate) const fn describes(fact: &Measure) -> bool {
    !matches!(
        fact,
        Measure::DefinitionSet(_)
            | Measure::BaselineSet(_)
            | Measure::BaselineProposed(_)
            | Measure::TargetSet(_)
            | Measure::TargetChanged(_)
            | Measure::TargetCorrected(_)
            | Measure::TargetWithdrawn(_)
    )
}

/// The measure that an event is about, and the period where it is about a submission.
pub(crate) fn subject(event: &Event) -> Option<(MeasureId, Option<Period>)> {
    if event.entity.kind == EntityKind::Measure {
        return Some((MeasureId::new(event.entity.id), None));
    }
    let Fact::Submission(fact) = &event.fact else { return None };
    Some(match fact {
        Submission::Submitted(it) => (it.measure, Some(it.period)),
        Submission::Revised(it) => (it.measure, Some(it.period)),
        Submission::Withdrawn(it) => (it.measure, it.period),
        Submission::NoValueDeclared(it) => (it.measure, it.period),
        Submission::CommentaryWritten(it) => (it.measure, Some(it.period)),
        Submission::RatingOverridden(it) => (it.measure, Some(it.period)),
        Submission::SignedOff(it) => (it.measure, it.period),
        Submission::SignOffRefused(it) => (it.measure, it.period),
        Submission::SignOffWithdrawn(it) => (it.measure, it.period),
    })
}

/// The submission of which an event says whether it is accepted.
fn said_of(event: &Event) -> Option<(MeasureId, Option<Period>)> {
    let said = matches!(
        &event.fact,
        Fact::Submission(
            Submission::SignedOff(_)
                | Submission::SignOffRefused(_)
                | Submission::SignOffWithdrawn(_)
        )
    );
    subject(event).filter(|_| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(measure: &str) -> TouchedCell {
        let period = "2022".parse().ok();
        TouchedCell { measure: MeasureId::derived(&[measure]), period, heard: Heard::Before }
    }

    #[test]
    fn a_span_ends_before_a_figure_is_touched_a_second_time() {
        let span = Span { after: Position(2), upto: Position(9) };
        let all = |cells: &[(u64, &str)]| -> Touched {
            cells.iter().map(|(at, name)| (Position(*at), [cell(name)].into())).collect()
        };
        let mut apart = all(&[(3, "a"), (5, "b")]);
        assert_eq!(once(&mut apart, span), Position(9));
        let mut again = all(&[(3, "a"), (5, "b"), (7, "a"), (8, "c")]);
        assert_eq!(once(&mut again, span), Position(6));
        assert_eq!(again.len(), 2);
    }
}
