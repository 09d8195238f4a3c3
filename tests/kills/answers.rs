//! What clients asked and heard against the stream: every answer must hold there, and nothing else.
//!
//! **Invariant:** each request carries its own key as the words of its reason, so that an event is laid
//! beside its request without asking the service how the two belong together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::raw::Message;

/// The words of every request's reason begin so.
pub(crate) const MARK: &str = "asked-";

/// One request: the same key however often it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) measure: String,
    pub(crate) level: String,
    /// What `If-Match` said.
    pub(crate) read_at: u64,
    /// What was heard, one for each time that it was sent.
    pub(crate) heard: Vec<Heard>,
}

/// What became of one sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    /// To be asked again.
    Later(u16),
    Accepted {
        outcome: String,
        position: u64,
        event_id: String,
    },
    Refused(u16, String),
    /// Neither an answer nor a refusal: a fault of the service.
    Fault(u16, String),
}

/// One event of the stream.
#[derive(Debug, Clone)]
pub(crate) struct Stood {
    pub(crate) position: u64,
    pub(crate) id: String,
    pub(crate) entity: String,
    /// The key of the request, where one of ours recorded it.
    pub(crate) key: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) revision: u64,
    pub(crate) previous: Option<u64>,
}

impl Asked {
    /// How often it was sent in vain.
    pub(crate) fn in_vain(&self) -> usize {
        self.heard.iter().filter(|it| matches!(it, Heard::Nothing | Heard::Later(_))).count()
    }

    /// Whether it was accepted in the end.
    pub(crate) fn accepted(&self) -> bool {
        self.accepted_at().is_some()
    }

    /// Where it stands, by the last answer.
    pub(crate) fn accepted_at(&self) -> Option<u64> {
        match self.heard.last() {
            Some(Heard::Accepted { position, .. }) => Some(*position),
            _ => None,
        }
    }
}

impl Stood {
    /// Reads a message.
    pub(crate) fn of(message: &Message) -> Self {
        let event = message.json();
        let (record, fact) = (&event["data"]["record"], &event["data"]["fact"]);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            position: message.position,
            id: text(&event["id"]).unwrap(),
            entity: text(&event["subject"]).unwrap(),
            key: text(&fact["reason"]["text"]).filter(|words| words.starts_with(MARK)),
            level: text(&fact["new"]["level"]["at"]),
            revision: record["revision"].as_u64().unwrap(),
            previous: record["previous"].as_u64(),
        }
    }

    /// The id of its measure, where it is about one.
    fn measure(&self) -> &str {
        self.entity.trim_start_matches("measure/")
    }
}

/// Everything that is wrong; nothing when the stream is what the clients were told.
pub(crate) fn check(asked: &[Asked], stream: &[Stood]) -> Vec<String> {
    let mut wrong = guards(stream);
    let mut by_key: BTreeMap<&str, Vec<&Stood>> = BTreeMap::new();
    for stood in stream {
        if let Some(key) = &stood.key {
            by_key.entry(key).or_default().push(stood);
        }
    }
    for one in asked {
        let events = by_key.remove(one.key.as_str()).unwrap_or_default();
        for said in answers(one, &events) {
            wrong.push(format!("{}: {said}", one.key));
        }
        if one.heard.iter().any(|it| matches!(it, Heard::Refused(_, code) if code == "stale")) {
            let over = |it: &Stood| it.measure() == one.measure && it.position > one.read_at;
            if !stream.iter().any(over) {
                wrong.push(format!("{}: `stale`, yet nothing followed {}", one.key, one.read_at));
            }
        }
        if let [event] = &*events {
            let read_at = one.read_at;
            let between = |it: &&Stood| {
                it.entity == event.entity && it.position > read_at && it.position < event.position
            };
            if let Some(lost) = stream.iter().find(between) {
                let (key, at) = (&one.key, lost.position);
                wrong.push(format!("{key}: read at {read_at}, yet it lies over position {at}"));
            }
        }
    }
    wrong.extend(by_key.keys().map(|key| format!("{key}: nobody asked for it, yet it stands")));
    wrong
}

/// Positions without a gap, ids once, and of each entity the revisions in order.
fn guards(stream: &[Stood]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let mut last: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (n, stood) in (1..).zip(stream) {
        let at = stood.position;
        if at != n {
            wrong.push(format!("position {n} holds what says {at}"));
        }
        if !ids.insert(&stood.id) {
            wrong.push(format!("position {at}: its id stands already"));
        }
        let before = last.insert(&stood.entity, (stood.revision, at));
        let due = before.map_or((1, None), |(revision, at)| (revision + 1, Some(at)));
        if (stood.revision, stood.previous) != due {
            let is = (stood.revision, stood.previous);
            wrong.push(format!("position {at}: revision and previous are {is:?}, not {due:?}"));
        }
    }
    wrong
}

/// What is wrong with the answers to one request, given the events that bear its key.
fn answers(one: &Asked, events: &[&Stood]) -> Vec<String> {
    let mut wrong = Vec::new();
    for heard in &one.heard {
        match heard {
            Heard::Fault(status, said) => wrong.push(format!("answered {status}: {said}")),
            Heard::Refused(status, code) if !events.is_empty() => {
                wrong.push(format!("refused with {status} `{code}`, yet it stands"));
            }
            Heard::Nothing | Heard::Later(_) | Heard::Refused(..) => {}
            Heard::Accepted { outcome, position, event_id } => match events {
                [event] => {
                    let said = (*position, event_id, one.measure.as_str(), one.level.as_str());
                    let level = event.level.as_deref().unwrap_or_default();
                    let is = (event.position, &event.id, event.measure(), level);
                    if said != is {
                        wrong.push(format!("acknowledged {said:?}, what stands is {is:?}"));
                    }
                    if !matches!(outcome.as_str(), "recorded" | "repeated") {
                        wrong.push(format!("the outcome of a change is `{outcome}`"));
                    }
                }
                _ => wrong.push(format!("acknowledged, and stands {} times", events.len())),
            },
        }
    }
    let recorded =
        |it: &&Heard| matches!(it, Heard::Accepted { outcome, .. } if outcome == "recorded");
    if one.heard.iter().filter(recorded).count() > 1 {
        wrong.push("recorded more than once, by its answers".to_owned());
    }
    if !matches!(one.heard.last(), Some(Heard::Accepted { .. } | Heard::Refused(..))) {
        wrong.push(format!("never answered: {:?}", one.heard.last()));
    }
    wrong
}
