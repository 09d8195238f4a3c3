//! What was relied on, judged again at the event's own position: told to the caller, and told the same
//! by whoever reads the record, at once or after a rebuild.

use piperoll::commands::Request;
use piperoll::commands::measure::{ChangeTarget, SetBaseline};
use piperoll::commands::role::{End, Grant};
use piperoll::ledger::{Acting, Answer, AnswerKind, ExecuteError, Ledger};
use piperoll_events::decision_right::{ChangeSubject, RightThen};
use piperoll_events::ids::{ActorId, RoleId};
use piperoll_events::measure::BaselineSet;
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::role::granted::{RoleName, RoleScope};
use piperoll_events::role::{Ended, Granted};
use piperoll_events::{EntityRef, Position, Quantity, Target};
use piperoll_projections::accountability::judged::{Judged, RoleThen};
use piperoll_projections::accountability::{Accountability, Reader};
use piperoll_projections::runtime::pool;
use piperoll_projections::{Outcome, Placed};

use super::reason;
use super::relying::{
    adopt_framework, adopt_measure, done, event_at, framework, measure, only, target,
};
use crate::laws::ground::Ground as Shelves;
use crate::support::{acting, ground};

/// Every event of the ledger, as readers hand it over.
async fn placed(ledger: &Ledger) -> Vec<Placed> {
    let head = ledger.stream().head().await.unwrap();
    let mut placed = Vec::new();
    for position in 1..=head.0 {
        let position = Position(position);
        let event = event_at(ledger, position).await;
        let entity = Some(event.entity);
        placed.push(Placed { position, entity, outcome: Outcome::Event(event) });
    }
    placed
}

/// What the caller was told is what the read model says, one event at a time or all at once.
async fn the_record_says_so(ledger: &Ledger, told: &[(Position, Option<Judged>)]) {
    assert!(!told.is_empty());
    let placed = placed(ledger).await;
    let shelves = Shelves::default();
    for size in [1, placed.len()] {
        let kept = shelves.take(ledger.identity().ledger_id, &Accountability).await;
        kept.follow(placed.chunks(size).map(<[Placed]>::to_vec).collect()).await.unwrap();
        let reader = Reader::new(pool(&kept.url, 1).unwrap(), kept.schema.clone());
        for (position, judged) in told {
            let acts = reader.acts(&[*position]).await.unwrap();
            assert_eq!(acts[position].judged, *judged, "at {position}, {size} at a time");
            let before = Position(position.0 - 1);
            let happened = acts[position].happened.as_str();
            let upto = reader.acts_within(before, *position, &[happened]).await.unwrap();
            assert_eq!(upto, [acts[position].clone()]);
        }
        shelves.give(kept);
    }
    shelves.clear().await;
}

/// What the caller is told, now and when the command is repeated through another writer.
async fn told(
    writers: (&Ledger, &Ledger),
    answer: Answer,
    request: &dyn Request,
    by: &Acting,
) -> (Position, Option<Judged>) {
    let relied = writers.0.relied(answer, by.command_id).await.unwrap();
    assert_eq!(relied.on, event_at(writers.0, answer.position).await.record.relied_on);
    let again = writers.1.execute(request, by).await.unwrap();
    assert_eq!((again.kind, again.position), (AnswerKind::Repeated, answer.position));
    assert_eq!(writers.1.relied(again, by.command_id).await.unwrap(), relied);
    (answer.position, relied.judged)
}

fn right(right: RightThen, unseen: &[Position]) -> Judged {
    Judged { right: Some(right), role: None, unseen: unseen.to_vec() }
}

fn quantity(value: i64) -> Quantity {
    value.to_string().parse().unwrap()
}

fn clerk(person: ActorId) -> EntityRef {
    RoleId::of(person, RoleName::Clerk, &RoleScope::Ledger).into()
}

fn grant(person: ActorId) -> Grant {
    let fact = Granted {
        person,
        role: RoleName::Clerk,
        scope: RoleScope::Ledger,
        from: "2021-04-01".parse().unwrap(),
        until: None,
        reason: reason(),
    };
    Grant { fact }
}

