//! What was touched between two positions, and what measures became then: overrides, baselines, ends
//! and classes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::{Period, Position, Quantity, Reason};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{EndedLine, Filter, OverrideLine};
use super::history::Span;
use super::table::Reader;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;

/// One version of a baseline, agreed or proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BaselineVersion {
    /// Where it was recorded.
    pub position: Position,
    /// The period that it is about.
    pub period: Period,
    /// The value.
    pub value: Quantity,
    /// Whether it was agreed or only proposed.
    pub standing: Agreed,
    /// Who proposes it.
    pub source: Option<String>,
    /// Whether a file says so.
    pub asserted: bool,
}

/// Whether a baseline was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreed {
    /// Progress is counted from it.
    Set,
    /// A source proposes it; what was agreed stands.
    Proposed,
}

/// A figure that something was recorded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Its measure.
    pub measure: MeasureId,
    /// What it is about.
    pub period: Period,
    /// What was touched.
    pub by: TouchedBy,
}

/// What was touched of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TouchedBy {
    /// The figure, its rating or what is aimed at.
    Itself,
    /// Nothing of its own, but a figure that it is compared with.
    Earlier,
    /// Only how it is defined, classified or rated.
    Terms,
}

impl Touched {
    /// The figure.
    #[must_use]
    pub const fn cell(&self) -> (MeasureId, Period) {
        (self.measure, self.period)
    }
}

