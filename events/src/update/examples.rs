//! One example of every update, byte for byte: what consumers test against, and what every later
//! release must still read.
//!
//! **Invariant:** a file in `updates/examples/` is never edited. `PIPEROLL_BLESS=1` writes missing
//! ones only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{NotAnUpdate, Placing, Published, Update, schemas};
use crate::Position;
use crate::ids::LedgerId;

const MEASURE: &str = "0f4e2d6c8b1a5937a6c5e4d3b2a19080";
const FRAMEWORK: &str = "7c6b5a49382716058f9e0d1c2b3a4958";
const POST: &str = "1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed";

/// What each update says, by kind.
fn updates() -> Vec<(&'static str, Value)> {
    [standing(), told()].concat()
}

fn measure() -> Value {
    json!({"id": MEASURE, "code": "FI06", "title": {"en": "Invoices paid on time",
        "cy": "Anfonebau a dalwyd yn brydlon"}})
}

fn quarter() -> Value {
    json!({"code": "FY2022-Q3", "first_day": "2022-10-01", "last_day": "2022-12-31"})
}

fn recorded() -> Value {
    json!({"at": "2022-06-01T09:30:00.123456Z", "post": "Performance Manager",
        "asserted": true, "reported_known_at": "2022-05-20T22:59:59.999999Z",
        "reason": "source_revised"})
}

/// Of what figures stand under.
fn standing() -> Vec<(&'static str, Value)> {
    let (measure, recorded) = (measure(), recorded());
    vec![
        (
            "structure",
            json!({"part": "step", "id": POST, "framework": FRAMEWORK, "parent": MEASURE,
            "code": "1.2", "title": {"en": "Fair work", "cy": "Gwaith teg"},
            "organisation": "Health board", "from": "2021-04-01", "until": "2025-03-31",
            "state": "in_force", "recorded": recorded}),
        ),
        (
            "measure",
            json!({"measure": measure, "framework": FRAMEWORK,
            "codes": [{"scheme": "local", "code": "FI06", "from": "2022-04-01"}],
            "treatment": "targeted", "level": "strategic", "measures": "performance_measure",
            "places": [{"part": "objective", "id": FRAMEWORK}],
            "owners": [{"duty": "steward", "post": POST, "title": {"en": "Finance Data Steward"},
            "from": "2022-04-01", "until": "2023-04-01"}],
            "ended": {"from": "2024-04-01", "replaced_by": FRAMEWORK,
            "comparability": {"kind": "broken"}}, "recorded": recorded}),
        ),
        (
            "definition",
            json!({"measure": measure, "definition": {"unit": "%",
            "polarity": {"kind": "higher_is_better"}, "decimals": 1,
            "numerator": "Invoices paid within 30 days", "period_types": ["financial_quarter"]},
            "change": {"class": "material", "comparability": {"kind": "same_after_factor",
            "factor": "0.01"}}, "recorded": recorded}),
        ),
    ]
}

/// Of figures, and what becomes of them.
fn told() -> Vec<(&'static str, Value)> {
    let (measure, period, recorded) = (measure(), quarter(), recorded());
    let year = json!({"code": "FY2022", "first_day": "2022-04-01", "last_day": "2023-03-31"});
    let part = json!([{"taxonomy": "size", "code": "small"}]);
    let level = |code: &str, words: &str, track: &str| json!({"kind": "level", "level": code, "words": {"en": words}, "track": track});
    vec![
        (
            "figure",
            json!({"measure": measure, "period": period, "breakdown": part, "state": "in_force",
            "value": "98.1", "numerator": "981", "denominator": "1000", "unit": "%",
            "decimals": 1, "status": "provisional", "status_as_reported": "Provisional",
            "recorded": recorded}),
        ),
        (
            "target",
            json!({"measure": measure, "period": year, "breakdown": [], "tier": "expected",
            "state": "in_force", "target": {"shape": "standing", "level": {"at": "97"}},
            "unit": "%", "recorded": recorded}),
        ),
        (
            "sign_off",
            json!({"measure": measure, "period": period, "given_at": 31, "stage": "verified",
            "stage_title": {"en": "Verified", "cy": "Gwiriwyd"}, "post": POST,
            "post_title": {"en": "Finance Data Steward"}, "scope": ["figures", "judgement"],
            "rating": "green", "state": "lapsed", "ended_by": 47, "lapsed_by": "figures",
            "recorded": recorded}),
        ),
        (
            "rating",
            json!({"measure": measure, "period": period,
            "rating": level("amber", "At risk", "at_risk"),
            "was": level("green", "On track", "on"), "computed": {"kind": "no_target"},
            "published": "96.2", "rests_on": {"figure": 47, "target": 12, "definition": 9,
            "rule": 3, "stated": 48}, "recorded": recorded}),
        ),
    ]
}

