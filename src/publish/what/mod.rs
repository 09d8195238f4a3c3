//! From an event, and what stood just before it and just after it, to the updates that it gives.
//!
//! **Invariant:** pure. The order of an event's updates is that of this file: structure, measure,
//! definition, figures, targets, sign-offs, ratings; within each by what they are about.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use piperoll_events::comparability::DefinitionChange;
use piperoll_events::ids::{FrameworkId, LedgerId, MeasureId};
use piperoll_events::measure::Measure;
use piperoll_events::post::Post;
use piperoll_events::rating::Scale;
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::Submission;
use piperoll_events::text::Label;
use piperoll_events::update::figure::{FigureStanding, FigureUpdate};
use piperoll_events::update::measure::{CodeHeld, MeasureEnded, MeasureUpdate, Owner, PlaceHeld};
use piperoll_events::update::rating::{Rated, RatedKind, RatingUpdate, RestsOn};
use piperoll_events::update::sign_off::{Lapsing, SignOffState, SignOffUpdate};
use piperoll_events::update::structure::{PartId, PartKind, PartState, StructureUpdate};
use piperoll_events::update::target::{TargetStanding, TargetUpdate};
use piperoll_events::update::{
    DefinitionUpdate, MeasureNamed, Placing, Published, Recording, Update,
};
use piperoll_events::{
    Breakdown, Cell, Definition, Event, Fact, Period, Position, Target, TargetKey,
};
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::around::{MeasureThen, PartVersion};
use piperoll_projections::scorecard::{Line, PlaceKind, StructureKind};

use crate::asking::answer::Scored;
use crate::asking::around::{Around, RatingAround, SignatureThen, describes, subject};
use crate::asking::questions::signed_by::{Kind, State};

/// The updates that an event gives, each in its envelope.
pub(crate) fn published(
    ledger: LedgerId,
    position: Position,
    event: &Event,
    around: &Around,
) -> Vec<Published> {
    let updates = updates(event, around);
    let parts = u32::try_from(updates.len()).unwrap_or(u32::MAX);
    let placed = |(part, update)| {
        let placing = Placing { position, part, parts };
        Published { ledger, placing, time: event.time, update }
    };
    (1..).zip(updates).map(placed).collect()
}

fn updates(event: &Event, around: &Around) -> Vec<Update> {
    let mut told = Told { event, around, recorded: recording(event), updates: Vec::new() };
    for part in &around.parts {
        told.part(part);
    }
    if let Fact::Post(Post::Created(_)) = &event.fact {
        told.post();
    }
    if let Some(then) = subject(event).and_then(|(measure, _)| around.measures.get(&measure)) {
        match &event.fact {
            Fact::Measure(fact) => told.of_measure(then, fact),
            Fact::Submission(fact) => told.of_submission(then, fact),
            _ => {}
        }
    }
    for signature in &around.signatures {
        told.signature(signature);
    }
    for rating in &around.ratings {
        told.rating(rating);
    }
    told.updates
}

/// How an event came to be recorded: by no person's name, and with no words of theirs.
fn recording(event: &Event) -> Recording {
    let asserted = event.record.asserted.as_ref();
    Recording {
        at: event.time,
        post: event.record.post.clone(),
        asserted: asserted.is_some(),
        reported_known_at: asserted.and_then(|asserted| asserted.known_at),
        reason: reason(&event.fact),
    }
}

fn reason(fact: &Fact) -> Option<ReasonCode> {
    // Every reason stands in a field of that name, whatever the event.
    let fact = serde_json::to_value(fact).ok()?;
    serde_json::from_value(fact.get("reason")?.get("code")?.clone()).ok()
}

struct Told<'a> {
    event: &'a Event,
    around: &'a Around,
    recorded: Recording,
    updates: Vec<Update>,
}

