//! Routes: each is one value of which the router and the document are both made.
//!
//! **Invariant:** a route without a line of policy can't be made, and one that is not in the document
//! can't exist.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::doors::{Doors, Room};
use super::problem::Problem;
use super::query::Parameters;
use super::reply;
use crate::identity::policy::What;
use crate::identity::tokens::Bearer;

/// Where everything about one ledger stands.
pub(super) const LEDGER: &str = "/api/v1/ledgers/{ledger}";

/// Who is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allows {
    /// Anybody, without a token.
    Anybody,
    /// Whoever has a token.
    AnyToken,
    /// Whoever has a token for the ledger and a role that may.
    Role(What),
}

/// What a caller reads, or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
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
pub(super) enum Precondition {
    /// It may.
    Optional,
    /// It must.
    Needed,
}

/// What a route is called and what goes in and out.
#[derive(Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) allows: Allows,
    pub(super) query: fn(&mut SchemaGenerator) -> Schema,
    pub(super) body: Option<BodySchema>,
    pub(super) answer: Option<fn(&mut SchemaGenerator) -> Schema>,
}

/// The schema of a body, as the deserializer takes it.
pub(super) type BodySchema = fn(&mut SchemaGenerator) -> Schema;

/// A request that was let in.
pub(super) struct Call {
    pub(super) doors: Arc<Doors>,
    pub(super) bearer: Option<Bearer>,
    pub(super) room: Option<Arc<Room>>,
    pub(super) path: HashMap<String, String>,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) type Handling = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Handling + Send + Sync>;

/// One route.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) handle: Handler,
}

impl Call {
    /// The ledger that the call is about.
    pub(super) fn room(&self) -> Result<&Arc<Room>, Problem> {
        self.room.as_ref().ok_or_else(super::problem::no_such_ledger)
    }

    /// Who calls.
    pub(super) fn bearer(&self) -> Result<&Bearer, Problem> {
        self.bearer.as_ref().ok_or_else(super::admit::no_token)
    }

    /// What stands in the path under a name.
    pub(super) fn part(&self, name: &str) -> &str {
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
