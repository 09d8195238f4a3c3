//! Writing under guard: while a writer works its stream is inspected again and again, and what is
//! found is kept where an operator can look it up.
//!
//! **Invariant:** a finding is told even where it can't be kept: the gate, the log, then Postgres.

use std::future::Future;
use std::time::Duration;

use piperoll_events::ids::LedgerName;
use piperoll_projections::runtime::connect;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::site::Site;
use crate::identity::migrations::migrate;
use crate::ledger::{Findings, Guard};

/// Does `work` while the guard looks on; ends when the work does.
pub async fn under_guard<T>(site: &Site, guard: &Guard, work: impl Future<Output = T>) -> T {
    let (found, keeping) = mpsc::channel(16);
    let interval = Duration::from_secs(site.config.guard_seconds.max(1));
    let watching = guard.watch(interval, move |inspection| match inspection {
        Ok(findings) if findings.differences.is_empty() => {}
        Ok(findings) => {
            tracing::error!(closed = findings.closed.is_some(), ?findings.differences, "the stream differs");
            // A full queue means that Postgres is away; the log has it.
            found.try_send(findings.clone()).ok();
        }
        Err(error) => tracing::warn!(%error, "the stream can't be inspected"),
    });
    tokio::select! {
        biased;
        done = work => done,
        never = async {
            tokio::join!(watching, keep_all(site, keeping));
            std::future::pending().await
        } => never,
    }
}

async fn keep_all(site: &Site, mut found: mpsc::Receiver<Findings>) {
    while let Some(findings) = found.recv().await {
        let Some(url) = &site.config.postgres_url else { continue };
        let kept = async {
            let mut link = connect(url).await.map_err(|error| error.to_string())?;
            migrate(&mut link).await.map_err(|error| error.to_string())?;
            keep(&link, &site.name, &findings).await.map_err(|error| error.to_string())
        };
        if let Err(error) = kept.await {
            tracing::warn!(error, "what the guard found is in the log only");
        }
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
