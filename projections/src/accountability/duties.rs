//! Reading duties: who had which towards a measure, and who held the posts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use piperoll_events::Position;
use piperoll_events::ids::{ActorId, MeasureId, PostId};
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::post::held::Basis;
use piperoll_events::text::Words;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::table::Reader;
use super::words::Began;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;

/// Days: the first one, and the first one after, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Days {
    /// The first day.
    pub from: NaiveDate,
    /// The first day after.
    pub until: Option<NaiveDate>,
}

impl Days {
    /// Whether a day is among them.
    #[must_use]
    pub fn hold(self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Ends them; none where nothing of them is left.
    fn ended(self, on: NaiveDate) -> Option<Self> {
        let until = self.until.map_or(on, |until| until.min(on));
        (self.from < until).then_some(Self { from: self.from, until: Some(until) })
    }
}

/// A duty towards a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borne {
    /// Which.
    pub duty: Duty,
    /// The post that has it.
    pub post: Option<PostId>,
    /// The organisation that has it.
    pub organisation: Option<String>,
    /// When.
    pub days: Days,
    /// Where its beginning was recorded.
    pub position: Position,
}

/// Somebody's time in a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Who.
    pub holder: ActorId,
    /// As their own, or acting.
    pub basis: Basis,
    /// When.
    pub days: Days,
    /// Where its beginning was recorded.
    pub position: Position,
}

/// A post, and who has held it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostKnown {
    /// What it is called; absent where nobody said.
    pub title: Option<Words>,
    /// Everybody's time in it, by position.
    pub holdings: Vec<Holding>,
    /// To whom it delegated, by position.
    pub delegations: Vec<(PostId, Days, Position)>,
}

impl Reader {
    /// Every duty that anybody ever had towards a measure, as far as known at `at`.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn duties(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<Borne>, RuntimeError> {
        let mut found = self.duties_of(&[measure], at).await?;
        Ok(found.remove(&measure).unwrap_or_default())
    }

    /// As [`Self::duties`], of several measures.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn duties_of(
        &self,
        measures: &[MeasureId],
        at: Position,
    ) -> Result<BTreeMap<MeasureId, Vec<Borne>>, RuntimeError> {
        let text = "select measure, happened, duty, post, organisation, valid_from, position
            from @.duty where measure = any($2) and position <= $1 order by position";
        let ids: Vec<Uuid> = measures.iter().map(|measure| measure.uuid()).collect();
        let rows = self.session().await?.rows(text, &[&bigint(at), &ids]).await?;
        let mut found: BTreeMap<MeasureId, Vec<Borne>> = BTreeMap::new();
        for row in &rows {
            let mut columns = Columns::of(row, "duty");
            let borne = found.entry(MeasureId::new(columns.uuid()?)).or_default();
            let (happened, duty): (Began, Duty) = (columns.word()?, columns.word()?);
            let post = columns.next::<Option<Uuid>>()?.map(PostId::new);
            let (organisation, day): (Option<String>, NaiveDate) =
                (columns.next()?, columns.next()?);
            let position = columns.position()?;
            let same =
                |it: &Borne| it.duty == duty && it.post == post && it.organisation == organisation;
            match happened {
                Began::Began => {
                    // Assigned again, the duty has another first day.
                    borne.retain(|it| !same(it) || it.days.until.is_some());
                    let days = Days { from: day, until: None };
                    borne.push(Borne { duty, post, organisation, days, position });
                }
                Began::Ended => end(borne, day, same, |it| &mut it.days),
            }
        }
        Ok(found)
    }

    /// Posts, by id, as far as known at `at`; those that they delegated to are not among them.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn posts(
        &self,
        posts: &[PostId],
        at: Position,
    ) -> Result<BTreeMap<PostId, PostKnown>, RuntimeError> {
        let ids: Vec<Uuid> = posts.iter().map(|post| post.uuid()).collect();
        let mut known: BTreeMap<PostId, PostKnown> =
            posts.iter().map(|post| (*post, PostKnown::default())).collect();
        let session = self.session().await?;
        let titles = "select post, title from @.post
            where post = any($2) and position <= $1 order by position";
        for row in session.rows(titles, &[&bigint(at), &ids]).await? {
            let mut columns = Columns::of(&row, "post");
            let post = known.entry(PostId::new(columns.uuid()?)).or_default();
            post.title = columns.json()?;
        }
        let holdings = "select post, happened, holder, basis, valid_from, valid_until, position
            from @.holding where post = any($2) and position <= $1 order by position";
        for row in session.rows(holdings, &[&bigint(at), &ids]).await? {
            let mut columns = Columns::of(&row, "holding");
            let post = PostId::new(columns.uuid()?);
            holding(&mut known.entry(post).or_default().holdings, &mut columns)?;
        }
        let delegations = "select post, delegate, valid_from, valid_until, position
            from @.delegation where post = any($2) and position <= $1 order by position";
        for row in session.rows(delegations, &[&bigint(at), &ids]).await? {
            let (post, delegation) = delegation(&row)?;
            known.entry(post).or_default().delegations.push(delegation);
        }
        Ok(known)
    }
}

