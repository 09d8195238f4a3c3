//! What is known of measures apart from their figures, held in memory: a few versions of each, and
//! for which periods there are figures; asked for by every answer.
//!
//! **Invariant:** versions are only added, so what is held up to a position is right for every
//! position up to there. The cursor says when rows of another rebuild stand in their place; then
//! all of it is read anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::Position;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::text::Words;
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{
    BaselineLine, CodeLine, EndedLine, Filter, MeasureLine, PlaceLine, RuleLine, Yardstick,
};
use super::history::Span;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::{bigint, position};
use crate::runtime::key::Key;
use crate::runtime::session::{Parameters, Session};

/// Whose rows are held: the table that the cursor stands in, and how often it was taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stamp {
    table: u32,
    epoch: i64,
}

/// Everything held.
#[derive(Debug)]
pub(super) struct Catalogue {
    stamp: Stamp,
    upto: Position,
    measures: BTreeMap<Uuid, Known>,
    rules: HashMap<Uuid, Versions<(Option<RatingRule>, bool)>>,
    scales: HashMap<Uuid, Versions<Scale>>,
}

/// One measure, in all its versions.
#[derive(Debug, Default)]
pub(super) struct Known {
    adopted: Versions<Adopted>,
    titles: Versions<Words>,
    codes: Vec<CodeLine>,
    places: Vec<(PlaceLine, Stands)>,
    definitions: Versions<Yardstick>,
    baselines: Versions<BaselineLine>,
    endings: Versions<EndedLine>,
    /// The periods that there is something for, and where each was first heard of.
    reported: Vec<(Key, Position)>,
    /// What it has ever had, and where it first had it.
    ever: Vec<(i16, Position)>,
}

/// A measure as it is classified.
#[derive(Debug, Clone)]
struct Adopted {
    /// Where its adoption was recorded.
    since: Position,
    framework: Uuid,
    treatment: Treatment,
    level: MeasureLevel,
    subject: Subject,
    asserted: bool,
}

/// Whether a measure stands at a place from a position on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Yes,
    No,
}

/// Versions in the order of their positions.
#[derive(Debug)]
struct Versions<T>(Vec<(Position, T)>);

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Versions<T> {
    fn push(&mut self, position: Position, version: T) {
        self.0.push((position, version));
    }

    fn positions(&self) -> impl Iterator<Item = Position> {
        self.0.iter().map(|(position, _)| *position)
    }

    /// The version in force.
    fn at(&self, at: Position) -> Option<&(Position, T)> {
        let later = self.0.partition_point(|(position, _)| *position <= at);
        self.0.get(later.checked_sub(1)?)
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            stamp: Stamp::default(),
            upto: Position::START,
            measures: BTreeMap::new(),
            rules: HashMap::new(),
            scales: HashMap::new(),
        }
    }
}

impl Catalogue {
    /// The measures that a filter leaves, by id.
    pub(super) fn lines(&self, at: Position, filter: &Filter) -> Vec<MeasureLine> {
        let chosen = self.chosen(at, filter).into_iter();
        chosen.filter_map(|(id, known)| known.line(id, at)).collect()
    }

    /// As [`Self::lines`], with all that is held of each.
    pub(super) fn chosen(&self, at: Position, filter: &Filter) -> Vec<(Uuid, &Known)> {
        let left = |known: &&Known| known.left(at, filter);
        let Some(only) = &filter.measures else {
            let all = self.measures.iter().map(|(id, known)| (*id, known));
            return all.filter(|(_, known)| left(known)).collect();
        };
        let only: BTreeSet<Uuid> = only.iter().map(|measure| measure.uuid()).collect();
        let held = only.into_iter().filter_map(|id| Some((id, self.find(id).filter(left)?)));
        held.collect()
    }

    /// The measures that bear a code.
    pub(super) fn bearing(&self, code: &str, at: Position) -> Vec<MeasureId> {
        let bears = |known: &Known| codes(&known.codes, at).iter().any(|line| line.code == code);
        let held = |known: &Known| known.codes.iter().any(|line| line.code == code);
        let found = self.measures.iter().filter(|(_, known)| held(known) && bears(known));
        found.map(|(id, _)| MeasureId::new(*id)).collect()
    }

