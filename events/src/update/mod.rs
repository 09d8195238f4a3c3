//! Updates: what a body's own systems are told, each a row to be put in the place of the last.
//!
//! An update is derived from one event of the ledger and from what the read models say just before
//! and just after it; its [`envelope`] is CloudEvents 1.0.2. One event gives none, one or several
//! updates, numbered as its parts.
//!
//! **Invariant:** an update names no person and holds no commentary and no reason in words. The
//! same event always gives the same updates, byte for byte, whoever derives them and whenever.

pub mod definition;
pub mod envelope;
#[cfg(test)]
mod examples;
pub mod figure;
pub mod measure;
pub mod rating;
pub mod sign_off;
pub mod structure;
pub mod target;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use definition::DefinitionUpdate;
pub use envelope::{NotAnUpdate, Placing, Published};
pub use figure::FigureUpdate;
pub use measure::MeasureUpdate;
pub use rating::RatingUpdate;
pub use sign_off::SignOffUpdate;
pub use structure::StructureUpdate;
pub use target::TargetUpdate;

use crate::ids::MeasureId;
use crate::period::Period;
use crate::reason::ReasonCode;
use crate::registry::EventSchema;
use crate::text::{Label, Words};

/// Declares the kinds of updates.
macro_rules! updates {
    ($($name:ident($fact:ident) = $kind:literal since $since:literal),* $(,)?) => {
        /// What an update says.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "each is documented in the file that defines it")]
        pub enum Update { $($name($fact)),* }

        $(impl From<$fact> for Update {
            fn from(fact: $fact) -> Self { Self::$name(fact) }
        })*

        impl Update {
            /// The kind, a token of the subject that it is published on.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind),* }
            }

            /// The type on the wire.
            #[must_use]
            pub const fn update_type(&self) -> &'static str {
                match self { $(Self::$name(_) => concat!("piperoll.update.", $kind, ".v1")),* }
            }

            /// The `dataschema` attribute: the release that first wrote the schema, and the type.
            #[must_use]
            pub const fn dataschema(&self) -> &'static str {
                match self {
                    $(Self::$name(_) =>
                        concat!("urn:piperoll:", $since, ":piperoll.update.", $kind, ".v1")),*
                }
            }

            fn decode(schema: &str, data: &str) -> Option<Result<Self, serde_json::Error>> {
                match schema {
                    $(concat!("urn:piperoll:", $since, ":piperoll.update.", $kind, ".v1") =>
                        Some(serde_json::from_str(data).map(Self::$name)),)*
                    _ => None,
                }
            }
        }

        /// The JSON Schema of each kind's `data`.
        #[must_use]
        pub fn schemas() -> Vec<EventSchema> {
            vec![$(EventSchema {
                event_type: concat!("piperoll.update.", $kind, ".v1"),
                dataschema:
                    concat!("urn:piperoll:", $since, ":piperoll.update.", $kind, ".v1").to_owned(),
                file: concat!("piperoll.update.", $kind, ".v1").to_owned(),
                schema: schemars::schema_for!($fact),
            }),*]
        }
    };
}

updates! {
    Structure(StructureUpdate) = "structure" since "0.2.0",
    Measure(MeasureUpdate) = "measure" since "0.2.0",
    Definition(DefinitionUpdate) = "definition" since "0.2.0",
    Figure(FigureUpdate) = "figure" since "0.2.0",
    Target(TargetUpdate) = "target" since "0.2.0",
    SignOff(SignOffUpdate) = "sign_off" since "0.2.0",
    Rating(RatingUpdate) = "rating" since "0.2.0",
}

impl Update {
    /// What it is about: the kind of thing and its id.
    #[must_use]
    pub const fn about(&self) -> (&'static str, Uuid) {
        match self {
            Self::Structure(it) => (it.part.as_str(), it.id.uuid()),
            Self::Measure(it) => ("measure", it.measure.id.uuid()),
            Self::Definition(it) => ("measure", it.measure.id.uuid()),
            Self::Figure(it) => ("measure", it.measure.id.uuid()),
            Self::Target(it) => ("measure", it.measure.id.uuid()),
            Self::SignOff(it) => ("measure", it.measure.id.uuid()),
            Self::Rating(it) => ("measure", it.measure.id.uuid()),
        }
    }
}

/// How the event came to be recorded that an update is derived from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// When, by the clock of the service: RFC 3339, UTC, microseconds.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub at: DateTime<Utc>,
    /// The post held in acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Label>,
    /// Whether a file says so, and nobody witnessed it here.
    pub asserted: bool,
    /// When the file says that it was known.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant_option")]
    #[schemars(with = "Option<String>")]
    pub reported_known_at: Option<DateTime<Utc>>,
    /// Why, where a reason had to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// A measure, with what it is called at the position of the update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureNamed {
    /// Its id: never changes, never means another measure.
    pub id: MeasureId,
    /// What people call it first; it may be renumbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its title.
    pub title: Words,
}

/// A reference period, with the days that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodNamed {
    /// Its written form: `FY2023-Q3`.
    pub code: Period,
    /// Its first day.
    pub first_day: NaiveDate,
    /// Its last day.
    pub last_day: NaiveDate,
}

impl From<Period> for PeriodNamed {
    fn from(code: Period) -> Self {
        let (first_day, last_day) = code.days();
        Self { code, first_day, last_day }
    }
}

mod instant {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::envelope::{micros, parse_micros};

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&micros(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(from)?;
        parse_micros(&text).ok_or_else(|| serde::de::Error::custom("an instant is malformed"))
    }
}

use crate::envelope::micros_option as instant_option;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::schemas;
    use crate::registry::EventSchema;

    /// Schemas are frozen: `PIPEROLL_BLESS=1` adds a missing file and never changes one.
    #[test]
    fn the_schemas_on_file_are_those_of_the_updates() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("updates/schemas");
        let mut files = BTreeSet::new();
        for EventSchema { file, schema, .. } in schemas() {
            let path = folder.join(format!("{file}.json"));
            let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
            if option_env!("PIPEROLL_BLESS").is_some() && !path.exists() {
                std::fs::write(&path, &text).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(held == text, "{} is not the schema of its type", path.display());
            files.insert(path);
        }
        let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(found.collect::<BTreeSet<_>>(), files);
    }
}
