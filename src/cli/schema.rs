//! `piperoll schema`: the public contract, from the types themselves.

use clap::Parser;

use super::{Ended, output};

/// Prints the JSON Schema of an event's `data.fact` or of an update's `data`, the OpenAPI or AsyncAPI
/// document, or the names of all events and updates.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  piperoll schema piperoll.measure.target_changed.v1\n  piperoll schema piperoll.update.figure.v1\n  piperoll schema openapi\n  piperoll schema asyncapi"
)]
pub struct Args {
    /// The type of an event or an update, `openapi` or `asyncapi`; without it, every type is listed.
    event_type: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let mut schemas = piperoll_events::schemas();
    schemas.extend(piperoll_events::update::schemas());
    let Some(wanted) = &args.event_type else {
        for event in schemas {
            output::line(event.event_type)?;
        }
        return Ok(Ended::Fine);
    };
    if wanted == "openapi" {
        return output::json(&crate::api::openapi()?).map(|()| Ended::Fine);
    }
    if wanted == "asyncapi" {
        return output::json(&crate::publish::asyncapi()?).map(|()| Ended::Fine);
    }
    match schemas.iter().find(|event| event.event_type == wanted) {
        Some(event) => output::json(&event.schema).map(|()| Ended::Fine),
        None => anyhow::bail!(
            "there is no event and no update of type `{wanted}`; `piperoll schema` lists them"
        ),
    }
}
