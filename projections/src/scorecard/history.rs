//! What became of targets and figures over a span: every version in it, with what stood at each.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use piperoll_events::cell::FigureStatus;
use piperoll_events::ids::{ImportId, MeasureId};
use piperoll_events::{Breakdown, Period, Position, Quantity, Reason, TargetKey};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{DefinitionVersion, MeasureLine, RuleLine, TargetVersion, Yardstick};
use super::folds::breakdown_key;
use super::table::Reader;
use super::words::State;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;

/// Positions after one and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Span {
    /// The last position before it.
    pub after: Position,
    /// The last position in it.
    pub upto: Position,
}

impl Span {
    /// Whether a position is in it.
    #[must_use]
    pub fn holds(self, position: Position) -> bool {
        self.after < position && position <= self.upto
    }
}

/// One version of a headline figure, or of its absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FigureVersion {
    /// What the figure is about.
    pub period: Period,
    /// The figure; none where the content was taken back or there is no headline.
    pub value: Option<Quantity>,
    /// How settled it is.
    pub status: Option<FigureStatus>,
    /// Where this version was recorded.
    pub position: Position,
    /// When, by the writer's clock.
    pub recorded_at: DateTime<Utc>,
    /// The file it came with.
    pub import: Option<ImportId>,
    /// Whether a file says so.
    pub asserted: bool,
}

/// One version of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellVersion {
    /// Where it was recorded.
    pub position: Position,
    /// The figure; none where the cell was taken away.
    pub value: Option<Quantity>,
    /// How settled it is.
    pub status: Option<FigureStatus>,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether a file says so.
    pub asserted: bool,
}

/// A version of a headline, with the reason given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureStep {
    /// Where it was recorded.
    pub position: Position,
    /// The figure; none where there is no figure any more.
    pub value: Option<Quantity>,
    /// Why.
    pub reason: Option<Reason>,
}

/// What stood of a measure at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The measure.
    pub measure: MeasureLine,
    /// What its figures mean.
    pub definition: Option<Yardstick>,
    /// How they are rated.
    pub rule: Option<RuleLine>,
}

