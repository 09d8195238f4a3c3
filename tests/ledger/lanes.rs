//! Requests of many people at once: coalesced or not, each has the answer that it would have had alone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use piperoll::commands::measure::{Adopt, SetTarget};
use piperoll::commands::{Rejection, Request};
use piperoll::ledger::{
    Acting, Answer, AnswerKind, Connection, ExecuteError, Lanes, Ledger, Role, Terms,
};
use piperoll_events::ids::{CommandId, MeasureId};
use piperoll_events::{EntityRef, Position, Revision};
use piperoll_projections::{Outcome, Placed};
use tokio::task::JoinSet;

use super::batches::everything;
use super::relying::{adopt_framework, adopt_measure, only, target};
use super::{Assign, objective};
use crate::kills::Seeded;
use crate::support::lossy::Lossy;
use crate::support::{acting, ground, setting};

type Asked = (Box<dyn Request>, Acting);
type Answered = Result<Answer, ExecuteError>;

/// Terms under which nearly everything goes in batches.
const EAGER: Terms = Terms { lanes: 2, batch_from: 2, batch_most: 100, singles: 1, waiting: 2_048 };

/// Asks all of it at once, through lanes over a writer of its own; the answers in the same order.
async fn at_once(ledger: Ledger, terms: Terms, asked: Vec<Asked>) -> Vec<Answered> {
    let (lanes, pump) = Lanes::over(ledger, terms);
    let work = async {
        let asked = asked.into_iter().map(|(request, acting)| lanes.execute(request, acting));
        let answers = futures::future::join_all(asked).await;
        drop(lanes);
        answers
    };
    tokio::join!(work, pump.run()).0
}

fn assign(measure: &str, code: &str) -> Asked {
    (Box::new(Assign::new(measure, code)), acting())
}

/// The same requests under the same command ids.
fn codes(measures: &[String], acting: &[Acting]) -> Vec<Asked> {
    let one = |(measure, acting): (&String, &Acting)| -> Asked {
        (Box::new(Assign::new(measure, "A1")), acting.clone())
    };
    measures.iter().zip(acting).map(one).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("m{n}")).collect()
}

