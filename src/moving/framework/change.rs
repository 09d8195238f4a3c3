//! What a file would change: one change an event, with what was and what would be.
//!
//! **Invariant:** a change bears the fact that records it, so what a plan shows and what is applied are
//! one thing.

use piperoll_events::comparability::DefinitionChange;
use piperoll_events::ease::Ease;
use piperoll_events::target::{Level, TargetShape};
use piperoll_events::text::Words;
use piperoll_events::{EntityRef, Fact, Target};
use serde::Serialize;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The section of the file.
    pub section: &'static str,
    /// What the file calls it.
    pub code: String,
    /// What becomes of it: `objective.added` and the like.
    pub event: &'static str,
    /// What was and what would be.
    pub fields: Vec<Field>,
    /// What another definition does to figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<DefinitionChange>,
    /// How another target compares with the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ease: Option<Ease>,
    /// Why a rule refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Of what.
    #[serde(skip)]
    pub(super) entity: EntityRef,
    /// Which of the file's changes of that entity it is: the same for the same change.
    #[serde(skip)]
    pub(super) key: String,
    #[serde(skip)]
    pub(super) fact: Fact,
    #[serde(skip)]
    pub(super) phase: Phase,
}

/// Why a rule refuses a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The stable code.
    pub code: &'static str,
    /// In words.
    pub because: String,
}

/// One thing that would be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Which.
    pub name: String,
    /// What was; absent: nothing.
    pub old: Option<String>,
    /// What would be; absent: nothing any more.
    pub new: Option<String>,
}

/// When a change is recorded: what others rely on comes first. The table of decision rights comes last,
/// so that all of a file is judged by the table in force before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Whole,
    Groups,
    Steps,
    Measures,
    Table,
}

impl Change {
    pub(super) fn new(
        (phase, section, code): (Phase, &'static str, &str),
        entity: impl Into<EntityRef>,
        key: &str,
        fact: impl Into<Fact>,
        fields: Vec<Field>,
    ) -> Self {
        let fact = fact.into();
        let event = fact.event_type().trim_start_matches("piperoll.").trim_end_matches(".v1");
        Self {
            section,
            code: code.to_owned(),
            event,
            fields,
            definition: None,
            ease: None,
            refused: None,
            entity: entity.into(),
            key: format!("{event} {key}"),
            fact,
            phase,
        }
    }
}

/// A field that differs.
pub(super) fn field(name: &str, old: Option<String>, new: Option<String>) -> Option<Field> {
    (old != new).then(|| Field { name: name.to_owned(), old, new })
}

/// A field that a file states, where it differs from what is held.
pub(super) fn stated<T: PartialEq>(
    name: &str,
    held: Option<&T>,
    new: Option<&T>,
    show: impl Fn(&T) -> String,
) -> Option<Field> {
    let new = new?;
    if held == Some(new) {
        return None;
    }
    Some(Field { name: name.to_owned(), old: held.map(&show), new: Some(show(new)) })
}

/// The fields in which two values of one type differ, by the names that the format gives them.
pub(super) fn differing(old: Option<&impl Serialize>, new: Option<&impl Serialize>) -> Vec<Field> {
    let object = |value: serde_json::Value| match value {
        serde_json::Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let of = |value: Option<serde_json::Value>| value.map(object).unwrap_or_default();
    let old = of(old.map(|old| serde_json::to_value(old).unwrap_or_default()));
    let new = of(new.map(|new| serde_json::to_value(new).unwrap_or_default()));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let shown = |value: Option<&serde_json::Value>| value.map(plain);
    names.into_iter().filter_map(|it| field(it, shown(old.get(it)), shown(new.get(it)))).collect()
}

/// A value of the format as people read it.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        serde_json::Value::Object(fields) => {
            let shown = fields.iter().map(|(name, value)| match name.as_str() {
                "kind" | "en" => plain(value),
                _ => format!("{name} {}", plain(value)),
            });
            shown.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// A word of the format.
pub(super) fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).map(|value| plain(&value)).unwrap_or_default()
}

/// A text in both languages.
pub(super) fn words(words: &Words) -> String {
    match &words.cy {
        Some(cy) => format!("{} / {cy}", words.en),
        None => words.en.to_string(),
    }
}

/// What is aimed at.
pub(super) fn aim(target: &Target) -> String {
    let level = |level: &Level| match level.to {
        Some(to) => format!("{} to {to}", level.at),
        None => level.at.to_string(),
    };
    let mut parts: Vec<String> = target.level.iter().map(level).collect();
    let points = target.points.iter().map(|it| format!("{} {}", it.period, level(&it.level)));
    parts.extend(points);
    parts.extend(target.words.iter().map(|words| format!("“{words}”")));
    let said = parts.join(", ");
    match target.shape {
        TargetShape::Standing => said,
        shape => format!("{said} ({})", word(&shape)),
    }
}
