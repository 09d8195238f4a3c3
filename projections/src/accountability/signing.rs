//! Reading signatures: the chain in force, and what was said at each stage.

use std::collections::BTreeSet;

use piperoll_events::ids::{MeasureId, PostId};
use piperoll_events::sign_off::{Covered, SignOffChain, SignedScope};
use piperoll_events::text::{Prose, Words};
use piperoll_events::{Period, Position};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::table::Reader;
use super::words::Signing;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;

/// What a post said of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Said {
    /// Where it was recorded.
    pub position: Position,
    /// What it said.
    pub happened: Signing,
    /// At which stage.
    pub stage: String,
    /// The post.
    pub post: PostId,
    /// What the post is called; absent where nobody said.
    pub title: Option<Words>,
    /// The signature that is taken back.
    pub signed_at: Option<Position>,
    /// What the stage covered.
    pub scope: Vec<SignedScope>,
    /// The versions covered.
    pub covers: Vec<Covered>,
    /// The level that was shown.
    pub rating: Option<String>,
    /// What the signer said of it.
    pub statement: Option<Prose>,
}

impl Reader {
    /// The chain of a framework, and where it was set.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn chain(
        &self,
        framework: Uuid,
        at: Position,
    ) -> Result<Option<(Position, SignOffChain)>, RuntimeError> {
        let text = "select position, chain from @.chain
            where framework = $2 and position <= $1 order by position desc limit 1";
        let rows = self.session().await?.rows(text, &[&bigint(at), &framework]).await?;
        let chain = |row: &Row| {
            let mut columns = Columns::of(row, "chain");
            Ok((columns.position()?, columns.json()?))
        };
        rows.first().map(chain).transpose()
    }

    /// The submissions of which a post said something, as far as known at `at`.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn signed_cells(
        &self,
        at: Position,
    ) -> Result<BTreeSet<(MeasureId, Option<Period>)>, RuntimeError> {
        let text = "select distinct measure, period from @.signature where position <= $1";
        let rows = self.session().await?.rows(text, &[&bigint(at)]).await?;
        let cell = |row: &Row| {
            let mut columns = Columns::of(row, "signature");
            Ok((MeasureId::new(columns.uuid()?), Key::kept(columns.next()?).period()))
        };
        rows.iter().map(cell).collect()
    }

    /// Everything that posts said of a submission, by position.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn said(
        &self,
        measure: MeasureId,
        period: Option<Period>,
        at: Position,
    ) -> Result<Vec<Said>, RuntimeError> {
        let text = "select s.position, s.happened, s.stage, s.post, p.title, s.signed_at, s.scope,
                s.covers, s.rating, s.statement
            from @.signature s
            left join lateral (select title from @.post p where p.post = s.post
                and p.position <= $1 order by p.position desc limit 1) p on true
            where s.measure = $2 and s.period = $3 and s.position <= $1 order by s.position";
        let period = Key::or_all(period).number();
        let session = self.session().await?;
        let rows = session.rows(text, &[&bigint(at), &measure.uuid(), &period]).await?;
        rows.iter().map(said).collect()
    }
}

fn said(row: &Row) -> Result<Said, RuntimeError> {
    let mut columns = Columns::of(row, "signature");
    Ok(Said {
        position: columns.position()?,
        happened: columns.word()?,
        stage: columns.next()?,
        post: PostId::new(columns.uuid()?),
        title: columns.json_or_none()?,
        signed_at: columns.next::<Option<i64>>()?.map(crate::runtime::cursor::position),
        scope: columns.json_or_none()?.unwrap_or_default(),
        covers: columns.json_or_none()?.unwrap_or_default(),
        rating: columns.next()?,
        statement: columns.json_or_none()?,
    })
}
