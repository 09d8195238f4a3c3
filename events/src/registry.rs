//! The lists of events turned into types: one enum an entity, one enum over all of them.
//!
//! **Invariant:** a type name stands in one list only, and the file beside the list defines what it
//! means. Adding an event is one file, one schema and one line of its entity's list; the compiler
//! then asks for the arms that are missing.
//!
//! A type whose schema has gained optional fields names the release of each revision, the newest
//! first: `since "0.2.0" before "0.1.0"`. Writers write the newest; readers read all of them.

use serde_json::value::RawValue;

use crate::ids::{EntityKind, EntityRef};

/// What one event says, with the name that it bears on the wire.
pub trait EventFact: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema {
    /// `piperoll.<entity>.<participle>.v1`.
    const TYPE: &'static str;
    /// The kind of entity whose history it belongs to.
    const ENTITY: EntityKind;
    /// The release that first wrote this revision of the schema.
    const SINCE: &'static str;
    /// How many revisions of the schema came before this one.
    const BEFORE: usize;

    /// The `dataschema` attribute: names the revision of the schema and the release it came with.
    #[must_use]
    fn dataschema() -> String {
        format!("urn:piperoll:{}:{}", Self::SINCE, Self::TYPE)
    }
}

/// The JSON Schema of one event's `data.fact`, in its newest revision.
#[derive(Debug, Clone)]
pub struct EventSchema {
    /// `piperoll.<entity>.<participle>.v1`.
    pub event_type: &'static str,
    /// The `dataschema` attribute.
    pub dataschema: String,
    /// The file in `schemas/` and in `examples/`, without its ending: the type, and after it the
    /// number of the revision where that is not the first.
    pub file: String,
    /// The schema.
    pub schema: schemars::Schema,
}

impl EventSchema {
    pub(crate) fn of<F: EventFact>() -> Self {
        let file = match F::BEFORE {
            0 => F::TYPE.to_owned(),
            revision => format!("{}.{revision}", F::TYPE),
        };
        let schema = schemars::schema_for!(F);
        Self { event_type: F::TYPE, dataschema: F::dataschema(), file, schema }
    }
}

/// Why a body is not an event that this release understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Outside the profile: not what any writer writes.
    #[error(transparent)]
    Profile(#[from] crate::profile::ProfileError),
    /// Within the profile, but not as the schema it names says.
    #[error("the body does not follow the schema it names: {0}")]
    Schema(String),
    /// A type or a schema revision from another release.
    #[error("events of type `{event_type}` need Piperoll {release} or later")]
    Unknown {
        /// The type found.
        event_type: String,
        /// The release that the event itself names.
        release: String,
    },
}

/// Declares the events of one entity.
macro_rules! events {
    ($(#[$doc:meta])* $entity:ident {
        $($module:ident :: $fact:ident = $type:literal since $since:literal
            $(before $before:literal)*),* $(,)?
    }) => {
        $(pub mod $module;)*
        $(pub use $module::$fact;)*

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "each is documented in the file that defines it")]
        pub enum $entity { $($fact($fact)),* }

        $(impl $crate::registry::EventFact for $fact {
            const TYPE: &'static str = $type;
            const ENTITY: $crate::EntityKind = $crate::EntityKind::$entity;
            const SINCE: &'static str = $since;
            const BEFORE: usize = <[&str]>::len(&[$($before),*]);
        }
        impl From<$fact> for $entity {
            fn from(fact: $fact) -> Self { Self::$fact(fact) }
        }
        impl From<$fact> for $crate::Fact {
            fn from(fact: $fact) -> Self { Self::$entity(fact.into()) }
        })*

        impl $entity {
            /// The type on the wire.
            #[must_use]
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$fact(_) => $type),* }
            }

            /// The schema revision on the wire.
            #[must_use]
            pub fn dataschema(&self) -> &'static str {
                match self { $(Self::$fact(_) => concat!("urn:piperoll:", $since, ":", $type)),* }
            }

            pub(crate) fn decode(
                schema: &str, fact: &serde_json::value::RawValue,
            ) -> Option<Result<Self, serde_json::Error>> {
                match schema {
                    $(concat!("urn:piperoll:", $since, ":", $type)
                        $(| concat!("urn:piperoll:", $before, ":", $type))* =>
                        Some(serde_json::from_str(fact.get()).map(Self::$fact)),)*
                    _ => None,
                }
            }

            pub(crate) fn schemas(all: &mut Vec<$crate::registry::EventSchema>) {
                $(all.push($crate::registry::EventSchema::of::<$fact>());)*
            }
        }
    };
}
pub(crate) use events;

