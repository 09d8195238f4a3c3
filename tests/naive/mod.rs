//! A second opinion: what a ledger says at a position, worked out in the dullest possible way.
//!
//! **Invariant:** it takes bytes, and uses nothing of ours: not the event types, not the folds, not
//! the periods. Where it and a read model agree, two programs read one ledger alike.
//!
//! Authenticity is re-decided only by revision and previous: the MAC needs a key, and bytes that
//! come from a follower have passed it.

pub(crate) mod period;
pub(crate) mod rating;
pub(crate) mod scorecard;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use scorecard::Scorecard;

/// A ledger as it was read: every body in its place.
pub(crate) struct Reading {
    /// Events that count, by position.
    pub(crate) events: BTreeMap<u64, Value>,
    /// Positions that were stepped over, and why.
    pub(crate) rejects: BTreeMap<u64, &'static str>,
    /// When each position was known, by its own or an earlier one's word.
    pub(crate) known_at: BTreeMap<u64, Option<DateTime<Utc>>>,
    /// The first event of a type that this reader does not know; nothing after it was read.
    pub(crate) stopped: Option<(u64, String)>,
}

const KNOWN: &[&str] = &[
    "ledger.created",
    "ledger.opened",
    "ledger.key_added",
    "ledger.configuration_observed",
    "import.received",
    "import.applied",
    "import.rejected",
    "import.reversed",
    "framework.adopted",
    "framework.decision_right_set",
    "framework.rating_rule_set",
    "framework.revised",
    "framework.scale_set",
    "framework.taxonomy_set",
    "framework.amendment_begun",
    "framework.amended",
    "framework.amendment_given_up",
    "framework.sign_off_chain_set",
    "objective.added",
    "objective.revised",
    "objective.retired",
    "step.added",
    "step.revised",
    "step.retired",
    "area.added",
    "area.revised",
    "area.retired",
    "measure.adopted",
    "measure.definition_set",
    "measure.baseline_set",
    "measure.target_set",
    "measure.target_changed",
    "measure.target_corrected",
    "measure.target_withdrawn",
    "measure.placed",
    "measure.code_assigned",
    "measure.baseline_proposed",
    "measure.reclassified",
    "measure.retired",
    "measure.replaced",
    "measure.removed",
    "measure.retitled",
    "measure.tagged",
    "measure.accountable_assigned",
    "measure.steward_assigned",
    "measure.contributor_assigned",
    "measure.duty_ended",
    "post.created",
    "post.held",
    "post.vacated",
    "post.delegated",
    "role.granted",
    "role.ended",
    "submission.submitted",
    "submission.revised",
    "submission.withdrawn",
    "submission.no_value_declared",
    "submission.commentary_written",
    "submission.rating_overridden",
    "submission.signed_off",
    "submission.sign_off_refused",
    "submission.sign_off_withdrawn",
];

impl Reading {
    /// Reads bodies in the order of their positions.
    pub(crate) fn of<'a>(bodies: impl IntoIterator<Item = (u64, &'a [u8])>) -> Self {
        let mut reading = Self {
            events: BTreeMap::new(),
            rejects: BTreeMap::new(),
            known_at: BTreeMap::new(),
            stopped: None,
        };
        let mut heads: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut known: Option<DateTime<Utc>> = None;
        let mut opened = false;
        for (position, body) in bodies {
            let event: Value = serde_json::from_slice(body).unwrap_or_default();
            let record = &event["data"]["record"];
            let Some(revision) = record["revision"].as_u64() else {
                reading.reject(position, "not an event", known);
                continue;
            };
            let kind = kind(&event);
            if !KNOWN.contains(&kind.as_str()) {
                reading.stopped = Some((position, kind));
                break;
            }
            let subject = event["subject"].as_str().unwrap_or_default().to_owned();
            let (last, at) = heads.get(&subject).copied().unwrap_or((0, 0));
            let previous = record["previous"].as_u64().unwrap_or(0);
            if revision != last + 1 || previous != at {
                reading.reject(position, "revision", known);
                continue;
            }
            heads.insert(subject, (revision, position));
            opened |= kind == "ledger.opened";
            let says = if opened { &event["time"] } else { &record["asserted"]["known_at"] };
            known = known.max(instant(says));
            reading.known_at.insert(position, known);
            reading.events.insert(position, event);
        }
        reading
    }

    /// P(T): the last position known by then; 0 when nothing was.
    pub(crate) fn position_at(&self, instant: DateTime<Utc>) -> u64 {
        let known = self.known_at.iter().rev();
        let mut by_then = known.filter(|(_, at)| at.is_some_and(|at| at <= instant));
        by_then.next().map_or(0, |(position, _)| *position)
    }

    /// What the ledger says at a position: every event up to it, one after the other.
    pub(crate) fn at(&self, position: u64) -> Scorecard {
        let mut scorecard = Scorecard::default();
        for (at, event) in self.events.range(..=position) {
            scorecard.take_in(*at, &kind(event), event);
        }
        scorecard
    }

    fn reject(&mut self, position: u64, why: &'static str, known: Option<DateTime<Utc>>) {
        self.rejects.insert(position, why);
        self.known_at.insert(position, known);
    }
}

