//! From one event to its act.
//!
//! **Invariant:** total and stateless.

use piperoll_events::decision_right::Change;
use piperoll_events::framework::Framework;
use piperoll_events::ids::{ActorId, CommandId, ImportId, MeasureId, PostId};
use piperoll_events::measure::Measure;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::post::Post;
use piperoll_events::post::held::Basis;
use piperoll_events::role::Role;
use piperoll_events::submission::Submission;
use piperoll_events::target::TargetCase;
use piperoll_events::text::Label;
use piperoll_events::{Authority, Event, Fact, Position, Reason};
use uuid::Uuid;

use super::rows::{
    ActRow, ChainRow, DecisionRightRow, DelegationRow, DutyRow, Histories, HoldingRow, PostRow,
    RoleRow, SignatureRow,
};
use super::words::{Began, Signing};
use crate::runtime::copy::Json;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;

/// The rows of some events, each folded by itself.
pub(crate) fn fold<'e>(events: impl IntoIterator<Item = (Position, &'e Event)>) -> Histories {
    let mut out = Histories::default();
    for (position, event) in events {
        if let Some(ground) = ground(&event.fact) {
            out.act.push(act(position, event, ground));
        }
        let at = At { position, id: event.entity.id };
        match &event.fact {
            Fact::Framework(Framework::SignOffChainSet(fact)) => out.chain.push(ChainRow {
                framework: at.id,
                position: at.position,
                chain: Json::of(&fact.chain),
            }),
            Fact::Framework(Framework::DecisionRightSet(fact)) => {
                out.decision_right.push(DecisionRightRow {
                    framework: at.id,
                    position: at.position,
                    decides: Json::of(&fact.right),
                    in_force: fact.state.is_in_force(),
                });
            }
            Fact::Measure(fact) => out.duty.extend(duty(at, fact)),
            Fact::Role(fact) => out.role.push(role(at, fact)),
            Fact::Post(fact) => post(&mut out, at, fact),
            Fact::Submission(fact) => out.signature.extend(signature(at, fact)),
            _ => {}
        }
    }
    out
}

/// Where an event stands, and of which entity.
#[derive(Clone, Copy)]
struct At {
    position: Position,
    id: Uuid,
}

fn post(out: &mut Histories, at: At, fact: &Post) {
    let holding =
        |happened: Began, holder: ActorId, from, until, basis: Option<Basis>| HoldingRow {
            post: at.id,
            position: at.position,
            happened: happened.number(),
            holder: holder.uuid(),
            basis: basis.map(Numbered::number),
            valid_from: from,
            valid_until: until,
        };
    match fact {
        Post::Created(fact) => out.post.push(PostRow {
            post: at.id,
            position: at.position,
            kind: fact.kind.number(),
            title: Json::of(&fact.title),
            organisation: fact.organisation.as_ref().map(ToString::to_string),
        }),
        Post::Held(fact) => out.holding.push(holding(
            Began::Began,
            fact.holder,
            fact.from,
            fact.until,
            Some(fact.basis),
        )),
        Post::Vacated(fact) => {
            out.holding.push(holding(Began::Ended, fact.holder, fact.on, None, None));
        }
        Post::Delegated(fact) => out.delegation.push(DelegationRow {
            post: at.id,
            position: at.position,
            delegate: fact.to.uuid(),
            valid_from: fact.from,
            valid_until: fact.until,
        }),
    }
}

fn role(at: At, fact: &Role) -> RoleRow {
    let (happened, valid_from, valid_until) = match fact {
        Role::Granted(fact) => (Began::Began, fact.from, fact.until),
        Role::Ended(fact) => (Began::Ended, fact.on, None),
    };
    let happened = happened.number();
    RoleRow { role: at.id, position: at.position, happened, valid_from, valid_until }
}

fn duty(at: At, fact: &Measure) -> Option<DutyRow> {
    let row =
        |happened: Began, duty: Duty, post: Option<PostId>, organisation: Option<&Label>, day| {
            DutyRow {
                measure: at.id,
                position: at.position,
                happened: happened.number(),
                duty: duty.number(),
                post: post.map(PostId::uuid),
                organisation: organisation.map(ToString::to_string),
                valid_from: day,
            }
        };
    match fact {
        Measure::AccountableAssigned(it) => {
            Some(row(Began::Began, Duty::Accountable, Some(it.post), None, it.from))
        }
        Measure::StewardAssigned(it) => {
            Some(row(Began::Began, Duty::Steward, Some(it.post), None, it.from))
        }
        Measure::ContributorAssigned(it) => {
            Some(row(Began::Began, Duty::Contributor, it.post, Some(&it.organisation), it.from))
        }
        Measure::DutyEnded(it) => {
            Some(row(Began::Ended, it.duty, it.post, it.organisation.as_ref(), it.on))
        }
        _ => None,
    }
}

