//! Reading a framework's file: bytes to sections, and everything that is wrong with them at once.
//!
//! **Invariant:** a file with anything wrong gives no sections at all. Every element is read by itself,
//! so that one wrong key hides no other.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::reason::ReasonCode;
use piperoll_events::text::Label;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::file::{FrameworkFile, GroupPart, RightPart};

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// The key, with the table and the element it stands in.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

/// Everything that is wrong with a file. Nothing was recorded; whoever wrote the file corrects it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AllWrong(pub Vec<Wrong>);

impl fmt::Display for AllWrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file is wrong in {} places; nothing was recorded", self.0.len())
    }
}

impl Wrong {
    /// What is wrong under a key, and what would be right.
    pub(super) fn new(
        key: impl Into<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), wrong: wrong.into(), right: right.into() }
    }

    /// What the reader of TOML says, taken apart.
    fn said(key: String, error: &str) -> Self {
        let error = error.trim().replace('\n', " ");
        match error.split_once(", expected ") {
            Some((wrong, right)) => Self::new(key, wrong, format!("expected {right}")),
            None => Self::new(key, error, "see `piperoll framework plan --help`"),
        }
    }
}

const SECTIONS: [&str; 9] = [
    "amendment",
    "framework",
    "objective",
    "step",
    "area",
    "taxonomy",
    "measure",
    "decision_right",
    "sign_off_chain",
];

/// Reads a file.
///
/// # Errors
/// All that is wrong with its form, and codes that stand twice.
pub fn read(bytes: &[u8]) -> Result<FrameworkFile, AllWrong> {
    let whole = |wrong: String| {
        AllWrong(vec![Wrong::new(
            "the file",
            wrong,
            "a file of TOML, such as `framework show` writes",
        )])
    };
    let text = std::str::from_utf8(bytes).map_err(|_| whole("it is not UTF-8".to_owned()))?;
    let table: Table = toml::from_str(text).map_err(|error| whole(error.to_string()))?;
    let mut reading = Reading { table, wrong: Vec::new() };
    let file = FrameworkFile {
        amendment: reading.table("amendment").unwrap_or_default(),
        framework: reading.table("framework").unwrap_or_default(),
        objectives: reading.elements("objective"),
        steps: reading.elements("step"),
        areas: reading.elements("area"),
        taxonomies: reading.elements("taxonomy"),
        measures: reading.elements("measure"),
        decision_rights: reading.rights(),
        sign_off_chain: reading.table("sign_off_chain"),
    };
    for key in reading.table.keys() {
        let right = format!("one of: {}", SECTIONS.join(", "));
        reading.wrong.push(Wrong::new(key.clone(), "there is no such section", right));
    }
    let reason = file.amendment.reason.as_ref();
    if reason.is_some_and(|it| it.code == ReasonCode::NoneRecorded) {
        let (wrong, right) = ("only history that files assert has none", "another code");
        reading.wrong.push(Wrong::new("amendment: reason", wrong, right));
    }
    reading.twice(&file);
    if reading.wrong.is_empty() { Ok(file) } else { Err(AllWrong(reading.wrong)) }
}

/// A code with its scheme; of those that were retired several may have had it, one after the other.
type Named = (Option<Label>, Label, Option<NaiveDate>);

struct Reading {
    /// What has not been read yet.
    table: Table,
    wrong: Vec<Wrong>,
}