fn end(person: ActorId) -> End {
    let role = RoleId::of(person, RoleName::Clerk, &RoleScope::Ledger);
    End { role, fact: Ended { on: "2021-05-01".parse().unwrap(), reason: reason() } }
}

fn as_clerk() -> Acting {
    Acting { role: "clerk".parse().ok(), ..acting() }
}

/// Decided by `one`, and on its way while `other` does something else.
async fn overtaken(
    (one, other): (&Ledger, &Ledger),
    request: Box<dyn Request>,
    by: &Acting,
    meanwhile: &dyn Request,
) -> (Answer, Position) {
    let prepared = one.prepare(vec![(request, by.clone())]).await.unwrap();
    let meanwhile = done(other, meanwhile).await;
    let answers = one.commit(prepared).await.unwrap();
    assert!(answers[0].position > meanwhile);
    (answers[0], meanwhile)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_overtaken_by_another_table_is_judged_by_that_table() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    done(&one, &only("Cabinet")).await;
    let mut second = only("Council");
    second.fact.right.code = "second".parse().unwrap();
    let mut of_baselines = only("Council");
    of_baselines.fact.right.code = "baselines".parse().unwrap();
    of_baselines.fact.right.subject = ChangeSubject::Baseline;
    let mut all = Vec::new();
    for (period, meanwhile, expected) in [
        ("FY2021", of_baselines, RightThen::AsDecided),
        ("FY2022", second, RightThen::OtherRights),
        ("FY2023", only("Council"), RightThen::WithoutTheRight),
    ] {
        let (change, by) = (target(period, Some("Cabinet")), acting());
        let request = Box::new(change.clone());
        let (answer, set) = overtaken((&one, &other), request, &by, &meanwhile).await;
        let (position, judged) = told((&one, &other), answer, &change, &by).await;
        assert_eq!(judged, Some(right(expected, &[set])), "{period}");
        all.push((position, judged));
    }
    // Decided again it would be refused; what stands is judged the same by then.
    let refused = one.execute(&target("FY2024", Some("Cabinet")), &acting()).await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(_))), "{refused:?}");
    the_record_says_so(&one, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_overtaken_by_the_end_of_its_role_was_made_without_it() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    let (by, change) = (as_clerk(), target("FY2021", None));
    // A token's word alone: the ledger knows of no such role, and nothing of it was relied on.
    let answer = one.execute(&change, &by).await.unwrap();
    let (_, judged) = told((&one, &other), answer, &change, &by).await;
    assert_eq!(judged, Some(right(RightThen::AsDecided, &[])));
    let granted = done(&one, &grant(by.actor)).await;
    let (by, change) = (Acting { actor: by.actor, ..as_clerk() }, target("FY2022", None));
    let answer = one.execute(&change, &by).await.unwrap();
    assert_eq!(event_at(&one, answer.position).await.record.relied_on, [Position(1), granted]);
    let held = told((&one, &other), answer, &change, &by).await;
    let role = |role, unseen: &[Position]| {
        let right = Some(RightThen::AsDecided);
        Some(Judged { right, role: Some(role), unseen: unseen.to_vec() })
    };
    assert_eq!(held.1, role(RoleThen::Held, &[]));
    let (by, change) = (Acting { actor: by.actor, ..as_clerk() }, target("FY2023", None));
    let (request, ends) = (Box::new(change.clone()), end(by.actor));
    let (answer, ended) = overtaken((&one, &other), request, &by, &ends).await;
    let without = told((&one, &other), answer, &change, &by).await;
    assert_eq!(without.1, role(RoleThen::WithoutTheRole, &[ended]));
    the_record_says_so(&one, &[held, without]).await;
}

