//! The scorecard itself: each measure's figure, target, definition and rule at one position.
//!
//! **Invariant:** which keys to look up is known before anything is asked, so a scorecard is one
//! round trip, and what was never recorded is not looked up.

use std::collections::HashMap;

use piperoll_events::ids::MeasureId;
use piperoll_events::target::Level;
use piperoll_events::{Period, Position};
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{Filter, Headline, Line, OverrideLine, RuleLine};
use super::catalogue::{Catalogue, EVERY_PERIOD, Known, OVERRIDDEN, RATED};
use super::decode::headline;
use super::history::Span;
use super::table::Reader;
use super::touched::{Touched, TouchedBy};
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;
use crate::runtime::session::{Parameters, Session};
use crate::score::{Candidate, govern};

/// What is looked up beside a figure itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing: how the figure is rated.
    Rating,
    /// The same period a year earlier: its long direction too.
    LongDirection,
    /// The period before as well: both its directions.
    Directions,
}

/// A measure, the period and the position that it is asked about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    measure: Uuid,
    known: &'a Known,
    period: Option<Period>,
    at: Position,
}

/// What is found of a measure and its period.
#[derive(Clone, Default)]
struct Found {
    headline: Option<Headline>,
    previous: Option<Headline>,
    year_earlier: Option<Headline>,
    target: Option<Candidate>,
    rating: Option<String>,
    overridden: Option<OverrideLine>,
}

/// The last version, as one row, of the submission for the period in column `w.$period`.
macro_rules! version {
    ($period:literal, $name:literal) => {
        concat!(
            "left join lateral (select ",
            headline!(),
            " from @.submission v where v.period = w.",
            $period,
            " and v.measure = w.measure and v.position <= w.at
            order by v.position desc limit 1) ",
            $name,
            " on true "
        )
    };
}

impl Reader {
    /// One line a measure, at one position. Without a period: each measure's latest that has
    /// something to say.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn scorecard(
        &self,
        at: Position,
        period: Option<Period>,
        filter: &Filter,
    ) -> Result<Vec<Line>, RuntimeError> {
        let session = self.session().await?;
        let held = self.catalogue(&session, at).await?;
        let ask = |(measure, known): (Uuid, _)| Asked { measure, known, period, at };
        let mut asked: Vec<Asked<'_>> = held.chosen(at, filter).into_iter().map(ask).collect();
        let found = match period {
            Some(_) => session.board(&asked, Beside::Directions).await?,
            None => session.latest(at, &mut asked).await?,
        };
        Ok(lines(&held, &asked, found).flatten().collect())
    }

    /// The lines of some figures at one position, without those that the ledger had no measure for.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn lines(
        &self,
        at: Position,
        cells: &[(MeasureId, Period)],
    ) -> Result<Vec<Line>, RuntimeError> {
        let each: Vec<_> = cells.iter().map(|(measure, period)| (*measure, *period, at)).collect();
        let lines = self.lines_then(&each, Beside::Directions).await?;
        Ok(lines.into_iter().flatten().collect())
    }

    /// The lines of some figures, each at a position of its own; none where the ledger had no such
    /// measure by then.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn lines_then(
        &self,
        cells: &[(MeasureId, Period, Position)],
        beside: Beside,
    ) -> Result<Vec<Option<Line>>, RuntimeError> {
        let Some(last) = cells.iter().map(|(_, _, at)| *at).max() else { return Ok(Vec::new()) };
        let session = self.session().await?;
        let held = self.catalogue(&session, last).await?;
        let ask = |(measure, period, at): &(MeasureId, Period, Position)| {
            let (measure, known) = (measure.uuid(), held.find(measure.uuid())?);
            Some(Asked { measure, known, period: Some(*period), at: *at })
        };
        let asked: Vec<Option<Asked<'_>>> = cells.iter().map(ask).collect();
        let known: Vec<Asked<'_>> = asked.iter().flatten().copied().collect();
        let found = session.board(&known, beside).await?;
        let mut lines = lines(&held, &known, found);
        Ok(asked.iter().map(|asked| asked.and_then(|_| lines.next().flatten())).collect())
    }

    /// The lines of figures at both ends of a span.
    ///
    /// # Errors
    /// As for [`Self::cursor`].
    pub async fn lines_at_both(
        &self,
        span: Span,
        cells: &[Touched],
        beside: Beside,
    ) -> Result<Vec<(Option<Line>, Option<Line>)>, RuntimeError> {
        let session = self.session().await?;
        let held = self.catalogue(&session, span.upto).await?;
        let ask = |cell: &Touched, at: Position| {
            let (measure, known) = (cell.measure.uuid(), held.find(cell.measure.uuid())?);
            Some(Asked { measure, known, period: Some(cell.period), at })
        };
        let after: Vec<Asked<'_>> = cells.iter().filter_map(|it| ask(it, span.upto)).collect();
        let before: Vec<Asked<'_>> =
            after.iter().map(|it| Asked { at: span.after, ..*it }).collect();
        let moves = |it: &Touched| match it.by {
            TouchedBy::Itself => true,
            TouchedBy::Earlier => beside != Beside::Rating,
            TouchedBy::Terms => false,
        };
        let moved = cells.iter().filter(|it| moves(it));
        let moved: Vec<Asked<'_>> = moved.filter_map(|it| ask(it, span.after)).collect();
        let (found, otherwise) =
            tokio::try_join!(session.board(&after, beside), session.board(&moved, beside))?;
        // Of what was not touched itself the same figure and target stood at both.
        let mut then = found.clone();
        let known = cells.iter().filter(|it| held.find(it.measure.uuid()).is_some());
        let places = (0..).zip(known).filter(|(_, it)| moves(it));
        for ((place, _), found) in places.zip(otherwise) {
            if let Some(then) = then.get_mut::<usize>(place) {
                *then = found;
            }
        }
        let pairs = lines(&held, &before, then).zip(lines(&held, &after, found));
        Ok(pairs.collect())
    }
}