impl Reader {
    /// The measures whose targets became something else within a span.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn retargeted(&self, span: Span) -> Result<Vec<MeasureId>, RuntimeError> {
        let text = "select distinct measure from @.target_text
            where position > $1 and position <= $2 order by measure";
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(span.after), &bigint(span.upto)]).await?;
        rows.iter().map(|row| Ok(MeasureId::new(row.try_get(0)?))).collect()
    }

    /// Every version of every target of these measures, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn target_versions(
        &self,
        measures: &[MeasureId],
        at: Position,
    ) -> Result<BTreeMap<MeasureId, Vec<TargetVersion>>, RuntimeError> {
        let text = "select t.measure, t.span, b.tags, t.tier, t.happened, t.target, t.old,
                t.reason, t.authority, t.position, t.asserted
            from @.target_text t left join @.breakdown b using (breakdown)
            where t.measure = any($2) and t.position <= $1
            order by t.position, t.span, t.breakdown, t.tier";
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(at), &ids(measures)]).await?;
        by_measure(&rows, "target_text", target_version)
    }

    /// Every version of every headline of these measures, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn figure_versions(
        &self,
        measures: &[MeasureId],
        at: Position,
    ) -> Result<BTreeMap<MeasureId, Vec<FigureVersion>>, RuntimeError> {
        let text = "select n.measure, n.period, s.state, s.value, s.status, n.position,
                n.recorded_at, n.import, n.asserted
            from @.submission_note n join @.submission s
                on s.period = n.period and s.measure = n.measure and s.position = n.position
            where n.measure = any($2) and n.position <= $1 and n.period <> 0
            order by n.position";
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(at), &ids(measures)]).await?;
        by_measure(&rows, "submission", |columns| {
            let period = columns.period()?;
            let state = columns.word::<State>()?;
            let value = columns.quantity()?.filter(|_| state == State::Value);
            Ok(FigureVersion {
                period,
                value,
                status: columns.word_or_none()?,
                position: columns.position()?,
                recorded_at: columns.next()?,
                import: columns.next::<Option<Uuid>>()?.map(ImportId::new),
                asserted: columns.next()?,
            })
        })
    }

    /// The versions of some headlines within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn figure_steps(
        &self,
        cells: &[(MeasureId, Period)],
        span: Span,
    ) -> Result<HashMap<(MeasureId, Period), Vec<FigureStep>>, RuntimeError> {
        let mut found: HashMap<_, Vec<FigureStep>> = HashMap::new();
        if cells.is_empty() {
            return Ok(found);
        }
        let text = "select n.measure, n.period, n.position, s.value, n.reason
            from unnest($3::uuid[], $4::bigint[]) w(measure, period)
            cross join lateral (select * from @.submission_note n
                where n.measure = w.measure and n.period = w.period
                and n.position > $1 and n.position <= $2 order by n.position) n
            cross join lateral (select s.value from @.submission s
                where s.period = n.period and s.measure = n.measure
                and s.position = n.position limit 1) s";
        let of =
            |(measure, period): &(MeasureId, Period)| (measure.uuid(), Key::of(*period).number());
        let (measures, periods): (Vec<Uuid>, Vec<i64>) = cells.iter().map(of).unzip();
        let (after, upto) = (bigint(span.after), bigint(span.upto));
        let rows = self.session().await?.rows(text, &[&after, &upto, &measures, &periods]).await?;
        for row in &rows {
            let mut columns = Columns::of(row, "submission_note");
            let cell = (MeasureId::new(columns.uuid()?), columns.period()?);
            let (position, value) = (columns.position()?, columns.quantity()?);
            let step = FigureStep { position, value, reason: columns.json_or_none()? };
            found.entry(cell).or_default().push(step);
        }
        Ok(found)
    }

    /// Every version of one cell beside the headline, by position; taken away: no value.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn cell_versions(
        &self,
        measure: MeasureId,
        period: Period,
        breakdown: &Breakdown,
        at: Position,
    ) -> Result<Vec<CellVersion>, RuntimeError> {
        let text = "select c.position, case when c.removed then null else c.value end, c.status,
                n.reason, c.asserted
            from @.cell c join @.submission_note n using (measure, period, position)
            where c.measure = $2 and c.period = $3 and c.breakdown = $4 and c.position <= $1
            order by c.position";
        let key = (measure.uuid(), Key::of(period).number(), breakdown_key(breakdown));
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(at), &key.0, &key.1, &key.2]).await?;
        let version = |row: &Row| {
            let mut columns = Columns::of(row, "cell");
            Ok(CellVersion {
                position: columns.position()?,
                value: columns.quantity()?,
                status: columns.word_or_none()?,
                reason: columns.json_or_none()?,
                asserted: columns.next()?,
            })
        };
        rows.iter().map(version).collect()
    }

    /// Every version of the definitions of these measures, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn definition_versions(
        &self,
        measures: &[MeasureId],
        at: Position,
    ) -> Result<BTreeMap<MeasureId, Vec<DefinitionVersion>>, RuntimeError> {
        let text = "select t.measure, t.definition, t.change, t.reason, t.authority, t.position,
                d.asserted
            from @.definition_text t join @.definition d using (measure, position)
            where t.measure = any($2) and t.position <= $1 order by t.position";
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(at), &ids(measures)]).await?;
        by_measure(&rows, "definition_text", |columns| {
            Ok(DefinitionVersion {
                definition: columns.json()?,
                change: columns.json_or_none()?,
                reason: columns.json()?,
                authority: columns.json_or_none()?,
                position: columns.position()?,
                asserted: columns.next()?,
            })
        })
    }

    /// Where the rating rules of a framework were recorded.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn ruled_at(
        &self,
        framework: Uuid,
        at: Position,
    ) -> Result<Vec<Position>, RuntimeError> {
        let text = "select position from @.rule
            where framework = $2 and position <= $1 order by position";
        let rows = self.session().await?.rows(text, &[&bigint(at), &framework]).await?;
        rows.iter().map(|row| Columns::of(row, "rule").position()).collect()
    }

    /// What stood of measures, each at a position of its own.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn standing(
        &self,
        asked: &[(MeasureId, Position)],
    ) -> Result<HashMap<(MeasureId, Position), Standing>, RuntimeError> {
        let Some(last) = asked.iter().map(|(_, at)| *at).max() else {
            return Ok(HashMap::new());
        };
        let session = self.session().await?;
        let held = self.catalogue(&session, last).await?;
        let standing = |(measure, at): &(MeasureId, Position)| {
            let known = held.find(measure.uuid())?;
            let line = known.line(measure.uuid(), *at)?;
            let rule = held.rule(line.framework, *at);
            let definition = known.definition(*at);
            Some(((*measure, *at), Standing { measure: line, definition, rule }))
        };
        Ok(asked.iter().filter_map(standing).collect())
    }

    /// The periods that measures had something for, each at a position of its own: in the order in which
    /// a scorecard takes one for later than another.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn periods_then(
        &self,
        asked: &[(MeasureId, Position)],
    ) -> Result<Vec<Vec<Period>>, RuntimeError> {
        let Some(last) = asked.iter().map(|(_, at)| *at).max() else { return Ok(Vec::new()) };
        let session = self.session().await?;
        let held = self.catalogue(&session, last).await?;
        let periods = |(measure, at): &(MeasureId, Position)| {
            let known = held.find(measure.uuid()).into_iter();
            let mut keys: Vec<Key> = known.flat_map(|known| known.periods(*at)).collect();
            keys.sort_unstable();
            keys.into_iter().filter_map(Key::period).collect()
        };
        Ok(asked.iter().map(periods).collect())
    }

    /// What was known at each of these positions: the last instant asserted or witnessed by then.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn instants(
        &self,
        positions: &[Position],
    ) -> Result<HashMap<Position, DateTime<Utc>>, RuntimeError> {
        let text = "select p.position, m.known_at from unnest($1::bigint[]) p(position)
            join lateral (select known_at from @.moment m where m.position <= p.position
                order by m.position desc limit 1) m on true";
        let asked: Vec<i64> = positions.iter().copied().map(bigint).collect();
        let rows = self.session().await?.rows(text, &[&asked]).await?;
        let instant = |row: &Row| {
            let mut columns = Columns::of(row, "moment");
            Ok((columns.position()?, columns.next()?))
        };
        rows.iter().map(instant).collect()
    }
}