fn holding(held: &mut Vec<Holding>, columns: &mut Columns<'_>) -> Result<(), RuntimeError> {
    let happened: Began = columns.word()?;
    let holder = ActorId::new(columns.uuid()?);
    let basis: Option<Basis> = columns.word_or_none()?;
    let days = Days { from: columns.next()?, until: columns.next()? };
    let position = columns.position()?;
    match (happened, basis) {
        (Began::Began, Some(basis)) => held.push(Holding { holder, basis, days, position }),
        (Began::Began, None) => {}
        (Began::Ended, _) => end(held, days.from, |it| it.holder == holder, |it| &mut it.days),
    }
    Ok(())
}

fn delegation(row: &Row) -> Result<(PostId, (PostId, Days, Position)), RuntimeError> {
    let mut columns = Columns::of(row, "delegation");
    let (post, to) = (PostId::new(columns.uuid()?), PostId::new(columns.uuid()?));
    let days = Days { from: columns.next()?, until: columns.next()? };
    Ok((post, (to, days, columns.position()?)))
}

/// Ends what holds on a day or later; what would have begun on that day or after it never was.
fn end<T>(
    all: &mut Vec<T>,
    on: NaiveDate,
    which: impl Fn(&T) -> bool,
    days: impl Fn(&mut T) -> &mut Days,
) {
    let mut kept = Vec::with_capacity(all.len());
    for mut it in all.drain(..) {
        let touched = which(&it);
        let span = days(&mut it);
        let over = span.until.is_some_and(|until| until <= on);
        if !touched || over {
            kept.push(it);
        } else if let Some(left) = span.ended(on) {
            *span = left;
            kept.push(it);
        }
    }
    *all = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_day_is_among_the_days_and_the_last_named_is_not() {
        let days = Days { from: day("2024-04-01"), until: Some(day("2024-10-01")) };
        assert!(days.hold(day("2024-04-01")) && days.hold(day("2024-09-30")));
        assert!(!days.hold(day("2024-03-31")) && !days.hold(day("2024-10-01")));
    }

    #[test]
    fn what_ends_on_its_first_day_never_was_and_what_was_over_stays_as_it_is() {
        let span =
            |from: &str, until: Option<&str>| Days { from: day(from), until: until.map(day) };
        let mut all = vec![
            span("2022-01-01", Some("2022-06-01")),
            span("2023-01-01", None),
            span("2024-01-01", None),
        ];
        end(&mut all, day("2024-01-01"), |_| true, |it| it);
        assert_eq!(
            all,
            [span("2022-01-01", Some("2022-06-01")), span("2023-01-01", Some("2024-01-01")),]
        );
    }
}
