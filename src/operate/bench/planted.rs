//! W4 at any size: invented events, fed straight into the real projection.
//!
//! A ledger of ten million versions takes hours through mapping, checks, signatures and JetStream,
//! and none of that is what W4 asks about. So the facts are made here, one after the other, and
//! the read model is rebuilt from them exactly as it would be from the stream.
//!
//! **Invariant:** the same size gives the same events. Every event's place is worked out from its
//! measure, period and version, so no history is held in memory.

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, stream};
use piperoll_events::framework::adopted::Adopted as FrameworkAdopted;
use piperoll_events::ids::{
    ActorId, CommandId, EventId, FrameworkId, LedgerId, LedgerName, MeasureId, SubmissionId,
};
use piperoll_events::ledger::opened::Opened;
use piperoll_events::measure::adopted::{Adopted, FirstTarget, MeasureLevel, Subject, Treatment};
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::period::YearKind;
use piperoll_events::rating::{
    Compare, Ends, RatingRule, Scale, ScaleLevel, Shape, Tolerance, Track,
};
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::{Revised, Submitted};
use piperoll_events::text::{Digest, Label, NotText, Words};
use piperoll_events::{
    Breakdown, Cell, Channel, Definition, EntityRef, Event, Fact, Period, Polarity, Position,
    Quantity, Reason, Record, Revision, Target, TargetKey, Tier,
};
use piperoll_projections::runtime::run::SourceError;
use piperoll_projections::runtime::{
    Comparison, Old, Origin, Plan, Progress, Start, Verdict, pool, rebuild,
};
use piperoll_projections::scorecard::{Reader, Scorecard};
use piperoll_projections::{Outcome, Placed, Projection, Schema};
use rust_decimal::Decimal;
use tokio::sync::watch;

use super::asking::{self, Answers};
use super::invented::Size;
use super::{BenchError, projecting};
use crate::config::Config;
use crate::operate::site::{Site, SiteError};

/// Events handed over at once.
const BATCH: usize = 5_000;
/// A figure is revised once a year.
const ROUNDS: u32 = 12;
/// Before the measures: the ledger opens and the framework is adopted.
const BEFORE: u64 = 2;

/// Fills a read model of this size, asks it, and throws it away; `say` hears what is being done.
///
/// # Errors
/// Postgres; the read model is thrown away all the same.
pub(super) async fn measure(
    config: &Config,
    size: Size,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Answers, BenchError> {
    let planted = Planted::new(size, Then::End)?;
    let site = Site::new(config, &planted.name);
    let measured = fill_and_ask(&site, &planted, runs, say).await;
    projecting::forget(&site).await?;
    measured
}

async fn fill_and_ask(
    site: &Site,
    planted: &Planted,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Answers, BenchError> {
    say(&format!("W4: rebuilding from {} invented events", planted.head()));
    projecting::forget(site).await?;
    planted.fill(site, &Scorecard).await?;
    say("W4: asking at random moments");
    let url = site.config.postgres_url().map_err(SiteError::from)?;
    let reader = Reader::new(pool(url, 1)?, Schema::live(&site.name, &Scorecard));
    asking::measure(&reader, planted, planted.size, runs).await
}

/// An invented ledger: a framework, its measures with targets, then month after month a figure of
/// each measure, and beside it the yearly revisions of earlier ones.
pub(super) struct Planted {
    pub(super) size: Size,
    pub(super) name: LedgerName,
    ledger: LedgerId,
    pub(super) began: DateTime<Utc>,
    pub(super) measures: Vec<MeasureId>,
    pub(super) periods: Vec<Period>,
    pub(super) local: Label,
    pub(super) levels: [Label; 3],
    pub(super) words: Words,
    colour: Label,
    then: Then,
}

/// What happens once all figures stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing.
    End,
    /// Targets, definitions, ratings and measures are changed.
    Changes,
}

/// Which figure is put down, and which version of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put {
    pub(super) period: u32,
    pub(super) version: u32,
    pub(super) measure: u32,
}