/// Each entity's revisions in a row, no command twice; where each command stands.
#[track_caller]
fn commands_in_order(all: &[Placed]) -> HashMap<CommandId, Position> {
    let (mut commands, mut last) = (HashMap::new(), HashMap::<EntityRef, _>::new());
    for placed in all {
        let Outcome::Event(event) = &placed.outcome else { panic!("{placed:?}") };
        let twice = commands.insert(event.record.command_id, placed.position);
        assert_eq!(twice, None, "recorded twice: {placed:?}");
        let before = last.insert(event.entity, (event.record.revision, placed.position));
        let (revision, previous) = before.unzip();
        assert_eq!(event.record.revision, revision.unwrap_or(Revision::NONE).next());
        assert_eq!(event.record.previous, previous);
    }
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_recorded_once_each_and_found_again_when_repeated() {
    let ground = ground().await;
    let measures = names(300);
    let acting: Vec<Acting> = measures.iter().map(|_| acting()).collect();
    let asked = || codes(&measures, &acting);
    let first = at_once(ground.ledger().await, EAGER, asked()).await;
    let first: Vec<Answer> = first.into_iter().map(Result::unwrap).collect();
    assert!(first.iter().all(|answer| answer.kind == AnswerKind::Recorded));
    let stand = commands_in_order(&everything(&ground).await);
    assert_eq!(stand.len(), 300);
    for (acting, answer) in acting.iter().zip(&first) {
        assert_eq!(stand[&acting.command_id], answer.position);
    }
    // Another writer, with other terms, that holds nothing.
    for terms in [Terms::default(), EAGER] {
        let again = at_once(ground.ledger().await, terms, asked()).await;
        for (first, again) in first.iter().zip(again) {
            let again = again.unwrap();
            assert_eq!(again.kind, AnswerKind::Repeated);
            assert_eq!((again.position, again.event_id), (first.position, first.event_id));
        }
    }
    assert_eq!(everything(&ground).await.len(), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entity_is_changed_in_the_order_of_asking() {
    let ground = ground().await;
    let asked: Vec<Asked> =
        (0..60).map(|n| assign(&format!("m{}", n % 3), &format!("C{n}"))).collect();
    let ids: Vec<_> = asked.iter().map(|(_, acting)| acting.command_id).collect();
    let answers = at_once(ground.ledger().await, EAGER, asked).await;
    let positions: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().position).collect();
    let stand = commands_in_order(&everything(&ground).await);
    for (id, position) in ids.iter().zip(&positions) {
        assert_eq!(stand[id], *position);
    }
    for entity in 0..3 {
        let own: Vec<_> = positions.iter().skip(entity).step_by(3).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_its_own_and_holds_nobody_up() {
    let ground = ground().await;
    let first = ground.ledger().await;
    first.execute(&objective("o", "1"), &acting()).await.unwrap();
    let used = acting();
    first.execute(&Assign::new("used", "A"), &used).await.unwrap();
    let mut asked: Vec<Asked> = (0..20).map(|n| assign(&format!("m{n}"), "A")).collect();
    asked.insert(3, (Box::new(objective("o", "2")), acting()));
    asked.insert(7, (Box::new(objective("o", "1")), acting()));
    asked.insert(9, (Box::new(Assign::new("used", "B")), used.clone()));
    let stale = Acting { expected: Some(Position(1)), ..acting() };
    asked.insert(11, (Box::new(Assign::new("used", "C")), stale));
    let answers = at_once(ground.ledger().await, EAGER, asked).await;
    let recorded = answers.iter().flatten().filter(|it| it.kind == AnswerKind::Recorded).count();
    assert_eq!(recorded, 20);
    assert!(matches!(answers[3], Err(ExecuteError::Rejected(_))), "{:?}", answers[3]);
    // `o` is under way when it is asked for again, so that is another turn.
    assert!(matches!(&answers[7], Ok(Answer { kind: AnswerKind::Unchanged, .. })));
    assert!(matches!(answers[9], Err(ExecuteError::CommandIdReused { position: Position(2), .. })));
    assert!(matches!(answers[11], Err(ExecuteError::Stale { position: Position(2) })));
    assert_eq!(everything(&ground).await.len(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_stale_guards_goes_singly_and_everybody_is_answered() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    one.execute(&objective("o", "1"), &acting()).await.unwrap();
    for n in 0..30 {
        one.execute(&Assign::new(&format!("m{n}"), "A"), &acting()).await.unwrap();
    }
    // What `one` holds of these is stale from here on.
    for measure in ["m3", "m4", "m17"] {
        other.execute(&Assign::new(measure, "B"), &acting()).await.unwrap();
    }
    let expecting = |position| Acting { expected: Some(Position(position)), ..acting() };
    let mut asked: Vec<Asked> = (0..30).map(|n| assign(&format!("m{n}"), "C")).collect();
    // Read before the other writer changed it, which only the guard tells.
    asked[17].1 = expecting(31);
    let answers = at_once(one, EAGER, asked).await;
    for (n, answer) in answers.iter().enumerate() {
        match answer {
            Ok(answer) => assert_eq!(answer.kind, AnswerKind::Recorded, "m{n}"),
            Err(ExecuteError::Stale { position: Position(34) }) => assert_eq!(n, 17),
            Err(error) => panic!("m{n}: {error}"),
        }
    }
    assert_eq!(commands_in_order(&everything(&ground).await).len(), 34 + 29);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_answer_is_lost_is_found_by_each_of_its_requests() {
    let ground = ground().await;
    let road = Lossy::to(&setting("PIPEROLL_NATS_WRITER_URL"), b"Nats-Batch-Commit").await;
    let connection = Connection::open(Role::Writer, &road.url).await.unwrap();
    let connection = connection.with_patience(Duration::from_secs(1));
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_over(&connection, guard.gate()).await;
    let measures = names(40);
    let acting: Vec<Acting> = measures.iter().map(|_| acting()).collect();
    road.arm();
    let answers = at_once(ledger, EAGER, codes(&measures, &acting)).await;
    assert!(road.lost());
    let stand = commands_in_order(&everything(&ground).await);
    assert_eq!(stand.len(), 40);
    for (acting, answer) in acting.iter().zip(answers) {
        let answer = answer.unwrap();
        // This request recorded it, whichever message said so.
        assert_eq!(
            (answer.kind, answer.position),
            (AnswerKind::Recorded, stand[&acting.command_id])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_relied_on_is_read_once_a_batch_and_named_by_each_event() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    ledger.execute(&adopt_framework(), &acting()).await.unwrap();
    let measure = |n: u8| MeasureId::derived(&[&format!("m{n}")]);
    for n in 0..20 {
        let adopt = Adopt { measure: measure(n), ..adopt_measure() };
        ledger.execute(&adopt, &acting()).await.unwrap();
    }
    let set = |n| SetTarget { measure: measure(n), ..target("FY2021", None) };
    let before = ground.writer.sent();
    let asked = (0..20).map(|n| -> Asked { (Box::new(set(n)), acting()) }).collect();
    let answers = at_once(ledger, EAGER, asked).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // Twenty messages and one question: what is there of the framework?
    assert_eq!(ground.writer.sent() - before, 21);
    for placed in &everything(&ground).await[21..] {
        let Outcome::Event(event) = &placed.outcome else { panic!("{placed:?}") };
        assert_eq!(event.record.relied_on, [Position(1)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_ahead_under_a_table_that_is_behind_is_decided_again() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    one.execute(&adopt_framework(), &acting()).await.unwrap();
    one.execute(&adopt_measure(), &acting()).await.unwrap();
    one.execute(&target("FY2021", None), &acting()).await.unwrap();
    // What `one` holds of the framework lets everybody decide, and is behind from here on.
    let table = other.execute(&only("Cabinet"), &acting()).await.unwrap().position;
    let asked: Vec<Asked> = vec![(Box::new(target("FY2022", None)), acting()), assign("x", "A")];
    let answers = at_once(one, EAGER, asked).await;
    let refused = |answer: &Answered| {
        matches!(answer, Err(ExecuteError::Rejected(Rejection::AuthorityNeeded { .. })))
    };
    assert!(refused(&answers[0]), "{answers:?}");
    assert_eq!(answers[1].as_ref().unwrap().position, table.next());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_when_it_is_full_is_told_so_and_nothing_is_recorded() {
    let ground = ground().await;
    let (lanes, pump) = Lanes::over(ground.ledger().await, Terms { waiting: 5, ..EAGER });
    // Nobody carries anything out yet.
    let mut asking = JoinSet::new();
    for n in 0..8 {
        let lanes = lanes.clone();
        asking.spawn(async move {
            let (request, acting) = assign(&format!("m{n}"), "A");
            lanes.execute(request, acting).await
        });
    }
    let mut busy = 0;
    while busy < 3 {
        let answer = asking.join_next().await.unwrap().unwrap();
        assert!(matches!(answer, Err(ExecuteError::Busy)), "{answer:?}");
        busy += 1;
    }
    drop(lanes);
    let rest = async {
        let mut recorded = 0;
        while let Some(answer) = asking.join_next().await {
            assert_eq!(answer.unwrap().unwrap().kind, AnswerKind::Recorded);
            recorded += 1;
        }
        recorded
    };
    let (recorded, ()) = tokio::join!(rest, pump.run());
    assert_eq!(recorded, 5);
    assert_eq!(everything(&ground).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_when_it_stops_is_told_that_the_outcome_is_open() {
    let ground = ground().await;
    let (lanes, pump) = Lanes::over(ground.ledger().await, EAGER);
    let (request, acting) = assign("m", "A");
    let asked = acting.command_id;
    let waiting = lanes.execute(request, acting);
    let stop = async { drop(pump) };
    let (answer, ()) = tokio::join!(waiting, stop);
    assert!(matches!(answer, Err(ExecuteError::Stopping { command_id }) if command_id == asked));
    let (request, acting) = assign("m", "A");
    let answer = lanes.execute(request, acting).await;
    assert!(matches!(answer, Err(ExecuteError::Stopping { .. })), "{answer:?}");
}

/// Two services write to the same few entities, each coalescing: every round other terms.
#[tokio::test(flavor = "multi_thread")]
async fn two_services_that_coalesce_never_lose_an_update() {
    let mut seeded = Seeded::new(4);
    for round in 0..6 {
        let ground = ground().await;
        let mut number = |most| usize::try_from(seeded.below(most)).unwrap();
        let mut terms = || Terms {
            lanes: 1 + number(3),
            batch_from: 2 + number(6),
            batch_most: 2 + number(60),
            singles: 1 + number(8),
            waiting: 2_048,
        };
        let (one, other) = (terms(), terms());
        let entities = 4 + number(40);
        let mut asked = || -> Vec<Asked> {
            (0..120)
                .map(|n| assign(&format!("m{}", number(entities as u64)), &format!("C{n}")))
                .collect()
        };
        let (by_one, by_other) = (asked(), asked());
        let ids: Vec<_> = by_one.iter().chain(&by_other).map(|(_, it)| it.command_id).collect();
        let (first, second) = (ground.ledger().await, ground.ledger().await);
        let (a, b) = tokio::join!(at_once(first, one, by_one), at_once(second, other, by_other));
        let stand = commands_in_order(&everything(&ground).await);
        let mut answered = HashSet::new();
        for (id, answer) in ids.iter().zip(a.into_iter().chain(b)) {
            match answer {
                Ok(answer) => {
                    assert_eq!(stand.get(id), Some(&answer.position), "round {round}");
                    answered.insert(*id);
                }
                // Three tries were in vain: nothing is recorded of it.
                Err(ExecuteError::Conflict) => assert_eq!(stand.get(id), None, "round {round}"),
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        assert_eq!(answered.len(), stand.len(), "round {round}");
    }
}
