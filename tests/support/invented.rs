//! An invented ledger of any size, to measure with.
//!
//! **Invariant:** the same shape gives the same events, so two runs can be compared.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use piperoll_events::cell::Cell;
use piperoll_events::framework::adopted::Adopted as FrameworkAdopted;
use piperoll_events::ids::{
    ActorId, AreaId, CommandId, EventId, FrameworkId, LedgerId, MeasureId, SubmissionId,
};
use piperoll_events::ledger::opened::Opened;
use piperoll_events::measure::adopted::{Adopted, FirstTarget, MeasureLevel, Subject, Treatment};
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::placed::Place;
use piperoll_events::measure::target_changed::TargetChanged;
use piperoll_events::period::YearKind;
use piperoll_events::rating::{Compare, Ends, RatingRule, Tolerance};
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::revised::Revised;
use piperoll_events::submission::submitted::Submitted;
use piperoll_events::text::{Digest, Label, NotText, Words};
use piperoll_events::{
    Breakdown, Channel, Definition, EntityRef, Event, Fact, Period, Polarity, Position, Quantity,
    Reason, Record, Revision, Target, TargetKey, Tier,
};
use rust_decimal::Decimal;
use serde::Serialize;

use piperoll_projections::runtime::Origin;
use piperoll_projections::{Outcome, Placed};

/// How large an invented ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Shape {
    /// Measures, 400 to an area.
    pub(crate) measures: u32,
    /// Monthly reference periods of each.
    pub(crate) periods: u32,
    /// Versions of each figure.
    pub(crate) versions: u32,
}

/// An invented ledger: a framework, its measures with targets, then figures, revised.
pub(crate) struct Invented {
    shape: Shape,
    ledger: LedgerId,
    began: DateTime<Utc>,
    measures: Vec<MeasureId>,
    periods: Vec<Period>,
    revisions: HashMap<EntityRef, (Revision, Position)>,
    begun: HashMap<(MeasureId, Period), Position>,
    words: Words,
    label: Label,
    at: Position,
}

const FIRST: i64 = 1_600_000_000;

impl Invented {
    /// The beginning of a ledger of this shape.
    ///
    /// # Errors
    /// None in practice: the words used are good ones.
    pub(crate) fn new(shape: Shape) -> Result<Self, NotText> {
        let name = |n: u32| MeasureId::derived(&["bench", &n.to_string()]);
        let month = |n: u32| {
            let year = n.checked_div(12)?.checked_add(2010)?;
            let month = (n % 12).checked_add(1)?;
            Period::month(year.try_into().ok()?, month.try_into().ok()?).ok()
        };
        Ok(Self {
            shape,
            ledger: LedgerId::derived(&["bench"]),
            began: DateTime::from_timestamp(FIRST, 0).unwrap_or_default(),
            measures: (0..shape.measures).map(name).collect(),
            periods: (0..shape.periods).filter_map(month).collect(),
            revisions: HashMap::new(),
            begun: HashMap::new(),
            words: Words { en: "Homes let within the month".parse()?, cy: None },
            label: "bench".parse()?,
            at: Position::START,
        })
    }

    /// Which ledger it is.
    #[must_use]
    pub(crate) fn origin(&self) -> Origin {
        Origin { ledger: self.ledger, stream_created: self.began }
    }

    /// All events, in batches of some 5,000.
    #[must_use]
    pub(crate) fn batches(mut self) -> Vec<Vec<Placed>> {
        let mut all = Vec::new();
        all.push(self.place(self.ledger.into(), Opened { asserted: 0 }));
        let framework = FrameworkId::derived(&["bench"]);
        let fact = self.framework();
        all.push(self.place(framework.into(), fact));
        for n in 0..self.measures.len() {
            let measure = self.measures.get(n).copied();
            if let Some(measure) = measure {
                let fact = self.adopted(framework, n);
                all.push(self.place(measure.into(), fact));
            }
        }
        for version in 0..self.shape.versions {
            for period in self.periods.clone() {
                for measure in self.measures.clone() {
                    let submission = SubmissionId::of(measure, Some(period));
                    let fact = self.figure(measure, period, version);
                    self.begun.entry((measure, period)).or_insert(self.at.next());
                    all.push(self.place(submission.into(), fact));
                }
            }
            let Some(last) = self.periods.last().and_then(|last| year(*last)) else {
                continue;
            };
            for measure in self.measures.clone() {
                all.push(self.place(measure.into(), Self::target_changed(last, version)));
            }
        }
        let mut batches = Vec::new();
        let mut rest = all.into_iter().peekable();
        while rest.peek().is_some() {
            batches.push(rest.by_ref().take(5_000).collect());
        }
        batches
    }

