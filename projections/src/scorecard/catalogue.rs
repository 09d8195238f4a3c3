//! What is known of measures apart from their figures, held in memory: a few versions of each,
//! asked for by every answer.
//!
//! **Invariant:** versions are only added, so what is held up to a position is right for every
//! position up to there. The cursor says when rows of another rebuild stand in their place; then
//! all of it is read anew.

use std::collections::{BTreeMap, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::text::Words;
use piperoll_events::{Period, Position};
use tokio_postgres::Row;
use uuid::Uuid;

use super::answers::{BaselineLine, CodeLine, Filter, MeasureLine, PlaceLine, RuleLine, Yardstick};
use super::decode::Columns;
use super::table::{Parameters, Session};
use super::words::Numbered;
use crate::runtime::RuntimeError;
use crate::runtime::cursor::{bigint, position};

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
struct Known {
    adopted: Versions<Adopted>,
    titles: Versions<Words>,
    codes: Vec<CodeLine>,
    places: Vec<PlaceLine>,
    definitions: Versions<Yardstick>,
    baselines: Versions<BaselineLine>,
    /// The types of period that its targets name, and where each was first named.
    aimed: Vec<(i16, Position)>,
}

#[derive(Debug)]
struct Adopted {
    framework: Uuid,
    treatment: Treatment,
    level: MeasureLevel,
    subject: Subject,
    asserted: bool,
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
        let all = self.measures.iter();
        all.filter_map(|(id, known)| {
            if filter.measures.as_ref().is_some_and(|only| !only.contains(&MeasureId::new(*id))) {
                return None;
            }
            let here =
                |place: &PlaceLine| Some(place.place) == filter.place && place.position <= at;
            if filter.place.is_some() && !known.places.iter().any(here) {
                return None;
            }
            let (position, adopted) = known.adopted.at(at)?;
            if filter.framework.is_some_and(|framework| framework != adopted.framework) {
                return None;
            }
            let line = MeasureLine {
                measure: MeasureId::new(*id),
                framework: adopted.framework,
                title: known.titles.at(at)?.1.clone(),
                codes: codes(&known.codes, at),
                treatment: adopted.treatment,
                level: adopted.level,
                subject: adopted.subject,
                places: places(&known.places, at),
                position: *position,
                asserted: adopted.asserted,
            };
            Some(line)
        })
        .collect()
    }

    /// The measures that bear a code.
    pub(super) fn bearing(&self, code: &str, at: Position) -> Vec<MeasureId> {
        let bears = |known: &Known| codes(&known.codes, at).iter().any(|line| line.code == code);
        let held = |known: &Known| known.codes.iter().any(|line| line.code == code);
        let found = self.measures.iter().filter(|(_, known)| held(known) && bears(known));
        found.map(|(id, _)| MeasureId::new(*id)).collect()
    }

    pub(super) fn definition(&self, measure: MeasureId, at: Position) -> Option<Yardstick> {
        Some(self.measures.get(&measure.uuid())?.definitions.at(at)?.1.clone())
    }

    pub(super) fn baseline(&self, measure: MeasureId, at: Position) -> Option<BaselineLine> {
        Some(self.measures.get(&measure.uuid())?.baselines.at(at)?.1.clone())
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

    /// The keys under which targets that may govern a period are to be looked up.
    pub(super) fn keys(&self, measure: Uuid, period: Period, at: Position) -> Vec<String> {
        let Some(known) = self.measures.get(&measure) else {
            return Vec::new();
        };
        let named = |kind: i16| known.aimed.iter().any(|(k, first)| *k == kind && *first <= at);
        if known.aimed.is_empty() {
            return Vec::new();
        }
        let containers = period.containers().into_iter();
        let by_name = containers.filter(|period| named(period.period_type().number()));
        let any = named(ANY).then(|| "*".to_owned());
        by_name.map(|period| period.to_string()).chain(any).collect()
    }

    fn known(&mut self, measure: Uuid) -> &mut Known {
        self.measures.entry(measure).or_default()
    }

    fn add_names(&mut self, rows: [&[Row]; 4]) -> Result<(), RuntimeError> {
        let [measures, titles, codes, places] = rows;
        each(measures, "measure", |measure, columns| {
            let position = columns.position()?;
            let version = Adopted {
                framework: columns.uuid()?,
                treatment: columns.word()?,
                level: columns.word()?,
                subject: columns.word()?,
                asserted: columns.next()?,
            };
            self.known(measure).adopted.push(position, version);
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
            let (kind, place) = (columns.word()?, columns.uuid()?);
            self.known(measure).places.push(PlaceLine { kind, place, position });
            Ok(())
        })
    }

    fn add_terms(&mut self, rows: [&[Row]; 4]) -> Result<(), RuntimeError> {
        let [definitions, baselines, aimed, rules] = rows;
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
        each(aimed, "aimed", |measure, columns| {
            let position = columns.position()?;
            self.known(measure).aimed.push((columns.next()?, position));
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

/// The type of the key that stands for every period of a span.
pub(super) const ANY: i16 = 0;

fn codes(held: &[CodeLine], at: Position) -> Vec<CodeLine> {
    let mut found: BTreeMap<&str, &CodeLine> = BTreeMap::new();
    for line in held.iter().filter(|line| line.position <= at) {
        found.insert(&line.scheme, line);
    }
    found.into_values().cloned().collect()
}

fn places(held: &[PlaceLine], at: Position) -> Vec<PlaceLine> {
    let mut found: Vec<PlaceLine> = Vec::new();
    for line in held.iter().filter(|line| line.position <= at) {
        if found.iter().all(|earlier| earlier.place != line.place || earlier.kind != line.kind) {
            found.push(line.clone());
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
        let (measures, titles, codes, places, definitions, baselines, aimed, rules) = tokio::try_join!(
            self.rows(MEASURES, span),
            self.rows(TITLES, span),
            self.rows(CODES, span),
            self.rows(PLACES, span),
            self.rows(DEFINITIONS, span),
            self.rows(BASELINES, span),
            self.rows(AIMED, span),
            self.rows(RULES, span),
        )?;
        held.add_names([&measures, &titles, &codes, &places])?;
        held.add_terms([&definitions, &baselines, &aimed, &rules])?;
        held.upto = cursor;
        Ok(())
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
const TITLES: &str = "select measure, position, title
    from @.measure_text where position > $1 and position <= $2 order by position";
const CODES: &str = "select measure, position, scheme, code, valid_from
    from @.code where position > $1 and position <= $2 order by position";
const PLACES: &str = "select measure, position, kind, place
    from @.placement where position > $1 and position <= $2 order by position, kind, place";
const DEFINITIONS: &str = "select measure, position, polarity, low, high, decimals, unit, asserted
    from @.definition where position > $1 and position <= $2 order by position";
const BASELINES: &str = "select measure, position, period, value, asserted
    from @.baseline where position > $1 and position <= $2 order by position";
const AIMED: &str = "select measure, position, kind
    from @.aimed where position > $1 and position <= $2 order by position";
const RULES: &str = "select framework, position, rule, scale, asserted
    from @.rule where position > $1 and position <= $2 order by position";
