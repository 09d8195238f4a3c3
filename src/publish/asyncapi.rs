//! The AsyncAPI 3.0 document of the updates, made of their types.
//!
//! **Invariant:** schemas and examples come from the types and the files that are frozen with them,
//! never from a second description.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use piperoll_events::update::{
    DefinitionUpdate, FigureUpdate, MeasureUpdate, RatingUpdate, SignOffUpdate, StructureUpdate,
    TargetUpdate,
};

/// What a kind is called, in a sentence, and an example of it.
struct Kind {
    name: &'static str,
    summary: &'static str,
    schema: fn(&mut SchemaGenerator) -> schemars::Schema,
    example: &'static str,
}

macro_rules! kind {
    ($type:ty, $name:literal, $summary:literal) => {
        Kind {
            name: $name,
            summary: $summary,
            schema: <$type as JsonSchema>::json_schema,
            example: include_str!(concat!(
                "../../events/updates/examples/piperoll.update.",
                $name,
                ".v1.json"
            )),
        }
    };
}

const KINDS: [Kind; 7] = [
    kind!(StructureUpdate, "structure", "A framework, objective, step, area or post, whole."),
    kind!(MeasureUpdate, "measure", "A measure, whole: codes, places, owners, its end."),
    kind!(DefinitionUpdate, "definition", "What a measure's figures mean, whole."),
    kind!(FigureUpdate, "figure", "One figure, or that there is none."),
    kind!(TargetUpdate, "target", "One target, in force or withdrawn."),
    kind!(SignOffUpdate, "sign_off", "One signature or refusal, and how it stands."),
    kind!(RatingUpdate, "rating", "How a figure is doing, where that is another than it was."),
];

const DESCRIPTION: &str = "What a body's own systems are told of its record of performance. Each update \
takes the place of what is held under its keys. The sequence of the stream orders them; whoever holds a \
copy keeps the last sequence with it, goes on at the next one, and stops at a gap. One event of the \
ledger gives the updates with one `position`, `part` 1 to `parts`: apply them together. No update names \
a person or holds commentary. Stop at a `dataschema` that you don't know, and take a release that knows \
it. The same updates are had as server-sent events from the HTTP API (`GET \
/api/v1/ledgers/{ledger}/updates`), where the event's id is the sequence.";

/// The document.
///
/// # Errors
/// An example on file is no JSON; this is our fault.
pub fn asyncapi() -> Result<Value, serde_json::Error> {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas/".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.for_serialize().into_generator();
    let (mut messages, mut listed, mut named) = (Map::new(), Map::new(), Vec::new());
    for kind in &KINDS {
        let example: Value = serde_json::from_str(kind.example)?;
        let data = (kind.schema)(&mut generator);
        messages.insert(kind.name.to_owned(), message(kind, &data, &example));
        let reference = json!({ "$ref": format!("#/components/messages/{}", kind.name) });
        listed.insert(kind.name.to_owned(), reference);
        named.push(json!({ "$ref": format!("#/channels/updates/messages/{}", kind.name) }));
    }
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    Ok(json!({
        "asyncapi": "3.0.0",
        "id": "urn:piperoll:updates",
        "info": {
            "title": "Piperoll: updates",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "nats": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "NATS 2.15 or later, as the subscriber: the stream `piperoll_out_{ledger}`, read through a pull consumer without acknowledgement that begins after the last sequence held.",
                "security": [{ "type": "userPassword" }],
            },
        },
        "channels": {
            "updates": {
                "address": "piperoll-out.{ledger}.{kind}.{id}",
                "description": "Every update of one ledger, on one JetStream stream.",
                "servers": [{ "$ref": "#/servers/nats" }],
                "parameters": {
                    "ledger": { "description": "The ledger's name." },
                    "kind": { "description": "The kind of update.", "enum": kinds },
                    "id": { "description": "The id of the measure or the part, in 32 hexadecimal digits." },
                },
                "messages": listed,
            },
        },
        "operations": {
            "publishUpdate": {
                "action": "send",
                "channel": { "$ref": "#/channels/updates" },
                "summary": "Says what stands from an event of the ledger on.",
                "messages": named,
            },
        },
        "components": { "messages": messages, "schemas": generator.take_definitions(true) },
    }))
}

/// A message: the attributes of CloudEvents, and the update as its data.
fn message(kind: &Kind, data: &schemars::Schema, example: &Value) -> Value {
    let same = |name: &str| json!({ "const": example.get(name) });
    let text = |pattern: &str, about: &str| json!({ "type": "string", "pattern": pattern, "description": about });
    let count = |about: &str| json!({ "type": "integer", "minimum": 1, "maximum": i32::MAX, "description": about });
    json!({
        "name": example.get("type"),
        "title": kind.name,
        "summary": kind.summary,
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype",
                "dataschema", "position", "part", "parts", "data"],
            "additionalProperties": false,
            "properties": {
                "specversion": same("specversion"),
                "id": { "type": "string", "format": "uuid",
                    "description": "Derived from ledger, position and part: the same update always has it." },
                "source": text("^/ledgers/[0-9a-f]{32}$", "The ledger's id."),
                "type": same("type"),
                "subject": text("^[a-z_]+/[0-9a-f]{32}$", "What it is about."),
                "time": { "type": "string", "format": "date-time",
                    "description": "When the event was recorded, by the service's clock." },
                "datacontenttype": same("datacontenttype"),
                "dataschema": same("dataschema"),
                "position": text("^[0-9]{1,16}$", "The event's place in the ledger."),
                "part": count("Which update of that event."),
                "parts": count("How many updates that event gives."),
                "data": data,
            },
        },
        "examples": [{ "name": kind.name, "payload": example }],
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `PIPEROLL_BLESS=1 cargo test asyncapi` writes the document anew; review what changed.
    #[test]
    fn the_asyncapi_document_is_the_one_on_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/publish/asyncapi.json");
        let text = serde_json::to_string_pretty(&super::asyncapi().unwrap()).unwrap() + "\n";
        if option_env!("PIPEROLL_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let on_file = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(on_file == text, "src/publish/asyncapi.json is not what the types say; bless it");
    }
}