    /// Rule and scale of a framework.
    pub(super) fn rule(&self, framework: Uuid, at: Position) -> Option<RuleLine> {
        let (position, (rule, asserted)) = self.rules.get(&framework)?.at(at)?;
        let scale = self.scales.get(&framework).and_then(|scales| scales.at(at));
        Some(RuleLine {
            rule: rule.clone(),
            scale: scale.map(|(_, scale)| scale.clone()),
            position: *position,
            asserted: *asserted,
        })
    }

    /// Where the terms of a measure became others within a span: its class, definition or rule.
    pub(super) fn moved(&self, measure: Uuid, span: Span) -> Vec<Position> {
        let Some(known) = self.find(measure) else { return Vec::new() };
        let framework = known.adopted.at(span.upto).map(|(_, adopted)| adopted.framework);
        let rules = framework.and_then(|framework| self.rules.get(&framework)).into_iter();
        let terms = known.definitions.positions().chain(known.adopted.positions());
        let all = terms.chain(rules.flat_map(Versions::positions));
        all.filter(|position| span.holds(*position)).collect()
    }

    /// What is held of a measure.
    pub(super) fn find(&self, measure: Uuid) -> Option<&Known> {
        self.measures.get(&measure)
    }

    fn known(&mut self, measure: Uuid) -> &mut Known {
        self.measures.entry(measure).or_default()
    }

    fn add_names(&mut self, rows: [&[Row]; 5]) -> Result<(), RuntimeError> {
        let [measures, classifications, titles, codes, places] = rows;
        each(measures, "measure", |measure, columns| {
            let position = columns.position()?;
            let version = Adopted {
                since: position,
                framework: columns.uuid()?,
                treatment: columns.word()?,
                level: columns.word()?,
                subject: columns.word()?,
                asserted: columns.next()?,
            };
            self.known(measure).adopted.push(position, version);
            Ok(())
        })?;
        each(classifications, "classification", |measure, columns| {
            let position = columns.position()?;
            let (treatment, level) = (columns.word_or_none()?, columns.word_or_none()?);
            let known = self.known(measure);
            // One that was never adopted is no measure, whatever is said of it.
            if let Some((_, held)) = known.adopted.at(position) {
                let mut version = held.clone();
                version.treatment = treatment.unwrap_or(version.treatment);
                version.level = level.unwrap_or(version.level);
                known.adopted.push(position, version);
            }
            Ok(())
        })?;
        each(titles, "measure_text", |measure, columns| {
            let position = columns.position()?;
            self.known(measure).titles.push(position, columns.json()?);
            Ok(())
        })?;
        each(codes, "code", |measure, columns| {
            let position = columns.position()?;
            let (scheme, code, from) = (columns.next()?, columns.next()?, columns.next()?);
            self.known(measure).codes.push(CodeLine { scheme, code, from, position });
            Ok(())
        })?;
        each(places, "placement", |measure, columns| {
            let position = columns.position()?;
            let line = PlaceLine { kind: columns.word()?, place: columns.uuid()?, position };
            let stands = if columns.next()? { Stands::No } else { Stands::Yes };
            self.known(measure).places.push((line, stands));
            Ok(())
        })
    }

    fn add_terms(&mut self, rows: [&[Row]; 5]) -> Result<(), RuntimeError> {
        let [definitions, baselines, endings, ever, rules] = rows;
        each(definitions, "definition", |measure, columns| {
            let version = columns.yardstick()?;
            self.known(measure).definitions.push(version.position, version);
            Ok(())
        })?;
        each(baselines, "baseline", |measure, columns| {
            let (position, period) = (columns.position()?, columns.period()?);
            let value = columns.quantity()?.ok_or(RuntimeError::Row("baseline"))?;
            let baseline = Baseline { period, value };
            let line = BaselineLine { baseline, position, asserted: columns.next()? };
            self.known(measure).baselines.push(position, line);
            Ok(())
        })?;
        each(endings, "ending", |measure, columns| {
            let ended = columns.ended()?;
            self.known(measure).endings.push(ended.position, ended);
            Ok(())
        })?;
        each(ever, "ever", |measure, columns| {
            let position = columns.position()?;
            self.known(measure).ever.push((columns.next()?, position));
            Ok(())
        })?;
        each(rules, "rule", |framework, columns| {
            let position = columns.position()?;
            let (rule, scale) = (columns.json_or_none()?, columns.json_or_none()?);
            let asserted = columns.next()?;
            self.rules.entry(framework).or_default().push(position, (rule, asserted));
            if let Some(scale) = scale {
                self.scales.entry(framework).or_default().push(position, scale);
            }
            Ok(())
        })
    }
}

