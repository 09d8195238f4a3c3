//! A writer that is alone leaves unread what nobody else can have written, and notices when it is not.

use piperoll::commands::measure::SetTarget;
use piperoll::commands::{Rejection, Request};
use piperoll::ledger::{Answer, ExecuteError, Lanes, Ledger, Terms};
use piperoll_events::Position;

use super::relying::{adopt_framework, adopt_measure, done, event_at, only, target};
use crate::support::{Ground, acting, ground};

const ROUNDS: u32 = 60;
/// More in a row than it takes to be sure.
const IN_A_ROW: u32 = 12;

async fn through(lanes: &Lanes, request: impl Request + 'static) -> Result<Answer, ExecuteError> {
    lanes.execute(Box::new(request), acting()).await
}

/// Does `work` with lanes over a writer of its own.
async fn with_lanes<W: Future<Output = ()>>(ledger: Ledger, work: impl FnOnce(Lanes) -> W) {
    let (lanes, pump) = Lanes::over(ledger, Terms::default());
    tokio::join!(work(lanes), pump.run());
}

/// Another writer, that has adopted a measure and said who decides about its targets; where that stands.
async fn agreed(ground: &Ground, by: &str) -> (Ledger, Position) {
    let other = ground.ledger().await;
    done(&other, &adopt_framework()).await;
    done(&other, &adopt_measure()).await;
    let table = done(&other, &only(by)).await;
    (other, table)
}

/// Whether an event was stored under a guard on the whole stream.
async fn unread(ground: &Ground, position: Position) -> bool {
    let stored = ground.stream(&ground.writer).find(position).await.unwrap().unwrap();
    String::from_utf8(stored.headers.to_vec()).unwrap().contains("Nats-Expected-Last-Sequence:")
}

/// The target of a month, of which there are many.
fn of_month(n: u32, by: &str) -> SetTarget {
    target(&format!("{}-{:02}", 2000 + n / 12, n % 12 + 1), Some(by))
}

/// Sets targets of so many months from one on; where the last stands.
async fn targets(lanes: &Lanes, from: u32, by: &str) -> Position {
    let mut last = Position::START;
    for n in from..from + IN_A_ROW {
        last = through(lanes, of_month(n, by)).await.unwrap().position;
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_was_alone_is_refused_under_the_table_that_another_set() {
    let ground = ground().await;
    let (other, first) = agreed(&ground, "Cabinet").await;
    with_lanes(ground.ledger().await, async |lanes| {
        let last = targets(&lanes, 0, "Cabinet").await;
        assert_eq!(unread(&ground, last).await, !ground.writer.is_clustered());
        assert_eq!(event_at(&other, last).await.record.relied_on, [first]);
        let second = done(&other, &only("Council")).await;
        match through(&lanes, of_month(50, "Cabinet")).await {
            Err(ExecuteError::Rejected(Rejection::AuthorityNeeded { accepted })) => {
                assert_eq!(accepted, [only("Council").fact.right]);
            }
            other => panic!("{other:?}"),
        }
        let decided = through(&lanes, of_month(50, "Council")).await.unwrap().position;
        assert_eq!(event_at(&other, decided).await.record.relied_on, [second]);
        assert!(!unread(&ground, decided).await, "it was read");
        let last = targets(&lanes, 51, "Council").await;
        assert_eq!(unread(&ground, last).await, !ground.writer.is_clustered());
        assert_eq!(event_at(&other, last).await.record.relied_on, [second]);
    })
    .await;
}

/// Its own change of what it relies on is in what it decides over next, though nothing is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_alone_relies_on_its_own_last_word() {
    let ground = ground().await;
    with_lanes(ground.ledger().await, async |lanes| {
        through(&lanes, adopt_framework()).await.unwrap();
        through(&lanes, adopt_measure()).await.unwrap();
        through(&lanes, only("Body 0")).await.unwrap();
        let mut last = targets(&lanes, 0, "Body 0").await;
        for round in 1..=20 {
            let (before, after) = (format!("Body {}", round - 1), format!("Body {round}"));
            let table = through(&lanes, only(&after)).await.unwrap().position;
            assert_eq!(table, last.next());
            let refused = through(&lanes, of_month(100 + round, &before)).await;
            assert!(matches!(refused, Err(ExecuteError::Rejected(_))), "{refused:?}");
            last = through(&lanes, of_month(100 + round, &after)).await.unwrap().position;
            assert_eq!(event_at(lanes.ledger(), last).await.record.relied_on, [table]);
            assert_eq!(unread(&ground, last).await, !ground.writer.is_clustered());
        }
    })
    .await;
}

/// Whatever was left unread was decided over the table in force at the event's own position: nothing
/// came between.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_writer_left_unread_stood_at_the_position_of_its_event() {
    let ground = ground().await;
    let (other, mut table) = agreed(&ground, "Body 0").await;
    with_lanes(ground.ledger().await, async |lanes| {
        for round in 1..=ROUNDS {
            let (before, after) = (format!("Body {}", round - 1), format!("Body {round}"));
            targets(&lanes, (IN_A_ROW + 1) * round, &before).await;
            let change = of_month((IN_A_ROW + 1) * round + IN_A_ROW, &before);
            let (set, by) = (only(&after), acting());
            let (changed, set) = tokio::join!(through(&lanes, change), other.execute(&set, &by));
            let set = set.unwrap().position;
            match changed {
                Ok(answer) => {
                    let event = event_at(&other, answer.position).await;
                    assert_eq!(event.record.relied_on, [table], "round {round}");
                    let between = table < set && set < answer.position;
                    assert!(!(between && unread(&ground, answer.position).await), "{round}");
                }
                Err(ExecuteError::Rejected(rejection)) => {
                    assert_eq!(rejection.code(), "authority_needed", "round {round}");
                }
                Err(other) => panic!("round {round}: {other}"),
            }
            table = set;
        }
    })
    .await;
}