impl Reader {
    /// The figures for which something that a rating or a direction is worked out from was recorded
    /// within a span, in order: the submission itself, or anything of its measure or framework.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn touched(&self, span: Span) -> Result<Vec<Touched>, RuntimeError> {
        let between = (bigint(span.after), bigint(span.upto));
        let session = self.session().await?;
        let text = "select distinct measure, period from (
                select measure, period from @.submission_note
                    where position > $1 and position <= $2 and period <> 0
                union all select measure, period from @.rating_override
                    where position > $1 and position <= $2) t";
        let mut cells: BTreeMap<(Uuid, Key), TouchedBy> = BTreeMap::new();
        let take = |row: &Row| {
            let mut columns = Columns::of(row, "submission_note");
            cells.insert((columns.uuid()?, Key::kept(columns.next()?)), TouchedBy::Itself);
            Ok(())
        };
        session.each(text, &[&between.0, &between.1], take).await?;
        // Targets of other tiers and of parts of the population rate nothing.
        let text = "select distinct measure, period, span from @.target
            where position > $1 and position <= $2 and tier = 1
            and breakdown = '00000000-0000-0000-0000-000000000000'";
        let aimed = session.rows(text, &[&between.0, &between.1]).await?;
        let text = "select measure from @.definition where position > $1 and position <= $2
            union select measure from @.classification where position > $1 and position <= $2";
        let measures = session.rows(text, &[&between.0, &between.1]).await?;
        let ruled = "select distinct framework from @.rule where position > $1 and position <= $2";
        let ruled = session.rows(ruled, &[&between.0, &between.1]).await?;
        let held = self.catalogue(&session, span.upto).await?;
        let periods = |measure: Uuid| {
            held.find(measure).into_iter().flat_map(|known| known.periods(span.upto))
        };
        for row in &aimed {
            let mut columns = Columns::of(row, "target");
            let measure = columns.uuid()?;
            let (named, whole) = (Key::kept(columns.next()?), columns.period()?);
            let named = named.period().unwrap_or(whole);
            let within = |key: &Key| key.period().is_some_and(|period| named.contains(period));
            cells.extend(
                periods(measure).filter(within).map(|key| ((measure, key), TouchedBy::Itself)),
            );
        }
        let mut whole: BTreeSet<Uuid> = BTreeSet::new();
        for row in &measures {
            whole.insert(Columns::of(row, "measure").uuid()?);
        }
        for row in &ruled {
            let framework = Some(Columns::of(row, "rule").uuid()?);
            let filter = Filter { framework, ..Filter::default() };
            whole.extend(held.chosen(span.upto, &filter).into_iter().map(|(measure, _)| measure));
        }
        for measure in whole {
            for period in periods(measure) {
                cells.entry((measure, period)).or_insert(TouchedBy::Terms);
            }
        }
        Ok(marked(&cells))
    }

    /// What was recorded of figures within a span, each with its reason, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn notes_within(
        &self,
        span: Span,
    ) -> Result<HashMap<(MeasureId, Period), Vec<(Position, Option<Reason>)>>, RuntimeError> {
        let text = "select measure, period, position, reason from @.submission_note
            where position > $1 and position <= $2 and period <> 0 order by position";
        let session = self.session().await?;
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        let take = |row: &Row| {
            let mut columns = Columns::of(row, "submission_note");
            let cell = (MeasureId::new(columns.uuid()?), columns.period()?);
            let note = (columns.position()?, columns.json_or_none()?);
            found.entry(cell).or_default().push(note);
            Ok(())
        };
        session.each(text, &[&bigint(span.after), &bigint(span.upto)], take).await?;
        Ok(found)
    }

    /// The overrides recorded within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn overrides_within(
        &self,
        span: Span,
    ) -> Result<Vec<(MeasureId, Period, OverrideLine)>, RuntimeError> {
        let text = "select measure, period, computed, stated, inputs, position, asserted
            from @.rating_override where position > $1 and position <= $2 order by position";
        let read = |columns: &mut Columns<'_>| {
            Ok((MeasureId::new(columns.uuid()?), columns.period()?, columns.overridden()?))
        };
        self.within(text, "rating_override", span, read).await
    }

    /// Of each figure what moved anything that its rating is worked out from, after a position of its
    /// own and up to `upto`: its versions, and those of its measure's targets, definition, class and
    /// rule, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn moved_after(
        &self,
        cells: &[(MeasureId, Period, Position)],
        upto: Position,
    ) -> Result<Vec<Vec<Position>>, RuntimeError> {
        let mut found = vec![BTreeSet::new(); cells.len()];
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let session = self.session().await?;
        let held = self.catalogue(&session, upto).await?;
        for ((measure, _, after), found) in cells.iter().zip(&mut found) {
            let span = Span { after: *after, upto };
            found.extend(held.moved(measure.uuid(), span));
        }
        let text = "select w.n, s.position from unnest($2::uuid[], $3::bigint[], $4::bigint[])
                with ordinality w(measure, period, after, n)
            join @.submission s on s.measure = w.measure and s.period = w.period
                and s.position > w.after and s.position <= $1
            union select w.n, t.position from unnest($2::uuid[], $3::bigint[], $4::bigint[])
                with ordinality w(measure, period, after, n)
            join @.target_text t on t.measure = w.measure
                and t.position > w.after and t.position <= $1";
        let measures: Vec<Uuid> = cells.iter().map(|(measure, _, _)| measure.uuid()).collect();
        let periods: Vec<i64> =
            cells.iter().map(|(_, period, _)| Key::of(*period).number()).collect();
        let after: Vec<i64> = cells.iter().map(|(_, _, after)| bigint(*after)).collect();
        for row in session.rows(text, &[&bigint(upto), &measures, &periods, &after]).await? {
            let mut columns = Columns::of(&row, "submission");
            if let Some(found) = found.get_mut(columns.ordinal()?) {
                found.insert(columns.position()?);
            }
        }
        Ok(found.into_iter().map(|found| found.into_iter().collect()).collect())
    }

    /// The figures that a publisher rated within a span, in order.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn rated_within(&self, span: Span) -> Result<Vec<(MeasureId, Period)>, RuntimeError> {
        let text = "select distinct measure, period from @.reported_rating
            where position > $1 and position <= $2 and period <> 0 order by measure, period";
        let read =
            |columns: &mut Columns<'_>| Ok((MeasureId::new(columns.uuid()?), columns.period()?));
        self.within(text, "reported_rating", span, read).await
    }

    /// The measures that ended within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn ended_within(
        &self,
        span: Span,
    ) -> Result<Vec<(MeasureId, EndedLine)>, RuntimeError> {
        let text = "select measure, position, valid_from, replaced_by, comparability, asserted
            from @.ending where position > $1 and position <= $2 order by position";
        let read =
            |columns: &mut Columns<'_>| Ok((MeasureId::new(columns.uuid()?), columns.ended()?));
        self.within(text, "ending", span, read).await
    }

    /// Where measures were classified anew within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn reclassified_within(
        &self,
        span: Span,
    ) -> Result<Vec<(MeasureId, Position)>, RuntimeError> {
        let text = "select measure, position from @.classification
            where position > $1 and position <= $2 order by position";
        self.places(text, span).await
    }

    /// Where measures got another definition within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn redefined_within(
        &self,
        span: Span,
    ) -> Result<Vec<(MeasureId, Position)>, RuntimeError> {
        let text = "select measure, position from @.definition
            where position > $1 and position <= $2 order by position";
        self.places(text, span).await
    }

    /// Where measures that had a code of a scheme got another within a span, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn renumbered_within(
        &self,
        span: Span,
    ) -> Result<Vec<(MeasureId, Position)>, RuntimeError> {
        let text = "select distinct c.measure, c.position from @.code c
            where c.position > $1 and c.position <= $2 and exists (select 1 from @.code o
                where o.measure = c.measure and o.scheme = c.scheme and o.position < c.position
                and o.code <> c.code)
            order by c.position";
        self.places(text, span).await
    }

    async fn places(
        &self,
        text: &str,
        span: Span,
    ) -> Result<Vec<(MeasureId, Position)>, RuntimeError> {
        let read =
            |columns: &mut Columns<'_>| Ok((MeasureId::new(columns.uuid()?), columns.position()?));
        self.within(text, "measure", span, read).await
    }

    /// What a statement finds between the two ends of a span.
    async fn within<T>(
        &self,
        text: &str,
        table: &'static str,
        span: Span,
        read: impl Fn(&mut Columns<'_>) -> Result<T, RuntimeError>,
    ) -> Result<Vec<T>, RuntimeError> {
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(span.after), &bigint(span.upto)]).await?;
        rows.iter().map(|row| read(&mut Columns::of(row, table))).collect()
    }

    /// Every version of a measure's baseline and every proposal, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn baselines(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<BaselineVersion>, RuntimeError> {
        let text = "select position, period, value, true, null::text, asserted from @.baseline
                where measure = $2 and position <= $1
            union all
            select position, period, value, false, source, asserted from @.baseline_proposal
                where measure = $2 and position <= $1
            order by position";
        let rows = self.session().await?.rows(text, &[&bigint(at), &measure.uuid()]).await?;
        let version = |row: &Row| {
            let mut columns = Columns::of(row, "baseline");
            let (position, period) = (columns.position()?, columns.period()?);
            let value = columns.quantity()?.ok_or(RuntimeError::Row("baseline"))?;
            let standing = if columns.next()? { Agreed::Set } else { Agreed::Proposed };
            let (source, asserted) = (columns.next()?, columns.next()?);
            Ok(BaselineVersion { position, period, value, standing, source, asserted })
        };
        rows.iter().map(version).collect()
    }
}

/// What was touched, with those marked that are compared with a figure that was.
fn marked(cells: &BTreeMap<(Uuid, Key), TouchedBy>) -> Vec<Touched> {
    let itself = |measure: Uuid, period: Option<Period>| {
        let of = period.and_then(|period| cells.get(&(measure, Key::of(period))));
        of == Some(&TouchedBy::Itself)
    };
    let named = |((measure, key), by): (&(Uuid, Key), &TouchedBy)| {
        let period = key.period()?;
        let earlier = *by == TouchedBy::Terms
            && (itself(*measure, period.previous()) || itself(*measure, period.year_earlier()));
        let by = if earlier { TouchedBy::Earlier } else { *by };
        Some(Touched { measure: MeasureId::new(*measure), period, by })
    };
    cells.iter().filter_map(named).collect()
}