impl Planted {
    pub(super) fn new(size: Size, then: Then) -> Result<Self, BenchError> {
        let wrong = |_: NotText| std::io::Error::other("a word of the bench");
        let label = |text: &str| text.parse::<Label>().map_err(wrong);
        let changed = if then == Then::Changes { "changed" } else { "" };
        let name = format!("planted{}{changed}", size.rows()).parse();
        Ok(Self {
            size,
            name: name.map_err(|_| std::io::Error::other("the bench's ledger name"))?,
            ledger: LedgerId::derived(&["planted", &size.rows().to_string()]),
            began: DateTime::from_timestamp(1_270_000_000, 0).unwrap_or_default(),
            measures: (0..size.measures)
                .map(|n| MeasureId::derived(&["planted", &n.to_string()]))
                .collect(),
            periods: (0..size.periods).filter_map(asking::month).collect(),
            words: Words { en: label("Homes let within the month")?, cy: None },
            local: label("local")?,
            levels: [label("green")?, label("amber")?, label("red")?],
            colour: label("#00703c")?,
            then,
        })
    }

    /// Rebuilds a read model from the events.
    pub(super) async fn fill(
        &self,
        site: &Site,
        model: &'static dyn Projection,
    ) -> Result<(), BenchError> {
        let url = site.config.postgres_url().map_err(SiteError::from)?;
        let schema = Schema::live(&site.name, model);
        let plan = Plan::new(url, &schema, model, self.origin(), self.head());
        let plan = Plan { start: Start::Anew, old: Old::Dropped, ..plan };
        let (_sender, cancel) = watch::channel(false);
        let quiet = |_: Progress| ();
        let swap = |_: &Comparison| Verdict::Swap;
        rebuild(plan, self.batches(), cancel, quiet, swap).await?;
        Ok(())
    }

    fn origin(&self) -> Origin {
        Origin { ledger: self.ledger, stream_created: self.began }
    }

    /// Where it ends.
    pub(super) fn head(&self) -> Position {
        let changed = if self.then == Then::Changes { self.changed() } else { 0 };
        Position(self.figures_end().0.saturating_add(changed))
    }

    /// Where the last figure stands.
    pub(super) fn figures_end(&self) -> Position {
        let measures = u64::from(self.size.measures);
        Position(BEFORE.saturating_add(measures).saturating_add(self.size.rows()))
    }

    /// All events, in batches.
    fn batches(&self) -> impl Stream<Item = Result<Vec<Placed>, SourceError>> + Send {
        let mut events = self.events();
        let batch = move || {
            let batch: Vec<Placed> = events.by_ref().take(BATCH).collect();
            (!batch.is_empty()).then_some(Ok(batch))
        };
        stream::iter(std::iter::from_fn(batch))
    }

    fn events(&self) -> impl Iterator<Item = Placed> + Send {
        let framework = FrameworkId::derived(&["planted"]);
        let adopted = (0_u32..).zip(&self.measures).map(move |(n, measure)| {
            self.first(adopted_at(n), (*measure).into(), self.adopted(framework, n))
        });
        let figures = (0..self.rounds()).flat_map(|round| self.round(round));
        let versions = figures.filter_map(|version| self.figure(version));
        let changes = (self.then == Then::Changes).then(|| self.changes(self.figures_end()));
        let changes = changes.into_iter().flatten();
        [
            self.first(Position(1), self.ledger.into(), Opened { asserted: 0 }),
            self.first(Position(2), framework.into(), self.framework()),
        ]
        .into_iter()
        .chain(adopted)
        .chain(versions)
        .chain(changes)
    }

    pub(super) fn rounds(&self) -> u32 {
        let revising = self.size.versions.saturating_sub(1).saturating_mul(ROUNDS);
        self.size.periods.saturating_add(revising)
    }

    /// What is recorded in one month: the month's own figures, then revisions of those before.
    fn round(&self, round: u32) -> impl Iterator<Item = Put> + use<> {
        let Size { measures, periods, versions } = self.size;
        (0..versions)
            .filter_map(move |version| {
                let period = round.checked_sub(version.saturating_mul(ROUNDS))?;
                (period < periods).then_some((period, version))
            })
            .flat_map(move |(period, version)| {
                (0..measures).map(move |measure| Put { period, version, measure })
            })
    }