fn signature(at: At, fact: &Submission) -> Option<SignatureRow> {
    let row =
        |happened: Signing, measure: MeasureId, period, stage: &Label, post: PostId| SignatureRow {
            measure: measure.uuid(),
            period: Key::or_all(period),
            position: at.position,
            happened: happened.number(),
            stage: stage.to_string(),
            post: post.uuid(),
            signed_at: None,
            scope: None,
            covers: None,
            rating: None,
            statement: None,
        };
    match fact {
        Submission::SignedOff(it) => Some(SignatureRow {
            scope: Some(Json::of(&it.scope)),
            covers: Some(Json::of(&it.covers)),
            rating: it.rating.as_ref().map(ToString::to_string),
            statement: it.statement.as_ref().map(Json::of),
            ..row(Signing::SignedOff, it.measure, it.period, &it.stage, it.post)
        }),
        Submission::SignOffRefused(it) => {
            Some(row(Signing::Refused, it.measure, it.period, &it.stage, it.post))
        }
        Submission::SignOffWithdrawn(it) => Some(SignatureRow {
            signed_at: Some(it.signed_at),
            ..row(Signing::Withdrawn, it.measure, it.period, &it.stage, it.post)
        }),
        _ => None,
    }
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
        Fact::Post(fact) => Some(Ground::of(of_post(fact), None)),
        Fact::Role(Role::Granted(fact)) => Some(Ground::of(&fact.reason, None)),
        Fact::Role(Role::Ended(fact)) => Some(Ground::of(&fact.reason, None)),
        Fact::Submission(fact) => of_submission(fact),
        Fact::Ledger(_) | Fact::Import(_) | Fact::Objective(_) | Fact::Step(_) | Fact::Area(_) => {
            None
        }
    }
}

fn of_framework(fact: &Framework) -> Ground<'_> {
    match fact {
        Framework::Adopted(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::RatingRuleSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::DecisionRightSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::SignOffChainSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::Revised(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::ScaleSet(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::TaxonomySet(fact) => Ground::of(&fact.reason, None),
        Framework::AmendmentBegun(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::Amended(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Framework::AmendmentGivenUp(fact) => Ground::of(&fact.reason, None),
    }
}

fn of_post(fact: &Post) -> &Reason {
    match fact {
        Post::Created(fact) => &fact.reason,
        Post::Held(fact) => &fact.reason,
        Post::Vacated(fact) => &fact.reason,
        Post::Delegated(fact) => &fact.reason,
    }
}

/// What is said of a figure is an act; the figure itself stands in the scorecard's notes.
fn of_submission(fact: &Submission) -> Option<Ground<'_>> {
    match fact {
        Submission::RatingOverridden(fact) => {
            Some(Ground::of(&fact.reason, fact.authority.as_ref()))
        }
        Submission::SignedOff(_) => Some(Ground { reason: None, authority: None, case: None }),
        Submission::SignOffRefused(fact) => Some(Ground::of(&fact.reason, None)),
        Submission::SignOffWithdrawn(fact) => Some(Ground::of(&fact.reason, None)),
        Submission::Submitted(_)
        | Submission::Revised(_)
        | Submission::Withdrawn(_)
        | Submission::NoValueDeclared(_)
        | Submission::CommentaryWritten(_) => None,
    }
}

fn of_measure(fact: &Measure) -> Ground<'_> {
    match fact {
        Measure::AccountableAssigned(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::StewardAssigned(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::ContributorAssigned(fact) => Ground::of(&fact.reason, None),
        Measure::DutyEnded(fact) => Ground::of(&fact.reason, None),
        Measure::BaselineProposed(fact) => Ground::of(&fact.reason, None),
        Measure::Retired(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::Replaced(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
        Measure::Reclassified(fact) => Ground::of(&fact.reason, fact.authority.as_ref()),
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
        Measure::Removed(fact) => Ground::of(&fact.reason, None),
        Measure::Retitled(fact) => Ground::of(&fact.reason, None),
        Measure::Tagged(fact) => Ground::of(&fact.reason, None),
        Measure::CodeAssigned(fact) => Ground::of(&fact.reason, None),
    }
}

fn act(position: Position, event: &Event, ground: Ground<'_>) -> ActRow {
    let record = &event.record;
    let asserted = record.asserted.as_ref();
    let change = Change::of(&event.fact);
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
        subject: change.map(|change| change.subject.number()),
        class: change.map(|change| change.class.number()),
    }
}

/// `measure.target_changed`, of `piperoll.measure.target_changed.v1`.
fn short(event_type: &'static str) -> &'static str {
    event_type.trim_start_matches("piperoll.").trim_end_matches(".v1")
}