impl Told<'_> {
    fn tell(&mut self, update: impl Into<Update>) {
        self.updates.push(update.into());
    }

    fn part(&mut self, it: &PartVersion) {
        let part = match it.kind {
            StructureKind::Framework => PartKind::Framework,
            StructureKind::Objective => PartKind::Objective,
            StructureKind::Step => PartKind::Step,
            StructureKind::Area => PartKind::Area,
        };
        self.tell(StructureUpdate {
            part,
            id: PartId::new(it.id),
            framework: Some(FrameworkId::new(it.framework)),
            parent: it.parent.map(PartId::new),
            code: it.code.clone(),
            title: it.title.clone(),
            organisation: it.lead.clone(),
            from: it.from,
            until: it.ended.map_or(it.until, |ended| ended.pred_opt()),
            state: if it.ended.is_some() { PartState::Ended } else { PartState::InForce },
            recorded: self.recorded.clone(),
        });
    }

    fn post(&mut self) {
        let Fact::Post(Post::Created(fact)) = &self.event.fact else { return };
        self.tell(StructureUpdate {
            part: PartKind::Post,
            id: PartId::new(self.event.entity.id),
            framework: None,
            parent: None,
            code: None,
            title: fact.title.clone(),
            organisation: fact.organisation.clone(),
            from: None,
            until: None,
            state: PartState::InForce,
            recorded: self.recorded.clone(),
        });
    }

    fn of_measure(&mut self, then: &MeasureThen, fact: &Measure) {
        if describes(fact) {
            self.tell(measure(then, self.around, &self.recorded));
        }
        match fact {
            Measure::Adopted(it) => {
                self.definition(then, &it.definition, None);
                for first in &it.targets {
                    self.target(then, &first.key, Some(&first.target));
                }
            }
            Measure::DefinitionSet(it) => {
                self.definition(then, &it.definition, it.change.as_ref());
            }
            Measure::TargetSet(it) => self.target(then, &it.key, Some(&it.target)),
            Measure::TargetChanged(it) => self.target(then, &it.key, Some(&it.new)),
            Measure::TargetCorrected(it) => self.target(then, &it.key, Some(&it.new)),
            Measure::TargetWithdrawn(it) => self.target(then, &it.key, None),
            _ => {}
        }
    }

    fn definition(
        &mut self,
        then: &MeasureThen,
        definition: &Definition,
        change: Option<&DefinitionChange>,
    ) {
        self.tell(DefinitionUpdate {
            measure: named(then),
            definition: definition.clone(),
            change: change.cloned(),
            recorded: self.recorded.clone(),
        });
    }

    fn target(&mut self, then: &MeasureThen, key: &TargetKey, target: Option<&Target>) {
        let state = match target {
            Some(_) => TargetStanding::InForce,
            None => TargetStanding::Withdrawn,
        };
        self.tell(TargetUpdate {
            measure: named(then),
            period: key.period.into(),
            breakdown: key.breakdown.clone(),
            tier: key.tier,
            state,
            target: target.cloned(),
            unit: unit(then),
            recorded: self.recorded.clone(),
        });
    }

    fn of_submission(&mut self, then: &MeasureThen, fact: &Submission) {
        match fact {
            Submission::Submitted(it) => {
                self.gone(then, Some(it.period), self.left_out(&it.cells));
                self.cells(then, it.period, &it.cells);
            }
            Submission::Revised(it) => {
                self.gone(then, Some(it.period), it.removed.iter().cloned().collect());
                self.cells(then, it.period, &it.changed);
            }
            Submission::Withdrawn(it) => self.gone(then, it.period, self.left_out(&[])),
            Submission::NoValueDeclared(it) => {
                let mut gone = self.left_out(&[]);
                gone.remove(&Breakdown::HEADLINE);
                self.gone(then, it.period, gone);
                self.tell(FigureUpdate {
                    state: FigureStanding::NoValue,
                    no_value: Some(it.state),
                    expected_on: it.expected_on,
                    ..self.figure(then, it.period, Breakdown::HEADLINE)
                });
            }
            _ => {}
        }
    }

    /// The cells held before that are not among these.
    fn left_out(&self, cells: &[Cell]) -> BTreeSet<Breakdown> {
        let kept: BTreeSet<&Breakdown> = cells.iter().map(|cell| &cell.breakdown).collect();
        self.around.held.iter().filter(|held| !kept.contains(held)).cloned().collect()
    }

    fn gone(&mut self, then: &MeasureThen, period: Option<Period>, cells: BTreeSet<Breakdown>) {
        for breakdown in cells {
            let figure = self.figure(then, period, breakdown);
            self.tell(FigureUpdate { state: FigureStanding::Gone, ..figure });
        }
    }

    fn cells(&mut self, then: &MeasureThen, period: Period, cells: &[Cell]) {
        let mut cells: Vec<&Cell> = cells.iter().collect();
        cells.sort_by(|a, b| a.breakdown.cmp(&b.breakdown));
        for cell in cells {
            let figure = self.figure(then, Some(period), cell.breakdown.clone());
            self.tell(FigureUpdate {
                value: cell.value,
                numerator: cell.numerator,
                denominator: cell.denominator,
                status: cell.status,
                status_as_reported: cell.status_as_reported.as_ref().map(ToString::to_string),
                ..figure
            });
        }
    }

    fn figure(
        &self,
        then: &MeasureThen,
        period: Option<Period>,
        breakdown: Breakdown,
    ) -> FigureUpdate {
        FigureUpdate {
            measure: named(then),
            period: period.map(Into::into),
            breakdown,
            state: FigureStanding::InForce,
            value: None,
            numerator: None,
            denominator: None,
            unit: unit(then),
            decimals: then.definition.as_ref().and_then(|definition| definition.decimals),
            status: None,
            status_as_reported: None,
            no_value: None,
            expected_on: None,
            recorded: self.recorded.clone(),
        }
    }

    fn signature(&mut self, it: &SignatureThen) {
        let Some(then) = self.around.measures.get(&it.measure) else { return };
        let state = match it.signed.state {
            State::Current => SignOffState::Current,
            State::Lapsed => SignOffState::Lapsed,
            State::Withdrawn => SignOffState::Withdrawn,
            State::Refused => SignOffState::Refused,
            // Nobody gave it.
            State::Outstanding => return,
        };
        self.tell(SignOffUpdate {
            measure: named(then),
            period: it.period.map(Into::into),
            given_at: it.given_at,
            stage: it.signed.stage.clone(),
            stage_title: it.signed.title.clone(),
            post: it.signed.post,
            post_title: it.signed.post_title.clone(),
            scope: it.signed.scope.clone(),
            rating: it.signed.rating.clone(),
            state,
            ended_by: it.signed.ended_by,
            lapsed_by: it.lapsed_by.map(lapsing),
            recorded: self.recorded.clone(),
        });
    }

    fn rating(&mut self, it: &RatingAround) {
        let (before, after) = (it.before.as_ref(), &it.after);
        let Some(then) = self.around.measures.get(&after.facts.measure.measure) else { return };
        if before.is_some_and(|before| before.rating == after.rating) {
            return;
        }
        let of = |scored: &Scored<Line>, rating: &Rating| rated(rating, scale(&scored.facts));
        self.tell(RatingUpdate {
            measure: named(then),
            period: it.period.into(),
            rating: of(after, &after.rating),
            was: before.map(|before| of(before, &before.rating)),
            computed: after.computed.as_ref().map(|computed| of(after, computed)),
            published: after.published,
            rests_on: rests_on(after),
            recorded: self.recorded.clone(),
        });
    }
}

