//! What a decision relies on beside its own entity: read to its end, named in the event, and left
//! unguarded.

use piperoll::commands::framework::{Adopt as AdoptFramework, SetDecisionRight};
use piperoll::commands::measure::{Adopt, SetTarget};
use piperoll::commands::{Rejection, Request};
use piperoll::ledger::{ExecuteError, Ledger};
use piperoll_events::decision_right::{ChangeClass, ChangeSubject};
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::framework::{Adopted as FrameworkAdopted, DecisionRightSet};
use piperoll_events::ids::{FrameworkId, MeasureId};
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::{Adopted, TargetSet};
use piperoll_events::reason::AuthorityKind;
use piperoll_events::text::Words;
use piperoll_events::{
    Authority, Breakdown, DecisionRight, Definition, Event, Polarity, Position, Quantity, Target,
    TargetKey, Tier,
};

use super::reason;
use crate::support::{acting, ground};

pub(super) fn framework() -> FrameworkId {
    FrameworkId::derived(&["f"])
}

pub(super) fn measure() -> MeasureId {
    MeasureId::derived(&["m"])
}

pub(super) fn words() -> Words {
    Words { en: "Fair work".parse().unwrap(), cy: None }
}

pub(super) fn adopt_framework() -> AdoptFramework {
    let fact = FrameworkAdopted {
        title: words(),
        from: "2021-04-01".parse().unwrap(),
        until: None,
        scale: None,
        rating_rule: None,
        reason: reason(),
        authority: None,
    };
    AdoptFramework { framework: framework(), fact }
}

pub(super) fn adopt_measure() -> Adopt {
    let fact = Adopted {
        framework: framework(),
        title: words(),
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
    Adopt { measure: measure(), fact }
}

/// Only `by` decides about targets from here on.
pub(super) fn only(by: &str) -> SetDecisionRight {
    let right = DecisionRight {
        code: "targets".parse().unwrap(),
        subject: ChangeSubject::Target,
        class: ChangeClass::Material,
        kind: AuthorityKind::BodyDecision,
        by: by.parse().unwrap(),
        resolutions: Vec::new(),
        call_in_days: None,
        consult: Vec::new(),
    };
    let state = RightState::InForce;
    let fact = DecisionRightSet { right, state, reason: reason(), authority: None };
    SetDecisionRight { framework: framework(), fact }
}

pub(super) fn target(period: &str, body: Option<&str>) -> SetTarget {
    let key = TargetKey {
        period: period.parse().unwrap(),
        breakdown: Breakdown::HEADLINE,
        tier: Tier::Expected,
    };
    let authority = body.map(|body| Authority {
        body: body.parse().ok(),
        ..Authority::of(AuthorityKind::BodyDecision)
    });
    let target = Target::standing(Quantity::ZERO);
    let fact = TargetSet { key, target, reason: reason(), authority, case: None };
    SetTarget { measure: measure(), fact }
}

pub(super) async fn done(ledger: &Ledger, request: &dyn Request) -> Position {
    ledger.execute(request, &acting()).await.unwrap().position
}

pub(super) async fn event_at(ledger: &Ledger, position: Position) -> Event {
    Event::decode(&ledger.stream().find(position).await.unwrap().unwrap().body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_names_the_version_of_the_table_that_it_was_decided_under() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    let free = done(&one, &target("FY2021", None)).await;
    assert_eq!(event_at(&one, free).await.record.relied_on, [Position(1)]);
    // Set by another writer: what is held of the framework is behind, and is read on.
    let table = done(&other, &only("Cabinet")).await;
    let refused = one.execute(&target("FY2022", None), &acting()).await;
    match refused {
        Err(ExecuteError::Rejected(Rejection::AuthorityNeeded { accepted })) => {
            assert_eq!(accepted, [only("Cabinet").fact.right]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(one.stream().head().await.unwrap(), table, "a refusal leaves nothing");
    let decided = done(&one, &target("FY2022", Some("Cabinet"))).await;
    assert_eq!(event_at(&one, decided).await.record.relied_on, [table]);
}

/// The table is not guarded: whichever of the two comes first, both stand, and the change says which
/// version of the table it was decided under, so that everybody judges it alike at its own position.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_racing_the_table_stands_and_says_which_table_it_saw() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    done(&one, &adopt_framework()).await;
    done(&one, &adopt_measure()).await;
    let mut table = done(&one, &only("Body 0")).await;
    for round in 1..=30_u32 {
        let (before, after) = (format!("Body {}", round - 1), format!("Body {round}"));
        let change = target(&format!("FY{}", 2000 + round), Some(&before));
        let (set, by_one, by_other) = (only(&after), acting(), acting());
        let (changed, set) =
            tokio::join!(one.execute(&change, &by_one), other.execute(&set, &by_other));
        let set = set.unwrap().position;
        match changed {
            Ok(answer) => {
                let relied_on = event_at(&one, answer.position).await.record.relied_on;
                assert_eq!(relied_on, [table], "round {round}: of the body that decided");
            }
            Err(ExecuteError::Rejected(rejection)) => {
                assert_eq!(rejection.code(), "authority_needed", "round {round}");
            }
            Err(other) => panic!("round {round}: {other}"),
        }
        table = set;
    }
}