/// Whichever lands first, exactly one of three things happens, and everybody tells it alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_racing_the_table_has_exactly_one_outcome() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    done(&one, &only("Body 0")).await;
    let mut all = Vec::new();
    for round in 1..=30_u32 {
        let (before, after) = (format!("Body {}", round - 1), format!("Body {round}"));
        let change = target(&format!("FY{}", 2000 + round), Some(&before));
        let (set, by, by_other) = (only(&after), acting(), acting());
        let (changed, set) =
            tokio::join!(one.execute(&change, &by), other.execute(&set, &by_other));
        let set = set.unwrap().position;
        match changed {
            Err(ExecuteError::Rejected(no)) => assert_eq!(no.code(), "authority_needed"),
            Err(other) => panic!("round {round}: {other}"),
            Ok(answer) => {
                let (position, judged) = told((&one, &other), answer, &change, &by).await;
                let expected = if position < set {
                    right(RightThen::AsDecided, &[])
                } else {
                    right(RightThen::WithoutTheRight, &[set])
                };
                assert_eq!(judged, Some(expected), "round {round}: table at {set}");
                all.push((position, judged));
            }
        }
    }
    the_record_says_so(&one, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_racing_the_end_of_its_role_has_exactly_one_outcome() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    let mut all = Vec::new();
    for round in 1..=30_u32 {
        let (by, by_other) = (as_clerk(), acting());
        let granted = done(&other, &grant(by.actor)).await;
        let (change, ends) = (target(&format!("FY{}", 2000 + round), None), end(by.actor));
        let (changed, ended) =
            tokio::join!(one.execute(&change, &by), other.execute(&ends, &by_other));
        let ended = ended.unwrap().position;
        let (position, judged) = told((&one, &other), changed.unwrap(), &change, &by).await;
        let seen = event_at(&one, position).await.record.relied_on[1];
        assert!(seen == granted || seen == ended, "round {round}");
        let judged = judged.unwrap();
        let between = granted == seen && ended < position;
        assert_eq!(judged.unseen, if between { vec![ended] } else { vec![] }, "round {round}");
        let without = ended < position;
        let role = if without { RoleThen::WithoutTheRole } else { RoleThen::Held };
        assert_eq!(judged.role, Some(role), "round {round}");
        assert_eq!(clerk(by.actor), event_at(&one, seen).await.entity);
        all.push((position, Some(judged)));
    }
    the_record_says_so(&one, &all).await;
}

/// What two people approve at once has one subject, and that is guarded: one is first, and the other is
/// decided again on top of it.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvals_at_once_one_is_first_and_the_other_is_decided_again() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    for round in 1..=30_i64 {
        // The same baseline by both: one recorded, the other finds it so already.
        let baseline = Baseline { period: "FY2019".parse().unwrap(), value: quantity(round) };
        let fact = BaselineSet { baseline, reason: reason(), authority: None };
        let set = SetBaseline { measure: measure(), fact };
        let head = one.stream().head().await.unwrap();
        let (by_one, by_other) = (acting(), acting());
        let (a, b) = tokio::join!(one.execute(&set, &by_one), other.execute(&set, &by_other));
        let (a, b) = (a.unwrap(), b.unwrap());
        let kinds = [a.kind, b.kind];
        assert!(kinds.contains(&AnswerKind::Recorded), "round {round}: {kinds:?}");
        assert!(kinds.contains(&AnswerKind::Unchanged), "round {round}: {kinds:?}");
        assert_eq!((a.position, b.position), (head.next(), head.next()), "round {round}");
        // Two values for one target: both stand in turn, the later naming the earlier as what it
        // changed; and whoever said where they had read it is told that it moved on.
        let period = format!("FY{}", 2000 + round);
        let read = done(&one, &target(&period, None)).await;
        let to = |value: i64| ChangeTarget {
            measure: measure(),
            key: target(&period, None).fact.key,
            new: Target::standing(quantity(value)),
            reason: reason(),
            authority: None,
            case: None,
        };
        let expecting = || Acting { expected: Some(read), ..acting() };
        let (first, second, by_one, by_other) = (to(1), to(2), expecting(), expecting());
        let (a, b) = tokio::join!(one.execute(&first, &by_one), other.execute(&second, &by_other));
        let (recorded, refused) = if a.is_ok() { (a, b) } else { (b, a) };
        assert_eq!(recorded.unwrap().position, read.next(), "round {round}");
        match refused {
            Err(ExecuteError::Stale { position }) => assert_eq!(position, read.next()),
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(one.stream().head().await.unwrap(), read.next(), "round {round}");
    }
    assert_eq!(event_at(&one, Position(1)).await.entity, framework().into());
}
