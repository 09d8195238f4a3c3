//! One example of every event, byte for byte: what consumers test against, and what every later
//! release must still read.
//!
//! **Invariant:** a file in `examples/` is never edited. `PIPEROLL_BLESS=1` writes missing ones only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::ids::{ActorId, CommandId, EventId, LedgerId};
use crate::text::Digest;
use crate::{Channel, EntityRef, Event, EventSchema, Fact, Position, Record, Revision};

const MEASURE: &str = "0f4e2d6c8b1a5937a6c5e4d3b2a19080";
const FRAMEWORK: &str = "7c6b5a49382716058f9e0d1c2b3a4958";
const POST: &str = "1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed";
const PERSON: &str = "8f14e45fceea467f9a1b2c3d4e5f6071";
const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// What each event says, by type.
fn facts() -> Vec<(&'static str, Value)> {
    [records(), structure(), amending(), measure(), standing(), posts(), submission()].concat()
}

/// Of ledgers and imports.
fn records() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    vec![
        (
            "ledger.created",
            json!({"name": "northmoor", "title": {"en": "Northmoor Council"},
            "body_kind": "council", "reality": "illustrative", "plan_digest": DIGEST}),
        ),
        ("ledger.opened", json!({"asserted": 363})),
        (
            "ledger.key_added",
            json!({"key_id": "a1b2c3d4e5f60718", "algorithm": "ed25519",
            "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}),
        ),
        (
            "ledger.configuration_observed",
            json!({"differences": [{"field": "max_age",
            "expected": "0", "found": "3600"}], "reason": reason}),
        ),
        (
            "import.received",
            json!({"file_name": "q4.csv", "file_digest": DIGEST, "bytes": 7361,
            "mapping_digest": DIGEST, "rows": 45, "encoding": "UTF-8"}),
        ),
        (
            "import.applied",
            json!({"rows": {"read": 45, "recorded": 12, "unchanged": 30,
            "declared": 1, "refused": 2}, "events": 13, "withdrawn": 1}),
        ),
        ("import.rejected", json!({"reason": reason})),
        ("import.reversed", json!({"reason": reason, "events": 13})),
    ]
}

/// Of frameworks and their parts.
fn structure() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    let authority = authority();
    let level = |code: &str, shape: &str, colour: &str, track: &str| {
        json!({"code": code, "words": {"en": code}, "shape": shape, "colour": colour,
            "track": track})
    };
    let rule = json!({"met": "green", "near": "amber", "missed": "red",
        "tolerance": {"rate": "0.05"}, "compare": "exact", "ends": "inclusive"});
    let scale = json!({"levels": [level("green", "circle", "#00703c", "on"),
        level("amber", "triangle", "#b45f06", "at_risk"), level("red", "square", "#b00020", "off")]});
    let added = |rest: Value| {
        let mut all = json!({"framework": FRAMEWORK, "code": "1", "title": {"en": "Fair work"},
            "reason": reason});
        if let (Some(all), Value::Object(rest)) = (all.as_object_mut(), rest) {
            all.extend(rest);
        }
        all
    };
    vec![
        (
            "framework.adopted",
            json!({"title": {"en": "Plan 2021 to 2025"}, "from": "2021-04-01",
            "until": "2025-03-31", "scale": scale, "rating_rule": rule, "reason": reason,
            "authority": authority}),
        ),
        (
            "framework.rating_rule_set",
            json!({"rule": rule, "reason": reason,
            "authority": authority}),
        ),
        (
            "framework.decision_right_set",
            json!({"right": {"code": "targets", "subject": "target", "class": "material",
            "kind": "body_decision", "by": "Cabinet", "resolutions": ["approved", "agreed"],
            "call_in_days": 5, "consult": ["Scrutiny Committee"]}, "reason": reason,
            "authority": authority}),
        ),
        (
            "framework.sign_off_chain_set",
            json!({"chain": {"stages": [
            {"code": "verified", "title": {"en": "Verified", "cy": "Gwiriwyd"},
            "covers": ["figures", "judgement"], "signers": [{"kind": "steward"}],
            "mode": {"kind": "one"}},
            {"code": "accepted", "title": {"en": "Accepted"}, "covers": ["words"],
            "signers": [{"kind": "accountable"}, {"kind": "post", "post": FRAMEWORK}],
            "mode": {"kind": "at_least", "signatures": 1}}]}, "reason": reason,
            "authority": authority}),
        ),
        ("objective.added", added(json!({}))),
        ("step.added", added(json!({"level": "regional", "lead": "Head of Housing"}))),
        ("area.added", added(json!({}))),
    ]
}

