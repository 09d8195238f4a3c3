//! One event, one act.

use piperoll_events::framework::{DecisionRightSet, decision_right_set::RightState};
use piperoll_events::ids::{ActorId, CommandId, EventId, FrameworkId, LedgerId, SubmissionId};
use piperoll_events::reason::{AuthorityKind, ReasonCode};
use piperoll_events::submission::Withdrawn;
use piperoll_events::text::Digest;
use piperoll_events::{
    Authority, Channel, DecisionRight, EntityRef, Event, Fact, Position, Reason, Record, Revision,
    decision_right,
};

use super::folds;

fn event(entity: impl Into<EntityRef>, fact: Fact) -> Event {
    Event {
        id: EventId::derived(&["e"]),
        ledger: LedgerId::derived(&["l"]),
        entity: entity.into(),
        time: chrono::DateTime::UNIX_EPOCH,
        record: Record {
            revision: Revision(1),
            previous: None,
            actor: ActorId::derived(&["a"]),
            post: "Clerk".parse().ok(),
            on_behalf_of: Some(ActorId::derived(&["b"])),
            role: None,
            channel: Channel::Api,
            command_id: CommandId::derived(&["c"]),
            request_digest: Digest::new([0; 32]),
            correlation: None,
            causation: None,
            nonce: "0".repeat(32),
            relied_on: vec![Position(3), Position(5)],
            asserted: None,
        },
        fact,
    }
}

fn reason() -> Reason {
    Reason { code: ReasonCode::Emergency, text: None }
}

#[test]
fn an_act_says_who_for_whom_in_which_post_and_on_what() {
    let right = DecisionRight {
        code: "targets".parse().unwrap(),
        subject: decision_right::ChangeSubject::Target,
        class: decision_right::ChangeClass::Material,
        kind: AuthorityKind::BodyDecision,
        by: "Cabinet".parse().unwrap(),
        resolutions: Vec::new(),
        call_in_days: None,
        consult: Vec::new(),
    };
    let authority = Some(Authority::of(AuthorityKind::BodyDecision));
    let state = RightState::InForce;
    let fact = DecisionRightSet { right, state, reason: reason(), authority };
    let event = event(FrameworkId::derived(&["f"]), fact.into());
    let rows = folds::fold([(Position(9), &event)]);
    let [act] = rows.act.as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        (act.position, act.happened.as_str()),
        (Position(9), "framework.decision_right_set")
    );
    assert_eq!(act.post.as_deref(), Some("Clerk"));
    assert_eq!(act.on_behalf_of, Some(ActorId::derived(&["b"]).uuid()));
    assert_eq!(act.relied_on.as_ref().map(|json| json.0.as_str()), Some("[3,5]"));
    assert_eq!(
        act.authority.as_ref().map(|json| json.0.as_str()),
        Some(r#"{"kind":"body_decision"}"#)
    );
    assert!(!act.asserted);
}

#[test]
fn an_act_on_a_figure_stands_beside_the_figure_and_not_here() {
    let measure = piperoll_events::ids::MeasureId::derived(&["m"]);
    let fact = Withdrawn { measure, period: None, content_from: Position(2), reason: reason() };
    let event = event(SubmissionId::of(measure, None), fact.into());
    let rows = folds::fold([(Position(9), &event)]);
    assert!(rows.act.is_empty(), "{rows:?}");
}
