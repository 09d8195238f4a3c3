//! The OpenAPI 3.1 document, made of the routes and of the types' own JSON Schemas.
//!
//! **Invariant:** schemas come from the types that are read and written, never from a second
//! description of them. What goes in is described as the deserializer takes it, what comes out as the
//! serializer writes it; where the two differ for one type, what goes in bears `Input` in its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::problem::Said;
use super::query::properties;
use super::route::{Allows, Method, Operation, Precondition};

const COMPONENTS: &str = "#/components/schemas/";

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = COMPONENTS.trim_start_matches('#').to_owned().into();
        settings.meta_schema = None;
    })
}

/// A generator of schemas for what goes in.
pub(super) fn generator_of_bodies() -> SchemaGenerator {
    settings().for_deserialize().into_generator()
}

/// The document.
///
/// # Errors
/// It can't be written; this is our fault.
pub fn openapi() -> Result<Value, serde_json::Error> {
    serde_json::from_str(text()?)
}

/// The document as it is served: made once.
pub(super) fn text() -> Result<&'static str, serde_json::Error> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text);
    }
    let made = serde_json::to_string_pretty(&written())? + "\n";
    Ok(TEXT.get_or_init(|| made))
}

fn written() -> Value {
    let mut inward = generator_of_bodies();
    let mut outward = settings().for_serialize().into_generator();
    let problem = outward.subschema_for::<Said>();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut inner = Vec::new();
    for route in super::routes() {
        let operation = &route.operation;
        let verb = match operation.method {
            Method::Get => "get",
            Method::Post(_) => "post",
        };
        inner.push((operation.path.clone(), verb));
        let described = describe(operation, &mut inward, &mut outward, &problem);
        paths.entry(operation.path.clone()).or_default().insert(verb.to_owned(), described);
    }
    let mut input = inward.take_definitions(true);
    let output = outward.take_definitions(true);
    let renamed = differing(&input, &output);
    let mut paths = json!(paths);
    for (path, verb) in inner {
        let place = paths.get_mut(&path).and_then(|path| path.get_mut(verb));
        if let Some(place) = place {
            for part in ["parameters", "requestBody"] {
                if let Some(part) = place.get_mut(part) {
                    rename(part, &renamed);
                }
            }
        }
    }
    let mut schemas = output;
    for (name, schema) in &mut input {
        if renamed.contains(name) {
            rename(schema, &renamed);
            schemas.insert(input_name(name), schema.take());
        } else if !schemas.contains_key(name) {
            schemas.insert(name.clone(), schema.take());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Piperoll",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

const DESCRIPTION: &str = "The record of a public body's performance: who changed which target, who \
signed which figure, and what was known at each date. Errors are `application/problem+json` (RFC 9457); \
match on `code`. Every act needs an `Idempotency-Key`: repeated, it gives the first answer; a key belongs \
to the first thing that it was used for. An act that changes what was read needs `If-Match` with the \
position at which it was read. New ids are given by the client, in the path: a UUID (version 7 is \
suggested) in 32 lower-case hexadecimal digits. Decimals are written as text. What is too much at once is put off \
with 503 and `Retry-After` (`busy`, `too_many_acts`, `took_too_long`, `ledger_busy`), who is too fast with \
429 (`too_fast`); an act is then repeated with the same key. A W3C `traceparent` is taken in and goes \
beside the event, unsigned.";

/// The names whose schemas differ between what goes in and what comes out, or that lead to such a name.
fn differing(input: &Map<String, Value>, output: &Map<String, Value>) -> BTreeSet<String> {
    let differs =
        |(name, schema): &(&String, &Value)| output.get(*name).is_some_and(|o| o != *schema);
    let mut found: BTreeSet<String> =
        input.iter().filter(differs).map(|(name, _)| name.clone()).collect();
    loop {
        let leads = |schema: &Value| found.iter().any(|name| mentions(schema, name));
        let more: Vec<String> = input
            .iter()
            .filter(|(name, schema)| !found.contains(*name) && leads(schema))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn input_name(name: &str) -> String {
    format!("{name}Input")
}

fn mentions(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(members) => members.iter().any(|(key, value)| {
            let refers = key == "$ref" && value.as_str().and_then(referred) == Some(name);
            refers || mentions(value, name)
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}

fn referred(text: &str) -> Option<&str> {
    text.strip_prefix(COMPONENTS)
}

/// Leads references to what goes in to its own name.
fn rename(schema: &mut Value, renamed: &BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                let name = value.as_str().and_then(referred).filter(|_| key == "$ref");
                match name.filter(|name| renamed.contains(*name)).map(input_name) {
                    Some(name) => *value = format!("{COMPONENTS}{name}").into(),
                    None => rename(value, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, renamed)),
        _ => {}
    }
}

fn describe(
    operation: &Operation,
    inward: &mut SchemaGenerator,
    outward: &mut SchemaGenerator,
    problem: &Schema,
) -> Value {
    let mut parameters = path_parameters(operation);
    parameters.extend(query_parameters(&(operation.query)(inward), inward));
    parameters.extend(headers(operation));
    let problems = json!({
        "description": "A problem (RFC 9457).",
        "content": { "application/problem+json": { "schema": problem } },
    });
    let (status, said) = match operation.method {
        Method::Get => ("200", "The answer."),
        Method::Post(_) => ("202", "What became of the act."),
    };
    let content = match operation.answer {
        Some(schema) => json!({ "application/json": { "schema": schema(outward) } }),
        None if operation.id == super::updates::ID => {
            json!({ "text/event-stream": { "schema": { "type": "string" } } })
        }
        None => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    let mut responses = json!({
        status: { "description": said, "content": content },
        "4XX": problems.clone(),
        "5XX": problems,
    });
    if operation.method == Method::Get && operation.answer.is_some() {
        let same = json!({ "description": "The caller has this representation already." });
        responses.as_object_mut().map(|all| all.insert("304".to_owned(), same));
    }
    let mut described = json!({
        "operationId": operation.id.replace([' ', '-'], "_"),
        "summary": operation.summary,
        "tags": [tag(operation)],
        "parameters": parameters,
        "responses": responses,
    });
    let body = operation.body.map(|schema| body(operation, schema(inward)));
    if let Some(members) = described.as_object_mut() {
        members.extend(body.map(|body| ("requestBody".to_owned(), body)));
        let security = match operation.allows {
            Allows::Anybody => json!([]),
            Allows::AnyToken | Allows::Role(_) => json!([{ "bearer": [] }]),
        };
        members.insert("security".to_owned(), security);
        if let Allows::Role(what) = operation.allows {
            let roles: Vec<&str> = what.roles().iter().map(|role| role.as_str()).collect();
            members.insert("x-roles".to_owned(), json!(roles));
        }
    }
    described
}

fn tag(operation: &Operation) -> &str {
    let rest = operation.path.strip_prefix(super::route::LEDGER);
    match rest.and_then(|rest| rest.trim_start_matches('/').split('/').next()) {
        Some("") | None => "service",
        Some(first) => first,
    }
}

/// What a body holds: the command, less what the path gives.
fn body(operation: &Operation, mut schema: Schema) -> Value {
    let names: Vec<&str> = path_names(&operation.path).collect();
    if let Some(members) = schema.as_object_mut() {
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            properties.retain(|name, _| !names.contains(&name.as_str()));
        }
        if let Some(Value::Array(required)) = members.get_mut("required") {
            required.retain(|name| name.as_str().is_some_and(|name| !names.contains(&name)));
        }
        for noise in ["title", "description"] {
            members.remove(noise);
        }
    }
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameters(operation: &Operation) -> Vec<Value> {
    let reads = operation.method == Method::Get;
    let parameter = |name: &str| {
        let (schema, description) = match name {
            "ledger" => (
                json!({ "type": "string", "pattern": "^[a-z][a-z0-9]{0,31}$" }),
                "The ledger's name.".to_owned(),
            ),
            "position" => (
                json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 }),
                "A place in the ledger.".to_owned(),
            ),
            "period" => (
                json!({ "type": "string", "minLength": 1, "maxLength": 40 }),
                "A period, `FY2023-Q3`; `whole` for the measure as such.".to_owned(),
            ),
            "measure" if reads => (
                json!({ "type": "string", "minLength": 1, "maxLength": 500 }),
                "The measure's code or id.".to_owned(),
            ),
            other => (
                json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
                format!("The id of the {other}; a new one is given by the client."),
            ),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema,
            "description": description })
    };
    path_names(&operation.path).map(parameter).collect()
}

fn query_parameters(schema: &Schema, generator: &SchemaGenerator) -> Vec<Value> {
    let required = required(schema);
    let parameter = |(name, about): (&String, &Value)| {
        let mut parameter = json!({ "name": name, "in": "query",
            "required": required.contains(&name.as_str()), "description": description(about) });
        let (key, value) = match super::query::written(about, generator) {
            super::query::Written::Json => {
                ("content", json!({ "application/json": { "schema": about } }))
            }
            _ => ("schema", about.clone()),
        };
        parameter.as_object_mut().map(|members| members.insert(key.to_owned(), value));
        parameter
    };
    properties(schema).map(parameter).collect()
}

/// The names that must be given.
pub(super) fn required(schema: &Schema) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a property means.
pub(super) fn description(about: &Value) -> String {
    about.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn headers(operation: &Operation) -> Vec<Value> {
    let header = |name: &str, required: bool, pattern: &str, description: &str| {
        json!({ "name": name, "in": "header", "required": required, "description": description,
            "schema": { "type": "string", "pattern": pattern } })
    };
    match operation.method {
        Method::Get if operation.id == super::updates::ID => vec![header(
            "Last-Event-ID",
            false,
            "^[0-9]{1,16}$",
            "The id of the last event heard: those after it follow. It goes before `after`.",
        )],
        Method::Get => Vec::new(),
        Method::Post(precondition) => vec![
            header(
                "Idempotency-Key",
                true,
                "^[!-~]{1,200}$",
                "Names this request: repeated, it gives the first answer. It belongs to the first \
                 thing that it was used for.",
            ),
            header(
                "If-Match",
                precondition == Precondition::Needed,
                "^\"[0-9]{1,16}\"$",
                "The position at which the caller read what it changes, in quotes.",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `PIPEROLL_BLESS=1 cargo test document` writes the document anew; review what changed.
    #[test]
    fn the_document_is_the_one_on_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/openapi.json");
        let text = super::text().unwrap();
        if option_env!("PIPEROLL_BLESS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let on_file = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(on_file == text, "src/api/openapi.json is not what the routes say; bless it");
    }
}