fn ids(measures: &[MeasureId]) -> Vec<Uuid> {
    measures.iter().map(|measure| measure.uuid()).collect()
}

fn by_measure<T>(
    rows: &[Row],
    table: &'static str,
    read: impl Fn(&mut Columns<'_>) -> Result<T, RuntimeError>,
) -> Result<BTreeMap<MeasureId, Vec<T>>, RuntimeError> {
    let mut found: BTreeMap<MeasureId, Vec<T>> = BTreeMap::new();
    for row in rows {
        let mut columns = Columns::of(row, table);
        let measure = MeasureId::new(columns.uuid()?);
        found.entry(measure).or_default().push(read(&mut columns)?);
    }
    Ok(found)
}

/// The columns of a version of a target, after the measure.
fn target_version(columns: &mut Columns<'_>) -> Result<TargetVersion, RuntimeError> {
    let (period, breakdown) = (columns.period()?, columns.breakdown()?);
    let tier = columns.word()?;
    Ok(TargetVersion {
        key: TargetKey { period, breakdown, tier },
        tier,
        happened: columns.word()?,
        target: columns.json()?,
        old: columns.json_or_none()?,
        reason: columns.json()?,
        authority: columns.json_or_none()?,
        position: columns.position()?,
        asserted: columns.next()?,
    })
}