/// The lines of what was found, in the same order; none before the measure was adopted.
fn lines(
    held: &Catalogue,
    asked: &[Asked<'_>],
    found: Vec<Found>,
) -> impl Iterator<Item = Option<Line>> {
    let mut rules: HashMap<(Uuid, Position), Option<RuleLine>> = HashMap::new();
    asked.iter().zip(found).map(move |(asked, found)| {
        let at = asked.at;
        let measure = asked.known.line(asked.measure, at)?;
        let framework = measure.framework;
        let rule = rules.entry((framework, at)).or_insert_with(|| held.rule(framework, at));
        Some(Line {
            measure,
            period: asked.period,
            headline: found.headline,
            previous: found.previous,
            year_earlier: found.year_earlier,
            target: found.target,
            definition: asked.known.definition(at),
            baseline: asked.known.baseline(at),
            rule: rule.clone(),
            rating_as_reported: found.rating,
            overridden: found.overridden,
        })
    })
}

impl Session<'_> {
    /// Each measure at its latest period whose content was not taken back.
    async fn latest(
        &self,
        at: Position,
        asked: &mut [Asked<'_>],
    ) -> Result<Vec<Found>, RuntimeError> {
        for asked in &mut *asked {
            asked.period = asked.known.periods(at).max().and_then(Key::period);
        }
        let mut found = self.board(asked, Beside::Directions).await?;
        let gone = |(asked, found): &(&mut Asked<'_>, &mut Found)| {
            asked.period.is_some() && found.headline.is_none()
        };
        let (mut gone, mut empty): (Vec<_>, Vec<_>) =
            asked.iter_mut().zip(&mut found).filter(gone).unzip();
        if gone.is_empty() {
            return Ok(found);
        }
        let standing = self.standing(at, &gone).await?;
        for asked in &mut gone {
            asked.period = standing.get(&asked.measure).copied();
        }
        let again: Vec<Asked<'_>> = gone.iter().map(|asked| **asked).collect();
        for (empty, again) in empty.iter_mut().zip(self.board(&again, Beside::Directions).await?) {
            **empty = again;
        }
        Ok(found)
    }

    /// Of each measure the latest period whose content stands.
    async fn standing(
        &self,
        at: Position,
        asked: &[&mut Asked<'_>],
    ) -> Result<HashMap<Uuid, Period>, RuntimeError> {
        let text = "select w.measure, max(w.period)
            from unnest($2::uuid[], $3::bigint[]) w(measure, period)
            cross join lateral (select s.state from @.submission s
                where s.period = w.period and s.measure = w.measure and s.position <= $1
                order by s.position desc limit 1) s
            where s.state <> 3 group by w.measure";
        let all = asked.iter().flat_map(|asked| {
            asked.known.periods(at).map(|period| (asked.measure, period.number()))
        });
        let (measures, periods): (Vec<Uuid>, Vec<i64>) = all.unzip();
        let rows = self.rows(text, &[&bigint(at), &measures, &periods]).await?;
        let pair = |row| {
            let mut columns = Columns::of(row, "submission");
            Ok((columns.uuid()?, columns.period()?))
        };
        rows.iter().map(pair).collect()
    }

    /// What is found of each, in the order that they are asked about.
    async fn board(&self, asked: &[Asked<'_>], beside: Beside) -> Result<Vec<Found>, RuntimeError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let (mut found, targets, ratings, overrides) = tokio::try_join!(
            self.headlines(asked, beside),
            self.governing(asked),
            self.ratings(asked),
            self.overrides(asked),
        )?;
        for ((found, asked), targets) in found.iter_mut().zip(asked).zip(targets) {
            found.target = asked.period.and_then(|period| govern(period, targets));
        }
        for (n, content_from, rating) in ratings {
            // A rating of content that was taken back is none of what stands.
            let found = found.get_mut(n).filter(|found| {
                found.headline.as_ref().is_some_and(|h| h.content_from == content_from)
            });
            if let Some(found) = found {
                found.rating = Some(rating);
            }
        }
        for (n, overridden) in overrides {
            if let Some(found) = found.get_mut(n) {
                found.overridden = Some(overridden);
            }
        }
        Ok(found)
    }

    /// The headlines of each period; beside them those of the one before and the one a year earlier.
    async fn headlines(
        &self,
        asked: &[Asked<'_>],
        beside: Beside,
    ) -> Result<Vec<Found>, RuntimeError> {
        let alone = concat!(
            "select w.n, s.*
            from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality
                w(measure, at, period, n) ",
            version!("period", "s"),
        );
        let all = concat!(
            "select w.n, s.*, p.*, y.*
            from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                with ordinality w(measure, at, period, previous, year_earlier, n) ",
            version!("period", "s"),
            version!("previous", "p"),
            version!("year_earlier", "y"),
        );
        let (measures, positions) = measures_then(asked);
        let keys = |of: fn(Period) -> Option<Period>| -> Vec<Option<i64>> {
            let key = |period: Option<Period>| Some(Key::of(period.and_then(of)?));
            let heard = |asked: &Asked<'_>| {
                let mut periods = asked.known.periods(asked.at);
                key(asked.period).filter(|key| periods.any(|heard| heard == *key))
            };
            asked.iter().map(|asked| heard(asked).map(Key::number)).collect()
        };
        let periods = keys(Some);
        let mut found: Vec<Found> = Vec::new();
        found.resize_with(asked.len(), Found::default);
        let take = |row: &Row| {
            let mut columns = Columns::of(row, "submission");
            if let Some(found) = found.get_mut(columns.ordinal()?) {
                found.headline = columns.standing()?;
                if beside != Beside::Rating {
                    found.previous = columns.standing()?;
                    found.year_earlier = columns.standing()?;
                }
            }
            Ok(())
        };
        match beside {
            Beside::Rating => self.each(alone, &[&measures, &positions, &periods], take).await?,
            Beside::LongDirection | Beside::Directions => {
                let neither = |_| None;
                let long = beside == Beside::LongDirection;
                let previous = keys(if long { neither } else { Period::previous });
                let year_earlier = keys(Period::year_earlier);
                let parameters: Parameters<'_> =
                    &[&measures, &positions, &periods, &previous, &year_earlier];
                self.each(all, parameters, take).await?;
            }
        }
        Ok(found)
    }

    /// The expected headline targets that may govern each measure's period.
    async fn governing(&self, asked: &[Asked<'_>]) -> Result<Vec<Vec<Candidate>>, RuntimeError> {
        // The last version of every target that names the period, whatever its span.
        let text = "select w.n, t.*
            from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality
                w(measure, at, period, n)
            cross join lateral (select distinct on (t.span) t.span, t.shape, t.low, t.high,
                    t.position, t.asserted, t.withdrawn from @.target t
                where t.period = w.period and t.measure = w.measure and t.tier = 1
                and t.breakdown = '00000000-0000-0000-0000-000000000000' and t.position <= w.at
                order by t.span, t.position desc) t
            where not t.withdrawn";
        let names = names(asked);
        let measures: Vec<Uuid> = names.iter().map(|name| name.measure).collect();
        let positions: Vec<i64> = names.iter().map(|name| bigint(name.at)).collect();
        let keys: Vec<i64> = names.iter().map(|name| name.key.number()).collect();
        let mut found = vec![Vec::new(); asked.len()];
        let take = |row: &Row| {
            let mut columns = Columns::of(row, "target");
            let name = names.get(columns.ordinal()?).ok_or(RuntimeError::Row("target"))?;
            if let Some(found) = found.get_mut(name.of) {
                found.push(candidate(name.key.period(), &mut columns)?);
            }
            Ok(())
        };
        if !measures.is_empty() {
            self.each(text, &[&measures, &positions, &keys], take).await?;
        }
        Ok(found)
    }

    /// The publishers' own ratings: of which of those asked about, and of which content.
    async fn ratings(
        &self,
        asked: &[Asked<'_>],
    ) -> Result<Vec<(usize, Position, String)>, RuntimeError> {
        let text = "select w.n, r.*
            from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality
                w(measure, at, period, n)
            cross join lateral (select content_from, rating from @.reported_rating r
                where r.measure = w.measure and r.period = w.period and r.position <= w.at
                order by r.position desc limit 1) r
            where r.rating is not null";
        let mut found = Vec::new();
        let take = |of, columns: &mut Columns<'_>| {
            found.push((of, columns.position()?, columns.next()?));
            Ok(())
        };
        self.each_that_had((RATED, "reported_rating", text), asked, take).await?;
        Ok(found)
    }

    /// The last override of each.
    async fn overrides(
        &self,
        asked: &[Asked<'_>],
    ) -> Result<Vec<(usize, OverrideLine)>, RuntimeError> {
        let text = "select w.n, r.*
            from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality
                w(measure, at, period, n)
            cross join lateral (select computed, stated, inputs, position, asserted
                from @.rating_override r
                where r.measure = w.measure and r.period = w.period and r.position <= w.at
                order by r.position desc limit 1) r";
        let mut found = Vec::new();
        let take = |of, columns: &mut Columns<'_>| {
            found.push((of, columns.overridden()?));
            Ok(())
        };
        self.each_that_had((OVERRIDDEN, "rating_override", text), asked, take).await?;
        Ok(found)
    }

    /// Asks of those measures alone that have ever had what a table holds.
    async fn each_that_had(
        &self,
        (kind, table, text): (i16, &'static str, &str),
        asked: &[Asked<'_>],
        mut take: impl FnMut(usize, &mut Columns<'_>) -> Result<(), RuntimeError>,
    ) -> Result<(), RuntimeError> {
        let had = |asked: &Asked<'_>| asked.known.ever(asked.at).any(|ever| ever == kind);
        let those = asked.iter().enumerate().filter(|(_, asked)| had(asked));
        let those =
            those.filter_map(|(n, asked)| Some((n, *asked, Key::of(asked.period?).number())));
        let those: Vec<(usize, Asked<'_>, i64)> = those.collect();
        if those.is_empty() {
            return Ok(());
        }
        let measures: Vec<Uuid> = those.iter().map(|(_, asked, _)| asked.measure).collect();
        let positions: Vec<i64> = those.iter().map(|(_, asked, _)| bigint(asked.at)).collect();
        let keys: Vec<i64> = those.iter().map(|(_, _, key)| *key).collect();
        let each = |row: &Row| {
            let mut columns = Columns::of(row, table);
            let of = those.get(columns.ordinal()?).map_or(usize::MAX, |(n, _, _)| *n);
            take(of, &mut columns)
        };
        self.each(text, &[&measures, &positions, &keys], each).await
    }
}

/// A key under which targets are to be looked up, and for which of those asked about.
struct Name {
    of: usize,
    measure: Uuid,
    at: Position,
    key: Key,
}

fn measures_then(asked: &[Asked<'_>]) -> (Vec<Uuid>, Vec<i64>) {
    asked.iter().map(|asked| (asked.measure, bigint(asked.at))).unzip()
}

/// The periods that contain the one asked about, where the measure's targets name any such.
fn names(asked: &[Asked<'_>]) -> Vec<Name> {
    let mut containers: HashMap<Period, Vec<(i16, Key)>> = HashMap::new();
    let mut found = Vec::with_capacity(asked.len());
    for (of, asked) in asked.iter().enumerate() {
        let Some(period) = asked.period else { continue };
        // Most measures are asked about the same period.
        let containers = containers.entry(period).or_insert_with(|| {
            let key = |period: Period| (period.period_type().number(), Key::of(period));
            period.containers().into_iter().map(key).chain([(EVERY_PERIOD, Key::ALL)]).collect()
        });
        let aimed = |kind: i16| asked.known.ever(asked.at).any(|had| had == kind);
        let named = containers.iter().filter(|(kind, _)| aimed(*kind));
        let (measure, at) = (asked.measure, asked.at);
        found.extend(named.map(|(_, key)| Name { of, measure, at, key: *key }));
    }
    found
}

/// span, shape, low, high, position, asserted.
fn candidate(names: Option<Period>, columns: &mut Columns<'_>) -> Result<Candidate, RuntimeError> {
    let (span, shape) = (columns.period()?, columns.word()?);
    let (low, to) = (columns.quantity()?, columns.quantity()?);
    let level = low.map(|at| Level { at, to });
    let (position, asserted) = (columns.position()?, columns.next()?);
    Ok(Candidate { names, span, shape, level, position, asserted })
}
