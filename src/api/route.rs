//! Routes: each is one value of which the router and the document are both made.
//!
//! **Invariant:** a route without a line of policy can't be made, and one that is not in the document
//! can't exist.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::doors::{Doors, Room};
use super::problem::Problem;
use super::query::Parameters;
use super::reply;
use crate::identity::policy::What;
use crate::identity::tokens::Bearer;
use crate::traces::Trace;

/// Where everything about one ledger stands.
pub(crate) const LEDGER: &str = "/api/v1/ledgers/{ledger}";

/// Who is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allows {
    /// Anybody, without a token.
    Anybody,
    /// Whoever has a token.
    AnyToken,
    /// Whoever has a token for the ledger and a role that may.
    Role(What),
}

/// What a caller reads, or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Reads; leaves nothing in the ledger.
    Get,
    /// Acts; leaves one fact, a refusal, or nothing changed.
    Post(Precondition),
}

impl Method {
    /// As HTTP calls it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post(_) => "POST",
        }
    }
}

/// Whether a caller must say where it read what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// It may.
    Optional,
    /// It must.
    Needed,
}

/// Whom a route answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// Programs: with JSON, and problems. It stands in the document.
    Programs,
    /// People: with pages. How it tells somebody who is on an address that something went wrong.
    People(fn(Problem, Option<&Bearer>, &Uri) -> Response),
}

/// What a route is called and what goes in and out.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) answers: Answers,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) allows: Allows,
    pub(crate) query: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) body: Option<BodySchema>,
    pub(crate) answer: Option<fn(&mut SchemaGenerator) -> Schema>,
}

impl Operation {
    /// Tells whoever asked that something went wrong.
    pub(super) fn refuse(
        &self,
        problem: Problem,
        visitor: Option<&Bearer>,
        address: &Uri,
    ) -> Response {
        match self.answers {
            Answers::Programs => problem.into_response(),
            Answers::People(tell) => tell(problem, visitor, address),
        }
    }
}

/// The schema of a body, as the deserializer takes it.
pub(crate) type BodySchema = fn(&mut SchemaGenerator) -> Schema;

/// A request that was let in.
pub(crate) struct Call {
    pub(crate) doors: Arc<Doors>,
    pub(crate) bearer: Option<Bearer>,
    pub(crate) room: Option<Arc<Room>>,
    pub(crate) path: HashMap<String, String>,
    pub(crate) address: Uri,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Its span.
    pub(crate) trace: Trace,
}

pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Handling + Send + Sync>;

/// One route.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) handle: Handler,
}

impl Call {
    /// The ledger that the call is about.
    pub(crate) fn room(&self) -> Result<&Arc<Room>, Problem> {
        self.room.as_ref().ok_or_else(super::problem::no_such_ledger)
    }

    /// Who calls.
    pub(crate) fn bearer(&self) -> Result<&Bearer, Problem> {
        self.bearer.as_ref().ok_or_else(super::admit::no_token)
    }

    /// What stands in the path under a name.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl Route {
    /// A question about a ledger: query parameters in, JSON out.
    pub(super) fn ask<Q, A, F, Answering>(
        (path, id, summary): (&str, &str, &str),
        what: What,
        handler: F,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        F: Fn(Call, Q) -> Answering + Clone + Send + Sync + 'static,
        Answering: Future<Output = Result<A, Problem>> + Send + 'static,
    {
        let path = format!("{LEDGER}{path}");
        Self::read::<Q, A, _, _>((&path, id, summary), Allows::Role(what), handler)
    }

    /// A read of any kind.
    pub(super) fn read<Q, A, F, Answering>(
        (path, id, summary): (&str, &str, &str),
        allows: Allows,
        handler: F,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send,
        A: Serialize + JsonSchema,
        F: Fn(Call, Q) -> Answering + Clone + Send + Sync + 'static,
        Answering: Future<Output = Result<A, Problem>> + Send + 'static,
    {
        let parameters = Arc::new(Parameters::of::<Q>());
        let handle = move |call: Call| -> Handling {
            let (handler, parameters) = (handler.clone(), Arc::clone(&parameters));
            Box::pin(async move {
                let asked = parameters.read::<Q>(&call.query)?;
                let headers = call.headers.clone();
                let answer = handler(call, asked).await?;
                reply::answer(&headers, &answer)
            })
        };
        Self {
            operation: Operation {
                answers: Answers::Programs,
                method: Method::Get,
                path: path.to_owned(),
                id: id.to_owned(),
                summary: summary.to_owned(),
                allows,
                query: Q::json_schema,
                body: None,
                answer: Some(SchemaGenerator::subschema_for::<A>),
            },
            handle: Arc::new(handle),
        }
    }
}
