//! One measure in depth: its series, a submission, its targets and definitions; and every cell of
//! a ledger.

use std::collections::HashMap;

use piperoll_events::ids::{ActorId, ImportId, MeasureId, SubmissionId};
use piperoll_events::{Breakdown, Period, Position};
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{
    CellLine, CommentaryLine, DefinitionVersion, Headline, LedgerCell, SeriesPoint,
    SubmissionVersion, Submitted, TargetVersion,
};
use super::decode::headline;
use super::table::Reader;
use super::words::State;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;
use crate::runtime::session::Session;

impl Reader {
    /// Every period of a measure that has something to say, the earliest first.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn series(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<SeriesPoint>, RuntimeError> {
        let text = concat!(
            "select k.period, s.*, (select count(*) from (
                    select distinct on (c.breakdown) c.content_from, c.removed from @.cell c
                    where c.measure = $2 and c.period = k.period and c.position <= $1
                    order by c.breakdown, c.position desc) c
                where c.content_from = s.content_from and not c.removed)
            from unnest($3::bigint[]) k(period)
            join lateral (select ",
            headline!(),
            " from @.submission s
                where s.period = k.period and s.measure = $2 and s.position <= $1
                order by s.position desc limit 1) s on s.state <> 3"
        );
        let session = self.session().await?;
        let held = self.catalogue(&session, at).await?;
        let known = held.find(measure.uuid()).into_iter();
        let periods: Vec<i64> = known.flat_map(|k| k.periods(at)).map(Key::number).collect();
        let rows = session.rows(text, &[&bigint(at), &measure.uuid(), &periods]).await?;
        let point = |row: &Row| {
            let mut columns = Columns::of(row, "submission");
            Ok(SeriesPoint {
                period: columns.period()?,
                headline: columns.headline()?,
                cells: columns.count()?,
            })
        };
        let mut points = rows.iter().map(point).collect::<Result<Vec<_>, RuntimeError>>()?;
        points.sort_by_cached_key(|point| Key::of(point.period).earliest_first());
        Ok(points)
    }

    /// One submission with cells, words and versions; none where nothing was ever recorded.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn submission(
        &self,
        measure: MeasureId,
        period: Option<Period>,
        at: Position,
    ) -> Result<Option<Submitted>, RuntimeError> {
        let period_key = Key::or_all(period).number();
        let key = Asked { measure: measure.uuid(), period: period_key, at: bigint(at) };
        let session = self.session().await?;
        let versions = session.versions(&key).await?;
        let Some(headline) = versions.iter().rev().find_map(|v| v.headline.clone()) else {
            return Ok(None);
        };
        let (cells, commentary, rating) = tokio::try_join!(
            session.cells(&key, &headline),
            session.commentary(&key, &headline),
            session.rating(&key, &headline),
        )?;
        let submission = SubmissionId::of(measure, period);
        let rating_as_reported = rating;
        Ok(Some(Submitted {
            submission,
            headline,
            cells,
            commentary,
            rating_as_reported,
            versions,
        }))
    }

    /// Every version of every target of a measure, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn targets(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<TargetVersion>, RuntimeError> {
        let mut found = self.target_versions(&[measure], at).await?;
        Ok(found.remove(&measure).unwrap_or_default())
    }

    /// Every version of a measure's definition, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn definitions(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<DefinitionVersion>, RuntimeError> {
        let mut found = self.definition_versions(&[measure], at).await?;
        Ok(found.remove(&measure).unwrap_or_default())
    }

    /// Hands over every cell in force in the ledger, headlines among them, in no order.
    ///
    /// # Errors
    /// As for [`Self::cursor`]; or what `take` says.
    pub async fn all_cells(
        &self,
        at: Position,
        mut take: impl FnMut(LedgerCell),
    ) -> Result<(), RuntimeError> {
        let session = self.session().await?;
        let dictionary = session.dictionary().await?;
        let text = "with s as materialized (
                select distinct on (measure, period) * from @.submission
                where position <= $1 order by measure, period, position desc)
            select c.*, n.status_as_reported from (
                select s.measure, s.period,
                    '00000000-0000-0000-0000-000000000000'::uuid as breakdown,
                    s.value, s.numerator, s.denominator, s.status, s.position
                from s where s.state = 1
                union all
                select c.measure, c.period, c.breakdown, c.value, c.numerator, c.denominator,
                    c.status, c.position
                from (select distinct on (measure, period, breakdown) * from @.cell
                    where position <= $1 order by measure, period, breakdown, position desc) c
                join s on s.measure = c.measure and s.period = c.period
                    and s.content_from = c.content_from and s.state in (1, 4)
                where not c.removed
            ) c left join @.cell_note n on n.measure = c.measure and n.period = c.period
                and n.breakdown = c.breakdown and n.position = c.position";
        let each = |row: &Row| {
            let mut columns = Columns::of(row, "cell");
            let measure = MeasureId::new(columns.uuid()?);
            let period = columns.period()?;
            let breakdown = columns.uuid()?;
            let breakdown = if breakdown.is_nil() {
                Breakdown::HEADLINE
            } else {
                dictionary.get(&breakdown).cloned().ok_or(RuntimeError::Row("breakdown"))?
            };
            let (value, numerator) = (columns.quantity()?, columns.quantity()?);
            let (denominator, status) = (columns.quantity()?, columns.word_or_none()?);
            let position = columns.position()?;
            take(LedgerCell {
                measure,
                period,
                breakdown,
                value,
                numerator,
                denominator,
                status,
                position,
                status_as_reported: columns.next()?,
            });
            Ok(())
        };
        session.each(text, &[&bigint(at)], each).await
    }
}

