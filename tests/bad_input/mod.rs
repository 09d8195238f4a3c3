//! What comes in at each door and must not: a refusal with a stable code, and nothing recorded.

mod arguments;
mod decoder;
mod files;
mod forged;
mod parsing;
mod rules;

use piperoll::{clock, ids};
use piperoll_events::envelope::Record;
use piperoll_events::ids::{LedgerId, MeasureId, Revision};
use piperoll_events::measure::{CodeAssigned, code_assigned::Code};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Digest;
use piperoll_events::{Channel, Event};

/// A code given to a measure: an event with an enum, a date and a text.
pub(crate) fn event(ledger: LedgerId, measure: MeasureId, revision: u64) -> Event {
    let time = clock::now();
    Event {
        id: ids::event_id(time).unwrap(),
        ledger,
        entity: measure.into(),
        time,
        record: Record {
            revision: Revision(revision),
            previous: None,
            actor: ids::actor_id().unwrap(),
            post: None,
            on_behalf_of: None,
            role: None,
            channel: Channel::Api,
            command_id: ids::command_id().unwrap(),
            request_digest: Digest::new([7; 32]),
            correlation: None,
            causation: None,
            nonce: ids::nonce().unwrap(),
            relied_on: Vec::new(),
            asserted: None,
        },
        fact: CodeAssigned {
            code: Code {
                scheme: "local".parse().unwrap(),
                code: "A1".parse().unwrap(),
                from: "2024-02-29".parse().ok(),
            },
            reason: Reason { code: ReasonCode::AmbitionRaised, text: "Because".parse().ok() },
        }
        .into(),
    }
}

/// Its bytes as text, to be spoilt.
pub(crate) fn text(event: &Event) -> String {
    String::from_utf8(event.encode().unwrap()).unwrap()
}

/// Replaces the first of what must stand there.
#[track_caller]
pub(crate) fn spoilt(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "`{from}` does not stand in {text}");
    text.replacen(from, to, 1).into_bytes()
}

/// Ways to spoil a body: what is wrong, what stands there, what is put in its place.
pub(crate) const OUTSIDE_THE_PROFILE: &[(&str, &str, &str)] = &[
    ("not JSON", "\"specversion\"", "specversion"),
    ("cut short", "\"reason\":{", "\"reason\":"),
    ("a name twice", "\"channel\":\"api\"", "\"channel\":\"api\",\"channel\":\"page\""),
    ("a name twice, once escaped", "\"channel\"", "\"ch\\u0061nnel\":\"page\",\"channel\""),
    ("a float", "\"revision\":", "\"revision\":1.0,\"x\":"),
    ("an exponent", "\"revision\":", "\"revision\":1e3,\"x\":"),
    ("a huge integer", "\"revision\":", "\"revision\":9007199254740992,\"x\":"),
    ("a huge negative integer", "\"revision\":", "\"revision\":-9007199254740992,\"x\":"),
    ("a line break in a string", "Because", "Bec\nause"),
    ("nested too deeply", "\"Because\"", "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"),
];

/// The same for bodies that are JSON as it should be and still no event of ours.
pub(crate) const AGAINST_THE_SCHEMA: &[(&str, &str, &str)] = &[
    ("an unknown field of the envelope", "\"specversion\"", "\"extra\":1,\"specversion\""),
    ("an unknown field of the record", "\"revision\"", "\"extra\":1,\"revision\""),
    ("an unknown field of the fact", "\"scheme\"", "\"extra\":1,\"scheme\""),
    ("a wrong enum", "\"ambition_raised\"", "\"ambition_razed\""),
    ("a wrong channel", "\"api\"", "\"telepathy\""),
    ("29 February in a year that has none", "2024-02-29", "2023-02-29"),
    ("a date that is none", "2024-02-29", "2024-13-01"),
    ("text that reorders", "Because", "Bec\u{202E}ause"),
    ("text that isolates", "Because", "Bec\u{2066}ause"),
    ("a line separator", "Because", "Bec\u{2028}ause"),
    ("an escape sequence in a code", "\"A1\"", "\"\\u001b[31mA1\""),
    ("a line break in a code", "\"A1\"", "\"A\\n1\""),
    ("a NUL in a code", "\"A1\"", "\"A\\u00001\""),
    ("a code of nothing", "\"A1\"", "\" \""),
    ("an entity that is none", "\"subject\":\"measure/", "\"subject\":\"treasure/"),
    ("a subject that climbs", "\"subject\":\"measure/", "\"subject\":\"measure/../"),
    ("a source that is none", "/ledgers/", "/ledger/"),
    ("another time zone", "Z\",\"datacontenttype\"", "+\",\"datacontenttype\""),
    ("another specversion", "\"1.0\"", "\"0.3\""),
    ("a revision of minus one", "\"revision\":", "\"revision\":-1,\"previous\":"),
];
