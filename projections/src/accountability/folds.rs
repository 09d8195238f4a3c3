//! From one event to its act.
//!
//! **Invariant:** total and stateless.

use piperoll_events::framework::Framework;
use piperoll_events::ids::{ActorId, CommandId, ImportId};
use piperoll_events::measure::Measure;
use piperoll_events::target::TargetCase;
use piperoll_events::{Authority, Event, Fact, Position, Reason};

use super::rows::{ActRow, Histories};
use crate::runtime::copy::Json;
use crate::runtime::numbered::Numbered;

/// The rows of some events, each folded by itself.
pub(crate) fn fold(events: &[(Position, Event)]) -> Histories {
    let acts = events.iter().filter_map(|(position, event)| {
        ground(&event.fact).map(|ground| act(*position, event, ground))
    });
    Histories { act: acts.collect() }
}

/// Why, by whose leave, and with what case.
#[derive(Clone, Copy)]
struct Ground<'a> {
    reason: Option<&'a Reason>,
    authority: Option<&'a Authority>,
    case: Option<&'a TargetCase>,
}

impl<'a> Ground<'a> {
    const fn of(reason: &'a Reason, authority: Option<&'a Authority>) -> Self {
        Self { reason: Some(reason), authority, case: None }
    }

    fn with(self, case: Option<&'a TargetCase>) -> Self {
        Self { case, ..self }
    }
}

/// What an act stands on; none where it moves neither a rating nor a duty, or stands elsewhere.
fn ground(fact: &Fact) -> Option<Ground<'_>> {
    match fact {
        Fact::Framework(fact) => Some(of_framework(fact)),
        Fact::Measure(fact) => Some(of_measure(fact)),
        Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Objective(_)
        | Fact::Step(_)
        | Fact::Area(_)
        | Fact::Submission(_) => None,
    }
}

fn of_framework(fact: &Framework) -> Ground<'_> {
    match fact {
        Framework::Adopted(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::RatingRuleSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::DecisionRightSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
    }
}

fn of_measure(fact: &Measure) -> Ground<'_> {
    match fact {
        Measure::Adopted(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::DefinitionSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::BaselineSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::TargetSet(fact) => {
            Ground::of(&fact.reason, fact.authority.as_ref()).with(fact.case.as_ref())
        }
        Measure::TargetChanged(fact) => {
            Ground::of(&fact.reason, fact.authority.as_ref()).with(fact.case.as_ref())
        }
        Measure::TargetCorrected(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::TargetWithdrawn(fact) => {
            Ground::of(&fact.reason, fact.authority.as_ref()).with(fact.case.as_ref())
        }
        Measure::Placed(fact) => Ground::of(&fact.reason, None),
        Measure::CodeAssigned(fact) => Ground::of(&fact.reason, None),
    }
}

fn act(position: Position, event: &Event, ground: Ground<'_>) -> ActRow {
    let record = &event.record;
    let asserted = record.asserted.as_ref();
    let relied_on = Some(&record.relied_on).filter(|relied_on| !relied_on.is_empty());
    ActRow {
        position,
        kind: event.entity.kind.number(),
        entity: event.entity.id,
        happened: short(event.fact.event_type()).to_owned(),
        actor: record.actor.uuid(),
        on_behalf_of: record.on_behalf_of.map(ActorId::uuid),
        post: record.post.as_ref().map(ToString::to_string),
        role: record.role.as_ref().map(ToString::to_string),
        channel: record.channel.number(),
        recorded_at: event.time,
        command: record.command_id.uuid(),
        correlation: record.correlation.map(CommandId::uuid),
        relied_on: relied_on.map(Json::of),
        import: asserted.map(|asserted| asserted.import).map(ImportId::uuid),
        file_digest: asserted.map(|asserted| asserted.file_digest),
        row: asserted.and_then(|asserted| asserted.row),
        reported_known_at: asserted.and_then(|asserted| asserted.known_at),
        reason: ground.reason.map(Json::of),
        authority: ground.authority.map(Json::of),
        made_case: ground.case.map(Json::of),
        asserted: asserted.is_some(),
    }
}

/// `measure.target_changed`, of `piperoll.measure.target_changed.v1`.
fn short(event_type: &'static str) -> &'static str {
    event_type.trim_start_matches("piperoll.").trim_end_matches(".v1")
}
