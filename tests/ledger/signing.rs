//! A signature racing what it covers: a revision of the figure, which its guard sees, and another
//! definition of the measure, which it does not.

use piperoll::commands::Request;
use piperoll::commands::framework::SetSignOffChain;
use piperoll::commands::measure::{AssignSteward, SetDefinition};
use piperoll::commands::post::Create;
use piperoll::commands::submission::{Revise, SignOff, Submit};
use piperoll::ledger::{ExecuteError, Ledger};
use piperoll_events::framework::SignOffChainSet;
use piperoll_events::ids::PostId;
use piperoll_events::measure::{DefinitionSet, StewardAssigned};
use piperoll_events::post::{Created, created::PostKind};
use piperoll_events::sign_off::{Covered, SignOffChain, SignedScope, Signer, SigningMode, Stage};
use piperoll_events::text::Digest;
use piperoll_events::{Breakdown, Cell, Definition, Event, Period, Polarity, Position, Quantity};

use super::reason;
use super::relying::{adopt_framework, adopt_measure, done, framework, measure, words};
use crate::support::{acting, ground};

fn steward() -> PostId {
    PostId::derived(&["steward"])
}

fn cell(n: u32) -> Cell {
    Cell::of(Breakdown::HEADLINE, n.to_string().parse::<Quantity>().unwrap())
}

fn submit(period: Period) -> Submit {
    let cells = vec![cell(1)];
    Submit { measure: measure(), period, cells, rating_as_reported: None, commentary: None }
}

fn revise(period: Period, n: u32) -> Revise {
    Revise {
        measure: measure(),
        period,
        content_from: None,
        changed: vec![cell(n)],
        removed: Vec::new(),
        rating_as_reported: None,
        reason: reason(),
    }
}

fn sign(period: Period, positions: &[Position]) -> SignOff {
    let covered =
        |position: &Position| Covered { position: *position, digest: Digest::new([0; 32]) };
    SignOff {
        measure: measure(),
        period: Some(period),
        framework: framework(),
        stage: "verified".parse().unwrap(),
        post: steward(),
        covers: positions.iter().map(covered).collect(),
        rating: None,
        statement: None,
    }
}

fn define(decimals: u8) -> SetDefinition {
    let mut definition = Definition::bare(Polarity::HigherIsBetter {});
    definition.decimals = Some(decimals % 12);
    let fact = DefinitionSet { definition, reason: reason(), authority: None, change: None };
    SetDefinition { measure: measure(), fact, factor: None }
}

/// A measure under a chain of one stage; where its definition stands.
async fn under_a_chain(ledger: &Ledger) -> Position {
    done(ledger, &adopt_framework()).await;
    let defined = done(ledger, &adopt_measure()).await;
    let stage = Stage {
        code: "verified".parse().unwrap(),
        title: words(),
        covers: vec![SignedScope::Figures, SignedScope::Judgement],
        signers: vec![Signer::Steward {}],
        mode: SigningMode::One {},
    };
    let chain = SignOffChain { stages: vec![stage] };
    let fact = SignOffChainSet { chain, reason: reason(), authority: None };
    done(ledger, &SetSignOffChain { framework: framework(), fact }).await;
    let post =
        Created { title: words(), kind: PostKind::Officer, organisation: None, reason: reason() };
    done(ledger, &Create { post: steward(), fact: post }).await;
    let from = "2021-04-01".parse().unwrap();
    let fact = StewardAssigned { post: steward(), from, reason: reason(), authority: None };
    done(ledger, &AssignSteward { measure: measure(), fact }).await;
    defined
}

fn quarter(n: u32) -> Period {
    format!("FY{}-Q{}", 2000 + n / 4, 1 + n % 4).parse().unwrap()
}

async fn race(
    ledger: (&Ledger, &Ledger),
    sign: &SignOff,
    other: &dyn Request,
) -> (Option<Position>, Position) {
    let (by_one, by_other) = (acting(), acting());
    let (signed, other) =
        tokio::join!(ledger.0.execute(sign, &by_one), ledger.1.execute(other, &by_other));
    let other = other.unwrap().position;
    match signed {
        Ok(answer) => (Some(answer.position), other),
        Err(ExecuteError::Rejected(rejection)) => {
            assert_eq!(rejection.code(), "other_content");
            (None, other)
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_revised_first_is_not_signed_and_one_signed_first_is_revised_after() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    let defined = under_a_chain(&one).await;
    for round in 0..30 {
        let period = quarter(round);
        let figure = done(&one, &submit(period)).await;
        let sign = sign(period, &[defined, figure]);
        let (signed, revised) = race((&one, &other), &sign, &revise(period, 2 + round)).await;
        assert!(signed.is_none_or(|signed| signed < revised), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_names_the_definition_that_it_saw_wherever_another_one_lands() {
    let ground = ground().await;
    let (one, other) = (ground.ledger().await, ground.ledger().await);
    let mut defined = under_a_chain(&one).await;
    let mut of_measure = one.stream().head().await.unwrap();
    for round in 0..30 {
        let period = quarter(round);
        let figure = done(&one, &submit(period)).await;
        let sign = sign(period, &[defined, figure]);
        let next = define(u8::try_from(round).unwrap());
        let (signed, redefined) = race((&one, &other), &sign, &next).await;
        if let Some(signed) = signed {
            let stored = one.stream().find(signed).await.unwrap().unwrap();
            let relied_on = Event::decode(&stored.body).unwrap().record.relied_on;
            // Of measure, framework and post, in this order: the measure as it was signed under,
            // though another definition may stand before the signature.
            assert_eq!(relied_on.len(), 3, "round {round}");
            assert_eq!(relied_on[0], of_measure, "round {round}");
        }
        (defined, of_measure) = (redefined, redefined);
    }
    // Whatever the races came to: without one it is signed, and under this definition.
    let period = quarter(40);
    let figure = done(&one, &submit(period)).await;
    let signed = done(&one, &sign(period, &[defined, figure])).await;
    let stored = one.stream().find(signed).await.unwrap().unwrap();
    assert_eq!(Event::decode(&stored.body).unwrap().record.relied_on[0], of_measure);
}
