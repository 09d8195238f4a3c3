//! A writer who says where it read: what came after refuses it, and nothing else does.

use piperoll::ledger::{Acting, AnswerKind, ExecuteError};
use piperoll_events::Position;

use super::Assign;
use crate::support::{acting, ground};

fn having_read(position: u64) -> Acting {
    Acting { expected: Some(Position(position)), ..acting() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_who_read_at_one_position_exactly_one_wins() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    for round in 0..30 {
        let (a, b) =
            (Assign::new("m", &format!("a{round}")), Assign::new("m", &format!("b{round}")));
        let (by_a, by_b) = (having_read(round), having_read(round));
        let (a, b) = tokio::join!(one.execute(&a, &by_a), other.execute(&b, &by_b));
        let stale = |r: &Result<_, ExecuteError>| matches!(r, Err(ExecuteError::Stale { position }) if *position == Position(round + 1));
        assert!(a.is_ok() != b.is_ok(), "round {round}: {a:?} {b:?}");
        assert!(stale(&a) || stale(&b), "round {round}: {a:?} {b:?}");
        assert_eq!(one.stream().head().await.unwrap(), Position(round + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_answered_wherever_it_was_read_and_others_things_make_nobody_stale() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let acting = having_read(0);
    let request = Assign::new("m", "A1");
    let first = ledger.execute(&request, &acting).await.unwrap();
    for writer in [&ledger, &ground.ledger().await] {
        let again = writer.execute(&request, &acting).await.unwrap();
        assert_eq!((again.kind, again.position), (AnswerKind::Repeated, first.position));
    }
    ledger.execute(&Assign::new("other", "B1"), &having_read(0)).await.unwrap();
    let next = ledger.execute(&Assign::new("m", "A2"), &having_read(1)).await.unwrap();
    assert_eq!((next.kind, next.position), (AnswerKind::Recorded, Position(3)));
    // A writer that holds nothing finds it out too.
    let late = ground.ledger().await.execute(&Assign::new("m", "A3"), &having_read(2)).await;
    assert!(matches!(late, Err(ExecuteError::Stale { position: Position(3) })), "{late:?}");
}
