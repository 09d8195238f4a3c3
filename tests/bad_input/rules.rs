//! Commands: stale, replayed, conflicting, beyond a limit; each refused by its code, nothing recorded.

use piperoll::commands::submission::{Revise, Submit, Withdraw};
use piperoll::commands::{Request, measure};
use piperoll::ledger::{AnswerKind, ExecuteError, Ledger};
use piperoll_events::breakdown::Tag;
use piperoll_events::ids::{FrameworkId, MeasureId};
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::{Adopted, TargetSet};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Words;
use piperoll_events::{
    Breakdown, Cell, Definition, Period, Polarity, Position, Quantity, Target, TargetKey, Tier,
};

use crate::ledger::{Assign, objective};
use crate::support::{acting, ground};

fn id() -> MeasureId {
    MeasureId::derived(&["refused"])
}

fn quarter() -> Period {
    "FY2023-Q3".parse().unwrap()
}

fn reason() -> Reason {
    Reason { code: ReasonCode::SourceRevised, text: None }
}

fn headline(value: &str) -> Cell {
    Cell::of(Breakdown::HEADLINE, value.parse().unwrap())
}

fn submit(cells: Vec<Cell>) -> Submit {
    Submit { measure: id(), period: quarter(), cells, rating_as_reported: None, commentary: None }
}

fn revise(value: &str, content_from: Option<Position>, removed: Vec<Breakdown>) -> Revise {
    Revise {
        measure: id(),
        period: quarter(),
        content_from,
        changed: vec![headline(value)],
        removed,
        rating_as_reported: None,
        reason: reason(),
    }
}

fn part(code: &str) -> Breakdown {
    let tag = |taxonomy: &str| Tag { taxonomy: taxonomy.into(), code: code.into() };
    Breakdown::new(vec![tag("area")]).unwrap()
}

fn target(period: &str) -> measure::SetTarget {
    let key = TargetKey {
        period: period.parse().unwrap(),
        breakdown: Breakdown::HEADLINE,
        tier: Tier::Expected,
    };
    measure::SetTarget {
        measure: id(),
        fact: TargetSet {
            key,
            target: Target::standing(Quantity::ZERO),
            reason: reason(),
            authority: None,
            case: None,
        },
    }
}

/// Refused by this code, and the ledger is as long as before.
async fn refused(ledger: &Ledger, request: &dyn Request, code: &str) {
    let head = ledger.stream().head().await.unwrap();
    match ledger.execute(request, &acting()).await {
        Err(ExecuteError::Rejected(rejection)) => assert_eq!(rejection.code(), code, "{rejection}"),
        other => panic!("{code}: {other:?}"),
    }
    assert_eq!(ledger.stream().head().await.unwrap(), head, "{code}: something was recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_a_rule_refuses_leave_nothing_behind() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    refused(&ledger, &submit(Vec::new()), "no_figure").await;
    refused(&ledger, &submit(vec![headline("1"), headline("2")]), "cell_twice").await;
    let many = (0..801).map(|n| Cell::of(part(&format!("a{n}")), Quantity::ZERO)).collect();
    refused(&ledger, &submit(many), "too_many_cells").await;
    refused(&ledger, &revise("1", None, Vec::new()), "missing").await;

    let first = ledger.execute(&submit(vec![headline("1")]), &acting()).await.unwrap();
    refused(&ledger, &submit(vec![headline("2")]), "figures_stand").await;
    refused(&ledger, &revise("2", None, vec![part("north")]), "no_such_cell").await;
    let withdraw = Withdraw { measure: id(), period: Some(quarter()), reason: reason() };
    ledger.execute(&withdraw, &acting()).await.unwrap();
    ledger.execute(&submit(vec![headline("2")]), &acting()).await.unwrap();
    // Stale: it names the content that was withdrawn since.
    refused(&ledger, &revise("3", Some(first.position), Vec::new()), "other_content").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_whose_span_overlaps_another_is_refused() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    refused(&ledger, &target("FY2023"), "missing").await;
    adopt(&ledger).await;
    ledger.execute(&target("FY2023..FY2025"), &acting()).await.unwrap();
    refused(&ledger, &target("FY2025..FY2027"), "overlapping_period").await;
    refused(&ledger, &target("FY2024..FY2026"), "overlapping_period").await;
}

async fn adopt(ledger: &Ledger) {
    let fact = Adopted {
        framework: FrameworkId::derived(&["f"]),
        title: Words { en: "A measure".parse().unwrap(), cy: None },
        treatment: Treatment::Targeted,
        level: MeasureLevel::Operational,
        measures: Subject::PerformanceMeasure,
        definition: Definition::bare(Polarity::HigherIsBetter {}),
        codes: Vec::new(),
        baseline: None,
        targets: Vec::new(),
        places: Vec::new(),
        reason: reason(),
        authority: None,
    };
    let adopt = measure::Adopt { measure: id(), fact };
    ledger.execute(&adopt, &acting()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_replayed_is_one_fact_and_a_conflicting_one_is_refused() {
    let ground = ground().await;
    let ledger = ground.ledger().await;
    let acting = acting();
    let first = ledger.execute(&Assign::new("m", "A1"), &acting).await.unwrap();
    for _ in 0..3 {
        let again = ground.ledger().await.execute(&Assign::new("m", "A1"), &acting).await.unwrap();
        assert_eq!((again.position, again.kind), (first.position, AnswerKind::Repeated));
    }
    let other = ledger.execute(&Assign::new("m", "A2"), &acting).await;
    assert!(matches!(other, Err(ExecuteError::CommandIdReused { .. })), "{other:?}");
    assert_eq!(ledger.stream().head().await.unwrap(), first.position);
    let objective_stands = objective("o", "1");
    ledger.execute(&objective_stands, &crate::support::acting()).await.unwrap();
    refused(&ledger, &objective("o", "2"), "exists").await;
}