impl Known {
    fn left(&self, at: Position, filter: &Filter) -> bool {
        let here = |place: &PlaceLine| Some(place.place) == filter.place;
        let Some((_, adopted)) = self.adopted.at(at) else { return false };
        filter.framework.is_none_or(|framework| framework == adopted.framework)
            && (filter.place.is_none() || places(&self.places, at).iter().any(here))
    }

    /// The measure as a list shows it.
    pub(super) fn line(&self, id: Uuid, at: Position) -> Option<MeasureLine> {
        let (_, adopted) = self.adopted.at(at)?;
        Some(MeasureLine {
            measure: MeasureId::new(id),
            framework: adopted.framework,
            title: self.titles.at(at)?.1.clone(),
            codes: codes(&self.codes, at),
            treatment: adopted.treatment,
            level: adopted.level,
            subject: adopted.subject,
            places: places(&self.places, at),
            ended: self.endings.at(at).map(|(_, ended)| ended.clone()),
            position: adopted.since,
            asserted: adopted.asserted,
        })
    }

    pub(super) fn definition(&self, at: Position) -> Option<Yardstick> {
        Some(self.definitions.at(at)?.1.clone())
    }

    pub(super) fn baseline(&self, at: Position) -> Option<BaselineLine> {
        Some(self.baselines.at(at)?.1.clone())
    }

    /// The periods that it has something for.
    pub(super) fn periods(&self, at: Position) -> impl Iterator<Item = Key> {
        let heard = self.reported.iter().take_while(move |(_, first)| *first <= at);
        heard.map(|(period, _)| *period)
    }

    /// What it has had by then: [`RATED`], and the types of period that its targets name.
    pub(super) fn ever(&self, at: Position) -> impl Iterator<Item = i16> {
        self.ever.iter().filter(move |(_, first)| *first <= at).map(|(kind, _)| *kind)
    }
}

/// A target that stands for every period of its span.
pub(super) const EVERY_PERIOD: i16 = 0;
/// A rating of the publisher's own.
pub(super) const RATED: i16 = -1;
/// A rating that somebody stated.
pub(super) const OVERRIDDEN: i16 = -2;

fn codes(held: &[CodeLine], at: Position) -> Vec<CodeLine> {
    let mut found: BTreeMap<&str, &CodeLine> = BTreeMap::new();
    for line in held.iter().filter(|line| line.position <= at) {
        found.insert(&line.scheme, line);
    }
    found.into_values().cloned().collect()
}

/// Where a measure stands: what was said of a place first counts until it is taken back.
fn places(held: &[(PlaceLine, Stands)], at: Position) -> Vec<PlaceLine> {
    let mut found: Vec<PlaceLine> = Vec::new();
    for (line, stands) in held.iter().filter(|(line, _)| line.position <= at) {
        let same = |it: &PlaceLine| it.place == line.place && it.kind == line.kind;
        match stands {
            Stands::Yes if found.iter().any(same) => {}
            Stands::Yes => found.push(line.clone()),
            Stands::No => found.retain(|it| !same(it)),
        }
    }
    found
}

