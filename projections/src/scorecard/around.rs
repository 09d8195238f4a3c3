//! What each position touched, and what measures were then: for whoever tells others what changed.
//!
//! **Invariant:** what a position touched is found from rows at that position alone, so it is the same
//! however long a span is asked about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use piperoll_events::ids::MeasureId;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Period, Position};
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{Filter, MeasureLine, Yardstick};
use super::catalogue::Catalogue;
use super::history::Span;
use super::table::Reader;
use super::words::StructureKind;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;
use crate::runtime::session::Session;

/// A figure that a position touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TouchedCell {
    /// The measure.
    pub measure: MeasureId,
    /// What the figure is about; none for the measure as a whole.
    pub period: Option<Period>,
    /// Whether anything had been recorded for that period before.
    pub heard: Heard,
}

/// Whether anything had been recorded for a period before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// This is the first.
    First,
    /// There was something.
    Before,
}

/// A measure at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureThen {
    /// The measure.
    pub line: MeasureLine,
    /// What its figures mean.
    pub definition: Option<Yardstick>,
}

/// A version of a part of a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartVersion {
    /// What kind.
    pub kind: StructureKind,
    /// Which one.
    pub id: Uuid,
    /// Its framework.
    pub framework: Uuid,
    /// The objective that a step serves.
    pub parent: Option<Uuid>,
    /// The body's own code.
    pub code: Option<String>,
    /// What it is called.
    pub title: Words,
    /// Who leads a step.
    pub lead: Option<Label>,
    /// The first day that a framework applies to.
    pub from: Option<NaiveDate>,
    /// The last.
    pub until: Option<NaiveDate>,
    /// The first day that it counts no longer, where that is what was recorded.
    pub ended: Option<NaiveDate>,
}

impl Reader {
    /// The figures that each position of a span touched: those for which it recorded something that a
    /// rating or a signature depends on, of the submission itself, its measure or its framework.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn touched_at(
        &self,
        span: Span,
    ) -> Result<BTreeMap<Position, BTreeSet<TouchedCell>>, RuntimeError> {
        let session = self.session().await?;
        let (cells, measures, frameworks) = (
            session.touched_cells(span).await?,
            session.touched_ids(span, MEASURES).await?,
            session.touched_ids(span, FRAMEWORKS).await?,
        );
        let held = self.catalogue(&session, span.upto).await?;
        let mut found: BTreeMap<Position, BTreeSet<TouchedCell>> = BTreeMap::new();
        for (position, measure, key) in cells {
            found.entry(position).or_default().insert(cell(&held, position, measure, key));
        }
        let framework = |(position, framework): &(Position, Uuid)| {
            let filter = Filter { framework: Some(*framework), ..Filter::default() };
            let chosen = held.chosen(*position, &filter).into_iter();
            chosen.map(|(measure, _)| (*position, measure)).collect::<Vec<_>>()
        };
        let whole: Vec<_> =
            measures.into_iter().chain(frameworks.iter().flat_map(framework)).collect();
        for (position, measure) in whole {
            let keys = held.find(measure).into_iter().flat_map(|known| known.periods(position));
            let cells = keys.map(|key| cell(&held, position, measure, key));
            found.entry(position).or_default().extend(cells);
        }
        Ok(found)
    }

    /// Measures, each as it was at a position; without those that were none then.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn measures_then(
        &self,
        asked: &BTreeSet<(Position, MeasureId)>,
    ) -> Result<BTreeMap<(Position, MeasureId), MeasureThen>, RuntimeError> {
        let session = self.session().await?;
        let last = asked.last().map_or(Position::START, |(position, _)| *position);
        let held = self.catalogue(&session, last).await?;
        let then = |&(position, measure): &(Position, MeasureId)| {
            let known = held.find(measure.uuid())?;
            let line = known.line(measure.uuid(), position)?;
            let definition = known.definition(position);
            Some(((position, measure), MeasureThen { line, definition }))
        };
        Ok(asked.iter().filter_map(then).collect())
    }

    /// The parts of frameworks that got a version at a position of a span.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn structure_within(
        &self,
        span: Span,
    ) -> Result<BTreeMap<Position, Vec<PartVersion>>, RuntimeError> {
        let text = "select position, kind, id, framework, parent, code, title, lead, valid_from,
                valid_until, null::date as ended
            from @.structure where position > $1 and position <= $2
            union all
            select e.position, s.kind, s.id, s.framework, s.parent, s.code, s.title, s.lead,
                s.valid_from, s.valid_until, e.valid_from
            from @.part_ending e cross join lateral (
                select * from @.structure s
                where s.kind = e.kind and s.id = e.id and s.position <= e.position
                order by s.position desc limit 1
            ) s
            where e.position > $1 and e.position <= $2
            order by 1, 2, 3";
        let rows =
            self.session().await?.rows(text, &[&bigint(span.after), &bigint(span.upto)]).await?;
        let mut found: BTreeMap<Position, Vec<PartVersion>> = BTreeMap::new();
        for row in &rows {
            let mut columns = Columns::of(row, "structure");
            let position = columns.position()?;
            found.entry(position).or_default().push(PartVersion {
                kind: columns.word()?,
                id: columns.uuid()?,
                framework: columns.uuid()?,
                parent: columns.next()?,
                code: columns.next()?,
                title: columns.json()?,
                lead: columns.next::<Option<&str>>()?.and_then(|lead| lead.parse().ok()),
                from: columns.next()?,
                until: columns.next()?,
                ended: columns.next()?,
            });
        }
        Ok(found)
    }
}

const MEASURES: &str = "select position, measure from @.target_text
        where position > $1 and position <= $2
    union select position, measure from @.definition where position > $1 and position <= $2
    union select position, measure from @.classification where position > $1 and position <= $2";
const FRAMEWORKS: &str = "select distinct position, framework from @.rule
    where position > $1 and position <= $2";

impl Session<'_> {
    async fn touched_cells(&self, span: Span) -> Result<Vec<(Position, Uuid, Key)>, RuntimeError> {
        let text = "select position, measure, period from @.submission_note
                where position > $1 and position <= $2
            union select position, measure, period from @.rating_override
                where position > $1 and position <= $2";
        let mut cells = Vec::new();
        let take = |row: &Row| {
            let mut columns = Columns::of(row, "submission_note");
            cells.push((columns.position()?, columns.uuid()?, Key::kept(columns.next()?)));
            Ok(())
        };
        self.each(text, &[&bigint(span.after), &bigint(span.upto)], take).await?;
        Ok(cells)
    }

    async fn touched_ids(
        &self,
        span: Span,
        text: &str,
    ) -> Result<Vec<(Position, Uuid)>, RuntimeError> {
        let rows = self.rows(text, &[&bigint(span.after), &bigint(span.upto)]).await?;
        let id = |row: &Row| {
            let mut columns = Columns::of(row, "measure");
            Ok((columns.position()?, columns.uuid()?))
        };
        rows.iter().map(id).collect()
    }
}

fn cell(held: &Catalogue, position: Position, measure: Uuid, key: Key) -> TouchedCell {
    let before = Position(position.0.saturating_sub(1));
    let known = held.find(measure);
    let heard = known.is_some_and(|known| known.periods(before).any(|heard| heard == key));
    let heard = if heard { Heard::Before } else { Heard::First };
    TouchedCell { measure: MeasureId::new(measure), period: key.period(), heard }
}