fn published(kind: &str, data: &Value) -> Published {
    let schema = format!("urn:piperoll:0.2.0:piperoll.update.{kind}.v1");
    let update = Update::decode(&schema, &data.to_string()).unwrap().unwrap();
    let ledger = "45c48cce2e2d7fbdea1afc51c7c6ad26".parse::<LedgerId>().unwrap();
    let placing = Placing { position: Position(47), part: 2, parts: 3 };
    let time = crate::envelope::parse_micros("2022-06-01T09:30:00.123456Z").unwrap();
    Published { ledger, placing, time, update }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("updates/examples")
}

#[test]
fn every_kind_has_an_example_and_every_example_a_kind() {
    let mut told: Vec<String> =
        updates().iter().map(|(kind, _)| format!("piperoll.update.{kind}.v1")).collect();
    let mut known: Vec<String> = schemas().into_iter().map(|it| it.file).collect();
    told.sort();
    known.sort();
    assert_eq!(told, known);
    let entries = std::fs::read_dir(folder()).unwrap();
    let files: BTreeSet<String> =
        entries.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, known.iter().map(|name| format!("{name}.json")).collect());
}

#[test]
fn every_example_on_file_is_read_and_written_byte_for_byte() {
    for (kind, data) in updates() {
        let written = published(kind, &data);
        let path = folder().join(format!("piperoll.update.{kind}.v1.json"));
        let bytes = written.encode().unwrap();
        if option_env!("PIPEROLL_BLESS").is_some() && !path.exists() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let held = std::fs::read(&path).unwrap();
        assert!(held == bytes, "{kind}: {}", String::from_utf8_lossy(&bytes));
        assert_eq!(Published::decode(&held).unwrap(), written, "{kind}");
        assert_eq!(Published::placed(&held), Ok((written.ledger, written.placing)));
        crate::profile::check(&held).unwrap();
    }
}

#[test]
fn every_example_follows_its_schema_and_a_stray_field_does_not() {
    for (schema, (kind, mut data)) in schemas().into_iter().zip(updates()) {
        assert_eq!(schema.file, format!("piperoll.update.{kind}.v1"));
        let schema = serde_json::to_value(schema.schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&data).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
        data.as_object_mut().unwrap().insert("stray".to_owned(), Value::Null);
        assert!(!validator.is_valid(&data), "{kind} allows a stray field");
    }
}

#[test]
fn an_update_of_a_later_release_names_its_schema() {
    let (kind, data) = &updates()[0];
    let body = String::from_utf8(published(kind, data).encode().unwrap()).unwrap();
    let later = body.replace("urn:piperoll:0.2.0", "urn:piperoll:0.9.0");
    let schema = "urn:piperoll:0.9.0:piperoll.update.structure.v1".to_owned();
    assert_eq!(Published::decode(later.as_bytes()), Err(NotAnUpdate::Unknown(schema)));
    // Where it comes from is told all the same: a cursor is read, whatever release wrote it.
    assert_eq!(Published::placed(later.as_bytes()).unwrap().1.position, Position(47));
}
