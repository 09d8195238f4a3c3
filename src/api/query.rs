//! What a caller asks for in an address: read by the same schema that the document shows.
//!
//! **Invariant:** an unknown name, a name given twice and a value of another type are refused: a
//! misspelt `known_at` must not answer about today.

use std::collections::BTreeMap;

use piperoll_events::Position;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document;
use super::problem::Problem;
use crate::asking::moment::{When, instant};

/// Which moment is asked about. Neither: as it stands.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(crate) struct Moment {
    /// As at a date (its end in London) or an instant (RFC 3339). Not beside `position`.
    #[schemars(length(max = 40))]
    known_at: Option<String>,
    /// As at a position. Not beside `known_at`.
    position: Option<Position>,
    /// Wait, two seconds at most, until the read model holds this position: to read what was just
    /// written.
    pub(super) min_position: Option<Position>,
}

/// Nothing is asked for beside the path.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

impl Moment {
    /// A moment that was read elsewhere.
    pub(crate) const fn of(known_at: Option<String>, position: Option<Position>) -> Self {
        Self { known_at, position, min_position: None }
    }

    /// The moment.
    pub(crate) fn when(&self) -> Result<When, Problem> {
        match (&self.known_at, self.position) {
            (Some(_), Some(_)) => {
                Err(Problem::bad("two_moments", "give `known_at` or `position`, not both"))
            }
            (None, Some(position)) => Ok(When::At(position)),
            (None, None) => Ok(When::Now),
            (Some(text), None) => instant(text).map(When::KnownAt).map_err(|error| {
                Problem::bad("malformed_parameter", error.to_string()).about(text)
            }),
        }
    }

    /// Whether a moment was given.
    pub(super) const fn is_given(&self) -> bool {
        self.known_at.is_some() || self.position.is_some()
    }
}

/// How a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// As it is.
    Text,
    /// In digits.
    Number,
    /// As JSON.
    Json,
}

/// The parameters that an operation takes.
pub(crate) struct Parameters(BTreeMap<String, Written>);

impl Parameters {
    /// Those of a type.
    pub(crate) fn of<Q: JsonSchema>() -> Self {
        let mut generator = document::generator_of_bodies();
        let schema = Q::json_schema(&mut generator);
        let names = properties(&schema);
        Self(names.map(|(name, schema)| (name.clone(), written(schema, &generator))).collect())
    }

    /// What a query asks for.
    ///
    /// # Errors
    /// An unknown name, one given twice, a value that is none.
    pub(crate) fn read<Q: DeserializeOwned>(&self, query: &str) -> Result<Q, Problem> {
        let mut given = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(written) = self.0.get(&*name) else {
                let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
                let detail = format!("there is no parameter `{name}`; known: {}", known.join(", "));
                return Err(Problem::bad("unknown_parameter", detail).about(name));
            };
            let read = match written {
                Written::Text => Ok(Value::String(value.into_owned())),
                Written::Number => value.parse::<u64>().map(Value::from).map_err(|_| ()),
                Written::Json => serde_json::from_str(&value).map_err(|_| ()),
            };
            let read = read.map_err(|()| {
                let detail = format!("`{name}` is not written as it should be");
                Problem::bad("malformed_parameter", detail).about(&*name)
            })?;
            if given.insert(name.to_string(), read).is_some() {
                let detail = format!("`{name}` is given twice");
                return Err(Problem::bad("malformed_parameter", detail).about(name));
            }
        }
        serde_json::from_value(Value::Object(given))
            .map_err(|error| Problem::bad("malformed_parameter", error.to_string()))
    }
}

/// The properties of an object's schema.
pub(super) fn properties(schema: &Schema) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// How a value of a schema is written in an address.
pub(super) fn written(schema: &Value, generator: &SchemaGenerator) -> Written {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.rsplit('/').next().unwrap_or_default();
        return generator
            .definitions()
            .get(name)
            .map_or(Written::Json, |it| written(it, generator));
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(choices) = schema.get(word).and_then(Value::as_array) {
            let null = |choice: &&Value| choice.get("type").is_some_and(|it| it == "null");
            let mut ways = choices.iter().filter(|choice| !null(choice));
            let first = ways.next().map(|choice| written(choice, generator));
            let same = ways.all(|choice| Some(written(choice, generator)) == first);
            return first.filter(|_| same).unwrap_or(Written::Json);
        }
    }
    let is = |wanted: &str| match schema.get("type") {
        Some(Value::String(found)) => found == wanted,
        Some(Value::Array(found)) => found.iter().any(|it| it == wanted),
        _ => false,
    };
    if is("string") || schema.get("const").is_some_and(Value::is_string) {
        Written::Text
    } else if is("integer") {
        Written::Number
    } else {
        Written::Json
    }
}
