//! Answers to questions, and a second opinion on them: a program in another language that reads the
//! exported events and nothing else.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use piperoll::asking::answer::Desk;
use piperoll::asking::moment::When;
use piperoll::asking::questions::made_easier::Easier;
use piperoll::asking::questions::retargeting::Retargeting;
use piperoll::asking::questions::{Between, accountable_on, made_easier, who_changed};
use piperoll_events::Position;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_projections::Outcome;
use piperoll_projections::accountability::{Accountability, Reader as Acts};
use piperoll_projections::runtime;
use piperoll_projections::scorecard::{Reader, Scorecard};
use serde_json::{Value, json};

use super::ground::{Ground, Kept, on_ground};
use super::histories::{Forgery, History, some_history};
use super::over_histories;

/// Both read models of a history, whole, and a desk over them.
pub(super) async fn desk(ground: &Ground, history: &History, sizes: &[usize]) -> (Desk, [Kept; 2]) {
    let scorecard = ground.take(history.ledger, &Scorecard).await;
    let acts = ground.take(history.ledger, &Accountability).await;
    for kept in [&scorecard, &acts] {
        kept.follow(history.batches(0, sizes)).await.unwrap();
    }
    let pool = runtime::pool(&scorecard.url, 2).unwrap();
    let reader = Reader::new(pool.clone(), scorecard.schema.clone());
    (Desk::over(reader, Acts::new(pool, acts.schema.clone())), [scorecard, acts])
}

/// The entries as `piperoll events list --json` gives them.
pub(super) fn exported(history: &History) -> String {
    let entry = |(position, body): (u64, &[u8])| match serde_json::from_slice::<Value>(body) {
        Ok(event) => json!({"position": position, "event": event}).to_string(),
        Err(_) => json!({"position": position, "reject": "mac"}).to_string(),
    };
    history.bodies().map(entry).collect::<Vec<_>>().join("\n")
}

/// What a second opinion says of the events.
pub(super) fn opinion(arguments: &[&str], events: &str) -> Value {
    let mut asked = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the second opinion");
    asked.stdin.take().unwrap().write_all(events.as_bytes()).unwrap();
    let told = asked.wait_with_output().unwrap();
    assert!(told.status.success());
    serde_json::from_slice(&told.stdout).unwrap()
}

/// The second opinion on every change of a target up to `at`.
fn second_opinion(events: &str, at: u64) -> Vec<Value> {
    let at = at.to_string();
    let asked = ["tests/naive/questions.py", "targets", "--at", &at, "--from", "0", "--to", &at];
    opinion(&asked, events)["rows"].as_array().unwrap().clone()
}

/// A row in the words of the second opinion.
fn row(row: &Retargeting) -> Value {
    let breakdown = serde_json::to_value(&row.key.breakdown).unwrap();
    let breakdown: Vec<[&Value; 2]> = breakdown
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| [&tag["taxonomy"], &tag["code"]])
        .collect();
    let known = row.known_actual.map_or(json!({"basis": "none"}), |known| {
        json!({"basis": known.basis, "period": known.said.period, "value": known.said.value,
            "position": known.said.position})
    });
    let headline = row.key.breakdown.is_headline();
    json!({
        "position": row.position, "measure": row.measure, "happened": row.happened,
        "period": row.key.period, "breakdown": breakdown, "tier": row.key.tier, "ease": row.ease,
        "year_on_year": row.year_on_year.map(|compared| compared.ease),
        "known": headline.then_some(known), "timing": row.timing,
        "met_under_old": row.met_under_old, "met_under_new": row.met_under_new,
    })
}

/// The first row that the two tell differently.
#[track_caller]
fn agree(ours: &[Value], theirs: &[Value], when: &str) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{when}");
    }
    assert_eq!(ours.len(), theirs.len(), "{when}");
}

