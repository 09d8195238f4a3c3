//! Reading acts by their positions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use piperoll_events::envelope::Channel;
use piperoll_events::ids::{ActorId, CommandId, ImportId};
use piperoll_events::target::TargetCase;
use piperoll_events::text::Digest;
use piperoll_events::{Authority, EntityKind, EntityRef, Position, Reason};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::judged::{self, Asked, Judged};
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::session::{Parameters, Session};
use crate::runtime::{Cursor, RuntimeError, Schema};

/// Asks one ledger's accountability.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: Pool,
    schema: Schema,
}

/// One act, as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Act {
    /// Where it stands.
    pub position: Position,
    /// What it was about.
    #[serde(serialize_with = "written")]
    #[schemars(with = "String")]
    pub entity: EntityRef,
    /// `measure.target_changed` and the like.
    pub happened: String,
    /// Who acted; the name stands in the vault.
    pub actor: ActorId,
    /// For whom.
    pub on_behalf_of: Option<ActorId>,
    /// The post held in acting.
    pub post: Option<String>,
    /// In which role.
    pub role: Option<String>,
    /// Through which door.
    pub channel: Channel,
    /// When it was recorded, by the writer's clock.
    pub recorded_at: DateTime<Utc>,
    /// The request.
    pub command: CommandId,
    /// The undertaking that it belongs to.
    pub correlation: Option<CommandId>,
    /// The versions of other entities that the decision used.
    pub relied_on: Vec<Position>,
    /// The file that says so.
    pub import: Option<ImportId>,
    /// SHA-256 of the file.
    pub file_digest: Option<Digest>,
    /// The line of the file.
    pub row: Option<u64>,
    /// When the file says it was known.
    pub reported_known_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<Reason>,
    /// Who decided.
    pub authority: Option<Authority>,
    /// The case made for it.
    pub case: Option<TargetCase>,
    /// Whether a file says so.
    pub asserted: bool,
    /// How what it relied on stood at its own position; absent where it relied on neither a table of
    /// decision rights nor a role.
    pub judged: Option<Judged>,
}

fn written<S: serde::Serializer>(entity: &EntityRef, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(entity)
}

/// The columns of an act, in the order that they are read.
macro_rules! columns {
    () => {
        "position, kind, entity, happened, actor, on_behalf_of, post, role, channel, recorded_at, \
         command, correlation, relied_on, import, file_digest, row, reported_known_at, reason, \
         authority, made_case, asserted, subject, class, \
         (recorded_at at time zone 'Europe/London')::date"
    };
}

impl Reader {
    /// A reader of the rows in `schema`.
    #[must_use]
    pub const fn new(pool: Pool, schema: Schema) -> Self {
        Self { pool, schema }
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

    /// The acts that stand at these positions.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn acts(
        &self,
        positions: &[Position],
    ) -> Result<BTreeMap<Position, Act>, RuntimeError> {
        let text = concat!("select ", columns!(), " from @.act where position = any($1)");
        let positions: Vec<i64> = positions.iter().copied().map(bigint).collect();
        let session = self.session().await?;
        let acts = judged::again(&session, &session.rows(text, &[&positions]).await?).await?;
        Ok(acts.into_iter().map(|act| (act.position, act)).collect())
    }

    /// The acts of some kinds between two positions, the first not among them, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn acts_within(
        &self,
        after: Position,
        upto: Position,
        happened: &[&str],
    ) -> Result<Vec<Act>, RuntimeError> {
        let text = concat!(
            "select ",
            columns!(),
            " from @.act where position > $1 and position <= $2 and happened = any($3)
            order by position"
        );
        let session = self.session().await?;
        let parameters: Parameters<'_> = &[&bigint(after), &bigint(upto), &happened];
        judged::again(&session, &session.rows(text, parameters).await?).await
    }
}

/// An act, not judged yet, with what judging it takes.
pub(super) fn act(row: &Row) -> Result<(Act, Asked), RuntimeError> {
    let mut columns = Columns::of(row, "act");
    let position = columns.position()?;
    let kind: EntityKind = columns.word()?;
    let act = Act {
        position,
        entity: EntityRef::new(kind, columns.uuid()?),
        happened: columns.next()?,
        actor: ActorId::new(columns.uuid()?),
        on_behalf_of: columns.next::<Option<Uuid>>()?.map(ActorId::new),
        post: columns.next()?,
        role: columns.next()?,
        channel: columns.word()?,
        recorded_at: columns.next()?,
        command: CommandId::new(columns.uuid()?),
        correlation: columns.next::<Option<Uuid>>()?.map(CommandId::new),
        relied_on: columns.json_or_none()?.unwrap_or_default(),
        import: columns.next::<Option<Uuid>>()?.map(ImportId::new),
        file_digest: columns.digest()?,
        row: columns.next::<Option<i64>>()?.and_then(|row| u64::try_from(row).ok()),
        reported_known_at: columns.next()?,
        reason: columns.json_or_none()?,
        authority: columns.json_or_none()?,
        case: columns.json_or_none()?,
        asserted: columns.next()?,
        judged: None,
    };
    let change = columns.word_or_none()?.zip(columns.word_or_none()?);
    Ok((act, Asked { change, day: columns.next()? }))
}
