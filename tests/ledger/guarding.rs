//! The guard: a stream that is not as a ledger needs it is named, and nothing is written to it.

use piperoll::commands::{self, Decision, Rejection, Request, State};
use piperoll::ledger::{
    Closed, Difference, ExecuteError, Founding, Gate, Guard, Ledger, Replicas, bootstrap,
    throw_away,
};
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::ConfigurationObserved;
use piperoll_events::{EntityRef, Position};
use serde_json::{Value, json};

use super::{Assign, reason};
use crate::support::{Ground, acting, ask_raw, ground, raw_client, setting};

/// Goes on in spite of differences.
struct Observe(LedgerId, Vec<Difference>);

impl Request for Observe {
    fn entity(&self) -> EntityRef {
        self.0.into()
    }

    fn relies_on(&self, _: &State) -> Vec<EntityRef> {
        Vec::new()
    }

    fn decide(&self, _: &State, _: &commands::Ground<'_>) -> Result<Decision, Rejection> {
        let differences = self.1.clone();
        Ok(Decision::record(ConfigurationObserved { differences, reason: reason() }))
    }

    fn canonical(&self) -> Vec<u8> {
        format!("test.observe {:?}", self.1).into_bytes()
    }
}

pub(super) async fn update(ground: &Ground, change: &Value) {
    let owner = raw_client("owner").await;
    let info = format!("$JS.API.STREAM.INFO.piperoll_{}", ground.name);
    let mut config = ask_raw(&owner, info, &json!({})).await["config"].clone();
    for (field, value) in change.as_object().unwrap() {
        config[field] = value.clone();
    }
    let subject = format!("$JS.API.STREAM.UPDATE.piperoll_{}", ground.name);
    let answer = ask_raw(&owner, subject, &config).await;
    assert!(answer.get("error").is_none(), "{change}: {answer}");
}

async fn writes(ledger: &Ledger) -> Result<(), ExecuteError> {
    ledger.execute(&Assign::new("m", "A1"), &acting()).await.map(|_| ())
}

