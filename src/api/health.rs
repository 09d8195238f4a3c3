//! Is it alive, is it ready, which release; and the document that describes all of this.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;

use super::document;
use super::doors::Doors;
use super::problem::Problem;
use super::query::Nothing;
use super::ready::{Purpose, told};
use super::route::{Allows, Answers, Call, Handling, Method, Operation, Route};
use crate::operate::standing::{self, Standing, View};

/// It answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Alive {
    /// Always.
    alive: &'static str,
}

/// Which release.
#[derive(Debug, Serialize, JsonSchema)]
struct Version {
    /// The release of this service.
    version: &'static str,
}

/// What Prometheus's text is.
pub(super) const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let anybody = Allows::Anybody;
    let livez = ("/livez", "livez", "Whether the service is alive.");
    let readyz = (
        "/readyz",
        "readyz",
        "How the servers, the guards, the read models and the updates stand.",
    );
    let version = ("/version", "version", "Which release answers.");
    vec![
        Route::read(livez, anybody, |_, _: Nothing| async { Ok(Alive { alive: "yes" }) }),
        Route::read(readyz, anybody, |call, _: Nothing| async move {
            told(&look(&call.doors).await, Purpose::Serve)
        }),
        Route::read(version, anybody, |_, _: Nothing| async {
            Ok(Version { version: env!("CARGO_PKG_VERSION") })
        }),
        measured(),
        described(),
    ]
}

fn measured() -> Route {
    let handle = |call: Call| -> Handling {
        Box::pin(async move {
            look(&call.doors).await.measure();
            Ok(([(CONTENT_TYPE, EXPOSITION)], call.doors.numbers.render()).into_response())
        })
    };
    Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Get,
            path: "/metrics".to_owned(),
            id: "metrics".to_owned(),
            summary: "What is measured and counted, as Prometheus reads it.".to_owned(),
            allows: Allows::Anybody,
            query: <Nothing as JsonSchema>::json_schema,
            body: None,
            answer: None,
        },
        handle: Arc::new(handle),
    }
}

fn described() -> Route {
    let handle = |_| -> Handling {
        Box::pin(async {
            let body = document::text().map_err(|error| Problem::ours(&error))?;
            Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
        })
    };
    Route {
        operation: Operation {
            answers: Answers::Programs,
            method: Method::Get,
            path: "/api/openapi.json".to_owned(),
            id: "openapi".to_owned(),
            summary: "This document.".to_owned(),
            allows: Allows::Anybody,
            query: <Nothing as JsonSchema>::json_schema,
            body: None,
            answer: Some(|_| schemars::json_schema!({"type": "object"})),
        },
        handle: Arc::new(handle),
    }
}

async fn look(doors: &Doors) -> Standing {
    let see = || async {
        let views: Vec<View> = doors.opened().iter().map(|room| room.view(&doors.board)).collect();
        standing::look(&doors.config, &views).await
    };
    doors.looked.look(see).await
}