impl Reading {
    fn table<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.table.remove(name)?;
        self.take(name.to_owned(), value)
    }

    fn elements<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let values = self.values(name);
        values.into_iter().filter_map(|(key, value)| self.take(key, value)).collect()
    }

    /// The elements of a section, each with what it is called in a table of what is wrong.
    fn values(&mut self, name: &str) -> Vec<(String, Value)> {
        match self.table.remove(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => values
                .into_iter()
                .zip(1_u64..)
                .map(|(value, n)| match value.get("code").and_then(Value::as_str) {
                    Some(code) => (format!("{name} `{code}`"), value),
                    None => (format!("{name}, the {n}."), value),
                })
                .collect(),
            Some(_) => {
                let right = format!("write each as [[{name}]]");
                self.wrong.push(Wrong::new(name, "it is not a list of tables", right));
                Vec::new()
            }
        }
    }

    /// A row stands beside whether it counts, so the two are read apart.
    fn rights(&mut self) -> Vec<RightPart> {
        let values = self.values("decision_right");
        let mut rights = Vec::with_capacity(values.len());
        for (key, mut value) in values {
            let state = value.as_table_mut().and_then(|table| table.remove("state"));
            let state = match state {
                Some(state) => self.take(format!("{key}: state"), state),
                None => Some(RightState::InForce),
            };
            let right = self.take(key, value);
            if let (Some(right), Some(state)) = (right, state) {
                rights.push(RightPart { right, state });
            }
        }
        rights
    }

    fn take<T: DeserializeOwned>(&mut self, key: String, value: Value) -> Option<T> {
        match value.try_into() {
            Ok(read) => Some(read),
            Err(error) => {
                self.wrong.push(Wrong::said(key, error.message()));
                None
            }
        }
    }

    /// Codes that stand more than once in a section.
    fn twice(&mut self, file: &FrameworkFile) {
        let groups = |parts: &[GroupPart]| -> Vec<Named> {
            parts.iter().map(|it| (None, it.code.clone(), it.retired)).collect()
        };
        let steps = file.steps.iter().map(|it| (None, it.code.clone(), it.retired));
        let measures = file.measures.iter();
        let measures = measures.map(|it| (Some(it.scheme.clone()), it.code.clone(), it.retired));
        let rights = file.decision_rights.iter().map(|it| (None, it.right.code.clone(), None));
        let sections: [(&str, Vec<Named>); 6] = [
            ("objective", groups(&file.objectives)),
            ("step", steps.collect()),
            ("area", groups(&file.areas)),
            ("taxonomy", file.taxonomies.iter().map(|it| (None, it.code.clone(), None)).collect()),
            ("measure", measures.collect()),
            ("decision_right", rights.collect()),
        ];
        for (section, all) in sections {
            let mut seen = BTreeSet::new();
            for (scheme, code, retired) in all {
                if !seen.insert((scheme, code.clone(), retired)) {
                    let key = format!("{section} `{code}`: code");
                    self.wrong.push(Wrong::new(key, "it stands twice", "once"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once_with_the_key_and_what_would_be_right() {
        let text = r#"
            [frame]
            [amendment]
            reason = { code = "none_recorded" }
            [framework]
            titel = { en = "Plan" }
            [[objective]]
            code = "1"
            title = { en = "Homes" }
            [[objective]]
            code = "1"
            [[step]]
            title = { en = "Build" }
            [[measure]]
            code = "A"
            treatment = "watched"
            [[decision_right]]
            code = "targets"
            state = "gone"
        "#;
        let AllWrong(wrong) = read(text.as_bytes()).unwrap_err();
        let keys: Vec<&str> = wrong.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "framework",
                "step, the 1.",
                "measure `A`",
                "decision_right `targets`: state",
                "decision_right `targets`",
                "frame",
                "amendment: reason",
                "objective `1`: code",
            ]
        );
        assert!(wrong[0].wrong.contains("unknown field `titel`"), "{:?}", wrong[0]);
        assert!(wrong[0].right.contains("`title`"), "{:?}", wrong[0]);
        assert!(wrong[2].right.contains("`tracker`"), "{:?}", wrong[2]);
        assert!(read(b"\xff").unwrap_err().0[0].wrong.contains("UTF-8"));
    }

    #[test]
    fn a_row_of_decision_rights_may_be_withdrawn() {
        let text = r#"
            [[decision_right]]
            code = "targets"
            subject = "target"
            class = "material"
            kind = "body_decision"
            by = "Cabinet"
            state = "withdrawn"
        "#;
        let file = read(text.as_bytes()).unwrap();
        assert_eq!(file.decision_rights[0].state, RightState::Withdrawn);
    }
}
