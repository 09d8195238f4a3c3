//! Answers as responses: one representation, with its tag.
//!
//! **Invariant:** the tag is a digest of the bytes and the language. An answer's bytes name position
//! and instant, so the tag covers them; two answers with one tag are the same answer.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// What is told, and in which form.
pub(crate) struct Representation {
    /// The bytes.
    pub(crate) body: Vec<u8>,
    /// What they are.
    pub(crate) media_type: &'static str,
    /// In which language: `en`.
    pub(crate) language: &'static str,
    /// By which headers of a request it may differ.
    pub(crate) varies: &'static str,
}

/// An answer, or 304 where the caller has it already.
///
/// # Errors
/// It can't be written; this is our fault.
pub(super) fn answer(asked: &HeaderMap, answer: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(answer).map_err(|error| Problem::ours(&error))?;
    let (media_type, language) = ("application/json", "en");
    represent(asked, Representation { body, media_type, language, varies: "authorization" })
}

/// What is told as a response, or 304 where the caller has it already.
///
/// # Errors
/// It can't be written; this is our fault.
pub(crate) fn represent(asked: &HeaderMap, told: Representation) -> Result<Response, Problem> {
    let Representation { body, media_type, language, varies } = told;
    let digest = Sha256::new()
        .chain_update([media_type, "\n", language, "\n"].concat())
        .chain_update(&body)
        .finalize();
    let mut tag = hex::encode(digest);
    tag.truncate(32);
    let tag = format!("\"{tag}\"");
    let mut response = if has(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language));
        response
    };
    let headers = response.headers_mut();
    let tag = HeaderValue::from_str(&tag).map_err(|error| Problem::ours(&error))?;
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static(varies));
    Ok(response)
}

/// Whether the caller has the representation of this tag (RFC 9110, section 13.1.2: weak comparison).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let listed = asked.get_all(IF_NONE_MATCH);
    let mut listed =
        listed.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    listed.any(|it| {
        let it = it.trim();
        it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag
    })
}
