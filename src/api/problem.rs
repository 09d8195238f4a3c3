//! Problems: every error as a client sees it (RFC 9457), and the one place where errors become them.
//!
//! **Invariant:** a client matches on `code`, which never changes. A problem of ours says nothing of
//! what stands behind it: that goes to the log, once.
//!
//! | who acts next | status |
//! |---|---|
//! | the user: the rule says no | 422 |
//! | the caller: the request is not one | 400, 404, 405, 413, 415, 428 |
//! | the caller: it has changed, or the key is used | 409, 412 |
//! | the caller: another token, another person | 401, 403 |
//! | time | 429, 503, each with `Retry-After` |
//! | us | 500 |

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use piperoll_events::role::granted::RoleName;
use piperoll_events::{Position, ProfileError};
use piperoll_projections::runtime::RuntimeError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::asking::answer::AskingError;
use crate::commands::Rejection;
use crate::identity::tokens::TokenError;
use crate::identity::vault::VaultError;
use crate::ledger::{AskError, CoverError, ExamineError, ExecuteError};
use crate::operate::site::SiteError;
use crate::publish::outbound::OutboundError;

/// An error as a client sees it. Small to carry about: nearly every function may return one.
#[derive(Debug)]
pub(crate) struct Problem(Box<Said>);

/// An error as a client sees it (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Said {
    /// What kind of problem: `urn:piperoll:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the response.
    status: u16,
    /// What happened this time, and who acts next.
    detail: String,
    /// The stable code.
    code: &'static str,
    /// What else belongs to this kind.
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
    #[serde(skip)]
    cause: Option<String>,
    /// What was asked for, as a page repeats it.
    #[serde(skip)]
    about: Option<String>,
}

impl Problem {
    /// A problem of a kind.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Said {
            kind: format!("urn:piperoll:problem:{code}"),
            title: words(code),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
            about: None,
        }))
    }

    /// The request is not one that can be carried out.
    pub(crate) fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing.
    pub(crate) fn missing(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Not yet; the caller tries again.
    pub(super) fn later(code: &'static str, detail: impl Into<String>) -> Self {
        let later = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        later.with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// The code, where it says that a server did not answer; what an append met is the gate's to tell.
    pub(super) fn server_away(&self) -> Option<&'static str> {
        let away = ["database_unavailable", "ledger_unavailable"];
        Some(self.0.code).filter(|code| away.contains(code))
    }

    /// Our fault; the log says more.
    pub(crate) fn ours(cause: &(dyn std::error::Error + 'static)) -> Self {
        let detail = "something failed here; the operator finds it in the log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).because(cause)
    }

    /// The roles that would be let through.
    pub(crate) fn not_allowed(roles: &[RoleName]) -> Self {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let detail = format!("your roles don't let you; one of these would: {}", roles.join(", "));
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail).with("roles", json!(roles))
    }

    /// Another method is the right one.
    pub(super) fn method(allow: &str) -> Self {
        let detail = format!("this address takes {allow}");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        match HeaderValue::from_str(allow) {
            Ok(allow) => problem.with_header(ALLOW, allow),
            Err(_) => problem,
        }
    }

    /// A further member.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// What was asked for, as a page repeats it.
    pub(super) fn about(mut self, asked: impl Into<String>) -> Self {
        self.0.about = Some(asked.into());
        self
    }

    /// A header of the response.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// What stands behind it, for the log.
    pub(super) fn because(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            text = format!("{text}: {source}");
            next = source.source();
        }
        self.0.cause = Some(text);
        self
    }

    /// The status of its response.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What was asked for, where that is repeated.
    pub(crate) fn asked(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// The roles that would be let through.
    pub(crate) fn roles(&self) -> Vec<RoleName> {
        let roles = self.0.members.get("roles").cloned();
        roles.and_then(|roles| serde_json::from_value(roles).ok()).unwrap_or_default()
    }

    /// What happened this time, and who acts next.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Tells the log what the client isn't told, once, and hands over the headers of the response.
    pub(crate) fn ended(self) -> (StatusCode, Vec<(HeaderName, HeaderValue)>) {
        let status = self.status();
        if status.is_server_error() {
            let (code, cause) = (self.0.code, self.0.cause.as_deref().unwrap_or_default());
            tracing::error!(status = self.0.status, code, cause, "a request failed");
        }
        (status, self.0.headers)
    }

    fn at(self, position: Position) -> Self {
        self.with("position", json!(position))
    }
}

