//! What a projector or a publisher in a process of its own tells whoever watches it: does it live, can it
//! work, and its numbers. Nothing of a ledger stands there, and nothing can be changed.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use piperoll_events::ids::LedgerName;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use super::health::EXPOSITION;
use super::problem::Problem;
use super::ready::{Looked, Purpose, told};
use super::serve::ServeError;
use crate::config::Config;
use crate::operate::numbers::Numbers;
use crate::operate::site::{Site, Source};
use crate::operate::standing::{self, Board, Standing, View};

struct Watched {
    config: Config,
    numbers: Numbers,
    board: Arc<Board>,
    ledgers: Vec<(Site, OnceCell<Source>)>,
    looked: Looked,
}

/// Tells how the work on `ledgers` goes; ends only when dropped or when listening ends. `listening` is
/// told the address.
///
/// # Errors
/// The address.
pub async fn watch(
    config: &Config,
    address: SocketAddr,
    ledgers: &[LedgerName],
    board: Arc<Board>,
    listening: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let listened = |source| ServeError::Listen { address, source };
    let numbers = Numbers::new()?;
    let listener = TcpListener::bind(address).await.map_err(listened)?;
    listening(listener.local_addr().map_err(listened)?);
    let ledgers = ledgers.iter().map(|name| (Site::new(config, name), OnceCell::new())).collect();
    let (config, kept) = (config.clone(), numbers.clone());
    let watched = Watched { config, numbers, board, ledgers, looked: Looked::default() };
    let router = Router::new()
        .route("/livez", get(|| async { json(&serde_json::json!({ "alive": "yes" })) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .fallback(|| async { Problem::missing("no_such_address", "nothing is found here") })
        .with_state(Arc::new(watched));
    tokio::select! {
        ended = async { axum::serve(listener, router).await } => ended.map_err(ServeError::Ended),
        () = kept.keep_up() => Ok(()),
    }
}

async fn ready(State(watched): State<Arc<Watched>>) -> Response {
    match told(&watched.look().await, Purpose::Move) {
        Ok(ready) => json(&ready),
        Err(problem) => problem.into_response(),
    }
}

fn json(told: &impl Serialize) -> Response {
    match serde_json::to_vec(told) {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => Problem::ours(&error).into_response(),
    }
}

async fn measured(State(watched): State<Arc<Watched>>) -> Response {
    watched.look().await.measure();
    ([(CONTENT_TYPE, EXPOSITION)], watched.numbers.render()).into_response()
}

impl Watched {
    async fn look(&self) -> Standing {
        self.looked
            .look(|| async {
                let views = self.ledgers.iter().map(|(site, source)| async {
                    let published = self.board.find(&site.name);
                    let opened = standing::in_time(source.get_or_try_init(|| site.source())).await;
                    let source = opened.and_then(Result::ok).cloned();
                    View { site: site.clone(), source, gate: None, put_off: None, published }
                });
                let views = futures::future::join_all(views).await;
                standing::look(&self.config, &views).await
            })
            .await
    }
}
