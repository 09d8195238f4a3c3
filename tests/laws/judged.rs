//! What acts relied on, judged again at their own position: by the read model, and by a program that
//! reads the export alone.

use std::collections::BTreeSet;

use piperoll_events::Position;
use piperoll_projections::accountability::{Accountability, Reader};
use piperoll_projections::runtime::pool;
use serde_json::{Value, json};

use super::ground::{Ground, on_ground};
use super::histories::{Forgery, History, some_history};
use super::over_histories;
use super::questions::{exported, opinion};

/// Every judgement up to each of some positions, by both; those at the end are handed back.
async fn judged_alike(ground: &Ground, history: &History, sizes: &[usize]) -> Vec<Value> {
    let kept = ground.take(history.ledger, &Accountability).await;
    kept.follow(history.batches(0, sizes)).await.unwrap();
    let reader = Reader::new(pool(&kept.url, 1).unwrap(), kept.schema.clone());
    let (events, head) = (exported(history), history.head().0);
    let mut all = Vec::new();
    for at in [head / 2, head] {
        let asked: Vec<Position> = (1..=at).map(Position).collect();
        let acts = reader.acts(&asked).await.unwrap();
        let judged = acts.values().filter_map(|act| Some((act.position, act.judged.as_ref()?)));
        let row = |(position, judged)| {
            let mut row = serde_json::to_value(judged).unwrap();
            row["position"] = json!(position);
            row
        };
        all = judged.map(row).collect();
        let second = opinion(&["tests/naive/judged.py", "--at", &at.to_string()], &events);
        assert_eq!(json!(all), second, "as at {at} of {head}");
    }
    ground.give(kept);
    all
}

#[test]
fn what_was_relied_on_is_judged_alike_by_a_program_that_reads_the_export_alone() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        judged_alike(ground, &history, &sizes).await;
    });
}

/// The test of the test: every judgement that there is comes up.
#[test]
fn every_judgement_comes_up() {
    let all = on_ground(async |ground| judged_alike(ground, &some_history(), &[100]).await);
    let found = |name: &str| {
        let words = all.iter().filter_map(|row| row[name].as_str());
        words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(found("right"), ["as_decided", "other_rights", "without_the_right"]);
    assert_eq!(found("role"), ["held", "without_the_role"]);
    assert!(all.iter().any(|row| row["unseen"].as_array().unwrap().len() > 1));
}
