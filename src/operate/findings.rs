//! What the guard found, kept where an operator can look it up after a restart.

use piperoll_events::ids::LedgerName;
use tokio_postgres::Client;

use crate::ledger::Findings;

/// Keeps what an inspection found; nothing is written when nothing differs.
///
/// # Errors
/// Postgres.
pub async fn keep(
    client: &Client,
    ledger: &LedgerName,
    findings: &Findings,
) -> Result<(), tokio_postgres::Error> {
    for difference in &findings.differences {
        let insert = "insert into operations.guard_finding (found_at, ledger, field, expected, found)
            values ($1, $2, $3, $4, $5)";
        client
            .execute(
                insert,
                &[
                    &findings.at,
                    &ledger.as_str(),
                    &difference.field.as_str(),
                    &difference.expected.as_str(),
                    &difference.found.as_str(),
                ],
            )
            .await?;
    }
    Ok(())
}
