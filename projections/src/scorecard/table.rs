//! Reading at a position: which measures there are, what they are called and where they stand.
//!
//! **Invariant:** every part is the last version at or before the position, joined on the left: a
//! part that has no version yet is absent and empties nothing else. Rows are only ever added, so
//! several statements at one position read one state, with no transaction around them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use piperoll_events::Position;
use piperoll_events::ids::MeasureId;
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio_postgres::Row;

use super::answers::{Filter, Found, MeasureLine, Part, Underway};
use super::catalogue::Catalogue;
use super::words::AmendmentState;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::{at_instant, bigint, instant_of};
use crate::runtime::numbered::Numbered;
use crate::runtime::session::Session;
use crate::runtime::{Cursor, RuntimeError, Schema};

/// Asks one ledger's scorecard.
#[derive(Clone)]
pub struct Reader {
    pool: Pool,
    schema: Schema,
    held: Arc<RwLock<Catalogue>>,
}

impl Reader {
    /// A reader of the rows in `schema`.
    #[must_use]
    pub fn new(pool: Pool, schema: Schema) -> Self {
        Self { pool, schema, held: Arc::default() }
    }

    /// What is held of measures, good for `at`.
    pub(super) async fn catalogue(
        &self,
        session: &Session<'_>,
        at: Position,
    ) -> Result<RwLockReadGuard<'_, Catalogue>, RuntimeError> {
        session.refresh(&self.held, at).await?;
        Ok(self.held.read().await)
    }

    pub(super) async fn session(&self) -> Result<Session<'_>, RuntimeError> {
        Session::open(&self.pool, &self.schema).await
    }

    /// Where the rows stand.
    ///
    /// # Errors
    /// Not installed, or Postgres is away; the same holds for every question below.
    pub async fn cursor(&self) -> Result<Cursor, RuntimeError> {
        Cursor::read(&**self.pool.get().await?, &self.schema).await
    }

    /// P(T): the last position of what was known at `instant`.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn position_at(&self, instant: DateTime<Utc>) -> Result<Position, RuntimeError> {
        at_instant(&**self.pool.get().await?, &self.schema, instant).await
    }

    /// What was known at a position: the last instant asserted or witnessed by then.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn instant_of(&self, at: Position) -> Result<Option<DateTime<Utc>>, RuntimeError> {
        instant_of(&**self.pool.get().await?, &self.schema, at).await
    }

    /// The measures that a filter leaves, by id.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn measures(
        &self,
        at: Position,
        filter: &Filter,
    ) -> Result<Vec<MeasureLine>, RuntimeError> {
        let session = self.session().await?;
        Ok(self.catalogue(&session, at).await?.lines(at, filter))
    }

    /// The measures that bear `code` at this position, or are the id written.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn find_measure(&self, code: &str, at: Position) -> Result<Found, RuntimeError> {
        let session = self.session().await?;
        let held = self.catalogue(&session, at).await?;
        let mut bearing = held.bearing(code, at);
        bearing.extend(code.parse::<MeasureId>());
        let filter = Filter { measures: Some(bearing), ..Filter::default() };
        let mut candidates = held.lines(at, &filter);
        Ok(match candidates.len() {
            0 => Found::None {},
            1 => candidates.pop().map_or(Found::None {}, |measure| Found::One { measure }),
            _ => Found::Ambiguous { candidates },
        })
    }

    /// The file of changes that was being applied at this position, if one was.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn amendment(&self, at: Position) -> Result<Option<Underway>, RuntimeError> {
        let text = "select file_digest, changes, position from (
                select distinct on (framework) * from @.amendment where position <= $1
                order by framework, position desc) last
            where state = $2 order by position limit 1";
        let begun = AmendmentState::Begun.number();
        let rows = self.session().await?.rows(text, &[&bigint(at), &begun]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut columns = Columns::of(row, "amendment");
        let file = columns.digest()?.ok_or(RuntimeError::Row("amendment"))?;
        let changes = columns.next::<Option<i64>>()?.and_then(|it| u64::try_from(it).ok());
        let (changes, since) = (changes.unwrap_or_default(), columns.position()?);
        Ok(Some(Underway { file_digest: file, changes, since }))
    }

    /// Frameworks, objectives, steps and areas.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn structure(&self, at: Position) -> Result<Vec<Part>, RuntimeError> {
        let text = "select distinct on (s.kind, s.id) s.kind, s.id, s.framework, s.parent, s.code,
                s.title, s.level, s.lead, s.valid_from, s.valid_until,
                (select e.valid_from from @.part_ending e where e.kind = s.kind and e.id = s.id
                    and e.position <= $1 order by e.position desc limit 1),
                s.position, s.asserted
            from @.structure s where s.position <= $1 order by s.kind, s.id, s.position desc";
        let rows = self.session().await?.rows(text, &[&bigint(at)]).await?;
        let part = |row: &Row| {
            let mut columns = Columns::of(row, "structure");
            Ok(Part {
                kind: columns.word()?,
                id: columns.uuid()?,
                framework: columns.uuid()?,
                parent: columns.next()?,
                code: columns.next()?,
                title: columns.json()?,
                level: columns.word_or_none()?,
                lead: columns.next()?,
                from: columns.next()?,
                until: columns.next()?,
                retired: columns.next()?,
                position: columns.position()?,
                asserted: columns.next()?,
            })
        };
        rows.iter().map(part).collect()
    }
}