/// A submission at a position, as parameters.
struct Asked {
    measure: Uuid,
    period: i64,
    at: i64,
}

impl Session<'_> {
    async fn dictionary(&self) -> Result<HashMap<Uuid, Breakdown>, RuntimeError> {
        let mut found = HashMap::new();
        for row in self.rows("select breakdown, tags from @.breakdown", &[]).await? {
            let mut columns = Columns::of(&row, "breakdown");
            found.insert(columns.uuid()?, columns.json()?);
        }
        Ok(found)
    }

    async fn versions(&self, key: &Asked) -> Result<Vec<SubmissionVersion>, RuntimeError> {
        let text = concat!(
            "select n.position, n.happened, n.cells::bigint, n.reason, n.recorded_at, n.actor,
                n.channel, n.import, n.file_digest, n.row, n.reported_known_at, n.asserted, s.*
            from @.submission_note n
            left join lateral (select ",
            headline!(),
            " from @.submission s
                where s.period = n.period and s.measure = n.measure
                and s.position = n.position) s on true
            where n.measure = $2 and n.period = $3 and n.position <= $1 order by n.position"
        );
        let rows = self.rows(text, &[&key.at, &key.measure, &key.period]).await?;
        let version = |row: &Row| {
            let mut columns = Columns::of(row, "submission_note");
            Ok(SubmissionVersion {
                position: columns.position()?,
                happened: columns.word()?,
                cells: columns.count()?,
                reason: columns.json_or_none()?,
                recorded_at: columns.next()?,
                actor: ActorId::new(columns.uuid()?),
                channel: columns.word()?,
                import: columns.next::<Option<Uuid>>()?.map(ImportId::new),
                file_digest: columns.digest()?,
                row: columns.next::<Option<i64>>()?.and_then(|row| u64::try_from(row).ok()),
                reported_known_at: columns.next()?,
                asserted: columns.next()?,
                headline: columns.headline_or_none()?,
            })
        };
        rows.iter().map(version).collect()
    }

    async fn cells(&self, key: &Asked, headline: &Headline) -> Result<Vec<CellLine>, RuntimeError> {
        if !matches!(headline.state, State::Value | State::NoHeadline) {
            return Ok(Vec::new());
        }
        let text = "select b.tags, c.value, c.numerator, c.denominator, c.status,
                n.status_as_reported, n.oddities, c.position, c.asserted
            from (
                select $5::uuid as breakdown, s.position, s.value, s.numerator, s.denominator,
                    s.status, s.asserted
                from @.submission s where s.measure = $2 and s.period = $3
                and s.position = $4 and s.state = 1
                union all
                select c.breakdown, c.position, c.value, c.numerator, c.denominator, c.status,
                    c.asserted
                from (select distinct on (breakdown) * from @.cell
                    where measure = $2 and period = $3 and position <= $1
                    order by breakdown, position desc) c
                where c.content_from = $6 and not c.removed
            ) c
            left join @.breakdown b using (breakdown)
            left join @.cell_note n on n.measure = $2 and n.period = $3
                and n.breakdown = c.breakdown and n.position = c.position
            order by c.breakdown <> $5::uuid, b.tags::text";
        let (own, content) = (bigint(headline.position), bigint(headline.content_from));
        let nought = Uuid::nil();
        let parameters: crate::runtime::session::Parameters<'_> =
            &[&key.at, &key.measure, &key.period, &own, &nought, &content];
        let rows = self.rows(text, parameters).await?;
        let cell = |row: &Row| {
            let mut columns = Columns::of(row, "cell");
            Ok(CellLine {
                breakdown: columns.breakdown()?,
                value: columns.quantity()?,
                numerator: columns.quantity()?,
                denominator: columns.quantity()?,
                status: columns.word_or_none()?,
                status_as_reported: columns.next()?,
                oddities: columns.json_or_none()?.unwrap_or_default(),
                position: columns.position()?,
                asserted: columns.next()?,
            })
        };
        rows.iter().map(cell).collect()
    }

    async fn commentary(
        &self,
        key: &Asked,
        headline: &Headline,
    ) -> Result<Option<CommentaryLine>, RuntimeError> {
        let text = "select text, explains, position, asserted from @.commentary
            where measure = $2 and period = $3 and position <= $1 and content_from = $4
            order by position desc limit 1";
        let content = bigint(headline.content_from);
        let rows = self.rows(text, &[&key.at, &key.measure, &key.period, &content]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let mut columns = Columns::of(row, "commentary");
        let Some(text) = columns.json_or_none()? else {
            return Ok(None);
        };
        let (explains, position) = (columns.position()?, columns.position()?);
        Ok(Some(CommentaryLine { text, explains, position, asserted: columns.next()? }))
    }

    async fn rating(
        &self,
        key: &Asked,
        headline: &Headline,
    ) -> Result<Option<String>, RuntimeError> {
        let text = "select rating from @.reported_rating
            where measure = $2 and period = $3 and position <= $1 and content_from = $4
            order by position desc limit 1";
        let content = bigint(headline.content_from);
        let rows = self.rows(text, &[&key.at, &key.measure, &key.period, &content]).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.flatten())
    }
}
