//! The scorecard itself: each measure's figure, target, definition and rule at one position.

use std::collections::{HashMap, HashSet};

use piperoll_events::target::Level;
use piperoll_events::{Period, Position};
use uuid::Uuid;

use super::answers::{Filter, Headline, Line, MeasureLine, RuleLine};
use super::catalogue::Catalogue;
use super::decode::{Columns, headline};
use super::table::{Reader, Session};
use crate::runtime::RuntimeError;
use crate::runtime::cursor::bigint;
use crate::score::{Candidate, govern};

/// A measure and a period.
type Pair = (Uuid, Period);

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
        let lines = held.lines(at, filter);
        let wanted: Vec<Uuid> = lines.iter().map(|line| line.measure.uuid()).collect();
        let latest = session.latest(at, period, &wanted).await?;
        let periods: HashMap<Uuid, Period> = match period {
            Some(period) => wanted.iter().map(|measure| (*measure, period)).collect(),
            None => latest.keys().copied().collect(),
        };
        let earlier = earlier(&periods);
        let keys = keys(&held, &periods, at);
        let (earlier, mut targets, mut ratings) = tokio::try_join!(
            session.headlines(at, &earlier),
            session.governing(at, &periods, keys),
            session.ratings(at, &latest),
        )?;
        let rules: HashMap<Uuid, RuleLine> = lines
            .iter()
            .map(|line| line.framework)
            .collect::<HashSet<_>>()
            .into_iter()
            .filter_map(|framework| Some((framework, held.rule(framework, at)?)))
            .collect();
        let line = |line: MeasureLine| {
            let id = line.measure.uuid();
            let period = periods.get(&id).copied();
            let find = |from: &HashMap<Pair, Headline>, period: Option<Period>| {
                period.and_then(|period| from.get(&(id, period)).cloned())
            };
            Line {
                period,
                headline: find(&latest, period),
                previous: find(&earlier, period.and_then(Period::previous)),
                year_earlier: find(&earlier, period.and_then(Period::year_earlier)),
                target: targets.remove(&id),
                definition: held.definition(line.measure, at),
                baseline: held.baseline(line.measure, at),
                rule: rules.get(&line.framework).cloned(),
                rating_as_reported: ratings.remove(&id),
                measure: line,
            }
        };
        Ok(lines.into_iter().map(line).collect())
    }
}

/// The periods that directions look back to, each once.
fn earlier(periods: &HashMap<Uuid, Period>) -> Vec<Pair> {
    let mut found: Vec<Pair> = Vec::with_capacity(periods.len().saturating_mul(2));
    for (measure, period) in periods {
        let (previous, earlier) = (period.previous(), period.year_earlier());
        found.extend(previous.map(|period| (*measure, period)));
        found.extend(earlier.filter(|_| earlier != previous).map(|period| (*measure, period)));
    }
    found
}

/// The keys of targets to look up, with the measure of each.
fn keys(
    held: &Catalogue,
    periods: &HashMap<Uuid, Period>,
    at: Position,
) -> (Vec<Uuid>, Vec<String>) {
    let keys = |(measure, period): (&Uuid, &Period)| {
        let measure = *measure;
        held.keys(measure, *period, at).into_iter().map(move |key| (measure, key))
    };
    periods.iter().flat_map(keys).unzip()
}