macro_rules! entities {
    ($($module:ident :: $entity:ident),* $(,)?) => {
        /// What any event says.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "each is documented in its entity's folder")]
        #[expect(clippy::large_enum_variant, reason = "a fact lives as long as its batch")]
        pub enum Fact { $($entity(crate::$module::$entity)),* }

        $(impl From<crate::$module::$entity> for Fact {
            fn from(fact: crate::$module::$entity) -> Self { Self::$entity(fact) }
        })*

        impl Fact {
            /// The kind of entity whose history this belongs to.
            #[must_use]
            pub const fn entity_kind(&self) -> EntityKind {
                match self { $(Self::$entity(_) => EntityKind::$entity),* }
            }

            /// The type on the wire.
            #[must_use]
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$entity(fact) => fact.event_type()),* }
            }

            /// The schema revision on the wire.
            #[must_use]
            pub fn dataschema(&self) -> &'static str {
                match self { $(Self::$entity(fact) => fact.dataschema()),* }
            }
        }

        fn decode_as(
            kind: EntityKind, schema: &str, fact: &RawValue,
        ) -> Option<Result<Fact, serde_json::Error>> {
            match kind {
                $(EntityKind::$entity => crate::$module::$entity::decode(schema, fact)
                    .map(|found| found.map(Fact::$entity)),)*
            }
        }

        /// The JSON Schema of every event's `data.fact`, by type.
        #[must_use]
        pub fn schemas() -> Vec<EventSchema> {
            let mut all = Vec::new();
            $(crate::$module::$entity::schemas(&mut all);)*
            all
        }
    };
}

entities! {
    ledger::Ledger, import::Import, framework::Framework, objective::Objective, step::Step,
    area::Area, measure::Measure, submission::Submission, post::Post, role::Role,
}

impl Fact {
    /// Reads the fact of an event whose `type` and `dataschema` are given.
    pub(crate) fn decode(
        entity: EntityRef,
        event_type: &str,
        schema: &str,
        fact: &RawValue,
    ) -> Result<Self, DecodeError> {
        let (release, named) = schema
            .strip_prefix("urn:piperoll:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(|| DecodeError::Schema("`dataschema` is malformed".to_owned()))?;
        if named != event_type {
            return Err(DecodeError::Schema("`dataschema` and `type` differ".to_owned()));
        }
        match decode_as(entity.kind, schema, fact) {
            Some(Ok(fact)) => Ok(fact),
            Some(Err(error)) => Err(DecodeError::Schema(error.to_string())),
            None => Err(DecodeError::Unknown {
                event_type: event_type.to_owned(),
                release: release.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{EventSchema, schemas};

    #[test]
    fn every_type_is_named_once_and_in_the_one_form() {
        let mut seen = BTreeSet::new();
        for event in schemas() {
            let name = event.event_type;
            assert!(seen.insert(name), "`{name}` stands twice");
            let parts: Vec<_> = name.split('.').collect();
            assert!(matches!(parts.as_slice(), ["piperoll", _, _, "v1"]), "`{name}`");
        }
    }

    /// Schemas are frozen: set `PIPEROLL_BLESS=1` only to add a file, never to change one that
    /// has been released.
    #[test]
    fn the_schemas_on_file_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let bless = option_env!("PIPEROLL_BLESS").is_some();
        let mut files = BTreeSet::new();
        for EventSchema { event_type, file, schema, .. } in schemas() {
            let path = folder.join(format!("{file}.json"));
            files.extend(revisions(event_type, &file).map(|name| folder.join(name)));
            let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
            if bless && !path.exists() {
                std::fs::write(&path, &text).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(held == text, "{} is not the schema of its type", path.display());
        }
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(files.remove(&path), "{} has no type", path.display());
        }
        assert!(files.is_empty(), "a released schema is gone: {files:?}");
    }

    /// The files of every revision up to the newest.
    fn revisions<'a>(event_type: &'a str, newest: &str) -> impl Iterator<Item = String> + use<'a> {
        let last = newest.strip_prefix(event_type).unwrap().trim_start_matches('.');
        let last: usize = last.parse().unwrap_or(0);
        (0..=last).map(move |n| match n {
            0 => format!("{event_type}.json"),
            n => format!("{event_type}.{n}.json"),
        })
    }
}