fn measure(then: &MeasureThen, around: &Around, recorded: &Recording) -> MeasureUpdate {
    let line = &then.line;
    let place = |kind| match kind {
        PlaceKind::Objective => PartKind::Objective,
        PlaceKind::Step => PartKind::Step,
        PlaceKind::Area => PartKind::Area,
    };
    let codes = line.codes.iter().map(|it| CodeHeld {
        scheme: it.scheme.clone(),
        code: it.code.clone(),
        from: it.from,
    });
    let places = line.places.iter();
    let places = places.map(|it| PlaceHeld { part: place(it.kind), id: PartId::new(it.place) });
    let owners = around.owners.iter().map(|(borne, title)| Owner {
        duty: borne.duty,
        post: borne.post,
        title: title.clone(),
        organisation: borne.organisation.clone(),
        from: borne.days.from,
        until: borne.days.until,
    });
    MeasureUpdate {
        measure: named(then),
        framework: FrameworkId::new(line.framework),
        codes: codes.collect(),
        treatment: line.treatment,
        level: line.level,
        measures: line.subject,
        places: places.collect(),
        owners: owners.collect(),
        ended: line.ended.as_ref().map(|ended| MeasureEnded {
            from: ended.from,
            replaced_by: ended.replaced_by,
            comparability: ended.comparability,
        }),
        recorded: recorded.clone(),
    }
}

fn named(then: &MeasureThen) -> MeasureNamed {
    let id: MeasureId = then.line.measure;
    let code = then.line.codes.first().map(|line| line.code.clone());
    MeasureNamed { id, code, title: then.line.title.clone() }
}

fn unit(then: &MeasureThen) -> Option<String> {
    then.definition.as_ref()?.unit.clone()
}

fn scale(line: &Line) -> Option<&Scale> {
    line.rule.as_ref()?.scale.as_ref()
}

fn rated(rating: &Rating, scale: Option<&Scale>) -> Rated {
    let none = |kind| Rated { kind, level: None, words: None, track: None };
    let level = |code: &Label| {
        let found = scale.and_then(|scale| scale.levels.iter().find(|level| level.code == *code));
        Rated {
            level: Some(code.clone()),
            words: found.map(|level| level.words.clone()),
            track: found.map(|level| level.track),
            ..none(RatedKind::Level)
        }
    };
    match rating {
        Rating::Level(code) => level(code),
        Rating::NoFigure => none(RatedKind::NoFigure),
        Rating::NoTarget => none(RatedKind::NoTarget),
        Rating::NoRule => none(RatedKind::NoRule),
        Rating::NotComparable => none(RatedKind::NotComparable),
        Rating::TooEarly => none(RatedKind::TooEarly),
        Rating::Tracker => none(RatedKind::Tracker),
        Rating::Suspended => none(RatedKind::Suspended),
        Rating::Suppressed => none(RatedKind::Suppressed),
    }
}

fn rests_on(scored: &Scored<Line>) -> RestsOn {
    let line = &scored.facts;
    RestsOn {
        figure: line.headline.as_ref().map(|it| it.position),
        target: line.target.as_ref().map(|it| it.position),
        definition: line.definition.as_ref().map(|it| it.position),
        rule: line.rule.as_ref().map(|it| it.position),
        stated: line.standing_override().map(|it| it.position),
    }
}

const fn lapsing(kind: Kind) -> Lapsing {
    match kind {
        Kind::Figures => Lapsing::Figures,
        Kind::Definition => Lapsing::Definition,
        Kind::Target => Lapsing::Target,
        Kind::Rule => Lapsing::Rule,
        Kind::Words => Lapsing::Words,
    }
}
