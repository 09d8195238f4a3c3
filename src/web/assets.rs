//! The style sheet: made once from GOV.UK Frontend's patterns by `assets/build`, and served for good under
//! an address that changes with it.

use std::sync::{Arc, LazyLock};

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use sha2::{Digest, Sha256};

use crate::api::query::Nothing;
use crate::api::route::{Allows, Answers, Call, Handling, Method, Operation, Route};

const STYLE: &str = include_str!("assets/piperoll.css");

/// Where the style sheet is: its address names its digest.
pub(super) fn address() -> &'static str {
    static ADDRESS: LazyLock<String> = LazyLock::new(|| {
        let mut digest = hex::encode(Sha256::digest(STYLE));
        digest.truncate(16);
        format!("/assets/piperoll-{digest}.css")
    });
    &ADDRESS
}

/// Its route.
pub(super) fn route() -> Route {
    let handle = |_: Call| -> Handling {
        Box::pin(async {
            let mut response = STYLE.into_response();
            let headers = response.headers_mut();
            for (name, value) in [
                (CONTENT_TYPE, "text/css; charset=utf-8"),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            Ok(response)
        })
    };
    Route {
        operation: Operation {
            answers: Answers::People(super::refused),
            method: Method::Get,
            path: address().to_owned(),
            id: "style".to_owned(),
            summary: String::new(),
            allows: Allows::Anybody,
            query: <Nothing as JsonSchema>::json_schema,
            body: None,
            answer: None,
        },
        handle: Arc::new(handle),
    }
}