fn fields(differences: &[Difference]) -> Vec<&str> {
    differences.iter().map(|difference| difference.field.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_as_it_was_made_differs_in_nothing() {
    let ground = ground().await;
    let findings = ground.guard().inspect().await.unwrap();
    assert_eq!((findings.differences, findings.warnings, findings.closed), (vec![], vec![], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_that_nats_allows_is_named_and_closes_the_gate() {
    let changes = [
        json!({"max_age": 3_600_000_000_000_u64}),
        json!({"max_msgs": 1000}),
        json!({"max_bytes": 1_000_000}),
        json!({"max_msgs_per_subject": 5}),
        json!({"max_msg_size": 1000}),
        json!({"discard": "old"}),
        json!({"retention": "interest"}),
        json!({"duplicate_window": 1_000_000_000}),
        json!({"allow_direct": false}),
        json!({"allow_atomic": false}),
        json!({"allow_msg_ttl": true}),
        json!({"republish": {"src": ">", "dest": "elsewhere.>"}}),
    ];
    for change in changes {
        let ground = ground().await;
        let guard = ground.guard();
        let name = ground.name.to_string();
        update(&ground, &change).await;
        let findings = guard.inspect().await.unwrap();
        let field = change.as_object().unwrap().keys().next().unwrap();
        assert!(
            fields(&findings.differences).contains(&field.as_str()),
            "{name} {change}: {findings:?}"
        );
        let ledger = ground.ledger_behind(guard.gate()).await;
        let refused = writes(&ledger).await.unwrap_err();
        assert!(refused.to_string().contains(&format!("`{field}` should be")), "{refused}");
        assert_eq!(ledger.stream().head().await.unwrap(), Position(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ledger_id_and_more_subjects_are_named() {
    let ground = ground().await;
    let guard = ground.guard();
    let more = format!("also.{}.>", ground.name);
    update(&ground, &json!({"subjects": [format!("piperoll.{}.>", ground.name), more]})).await;
    update(&ground, &json!({"metadata": {"piperoll.ledger_id": "0".repeat(32)}})).await;
    let findings = guard.inspect().await.unwrap();
    let found = fields(&findings.differences);
    assert_eq!(found, ["subjects", "piperoll.ledger_id", "piperoll.genesis"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_gone_made_again_or_shorter_closes_the_gate() {
    let ground = ground().await;
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_behind(guard.gate()).await;
    writes(&ledger).await.unwrap();
    guard.gate().reached(Position(9));
    let findings = guard.inspect().await.unwrap();
    assert_eq!(fields(&findings.differences), ["last_position"]);
    assert!(matches!(writes(&ledger).await, Err(ExecuteError::Closed(Closed::Differs(_)))));
    throw_away(&ground.owner, &ground.name).await.unwrap();
    let findings = guard.inspect().await.unwrap();
    assert_eq!(fields(&findings.differences), ["stream"]);
    let founding = Founding {
        ledger_id: ground.identity.ledger_id,
        genesis: ground.identity.genesis,
        replicas: Replicas::One,
    };
    bootstrap(&ground.owner, &ground.name, founding).await.unwrap();
    let findings = guard.inspect().await.unwrap();
    assert_eq!(fields(&findings.differences), ["created", "last_position"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_observed_is_accepted_and_nothing_else() {
    let ground = ground().await;
    let guard = ground.guard();
    let ledger = ground.ledger_behind(guard.gate()).await;
    assert!(matches!(writes(&ledger).await, Err(ExecuteError::Closed(Closed::NotInspected))));
    update(&ground, &json!({"duplicate_window": 60_000_000_000_u64})).await;
    let seen = guard.inspect().await.unwrap().differences;
    assert!(matches!(writes(&ledger).await, Err(ExecuteError::Closed(Closed::Differs(_)))));
    // A service that runs meanwhile, with a gate of its own.
    let beside = ground.guard();
    let running = ground.ledger_behind(beside.gate()).await;
    beside.inspect().await.unwrap();
    assert!(matches!(writes(&running).await, Err(ExecuteError::Closed(Closed::Differs(_)))));
    let observe = Observe(ground.identity.ledger_id, seen.clone());
    ledger.execute(&observe, &acting()).await.unwrap();
    writes(&ledger).await.unwrap();
    assert_eq!(guard.inspect().await.unwrap().closed, None);
    writes(&running).await.unwrap();
    // A later start finds the decision in the ledger's own history.
    let later = ground.guard();
    let ledger = ground.ledger_behind(later.gate()).await;
    assert_eq!(later.inspect().await.unwrap().closed, None);
    writes(&ledger).await.unwrap();
    // The same field, changed once more, was accepted by nobody.
    update(&ground, &json!({"duplicate_window": 30_000_000_000_u64})).await;
    let findings = later.inspect().await.unwrap();
    assert_eq!(findings.closed, Some(Closed::Differs(findings.differences.clone())));
    assert_ne!(findings.differences, seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_does_not_answer_is_a_warning_and_no_closure() {
    let ground = ground().await;
    let all = format!("http://127.0.0.1:1,{}", setting("PIPEROLL_NATS_MONITOR_URL"));
    let monitors = all.split(',').map(str::to_owned).collect();
    let guard = Guard::new(ground.stream(&ground.writer), ground.identity, monitors);
    let findings = guard.inspect().await.unwrap();
    assert_eq!((findings.warnings.len(), findings.closed), (1, None));
    assert!(findings.warnings[0].contains("`http://127.0.0.1:1` can't be reached"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_goes_on_watching_and_tells_what_it_finds() {
    let ground = ground().await;
    let guard = ground.guard();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watching = guard.watch(std::time::Duration::from_millis(20), |findings| {
        let closed = findings.as_ref().map(|findings| findings.closed.clone());
        tell.send(closed.unwrap()).unwrap();
    });
    let changing = async {
        assert_eq!(told.recv().await.unwrap(), None);
        update(&ground, &json!({"max_age": 3_600_000_000_000_u64})).await;
        while told.recv().await.unwrap().is_none() {}
    };
    tokio::select! {
        () = watching => unreachable!("it ends only when dropped"),
        () = changing => {}
    }
    assert!(guard.gate().closed().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_exists_is_taken_if_it_conforms_and_refused_if_not() {
    let ground = ground().await;
    let founding = Founding {
        ledger_id: piperoll::ids::ledger_id().unwrap(),
        genesis: piperoll::clock::now(),
        replicas: Replicas::One,
    };
    let again = bootstrap(&ground.owner, &ground.name, founding).await.unwrap();
    assert_eq!(again, ground.identity);
    update(&ground, &json!({"max_msgs": 10})).await;
    let refused = bootstrap(&ground.owner, &ground.name, founding).await.unwrap_err();
    assert!(refused.to_string().contains("`max_msgs` should be `-1` and is `10`"), "{refused}");
}

#[test]
fn a_gate_is_shut_until_somebody_has_looked() {
    assert_eq!(Gate::default().closed(), Some(Closed::NotInspected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_being_written_is_not_taken_for_one_that_lost_its_end() {
    let ground = ground().await;
    let guard = ground.guard();
    guard.inspect().await.unwrap();
    let ledger = ground.ledger_behind(guard.gate()).await;
    let writing = async {
        for n in 0..300 {
            ledger.execute(&Assign::new("m", &format!("A{n}")), &acting()).await.unwrap();
        }
    };
    let inspecting = async {
        loop {
            assert_eq!(guard.inspect().await.unwrap().differences, vec![]);
        }
    };
    tokio::select! {
        () = writing => {}
        () = inspecting => unreachable!("it goes on for ever"),
    }
}