/// Of frameworks and their parts, as they are amended.
fn amending() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "law_or_funding_changed", "text": "The plan was agreed anew."});
    let authority = authority();
    let words = json!({"en": "A fair start", "cy": "Dechrau teg"});
    let revised = json!({"framework": FRAMEWORK, "code": "1", "title": words, "reason": reason});
    let retired = json!({"from": "2025-04-01", "reason": reason});
    let level = |code: &str, shape: &str, colour: &str, track: &str| {
        json!({"code": code, "words": {"en": code}, "shape": shape, "colour": colour,
            "track": track})
    };
    let scale = json!({"levels": [level("met", "star", "#00703c", "on"),
        level("not_yet", "square", "#b00020", "off")]});
    let rule = json!({"met": "met", "missed": "not_yet", "compare": "exact", "ends": "inclusive"});
    vec![
        (
            "framework.revised",
            json!({"title": words, "from": "2021-04-01", "until": "2026-03-31",
            "reason": reason, "authority": authority}),
        ),
        (
            "framework.scale_set",
            json!({"scale": scale, "rating_rule": rule, "reason": reason,
            "authority": authority}),
        ),
        (
            "framework.taxonomy_set",
            json!({"taxonomy": {"code": "ways", "title": {"en": "Ways of working"},
            "terms": [{"code": "long_term", "title": {"en": "Long term", "cy": "Hirdymor"}},
            {"code": "prevention", "title": {"en": "Prevention", "cy": "Atal"}}]},
            "reason": reason}),
        ),
        (
            "framework.amendment_begun",
            json!({"file_digest": DIGEST, "changes": 34, "reason": reason,
            "authority": authority}),
        ),
        (
            "framework.amended",
            json!({"file_digest": DIGEST, "reason": reason, "authority": authority}),
        ),
        ("framework.amendment_given_up", json!({"file_digest": DIGEST, "reason": reason})),
        ("objective.revised", revised.clone()),
        ("objective.retired", retired.clone()),
        (
            "step.revised",
            json!({"framework": FRAMEWORK, "objective": MEASURE, "code": "1.1", "title": words,
            "level": "local", "lead": "Head of Housing", "reason": reason}),
        ),
        ("step.retired", retired.clone()),
        ("area.revised", revised),
        ("area.retired", retired),
    ]
}

/// Of measures.
fn measure() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    let authority = authority();
    let key = json!({"period": "FY2022", "tier": "expected"});
    let (old, new) = (
        json!({"shape": "standing", "level": {"at": "95"}}),
        json!({"shape": "standing", "level": {"at": "97"}}),
    );
    let case = json!({"basis": "Three quarters above 96", "rationale": "The new system holds",
        "next_steps": "Report in January", "review_on": "2023-04-30"});
    let words = json!({"en": "Invoices paid on time", "cy": "Anfonebau a dalwyd yn brydlon"});
    let definition = json!({"unit": "%", "polarity": {"kind": "higher_is_better"}, "decimals": 1,
        "numerator": "Invoices paid within 30 days", "denominator": "Undisputed invoices",
        "scale": "100", "period_types": ["financial_quarter"], "aggregation": "period"});
    vec![
        (
            "measure.adopted",
            json!({"framework": FRAMEWORK, "title": words,
            "treatment": "targeted", "level": "strategic", "measures": "performance_measure",
            "definition": definition, "codes": [{"scheme": "local", "code": "FI06"}],
            "baseline": {"period": "FY2020", "value": "91.4"},
            "targets": [{"key": key, "target": old}], "places": [{"area": FRAMEWORK}],
            "reason": reason, "authority": authority}),
        ),
        (
            "measure.definition_set",
            json!({"definition": definition, "reason": reason, "authority": authority,
            "change": {"class": "material", "comparability": {"kind": "same_after_factor",
            "factor": "0.01"}}}),
        ),
        (
            "measure.baseline_set",
            json!({"baseline": {"period": "FY2020", "value": "91.4"},
            "reason": reason, "authority": authority}),
        ),
        ("measure.target_set", json!({"key": key, "target": old, "reason": reason, "case": case})),
        (
            "measure.target_changed",
            json!({"key": key, "old": old, "new": new, "reason": reason,
            "authority": authority, "case": case}),
        ),
        (
            "measure.target_corrected",
            json!({"key": key, "corrects": 12, "old": old, "new": new, "reason": reason,
            "authority": authority}),
        ),
        (
            "measure.target_withdrawn",
            json!({"key": key, "old": old, "reason": reason, "authority": authority}),
        ),
        ("measure.placed", json!({"place": {"objective": FRAMEWORK}, "reason": reason})),
        (
            "measure.code_assigned",
            json!({"code": {"scheme": "local", "code": "FI6",
            "from": "2023-05-25"}, "reason": reason}),
        ),
    ]
}