    fn place(&mut self, entity: EntityRef, fact: impl Into<Fact>) -> Placed {
        self.at = self.at.next();
        let last = self.revisions.get(&entity).copied();
        let revision = last.map_or(Revision::NONE, |(revision, _)| revision).next();
        self.revisions.insert(entity, (revision, self.at));
        let moment = i64::try_from(self.at.0).unwrap_or(i64::MAX);
        let number = uuid::Uuid::from_u128(u128::from(self.at.0));
        let record = Record {
            revision,
            previous: last.map(|(_, position)| position),
            actor: ActorId::new(number),
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
        let time = self.began.checked_add_signed(TimeDelta::milliseconds(moment));
        let event = Event {
            id: EventId::new(number),
            ledger: self.ledger,
            entity,
            time: time.unwrap_or(self.began),
            record,
            fact: fact.into(),
        };
        Placed { position: self.at, entity: Some(entity), outcome: Outcome::Event(event) }
    }

    fn framework(&self) -> FrameworkAdopted {
        let rate = Some(Quantity::new(Decimal::new(5, 2)));
        FrameworkAdopted {
            title: self.words.clone(),
            from: self.began.date_naive(),
            until: None,
            scale: None,
            rating_rule: Some(RatingRule {
                met: self.label.clone(),
                near: None,
                missed: self.label.clone(),
                tolerance: Some(Tolerance { rate, absolute: None }),
                compare: Compare::Exact,
                ends: Ends::Inclusive,
            }),
            reason: reason(),
            authority: None,
        }
    }

    fn adopted(&self, framework: FrameworkId, n: usize) -> Adopted {
        let area = n.checked_div(400).unwrap_or(0).to_string();
        let years: Vec<Period> = self.periods.iter().filter_map(|p| year(*p)).collect();
        let mut years: Vec<Period> = years;
        years.dedup();
        let first = |period: Period| FirstTarget { key: key(period), target: target(95) };
        Adopted {
            framework,
            title: self.words.clone(),
            treatment: Treatment::Targeted,
            level: MeasureLevel::Strategic,
            measures: Subject::PerformanceMeasure,
            definition: Definition {
                decimals: Some(1),
                unit: Some(self.label.clone()),
                ..Definition::bare(Polarity::HigherIsBetter {})
            },
            codes: vec![Code { scheme: self.label.clone(), code: self.label.clone(), from: None }],
            baseline: None,
            targets: years.into_iter().map(first).collect(),
            places: vec![Place::Area(AreaId::derived(&["bench", &area]))],
            reason: reason(),
            authority: None,
        }
    }

    fn figure(&self, measure: MeasureId, period: Period, version: u32) -> Fact {
        let value = i64::from(version).saturating_add(self.at.0.try_into().unwrap_or(0)) % 1_000;
        let cell = Cell::of(Breakdown::HEADLINE, Quantity::new(Decimal::new(value, 1)));
        match self.begun.get(&(measure, period)) {
            None => Submitted {
                measure,
                period,
                cells: vec![cell],
                rating_as_reported: None,
                commentary: None,
            }
            .into(),
            Some(content) => Revised {
                measure,
                period,
                content_from: *content,
                changed: vec![cell],
                removed: Vec::new(),
                rating_as_reported: None,
                reason: reason(),
            }
            .into(),
        }
    }

    fn target_changed(period: Period, version: u32) -> TargetChanged {
        let old = i64::from(version).saturating_add(95);
        TargetChanged {
            key: key(period),
            old: target(old),
            new: target(old.saturating_add(1)),
            reason: reason(),
            authority: None,
            case: None,
        }
    }
}

fn year(period: Period) -> Option<Period> {
    use chrono::Datelike;
    Period::year(YearKind::Calendar, period.days().0.year().try_into().ok()?).ok()
}

fn key(period: Period) -> TargetKey {
    TargetKey { period, breakdown: Breakdown::HEADLINE, tier: Tier::Expected }
}

fn target(at: i64) -> Target {
    Target::standing(Quantity::new(Decimal::new(at, 0)))
}

fn reason() -> Reason {
    Reason { code: ReasonCode::SourceRevised, text: None }
}
