//! Given an event and what stood around it, the updates that it gives.

use std::collections::BTreeMap;

use piperoll_events::ids::{ActorId, CommandId, EventId, FrameworkId, LedgerId, MeasureId};
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::reason::Reason;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::submission::{NoValueDeclared, Revised, Submitted};
use piperoll_events::text::{Digest, Words};
use piperoll_events::update::Update;
use piperoll_events::update::figure::FigureStanding::{self, Gone, InForce};
use piperoll_events::{Breakdown, Cell, Channel, Event, Fact, Position, Record, Revision};
use piperoll_projections::scorecard::MeasureLine;
use piperoll_projections::scorecard::around::MeasureThen;

use super::{ReasonCode, published};
use crate::asking::around::Around;

fn measure() -> MeasureId {
    MeasureId::derived(&["m"])
}

fn event(fact: impl Into<Fact>) -> Event {
    let record = Record {
        revision: Revision(2),
        previous: Some(Position(3)),
        actor: ActorId::derived(&["somebody"]),
        post: "Data Steward".parse().ok(),
        on_behalf_of: None,
        role: None,
        channel: Channel::Api,
        command_id: CommandId::derived(&["c"]),
        request_digest: Digest::new([0; 32]),
        correlation: None,
        causation: None,
        nonce: String::new(),
        relied_on: Vec::new(),
        asserted: None,
    };
    let entity = piperoll_events::ids::SubmissionId::of(measure(), None).into();
    let (id, ledger) = (EventId::derived(&["e"]), LedgerId::derived(&["l"]));
    let time = chrono::DateTime::UNIX_EPOCH;
    Event { id, ledger, entity, time, record, fact: fact.into() }
}

/// What stood around it: these cells were held before.
fn around(held: &[&str]) -> Around {
    let line = MeasureLine {
        measure: measure(),
        framework: FrameworkId::derived(&["f"]).uuid(),
        title: Words { en: "Calls answered".parse().unwrap(), cy: None },
        codes: Vec::new(),
        treatment: Treatment::Targeted,
        level: MeasureLevel::Strategic,
        subject: Subject::PerformanceMeasure,
        places: Vec::new(),
        ended: None,
        position: Position(1),
        asserted: false,
    };
    let then = MeasureThen { line, definition: None };
    let held = held.iter().map(|code| breakdown(code)).collect();
    Around { measures: BTreeMap::from([(measure(), then)]), held, ..Around::default() }
}

fn breakdown(code: &str) -> Breakdown {
    if code.is_empty() {
        return Breakdown::HEADLINE;
    }
    let tag = serde_json::json!([{ "taxonomy": "sex", "code": code }]);
    serde_json::from_value(tag).unwrap()
}

fn cell(code: &str) -> Cell {
    Cell::of(breakdown(code), "12.50".parse().unwrap())
}

/// The figures told: breakdown, state, value.
fn figures(fact: impl Into<Fact>, held: &[&str]) -> Vec<(String, FigureStanding, String)> {
    let told = published(LedgerId::derived(&["l"]), Position(9), &event(fact), &around(held));
    let figure = |it: piperoll_events::update::Published| match it.update {
        Update::Figure(it) => {
            let value = it.value.map(|value| value.to_string()).unwrap_or_default();
            Some((it.breakdown.to_string(), it.state, value))
        }
        _ => None,
    };
    told.into_iter().filter_map(figure).collect()
}

fn told(code: &str, state: FigureStanding, value: &str) -> (String, FigureStanding, String) {
    (breakdown(code).to_string(), state, value.to_owned())
}

fn reason() -> Reason {
    Reason { code: ReasonCode::SourceRevised, text: "Ann Example said so".parse().ok() }
}

#[test]
fn a_revision_tells_what_changed_and_what_is_gone_and_keeps_every_digit() {
    let revised = Revised {
        measure: measure(),
        period: "2022".parse().unwrap(),
        content_from: Position(3),
        changed: vec![cell("m"), cell("")],
        removed: vec![breakdown("f")],
        rating_as_reported: None,
        reason: reason(),
    };
    let due = [told("f", Gone, ""), told("", InForce, "12.50"), told("m", InForce, "12.50")];
    assert_eq!(figures(revised, &[]), due);
}

#[test]
fn a_declared_absence_takes_the_place_of_the_headline_and_ends_the_other_cells() {
    let declared = NoValueDeclared {
        measure: measure(),
        period: "2022".parse().ok(),
        state: NoValue::AwaitingSource,
        expected_on: None,
        reason: None,
    };
    let due = [told("f", Gone, ""), told("", FigureStanding::NoValue, "")];
    assert_eq!(figures(declared, &["", "f"]), due);
    let submitted = Submitted {
        measure: measure(),
        period: "2022".parse().unwrap(),
        cells: vec![cell("f")],
        rating_as_reported: None,
        commentary: None,
    };
    let due = [told("", Gone, ""), told("f", InForce, "12.50")];
    assert_eq!(figures(submitted, &[""]), due, "the declaration is over");
}

#[test]
fn a_reason_is_told_by_its_code_and_never_in_somebodys_words() {
    let withdrawn = piperoll_events::submission::Withdrawn {
        measure: measure(),
        period: "2022".parse().ok(),
        content_from: Position(3),
        reason: reason(),
    };
    let ledger = LedgerId::derived(&["l"]);
    let told = published(ledger, Position(9), &event(withdrawn), &around(&[""]));
    let body = String::from_utf8(told[0].encode().unwrap()).unwrap();
    assert!(body.contains("\"reason\":\"source_revised\""), "{body}");
    assert!(body.contains("\"post\":\"Data Steward\""), "{body}");
    assert!(!body.contains("Ann") && !body.contains(&ActorId::derived(&["somebody"]).to_string()));
    assert_eq!((told[0].placing.part, told[0].placing.parts), (1, 1));
}