impl Session<'_> {
    /// The period asked for, or each measure's latest whose content was not taken back.
    async fn latest(
        &self,
        at: Position,
        period: Option<Period>,
        wanted: &[Uuid],
    ) -> Result<HashMap<Pair, Headline>, RuntimeError> {
        if let Some(period) = period {
            let pairs: Vec<Pair> = wanted.iter().map(|measure| (*measure, period)).collect();
            return self.headlines(at, &pairs).await;
        }
        let text = concat!(
            "select w.measure, k.* from unnest($2::uuid[]) w(measure)
            join lateral (
                select k.period, s.* from @.reported k
                join lateral (select ",
            headline!(),
            " from @.submission s
                    where s.period = k.period and s.measure = k.measure and s.position <= $1
                    order by s.position desc limit 1) s on s.state <> 3
                where k.measure = w.measure and k.position <= $1
                order by k.ends desc, k.starts desc limit 1) k on true"
        );
        self.pairs(text, &[&bigint(at), &wanted]).await
    }

    /// The headlines of some measures and periods.
    pub(super) async fn headlines(
        &self,
        at: Position,
        pairs: &[Pair],
    ) -> Result<HashMap<Pair, Headline>, RuntimeError> {
        let (measures, periods): (Vec<Uuid>, Vec<String>) =
            pairs.iter().map(|(measure, period)| (*measure, period.to_string())).unzip();
        let text =
            concat!(
            "select w.measure, w.period, s.* from unnest($2::uuid[], $3::text[]) w(measure, period)
            join lateral (select ", headline!(), " from @.submission s
                where s.period = w.period and s.measure = w.measure and s.position <= $1
                order by s.position desc limit 1) s on s.state <> 3"
        );
        self.pairs(text, &[&bigint(at), &measures, &periods]).await
    }

    async fn pairs(
        &self,
        text: &str,
        parameters: super::table::Parameters<'_>,
    ) -> Result<HashMap<Pair, Headline>, RuntimeError> {
        let mut found = HashMap::new();
        for row in self.rows(text, parameters).await? {
            let mut columns = Columns::of(&row, "submission");
            let pair = (columns.uuid()?, columns.period()?);
            found.insert(pair, columns.headline()?);
        }
        Ok(found)
    }

    /// The expected headline target that governs each measure's period.
    async fn governing(
        &self,
        at: Position,
        periods: &HashMap<Uuid, Period>,
        (measures, names): (Vec<Uuid>, Vec<String>),
    ) -> Result<HashMap<Uuid, Candidate>, RuntimeError> {
        // The last version of every target that names the period, whatever its span.
        let text = "select w.measure, w.period, t.span, t.shape, t.low, t.high, t.position,
                t.asserted
            from unnest($2::uuid[], $3::text[]) w(measure, period)
            join lateral (select distinct on (t.span) t.span, t.shape, t.withdrawn, t.low, t.high,
                    t.position, t.asserted from @.target t
                where t.period = w.period and t.measure = w.measure and t.breakdown = $4
                and t.tier = 1 and t.position <= $1
                order by t.span, t.position desc) t on not t.withdrawn";
        let nought = Uuid::nil();
        let mut found: HashMap<Uuid, Vec<Candidate>> = HashMap::new();
        for row in self.rows(text, &[&bigint(at), &measures, &names, &nought]).await? {
            let mut columns = Columns::of(&row, "target");
            let candidates = found.entry(columns.uuid()?).or_default();
            candidates.push(candidate(&mut columns)?);
        }
        let governs = |(measure, candidates): (Uuid, Vec<Candidate>)| {
            let target = govern(*periods.get(&measure)?, candidates)?;
            Some((measure, target))
        };
        Ok(found.into_iter().filter_map(governs).collect())
    }

    /// The publishers' own ratings of some submissions' current content.
    pub(super) async fn ratings(
        &self,
        at: Position,
        headlines: &HashMap<Pair, Headline>,
    ) -> Result<HashMap<Uuid, String>, RuntimeError> {
        let (measures, periods): (Vec<Uuid>, Vec<String>) =
            headlines.keys().map(|(measure, period)| (*measure, period.to_string())).unzip();
        let text = "select w.measure, r.content_from, r.rating
            from unnest($2::uuid[], $3::text[]) w(measure, period)
            join lateral (select content_from, rating from @.reported_rating r
                where r.measure = w.measure and r.period = w.period and r.position <= $1
                order by r.position desc limit 1) r on r.rating is not null";
        let contents: HashSet<(Uuid, Position)> =
            headlines.iter().map(|((measure, _), h)| (*measure, h.content_from)).collect();
        let mut found = HashMap::new();
        for row in self.rows(text, &[&bigint(at), &measures, &periods]).await? {
            let mut columns = Columns::of(&row, "reported_rating");
            let content = (columns.uuid()?, columns.position()?);
            if contents.contains(&content) {
                found.insert(content.0, columns.next()?);
            }
        }
        Ok(found)
    }
}

/// period, span, shape, low, high, position, asserted.
fn candidate(columns: &mut Columns<'_>) -> Result<Candidate, RuntimeError> {
    let key: &str = columns.next()?;
    let names = match key {
        "*" => None,
        named => Some(named.parse().map_err(|_| RuntimeError::Row("target"))?),
    };
    let (span, shape) = (columns.period()?, columns.word()?);
    let (low, to) = (columns.quantity()?, columns.quantity()?);
    let level = low.map(|at| Level { at, to });
    let (position, asserted) = (columns.position()?, columns.next()?);
    Ok(Candidate { names, span, shape, level, position, asserted })
}
