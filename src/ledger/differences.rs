//! A stream's configuration against what it must be, field by field.
//!
//! **Invariant:** a field that nobody listed must be absent or empty: a later NATS may have learned
//! another way to remove events.

use std::collections::BTreeSet;

use piperoll_events::envelope::micros;
use piperoll_events::ids::LedgerName;
use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::text::Label;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::read::Identity;
use super::stream::{GENESIS, LEDGER_ID, fixed};

/// A configuration against what it must be. `remembered` is `None` before there is a ledger to
/// remember.
pub(super) fn compare(
    name: &LedgerName,
    remembered: Option<&Identity>,
    found: &Map<String, Value>,
) -> Vec<Difference> {
    compare_with(&fixed(name), remembered, found)
}

/// As [`compare`], with the fields that a stream of another purpose must have.
pub(crate) fn compare_with(
    wanted: &Map<String, Value>,
    remembered: Option<&Identity>,
    found: &Map<String, Value>,
) -> Vec<Difference> {
    /// Where a copy lies, how it is packed and what an operator calls it change no event.
    const INDIFFERENT: [&str; 5] =
        ["num_replicas", "metadata", "placement", "compression", "description"];
    let absent = Value::Null;
    let fields: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let mut differences: Vec<_> = fields
        .into_iter()
        .filter(|field| !INDIFFERENT.contains(&field.as_str()))
        .filter_map(|field| {
            let wanted = wanted.get(field).unwrap_or(&absent);
            let found = found.get(field).unwrap_or(&absent);
            (!same(wanted, found)).then(|| difference(field, &plain(wanted), &plain(found)))
        })
        .collect();
    let replicas = found.get("num_replicas").and_then(Value::as_u64).unwrap_or_default();
    if !matches!(replicas, 1 | 3) {
        differences.push(difference("num_replicas", "1 or 3", &replicas.to_string()));
    }
    let metadata = found.get("metadata").and_then(Value::as_object);
    let held = |key: &str| metadata.and_then(|all| all.get(key)).map(plain).unwrap_or_default();
    for (key, wanted) in [
        (LEDGER_ID, remembered.map(|identity| identity.ledger_id.to_string())),
        (GENESIS, remembered.map(|identity| micros(identity.genesis))),
    ] {
        let found = held(key);
        let wanted = wanted.unwrap_or_else(|| {
            if found.is_empty() { "anything".to_owned() } else { found.clone() }
        });
        if wanted != found {
            differences.push(difference(key, &wanted, &found));
        }
    }
    differences
}

/// Absent, zero, false and empty are the same thing to NATS.
fn same(one: &Value, other: &Value) -> bool {
    let nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
    };
    one == other || (nothing(one) && nothing(other))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn difference(field: &str, expected: &str, found: &str) -> Difference {
    Difference { field: label(field), expected: label(expected), found: label(found) }
}

/// A text that can stand in an event, whatever was found. A long one ends in its digest, so that
/// what was accepted is exactly what was seen.
fn label(text: &str) -> Label {
    let mut text: String = if text.trim().is_empty() { "nothing" } else { text }
        .chars()
        .map(|c| if c.to_string().parse::<Label>().is_ok() || c == ' ' { c } else { '\u{FFFD}' })
        .collect();
    if text.chars().count() > Label::MOST {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let kept = Label::MOST.saturating_sub(digest.len()).saturating_sub(2);
        text = text.chars().take(kept).collect::<String>() + "… " + &digest;
    }
    text.parse().unwrap_or_else(|_| unreachable_label())
}

/// `label` leaves nothing that a label refuses; were it otherwise, this says so.
fn unreachable_label() -> Label {
    #[expect(clippy::expect_used, reason = "a constant that a test reads")]
    "unreadable".parse().expect("a plain word is a label")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use piperoll_events::ids::LedgerId;
    use serde_json::json;

    fn name() -> LedgerName {
        "northmoor".parse().unwrap()
    }

    fn remembered() -> Identity {
        let genesis = DateTime::UNIX_EPOCH;
        Identity { ledger_id: LedgerId::derived(&["x"]), created: genesis, genesis }
    }

    fn found() -> Map<String, Value> {
        let mut found = fixed(&name());
        found.insert("num_replicas".into(), json!(3));
        let metadata = json!({
            LEDGER_ID: remembered().ledger_id, GENESIS: micros(remembered().genesis),
            "_nats.level": "5",
        });
        found.insert("metadata".into(), metadata);
        // What NATS adds to it.
        for (field, value) in [
            ("compression", json!("none")),
            ("mirror_direct", json!(false)),
            ("sealed", json!(false)),
            ("allow_rollup_hdrs", json!(false)),
            ("consumer_limits", json!({})),
            ("allow_msg_ttl", json!(false)),
        ] {
            found.insert(field.into(), value);
        }
        found
    }

    #[test]
    fn every_listed_field_is_named_when_it_differs() {
        assert_eq!(compare(&name(), Some(&remembered()), &found()), []);
        let changes = [
            ("subjects", json!(["piperoll.>"])),
            ("retention", json!("workqueue")),
            ("storage", json!("memory")),
            ("num_replicas", json!(2)),
            ("discard", json!("old")),
            ("max_age", json!(1)),
            ("max_msgs", json!(10)),
            ("max_bytes", json!(10)),
            ("max_msgs_per_subject", json!(1)),
            ("max_msg_size", json!(-1)),
            ("deny_delete", json!(false)),
            ("deny_purge", json!(false)),
            ("allow_rollup_hdrs", json!(true)),
            ("allow_msg_ttl", json!(true)),
            ("allow_msg_schedules", json!(true)),
            ("allow_direct", json!(false)),
            ("allow_atomic", json!(false)),
            ("duplicate_window", json!(0)),
            ("sealed", json!(true)),
            ("mirror", json!({"name": "x"})),
            ("sources", json!([{"name": "x"}])),
            ("no_ack", json!(true)),
            ("first_seq", json!(7)),
            ("of_a_later_nats", json!("on")),
            ("subject_delete_marker_ttl", json!(5)),
            ("persist_mode", json!("async")),
        ];
        for (field, value) in changes {
            let mut altered = found();
            altered.insert(field.into(), value.clone());
            let differences = compare(&name(), Some(&remembered()), &altered);
            let named: Vec<_> = differences.iter().map(|d| d.field.as_str()).collect();
            assert_eq!(named, [field], "{value}");
            let mut missing = found();
            if missing.remove(field).is_some_and(|value| !same(&value, &Value::Null)) {
                assert_eq!(compare(&name(), Some(&remembered()), &missing).len(), 1, "{field}");
            }
        }
    }

    #[test]
    fn another_ledger_in_the_metadata_is_named() {
        let mut other = found();
        other.insert("metadata".into(), json!({ LEDGER_ID: "0".repeat(32), GENESIS: "x" }));
        let differences = compare(&name(), Some(&remembered()), &other);
        let named: Vec<_> = differences.iter().map(|d| d.field.as_str()).collect();
        assert_eq!(named, [LEDGER_ID, GENESIS]);
    }

    #[test]
    fn whatever_was_found_can_stand_in_an_event_and_long_things_stay_apart() {
        assert_eq!(label("a\u{202E}b\n").as_str(), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(label("").as_str(), "nothing");
        let (one, other) = ("x".repeat(600), "x".repeat(601));
        assert_ne!(label(&one), label(&other));
        assert_eq!(label(&one).as_str().chars().count(), Label::MOST);
    }
}