/// `measure.adopted`, of `piperoll.measure.adopted.v1`.
fn kind(event: &Value) -> String {
    let name = event["type"].as_str().unwrap_or_default();
    let name = name.strip_prefix("piperoll.").unwrap_or(name);
    name.strip_suffix(".v1").unwrap_or(name).to_owned()
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(kind: &str, revision: u64, previous: u64, time: &str, known: &str) -> Vec<u8> {
        let mut record = json!({"revision": revision});
        if previous > 0 {
            record["previous"] = previous.into();
        }
        if !known.is_empty() {
            record["asserted"] = json!({"known_at": format!("{known}T00:00:00.000000Z")});
        }
        let subject = format!("{}/1", kind.split('.').next().unwrap());
        serde_json::to_vec(&json!({
            "type": format!("piperoll.{kind}.v1"), "subject": subject,
            "time": format!("{time}T00:00:00.000000Z"), "data": {"record": record, "fact": {}},
        }))
        .unwrap()
    }

    fn read(bodies: &[Vec<u8>]) -> Reading {
        Reading::of((1..).zip(bodies.iter().map(Vec::as_slice)))
    }

    #[test]
    fn a_prologue_is_known_when_its_files_say_and_the_rest_when_it_was_written() {
        let reading = read(&[
            body("ledger.created", 1, 0, "2026-01-01", ""),
            body("measure.adopted", 1, 0, "2026-01-01", "2014-08-10"),
            body("import.applied", 1, 0, "2026-01-01", ""),
            body("measure.placed", 2, 2, "2026-01-01", "2014-08-09"),
            body("ledger.opened", 2, 1, "2026-01-02", ""),
            body("measure.placed", 3, 4, "2026-01-01", "2013-01-01"),
        ]);
        let known: Vec<String> = reading
            .known_at
            .values()
            .map(|at| at.map_or("-".to_owned(), |at| at.date_naive().to_string()))
            .collect();
        let prologue = "2014-08-10";
        assert_eq!(known, ["-", prologue, prologue, prologue, "2026-01-02", "2026-01-02"]);
        let day = |text: &str| instant(&json!(format!("{text}T00:00:00Z"))).unwrap();
        assert_eq!(reading.position_at(day("2014-08-09")), 0);
        assert_eq!(reading.position_at(day("2014-08-10")), 4);
        assert_eq!(reading.position_at(day("2030-01-01")), 6);
    }

    #[test]
    fn a_revision_repeated_or_skipped_is_stepped_over_and_what_is_unknown_stops() {
        let reading = read(&[
            body("ledger.created", 1, 0, "2026-01-01", ""),
            body("ledger.created", 1, 0, "2026-01-01", ""),
            body("ledger.opened", 3, 1, "2026-01-01", ""),
            body("ledger.opened", 2, 2, "2026-01-01", ""),
            b"{".to_vec(),
            body("ledger.opened", 2, 1, "2026-01-01", ""),
            body("ledger.sealed", 3, 6, "2026-01-01", ""),
            body("measure.adopted", 1, 0, "2026-01-01", ""),
        ]);
        assert_eq!(reading.rejects.keys().copied().collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(reading.stopped, Some((7, "ledger.sealed".to_owned())));
        assert_eq!(reading.events.keys().copied().collect::<Vec<_>>(), [1, 6]);
    }
}