#[test]
fn who_changed_a_target_is_told_alike_by_a_program_that_reads_the_export_alone() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let events = exported(&history);
        let (desk, kept) = desk(ground, &history, &sizes).await;
        let head = history.head().0;
        for at in [head, head / 2] {
            let second = second_opinion(&events, at);
            let mut told = Vec::new();
            let measures: BTreeSet<&str> =
                second.iter().filter_map(|row| row["measure"].as_str()).collect();
            for measure in measures {
                let asked = who_changed::Asked::of(measure);
                let reply = desk.who_changed_target(asked, When::At(Position(at))).await.unwrap();
                assert_eq!(reply.looked_at.changes, reply.rows.len() as u64);
                told.extend(reply.rows.iter().map(row));
            }
            let order = |row: &Value| {
                (
                    row["position"].as_u64(),
                    row["period"].to_string(),
                    row["breakdown"].to_string(),
                    row["tier"].to_string(),
                )
            };
            let mut second = second;
            told.sort_by_key(order);
            second.sort_by_key(order);
            agree(&told, &second, &format!("as at {at} of {head}"));
            let between = Between::default();
            let easier = made_easier::Asked { between };
            let reply = desk.targets_made_easier(easier, When::At(Position(at))).await.unwrap();
            let loosens = |word: &Value| ["easier", "lost", "mixed"].iter().any(|it| word == it);
            let found: Vec<Value> = second
                .into_iter()
                .filter(|row| loosens(&row["ease"]) || loosens(&row["year_on_year"]))
                .collect();
            let mut rows: Vec<Value> =
                reply.rows.iter().map(|easier| row(&easier.change)).collect();
            rows.sort_by_key(order);
            agree(&rows, &found, &format!("made easier, as at {at} of {head}"));
            owned_by_who_answered(&desk, &reply.rows, When::At(Position(at))).await;
        }
        for kept in kept {
            ground.give(kept);
        }
    });
}

/// The test of the test: there are targets made easier that somebody answers for.
#[test]
fn a_target_made_easier_names_who_answers() {
    let owned = on_ground(async |ground| {
        let (desk, kept) = desk(ground, &some_history(), &[100]).await;
        let asked = made_easier::Asked { between: Between::default() };
        let reply = desk.targets_made_easier(asked, When::Now).await.unwrap();
        for kept in kept {
            ground.give(kept);
        }
        owned_by_who_answered(&desk, &reply.rows, When::Now).await
    });
    assert!(owned > 1, "{owned}");
}

/// Every row names the posts that answered for its measure on its day; handed back is how many do.
async fn owned_by_who_answered(desk: &Desk, rows: &[Easier], when: When) -> usize {
    for row in rows {
        let known_at = row.change.known_at.unwrap();
        let on = known_at.with_timezone(&chrono_tz::Europe::London).date_naive();
        let asked = accountable_on::Asked { measure: row.change.measure.to_string(), on };
        let reply = desk.accountable_on(asked, when).await.unwrap();
        let answers = reply.rows.iter().filter(|it| it.duty == Duty::Accountable);
        let answers: BTreeSet<_> = answers.filter_map(|it| it.post).collect();
        let owners: BTreeSet<_> = row.owners.iter().map(|owner| owner.post).collect();
        assert_eq!(owners, answers, "on {on}");
    }
    rows.iter().filter(|row| !row.owners.is_empty()).count()
}

#[test]
fn an_answer_asked_again_at_the_position_it_names_is_the_same() {
    over_histories(Forgery::Absent, async |ground, history, sizes| {
        let (desk, kept) = desk(ground, &history, &sizes).await;
        for entry in history.entries.iter().step_by(7) {
            let Outcome::Event(event) = &entry.placed.outcome else { continue };
            let instant = event.record.asserted.as_ref().and_then(|asserted| asserted.known_at);
            let when = instant.map_or(When::Now, When::KnownAt);
            let asked = made_easier::Asked { between: Between::default() };
            let first = desk.targets_made_easier(asked, when).await.unwrap();
            let position = When::At(first.as_at.position);
            let again = desk.targets_made_easier(asked, position).await.unwrap();
            assert_eq!(
                serde_json::to_value(&first.rows).unwrap(),
                serde_json::to_value(&again.rows).unwrap()
            );
        }
        for kept in kept {
            ground.give(kept);
        }
    });
}