/// Of what a measure is to the body, and who answers for it.
fn standing() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    let authority = authority();
    let assigned =
        json!({"post": POST, "from": "2022-04-01", "reason": reason, "authority": authority});
    vec![
        (
            "measure.baseline_proposed",
            json!({"baseline": {"period": "FY2020", "value": "90.8"},
            "source": "National benchmark", "reason": reason}),
        ),
        (
            "measure.reclassified",
            json!({"treatment": "volumetric", "old_treatment": "targeted",
            "level": "operational", "old_level": "strategic", "reason": reason,
            "authority": authority}),
        ),
        (
            "measure.retired",
            json!({"from": "2022-04-01", "reason": reason, "authority": authority}),
        ),
        (
            "measure.replaced",
            json!({"by": FRAMEWORK, "comparability": {"kind": "broken"}, "from": "2022-04-01",
            "reason": reason, "authority": authority}),
        ),
        ("measure.removed", json!({"place": {"objective": FRAMEWORK}, "reason": reason})),
        (
            "measure.retitled",
            json!({"old": {"en": "Invoices paid"}, "new": {"en": "Invoices paid on time"}, "reason": reason}),
        ),
        (
            "measure.tagged",
            json!({"taxonomy": "ways", "codes": ["long_term", "prevention"], "reason": reason}),
        ),
        ("measure.accountable_assigned", assigned.clone()),
        ("measure.steward_assigned", assigned),
        (
            "measure.contributor_assigned",
            json!({"organisation": "Health board", "post": POST, "from": "2022-04-01",
            "reason": reason}),
        ),
        (
            "measure.duty_ended",
            json!({"duty": "contributor", "post": POST, "organisation": "Health board",
            "on": "2023-04-01", "reason": reason}),
        ),
    ]
}

/// Of posts and roles.
fn posts() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    let span = |rest: Value| {
        let mut all = json!({"from": "2022-04-01", "until": "2023-04-01", "reason": reason});
        if let (Some(all), Value::Object(rest)) = (all.as_object_mut(), rest) {
            all.extend(rest);
        }
        all
    };
    let words = json!({"en": "Director of Housing", "cy": "Cyfarwyddwr Tai"});
    vec![
        (
            "post.created",
            json!({"title": words, "kind": "officer", "organisation": "Health board",
            "reason": reason}),
        ),
        ("post.held", span(json!({"holder": PERSON, "basis": "acting"}))),
        ("post.vacated", json!({"holder": PERSON, "on": "2022-10-01", "reason": reason})),
        ("post.delegated", span(json!({"to": POST}))),
        (
            "role.granted",
            span(json!({"person": PERSON, "role": "framework_admin", "scope": {"area": POST}})),
        ),
        ("role.ended", json!({"on": "2022-10-01", "reason": reason})),
    ]
}

/// Of submissions.
fn submission() -> Vec<(&'static str, Value)> {
    let reason = json!({"code": "source_revised", "text": "The source published it again."});
    let sealed = json!({"key_id": "5d4c3b2a190807f6e5d4c3b2a1908070", "nonce": "AAECAwQFBgcICQoL",
        "ciphertext": "3q2+7w==", "commitment": DIGEST});
    let sub = |rest: Value| {
        let mut all = json!({"measure": MEASURE, "period": "FY2021-Q4"});
        if let (Some(all), Value::Object(rest)) = (all.as_object_mut(), rest) {
            all.extend(rest);
        }
        all
    };
    vec![
        (
            "submission.submitted",
            sub(json!({"cells": [{"value": "97.4", "numerator": "974",
            "denominator": "1000", "status": "provisional", "status_as_reported": "Provisional"},
            {"breakdown": [{"taxonomy": "size", "code": "small"}], "value": "98.1"}],
            "rating_as_reported": "Green", "commentary": sealed})),
        ),
        (
            "submission.revised",
            sub(json!({"content_from": 12, "changed": [{"value": "97.9"}],
            "removed": [[{"taxonomy": "size", "code": "small"}]],
            "rating_as_reported": {"now": "Amber"}, "reason": reason})),
        ),
        ("submission.withdrawn", sub(json!({"content_from": 12, "reason": reason}))),
        (
            "submission.no_value_declared",
            sub(json!({"state": "awaiting_source",
            "expected_on": "2022-06-14"})),
        ),
        (
            "submission.rating_overridden",
            sub(json!({"computed": "red", "stated": "amber", "inputs": [3, 12], "reason": reason,
            "authority": authority()})),
        ),
        (
            "submission.signed_off",
            sub(json!({"stage": "verified", "scope": ["figures", "judgement"], "post": FRAMEWORK,
            "covers": [{"position": 12, "digest": DIGEST}], "rating": "amber",
            "statement": "Checked against the ledger of invoices."})),
        ),
        (
            "submission.sign_off_refused",
            sub(json!({"stage": "verified", "post": FRAMEWORK, "content_from": 12,
            "reason": reason})),
        ),
        (
            "submission.sign_off_withdrawn",
            sub(json!({"stage": "verified", "post": FRAMEWORK, "signed_at": 15,
            "reason": reason})),
        ),
        (
            "submission.commentary_written",
            sub(json!({"content_from": 12, "explains": 14,
            "text": sealed})),
        ),
    ]
}