    /// How many of a month's versions, each of every measure, come in a round before `version`.
    fn sorts(&self, round: u32, version: u32) -> u64 {
        let recorded = |v: u32| {
            let period = round.checked_sub(v.saturating_mul(ROUNDS));
            u64::from(period.is_some_and(|period| period < self.size.periods))
        };
        (0..version).map(recorded).sum()
    }

    /// Where everything recorded before a round ends.
    pub(super) fn before(&self, round: u32) -> u64 {
        let measures = u64::from(self.size.measures);
        let sorts: u64 = (0..round).map(|round| self.sorts(round, self.size.versions)).sum();
        BEFORE.saturating_add(measures).saturating_add(sorts.saturating_mul(measures))
    }

    /// How many periods have a figure at a position, at least one.
    pub(super) fn periods(&self, at: Position) -> u32 {
        let begun = (0..self.size.periods).take_while(|round| self.before(*round) < at.0);
        u32::try_from(begun.count()).unwrap_or(0).max(1)
    }

    pub(super) fn place(&self, of: Put) -> Position {
        let round = of.period.saturating_add(of.version.saturating_mul(ROUNDS));
        let earlier = self.sorts(round, of.version).saturating_mul(self.size.measures.into());
        let within = earlier.saturating_add(of.measure.into()).saturating_add(1);
        Position(self.before(round).saturating_add(within))
    }

    fn figure(&self, of: Put) -> Option<Placed> {
        let period = *self.periods.get(usize::try_from(of.period).ok()?)?;
        let measure = *self.measures.get(usize::try_from(of.measure).ok()?)?;
        let tenths = of.measure.wrapping_mul(7).wrapping_add(of.period.wrapping_mul(3));
        let tenths = i64::from(tenths.wrapping_add(of.version.wrapping_mul(11)) % 600);
        let value = Quantity::new(Decimal::new(tenths.saturating_add(400), 1));
        let cells = vec![Cell::of(Breakdown::HEADLINE, value)];
        let entity = SubmissionId::of(measure, Some(period)).into();
        let at = self.place(of);
        let Some(before) = of.version.checked_sub(1) else {
            let (rating_as_reported, commentary) = (None, None);
            let fact = Submitted { measure, period, cells, rating_as_reported, commentary };
            return Some(self.first(at, entity, fact));
        };
        let fact = Revised {
            measure,
            period,
            content_from: self.place(Put { version: 0, ..of }),
            changed: cells,
            removed: Vec::new(),
            rating_as_reported: None,
            reason: reason(),
        };
        let previous = self.place(Put { version: before, ..of });
        let revision = Revision(u64::from(of.version).saturating_add(1));
        Some(self.placed(at, entity, (revision, Some(previous)), fact))
    }

    fn first(&self, at: Position, entity: EntityRef, fact: impl Into<Fact>) -> Placed {
        self.placed(at, entity, (Revision(1), None), fact)
    }

    pub(super) fn placed(
        &self,
        at: Position,
        entity: EntityRef,
        (revision, previous): (Revision, Option<Position>),
        fact: impl Into<Fact>,
    ) -> Placed {
        let number = uuid::Uuid::from_u128(at.0.into());
        let after = TimeDelta::milliseconds(i64::try_from(at.0).unwrap_or(i64::MAX));
        let record = Record {
            revision,
            previous,
            actor: ActorId::new(uuid::Uuid::nil()),
            post: None,
            on_behalf_of: None,
            role: None,
            channel: Channel::Api,
            command_id: CommandId::new(number),
            request_digest: Digest::new([7; 32]),
            correlation: None,
            causation: None,
            nonce: "00000000000000000000000000000000".to_owned(),
            relied_on: Vec::new(),
            asserted: None,
        };
        let event = Event {
            id: EventId::new(number),
            ledger: self.ledger,
            entity,
            time: self.began.checked_add_signed(after).unwrap_or(self.began),
            record,
            fact: fact.into(),
        };
        Placed { position: at, entity: Some(entity), outcome: Outcome::Event(event) }
    }

