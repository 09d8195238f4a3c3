//! Writing under guard: while a writer works its stream is inspected again and again, and what is
//! found is kept where an operator can look it up.
//!
//! **Invariant:** a finding is told even where it can't be kept: the gate, the log, then Postgres.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::connect;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::site::Site;
use crate::identity::migrations::migrate;
use crate::ledger::{AskError, Findings, Guard};

/// Does `work` while the guard looks on; ends when the work does.
pub async fn under_guard<T>(site: &Site, guard: &Guard, work: impl Future<Output = T>) -> T {
    // Kept before anything is tried: at a gate that is shut already the work ends at once.
    if let Some(findings) = told(&guard.inspect().await) {
        keep_or_warn(site, findings).await;
    }
    let (found, mut keeping) = mpsc::channel(16);
    let interval = Duration::from_secs(site.config.guard_seconds.max(1));
    let watching = guard.watch(interval, move |inspection| {
        if let Some(findings) = told(inspection) {
            // A full queue means that Postgres is away; the log has it.
            found.try_send(findings.clone()).ok();
        }
    });
    let keeping = async {
        while let Some(findings) = keeping.recv().await {
            keep_or_warn(site, &findings).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        never = async {
            tokio::join!(watching, keeping);
            std::future::pending().await
        } => never,
    }
}

/// Tells the log of an inspection; what it found, where the stream differs.
fn told(inspection: &Result<Findings, AskError>) -> Option<&Findings> {
    match inspection {
        Ok(findings) if findings.differences.is_empty() => {
            if let Some(closed) = &findings.closed {
                tracing::error!(%closed, "nothing is written");
            }
            None
        }
        Ok(findings) => {
            tracing::error!(closed = findings.closed.is_some(), ?findings.differences, "the stream differs");
            Some(findings)
        }
        Err(error) => {
            tracing::warn!(%error, "the stream can't be inspected");
            None
        }
    }
}

async fn keep_or_warn(site: &Site, findings: &Findings) {
    let Some(url) = &site.config.postgres_url else { return };
    let kept = async {
        let mut link = connect(url).await.map_err(|error| error.to_string())?;
        migrate(&mut link).await.map_err(|error| error.to_string())?;
        keep(&link, &site.name, findings).await.map_err(|error| error.to_string())
    };
    if let Err(error) = kept.await {
        tracing::warn!(error, "what the guard found is in the log only");
    }
}

/// Keeps what an inspection found, one row a difference.
///
/// # Errors
/// Postgres.
pub async fn keep(
    client: &Client,
    ledger: &LedgerName,
    findings: &Findings,
) -> Result<(), tokio_postgres::Error> {
    let insert = "insert into operations.guard_finding (found_at, ledger, field, expected, found)
        values ($1, $2, $3, $4, $5)";
    for difference in &findings.differences {
        let (field, expected, found) =
            (difference.field.as_str(), difference.expected.as_str(), difference.found.as_str());
        client
            .execute(insert, &[&findings.at, &ledger.as_str(), &field, &expected, &found])
            .await?;
    }
    Ok(())
}

/// The last thing that a guard found of a ledger, and how many before it and with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How many differences, over all inspections.
    pub count: i64,
    /// When the last was found.
    pub last_at: DateTime<Utc>,
    /// What differed: the field, what it had to be, what it was.
    pub last: [String; 3],
}

/// What guards have found of a ledger so far; none where they found nothing.
///
/// # Errors
/// Postgres.
pub async fn found(
    client: &Client,
    ledger: &LedgerName,
) -> Result<Option<Found>, tokio_postgres::Error> {
    let there = "select to_regclass('operations.guard_finding') is not null";
    if !client.query_one(there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let text = "select count(*) over (), found_at, field, expected, found
        from operations.guard_finding where ledger = $1 order by found_at desc limit 1";
    let row = client.query_opt(text, &[&ledger.as_str()]).await?;
    row.map(|row| {
        let last = [row.try_get(2)?, row.try_get(3)?, row.try_get(4)?];
        Ok(Found { count: row.try_get(0)?, last_at: row.try_get(1)?, last })
    })
    .transpose()
}