fn authority() -> Value {
    json!({"kind": "body_decision", "body": "Council", "decided_on": "2022-05-19",
        "reference": "Minute 14", "meeting": "Annual Council", "item": "9",
        "resolution": "approved", "state": "evidenced", "consulted": ["Scrutiny Committee"]})
}

fn event(short: &str, fact: &Value) -> Event {
    let event_type = format!("piperoll.{short}.v1");
    let kind = short.split('.').next().and_then(crate::EntityKind::find).unwrap();
    let entity = EntityRef::new(kind, MEASURE.parse::<crate::ids::MeasureId>().unwrap().uuid());
    let raw = serde_json::value::to_raw_value(fact).unwrap();
    let schema = newest(&event_type).dataschema;
    let fact = Fact::decode(entity, &event_type, &schema, &raw).unwrap();
    let id = |text: &str| text.parse::<EventId>().unwrap().uuid();
    let record = Record {
        revision: Revision(2),
        previous: Some(Position(12)),
        actor: ActorId::new(id("8f14e45fceea467f9a1b2c3d4e5f6071")),
        post: Some("Performance Manager".parse().unwrap()),
        on_behalf_of: None,
        role: None,
        channel: Channel::Api,
        command_id: CommandId::new(id("c9f0f895fb98491f8a7b6c5d4e3f2011")),
        request_digest: DIGEST.parse::<Digest>().unwrap(),
        correlation: None,
        causation: None,
        nonce: "00112233445566778899aabbccddeeff".to_owned(),
        relied_on: Vec::new(),
        asserted: None,
    };
    let time = crate::envelope::parse_micros("2022-06-01T09:30:00.123456Z").unwrap();
    let ledger = LedgerId::new(id("45c48cce2e2d7fbdea1afc51c7c6ad26"));
    Event {
        id: EventId::new(id("0190b1c2d3e47f508a1b2c3d4e5f6071")),
        ledger,
        entity,
        time,
        record,
        fact,
    }
}

fn newest(event_type: &str) -> EventSchema {
    let of = |event: &EventSchema| event.event_type == event_type;
    crate::schemas().into_iter().find(of).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

#[test]
fn every_type_has_an_example_and_every_example_a_type() {
    let mut types: Vec<String> = facts().iter().map(|(s, _)| format!("piperoll.{s}.v1")).collect();
    let mut known: Vec<String> =
        crate::schemas().iter().map(|event| event.event_type.to_owned()).collect();
    types.sort();
    known.sort();
    assert_eq!(types, known);
    let files = |name| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(files("examples"), files("schemas"));
}

#[test]
fn every_example_on_file_is_read_and_written_byte_for_byte() {
    for (short, fact) in facts() {
        let written = event(short, &fact);
        let path = folder().join(format!("{}.json", newest(written.fact.event_type()).file));
        if option_env!("PIPEROLL_BLESS").is_some() && !path.exists() {
            std::fs::write(&path, written.encode().unwrap()).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        let read = Event::decode(&bytes).unwrap_or_else(|error| panic!("{short}: {error}"));
        assert_eq!(read, written, "{short}");
        assert_eq!(read.encode().unwrap(), bytes, "{short}");
    }
}

#[test]
fn every_example_of_every_release_is_read() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let read = Event::decode(&bytes);
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        // What an older release wrote says the same; only the schema that it names is another.
        let again: Value = serde_json::from_slice(&read.encode().unwrap()).unwrap();
        assert_eq!(again["data"], body["data"], "{}", path.display());
    }
}

#[test]
fn every_example_follows_its_schema_and_a_stray_field_does_not() {
    for EventSchema { file, schema, .. } in crate::schemas() {
        let bytes = std::fs::read(folder().join(format!("{file}.json"))).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        let schema = serde_json::to_value(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut fact = body.pointer("/data/fact").unwrap().clone();
        let wrong: Vec<String> = validator.iter_errors(&fact).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
        fact.as_object_mut().unwrap().insert("stray".to_owned(), Value::Null);
        assert!(!validator.is_valid(&fact), "{file} allows a stray field");
    }
}

#[test]
fn a_body_of_a_later_release_names_the_release() {
    let bytes = std::fs::read(folder().join("piperoll.ledger.opened.v1.json")).unwrap();
    let later =
        String::from_utf8(bytes).unwrap().replace("urn:piperoll:0.1.0", "urn:piperoll:0.9.2");
    let error = Event::decode(later.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "events of type `piperoll.ledger.opened.v1` need Piperoll 0.9.2 or later"
    );
}