fn words(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let (status, more) = self.ended();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(more);
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Expired => "token_expired",
            TokenError::NotAccepted => "token_not_accepted",
        };
        let challenge = r#"Bearer realm="piperoll", error="invalid_token""#;
        Self::new(StatusCode::UNAUTHORIZED, code, error.to_string())
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        let detail = error.to_string();
        match error {
            ProfileError::TooLong => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
            }
            ProfileError::NotUtf8 | ProfileError::ByteOrderMark | ProfileError::NotJson(_) => {
                Self::bad("malformed_body", detail)
            }
            ProfileError::DuplicateName(_) => Self::bad("duplicate_name", detail),
            ProfileError::Float(_) | ProfileError::HugeInteger(_) => {
                Self::bad("number_outside_profile", detail)
            }
            ProfileError::TooDeep(_) => Self::bad("nested_too_deeply", detail),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, rejection.code(), rejection.to_string());
        match rejection {
            Rejection::AuthorityNeeded { accepted } => problem.with("accepted", json!(accepted)),
            Rejection::NoSuchStage { known, .. } => problem.with("stages", json!(known)),
            _ => problem,
        }
    }
}

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        let detail = error.to_string();
        match error {
            ExecuteError::Rejected(rejection) => rejection.into(),
            ExecuteError::CommandIdReused { position, .. } => key_reused().at(position),
            ExecuteError::Stale { position } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail).at(position)
            }
            ExecuteError::Conflict => Self::later("conflict", detail),
            ExecuteError::Busy => Self::later("ledger_busy", detail),
            ExecuteError::Full => Self::later("ledger_full", detail),
            ExecuteError::Closed(ref closed) => {
                // What differs is the operator's to know.
                let detail = "writing is closed; nothing was recorded, the operator looks at it";
                Self::later("ledger_closed", detail).because(closed)
            }
            ExecuteError::Unconfirmed { ref source, .. } => {
                let detail = "whether it was recorded is not known; repeat it with the same \
                              Idempotency-Key";
                Self::later("unconfirmed", detail).because(source)
            }
            ExecuteError::Stopping { .. } => Self::later("unconfirmed", detail),
            ExecuteError::NotStored { .. } => {
                Self::new(StatusCode::CONFLICT, "not_stored", "use another Idempotency-Key")
            }
            ExecuteError::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "event_too_large", detail)
            }
            ExecuteError::Ask(error) => error.into(),
            ExecuteError::StoredDiffers { .. }
            | ExecuteError::OtherStream
            | ExecuteError::Encode(_)
            | ExecuteError::Unknown(_)
            | ExecuteError::Randomness(_) => Self::ours(&error),
        }
    }
}

/// The key of a request stands for another.
pub(super) fn key_reused() -> Problem {
    let detail = "this Idempotency-Key stands for another request; use a fresh one";
    Problem::new(StatusCode::CONFLICT, "idempotency_key_reused", detail)
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            error if error.passes() => {
                Self::later("ledger_unavailable", "the ledger does not answer; try again")
                    .because(&error)
            }
            // Known before, so it was there: somebody deleted it, which the guard names.
            error if error.is_missing_stream() => {
                Self::later("ledger_unavailable", "the ledger is not there; the operator looks")
                    .because(&error)
            }
            error => Self::ours(&error),
        }
    }
}

impl From<AskingError> for Problem {
    fn from(error: AskingError) -> Self {
        let detail = error.to_string();
        match error {
            AskingError::NoMeasure { position, ref code } => {
                let detail = format!("no measure was called `{code}` at position {position}");
                Self::missing("no_such_measure", detail).at(position).about(code.as_str())
            }
            AskingError::AmbiguousCode { candidates, code } => {
                let ids: Vec<_> = candidates.iter().map(|line| line.measure).collect();
                Self::new(StatusCode::CONFLICT, "ambiguous_code", detail)
                    .with("measures", json!(ids))
                    .about(code)
            }
            AskingError::NoSubmission { position, .. } => {
                Self::missing("no_such_submission", detail).at(position)
            }
            AskingError::Backwards => Self::bad("backwards", detail),
            AskingError::NotThere { reached, .. } => still_behind(reached),
            AskingError::Runtime(error) => error.into(),
            AskingError::Missing(ref missing) => Self::ours(missing),
        }
    }
}

/// The read model is not as far as it was asked for.
pub(super) fn still_behind(reached: Position) -> Problem {
    let detail = format!("the read model is at {reached} and goes on; try again");
    Problem::later("still_behind", detail).at(reached)
}

impl From<RuntimeError> for Problem {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::StillBehind { reached, .. } => still_behind(reached),
            RuntimeError::Missing { .. } => {
                let detail = "the read model has not been made yet; is a projector running?";
                Self::later("no_read_model", detail).because(&error)
            }
            RuntimeError::Postgres(_) | RuntimeError::Pool(_) => {
                Self::later("database_unavailable", "the database does not answer; try again")
                    .because(&error)
            }
            _ => Self::ours(&error),
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Postgres(_) => {
                Self::later("database_unavailable", "the database does not answer; try again")
                    .because(&error)
            }
            _ => Self::ours(&error),
        }
    }
}

impl From<SiteError> for Problem {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Ask(error) if error.is_missing_stream() => no_such_ledger(),
            SiteError::NoLedger(_) => no_such_ledger(),
            SiteError::Ask(error) => error.into(),
            SiteError::Execute(error) => error.into(),
            SiteError::Vault(error) => error.into(),
            SiteError::Postgres(error) => error.into(),
            SiteError::Connect(ref source) => {
                Self::later("ledger_unavailable", "the ledger does not answer; try again")
                    .because(source)
            }
            SiteError::Missing(_) | SiteError::Key(_) => Self::ours(&error),
        }
    }
}

impl From<OutboundError> for Problem {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Missing(_) => {
                let detail = "the updates of this ledger are not published; ask its operator";
                Self::missing("no_updates", detail)
            }
            OutboundError::Ask(error) => error.into(),
            _ => Self::ours(&error),
        }
    }
}

/// No ledger of that name, or none that the caller may see.
pub(super) fn no_such_ledger() -> Problem {
    Problem::missing("no_such_ledger", "there is no such ledger, or none that you may see")
}

impl From<ExamineError> for Problem {
    fn from(error: ExamineError) -> Self {
        match error {
            ExamineError::Ask(error) => error.into(),
            ExamineError::Unknown(_) => Self::ours(&error),
        }
    }
}

impl From<CoverError> for Problem {
    fn from(error: CoverError) -> Self {
        match error {
            CoverError::Nothing(position) => {
                let detail = format!("nothing stands at {position}");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_such_version", detail).at(position)
            }
            CoverError::Ask(error) => error.into(),
        }
    }
}
