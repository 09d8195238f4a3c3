//! Who is let in: token, ledger, policy, in this order.
//!
//! **Invariant:** nothing of a ledger is reached before all three have been asked.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use piperoll_events::ids::LedgerName;

use super::doors::{Doors, Room};
use super::problem::{Problem, no_such_ledger};
use super::route::{Allows, Answers, Operation};
use crate::identity::tokens::Bearer;

/// The cookie that holds a visitor's token. Programs' addresses don't look at it: what a browser sends
/// by itself must not act.
pub(crate) const SESSION: &str = "piperoll_session";

/// Who calls; where anybody may, nobody need be.
///
/// # Errors
/// No token, or none that counts (401).
pub(super) fn identify(
    doors: &Doors,
    operation: &Operation,
    headers: &HeaderMap,
) -> Result<Option<Bearer>, Problem> {
    let found = || match operation.answers {
        Answers::Programs => bearer(doors, headers),
        Answers::People(_) => visitor(doors, headers),
    };
    match (operation.allows, operation.answers) {
        (Allows::Anybody, Answers::Programs) => Ok(None),
        (Allows::Anybody, Answers::People(_)) => Ok(found().ok()),
        (Allows::AnyToken | Allows::Role(_), _) => found().map(Some),
    }
}

/// Lets a call in, with the ledger that it is about, or says why not.
///
/// # Errors
/// No ledger that the caller may see (404), no role (403).
pub(super) async fn admit(
    doors: &Doors,
    operation: &Operation,
    bearer: Option<&Bearer>,
    path: &HashMap<String, String>,
) -> Result<Option<Arc<Room>>, Problem> {
    let Allows::Role(what) = operation.allows else { return Ok(None) };
    let bearer = bearer.ok_or_else(no_token)?;
    let name = path.get("ledger").and_then(|name| name.parse::<LedgerName>().ok());
    let name = name.filter(|name| bearer.ledgers.contains(name)).ok_or_else(no_such_ledger)?;
    if what.allowed_by(&bearer.roles).is_none() {
        return Err(Problem::not_allowed(what.roles()));
    }
    doors.room(&name).await.map(Some)
}

/// Who looks at pages: by the cookie of their session, or as a program does.
pub(super) fn visitor(doors: &Doors, headers: &HeaderMap) -> Result<Bearer, Problem> {
    if headers.contains_key(AUTHORIZATION) {
        return bearer(doors, headers);
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';'));
    let mut tokens = pairs.filter_map(|pair| pair.trim().strip_prefix(SESSION)?.strip_prefix('='));
    // A browser may hold several of a name; any that counts will do.
    let first = tokens.next().ok_or_else(no_token)?;
    let checked = std::iter::once(first).chain(tokens).map(|token| doors.issuer.check(token));
    let found = checked.reduce(Result::or).ok_or_else(no_token)?;
    Ok(found?)
}

fn bearer(doors: &Doors, headers: &HeaderMap) -> Result<Bearer, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (given.next(), given.next()) else { return Err(no_token()) };
    let text = header.to_str().map_err(|_| no_token())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(no_token)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(no_token());
    }
    Ok(doors.issuer.check(token.trim())?)
}

/// A token is needed and there is none.
pub(super) fn no_token() -> Problem {
    let detail =
        "give a token: `Authorization: Bearer …`; `piperoll token` prints one for the demo";
    Problem::new(StatusCode::UNAUTHORIZED, "token_needed", detail)
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="piperoll""#))
}
