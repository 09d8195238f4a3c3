//! A ledger and its updates on another number of servers, while they are written and read.
//!
//! **Invariant:** it is not called done before the leader says that every follower is level, and every
//! server says of itself that it is well: one word of whoever copies, one of whoever is copied to.

use std::time::Duration;

use piperoll_events::ids::LedgerName;
use serde::Serialize;

use super::site::{Site, SiteError};
use crate::ledger::{
    AskError, Connection, Place, Replicas, Replication, Role, Stream, health, replicate, report,
};
use crate::publish::outbound::owners_place;

/// How often the copies are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How a stream stands.
#[derive(Debug, Clone, Serialize)]
pub struct Copies {
    /// Which stream.
    pub stream: String,
    /// Who holds it; none: NATS did not say.
    pub replication: Option<Replication>,
}

/// How it ended.
#[derive(Debug, Clone, Serialize)]
pub struct Replicated {
    /// The ledger's stream, and that of its updates where there is one.
    pub streams: Vec<Copies>,
    /// What is still to come; empty when every server holds all that it is to hold.
    pub waiting_for: Vec<String>,
}

/// Why the number of replicas stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ReplicateError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// NATS says no, or nothing.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// There are no three servers; the operator joins two more to it.
    #[error(
        "NATS is one server, which can't hold three copies of `{0}`; join three servers in a cluster first (deploy/README.md, \"From one server to three\")"
    )]
    Alone(LedgerName),
}

/// Gives a ledger and its updates another number of replicas and waits until every server holds what it
/// is to hold, or `patience` is over; NATS goes on by itself then. `told` hears how the streams stand.
///
/// # Errors
/// The servers; or NATS is one server alone.
pub async fn replicated(
    site: &Site,
    replicas: Replicas,
    patience: Duration,
    mut told: impl FnMut(&Replicated),
) -> Result<Replicated, ReplicateError> {
    let url = site.config.nats_owner_url().map_err(SiteError::from)?;
    let owner = Connection::open(Role::Owner, url).await.map_err(SiteError::from)?;
    if replicas == Replicas::Three && !owner.is_clustered() {
        return Err(ReplicateError::Alone(site.name.clone()));
    }
    let updates = owners_place(&site.name);
    let mut places = vec![Stream::new(owner.clone(), site.name.clone()).place()];
    match report(&owner, updates.api, &updates.stream).await {
        Ok(_) => places.push(updates),
        Err(error) if error.is_missing_stream() => {}
        Err(error) => return Err(error.into()),
    }
    for place in &places {
        replicate(&owner, place, replicas).await?;
    }
    // The one that holds it alone leads it; how the others are does not matter then.
    let monitors: &[String] = match replicas {
        Replicas::One => &[],
        Replicas::Three => &site.config.nats_monitor_url,
    };
    let begun = tokio::time::Instant::now();
    loop {
        let found = look(&owner, &places, monitors).await?;
        told(&found);
        if found.waiting_for.is_empty() || begun.elapsed() >= patience {
            return Ok(found);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(
    owner: &Connection,
    places: &[Place],
    monitors: &[String],
) -> Result<Replicated, AskError> {
    let mut found = Replicated { streams: Vec::new(), waiting_for: Vec::new() };
    for place in places {
        let replication = match report(owner, place.api, &place.stream).await {
            Ok(report) => Some(report.replication()),
            // It is being handed from one group of servers to another.
            Err(error) if error.passes() => None,
            Err(error) => return Err(error),
        };
        if !replication.as_ref().is_some_and(Replication::is_complete) {
            found.waiting_for.push(format!("the replicas of {}", place.stream));
        }
        found.streams.push(Copies { stream: place.stream.clone(), replication });
    }
    for monitor in monitors {
        if let Err(reason) = health(monitor).await {
            found.waiting_for.push(format!("the server at {monitor}, which {reason}"));
        }
    }
    Ok(found)
}
