//! Going on although a stream differs from what a ledger needs: decided by somebody, on the record.
//!
//! **Invariant:** what is accepted is what an inspection finds at that moment, each field of it named
//! by whoever accepts; nothing is accepted unseen.

use piperoll_events::Position;
use piperoll_events::reason::Reason;

use super::site::{Site, SiteError};
use crate::commands::ledger::ObserveConfiguration;
use crate::ids;
use crate::ledger::{Acting, AskError, Difference, ExecuteError, named};
use piperoll_events::Channel;
use piperoll_events::ledger::ConfigurationObserved;

/// Why nothing was accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The stream can't be inspected.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The act.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] ids::NoRandomness),
    /// Nothing is wrong.
    #[error("the stream is as a ledger needs it; there is nothing to accept")]
    Nothing,
    /// What differs is not what was named.
    #[error("what differs is not what was named: {}; name each field", named(.0))]
    Unnamed(Vec<Difference>),
}

/// Accepts what differs, if it is exactly the fields named; where the decision stands.
///
/// # Errors
/// The servers, or something else differs.
pub async fn accept(
    site: &Site,
    fields: &[String],
    reason: Reason,
    actor: &str,
) -> Result<Position, AcceptError> {
    let (ledger, guard) = site.writer().await?;
    let differences = guard.inspect().await?.differences;
    if differences.is_empty() {
        return Err(AcceptError::Nothing);
    }
    let known = |field: &String| differences.iter().any(|it| it.field.as_str() == field);
    let all = differences.iter().all(|it| fields.iter().any(|field| it.field.as_str() == field));
    if !all || !fields.iter().all(known) {
        return Err(AcceptError::Unnamed(differences));
    }
    let identity = ledger.identity();
    let actor = site.vault(identity).await?.actor(actor).await.map_err(SiteError::from)?;
    let fact = ConfigurationObserved { differences, reason };
    let command = ObserveConfiguration { ledger: identity.ledger_id, fact };
    let acting = Acting::new(actor, Channel::Api, ids::command_id()?);
    Ok(ledger.execute(&command, &acting).await?.position)
}