    pub(super) fn framework(&self) -> FrameworkAdopted {
        let [green, amber, red] = &self.levels;
        let rate = Some(Quantity::new(Decimal::new(5, 2)));
        let level = |code: &Label, shape, track| ScaleLevel {
            code: code.clone(),
            words: Words { en: code.clone(), cy: None },
            shape,
            colour: self.colour.clone(),
            track,
        };
        let levels = vec![
            level(green, Shape::Circle, Track::On),
            level(amber, Shape::Triangle, Track::AtRisk),
            level(red, Shape::Square, Track::Off),
        ];
        FrameworkAdopted {
            title: self.words.clone(),
            from: self.began.date_naive(),
            until: None,
            scale: Some(Scale { levels }),
            rating_rule: Some(RatingRule {
                met: green.clone(),
                near: Some(amber.clone()),
                missed: red.clone(),
                tolerance: Some(Tolerance { rate, absolute: None }),
                compare: Compare::Published,
                ends: Ends::Inclusive,
            }),
            reason: reason(),
            authority: None,
        }
    }

    /// A measure with a standing target for each year.
    pub(super) fn adopted(&self, framework: FrameworkId, n: u32) -> Adopted {
        let years = (0..self.size.periods.div_ceil(12)).filter_map(|n| {
            let year = u16::try_from(n).ok()?.checked_add(asking::FIRST_YEAR)?;
            Period::year(YearKind::Financial, year).ok()
        });
        let target = |period| FirstTarget {
            key: TargetKey { period, breakdown: Breakdown::HEADLINE, tier: Tier::Expected },
            target: Target::standing(Quantity::new(Decimal::new(700, 1))),
        };
        let code = format!("M{n:05}").parse().unwrap_or_else(|_| self.local.clone());
        Adopted {
            framework,
            title: self.words.clone(),
            treatment: Treatment::Targeted,
            level: MeasureLevel::Strategic,
            measures: Subject::PerformanceMeasure,
            definition: definition(&self.local),
            codes: vec![Code { scheme: self.local.clone(), code, from: None }],
            baseline: None,
            targets: years.map(target).collect(),
            places: Vec::new(),
            reason: reason(),
            authority: None,
        }
    }
}

/// Where a measure is adopted.
pub(super) fn adopted_at(measure: u32) -> Position {
    Position(BEFORE.saturating_add(measure.into()).saturating_add(1))
}

pub(super) fn definition(unit: &Label) -> Definition {
    Definition {
        decimals: Some(1),
        unit: Some(unit.clone()),
        ..Definition::bare(Polarity::HigherIsBetter {})
    }
}

pub(super) fn reason() -> Reason {
    Reason { code: ReasonCode::SourceRevised, text: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn events_stand_one_after_the_other_and_name_the_one_before() {
        let size = Size { measures: 41, periods: 30, versions: 4 };
        let planted = Planted::new(size, Then::Changes).unwrap();
        let mut heads: HashMap<EntityRef, (Revision, Position)> = HashMap::new();
        let mut at = Position::START;
        for placed in planted.events() {
            at = at.next();
            assert_eq!(placed.position, at);
            let Outcome::Event(event) = placed.outcome else { panic!("not an event") };
            let before = heads.insert(event.entity, (event.record.revision, at));
            assert_eq!(event.record.previous, before.map(|(_, position)| position));
            let revision = before.map_or(Revision::NONE, |(revision, _)| revision).next();
            assert_eq!(event.record.revision, revision);
        }
        assert_eq!(at, planted.head());
    }

    #[test]
    fn a_period_is_heard_of_once_its_first_figure_stands() {
        let planted =
            Planted::new(Size { measures: 3, periods: 30, versions: 4 }, Then::End).unwrap();
        let first = |period| planted.place(Put { period, version: 0, measure: 0 });
        assert_eq!(planted.periods(first(7)), 8);
        assert_eq!(planted.periods(first(7).before()), 7);
        assert_eq!(planted.periods(planted.head()), 30);
    }
}