impl Session<'_> {
    /// Brings what is held up to the cursor, where a question goes beyond it.
    pub(super) async fn refresh(
        &self,
        held: &tokio::sync::RwLock<Catalogue>,
        at: Position,
    ) -> Result<(), RuntimeError> {
        let text = "select tableoid, epoch, position from @.cursor";
        let rows = self.rows(text, &[]).await?;
        let row = rows.first().ok_or(RuntimeError::Row("cursor"))?;
        let stamp = Stamp { table: row.try_get(0)?, epoch: row.try_get(1)? };
        let cursor = position(row.try_get(2)?);
        let enough =
            |held: &Catalogue| held.stamp == stamp && (at <= held.upto || held.upto == cursor);
        if enough(&*held.read().await) {
            return Ok(());
        }
        let mut held = held.write().await;
        if enough(&held) {
            return Ok(());
        }
        if held.stamp != stamp {
            *held = Catalogue { stamp, ..Catalogue::default() };
        }
        let read = self.read_on(&mut held, cursor).await;
        if read.is_err() {
            // What was read halfway would be read twice.
            *held = Catalogue::default();
        }
        read
    }

    async fn read_on(&self, held: &mut Catalogue, cursor: Position) -> Result<(), RuntimeError> {
        let (from, to) = (bigint(held.upto), bigint(cursor));
        let span: Parameters<'_> = &[&from, &to];
        // One for each figure, so they are taken as they come.
        let reported = |row: &Row| {
            let mut columns = Columns::of(row, "reported");
            let known = held.known(columns.uuid()?);
            let position = columns.position()?;
            known.reported.push((Key::kept(columns.next()?), position));
            Ok(())
        };
        let (names, terms, ()) = tokio::try_join!(
            self.names(span),
            self.terms(span),
            self.each(REPORTED, span, reported),
        )?;
        held.add_names(names.each_ref().map(Vec::as_slice))?;
        held.add_terms(terms.each_ref().map(Vec::as_slice))?;
        held.upto = cursor;
        Ok(())
    }

    async fn names(&self, span: Parameters<'_>) -> Result<[Vec<Row>; 5], RuntimeError> {
        let (measures, classes, titles, codes, places) = tokio::try_join!(
            self.rows(MEASURES, span),
            self.rows(CLASSIFICATIONS, span),
            self.rows(TITLES, span),
            self.rows(CODES, span),
            self.rows(PLACES, span),
        )?;
        Ok([measures, classes, titles, codes, places])
    }

    async fn terms(&self, span: Parameters<'_>) -> Result<[Vec<Row>; 5], RuntimeError> {
        let (definitions, baselines, endings, ever, rules) = tokio::try_join!(
            self.rows(DEFINITIONS, span),
            self.rows(BASELINES, span),
            self.rows(ENDINGS, span),
            self.rows(EVER, span),
            self.rows(RULES, span),
        )?;
        Ok([definitions, baselines, endings, ever, rules])
    }
}

fn each(
    rows: &[Row],
    table: &'static str,
    mut take: impl FnMut(Uuid, &mut Columns<'_>) -> Result<(), RuntimeError>,
) -> Result<(), RuntimeError> {
    for row in rows {
        let mut columns = Columns::of(row, table);
        take(columns.uuid()?, &mut columns)?;
    }
    Ok(())
}

const MEASURES: &str = "select measure, position, framework, treatment, level, subject, asserted
    from @.measure where position > $1 and position <= $2 order by position";
const CLASSIFICATIONS: &str = "select measure, position, treatment, level
    from @.classification where position > $1 and position <= $2 order by position";
const TITLES: &str = "select measure, position, title
    from @.measure_text where position > $1 and position <= $2 order by position";
const CODES: &str = "select measure, position, scheme, code, valid_from
    from @.code where position > $1 and position <= $2 order by position";
const PLACES: &str = "select measure, position, kind, place, removed
    from @.placement where position > $1 and position <= $2 order by position, kind, place";
const DEFINITIONS: &str = "select measure, position, polarity, low, high, decimals, unit, asserted
    from @.definition where position > $1 and position <= $2 order by position";
const BASELINES: &str = "select measure, position, period, value, asserted
    from @.baseline where position > $1 and position <= $2 order by position";
const ENDINGS: &str = "select measure, position, valid_from, replaced_by, comparability, asserted
    from @.ending where position > $1 and position <= $2 order by position";
const REPORTED: &str = "select measure, position, period
    from @.reported where position > $1 and position <= $2 order by position";
const EVER: &str = "select measure, position, kind
    from @.ever where position > $1 and position <= $2 order by position";
const RULES: &str = "select framework, position, rule, scale, asserted
    from @.rule where position > $1 and position <= $2 order by position";
