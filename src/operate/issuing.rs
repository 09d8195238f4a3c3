//! Tokens of the demo's own issuer, for somebody whom the vaults of their ledgers know from here on.

use chrono::TimeDelta;

use super::site::{Site, SiteError};
use crate::clock;
use crate::config::Config;
use crate::identity::tokens::{Bearer, Issuer, TokenError};
use crate::ledger::KeyError;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A ledger, its vault, or the issuer's key.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The token itself.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Issues a token that counts for as long as `lasts`.
///
/// # Errors
/// See [`IssueError`].
pub async fn issue(
    config: &Config,
    bearer: &Bearer,
    lasts: TimeDelta,
) -> Result<String, IssueError> {
    for name in &bearer.ledgers {
        let site = Site::new(config, name);
        let identity = site.source().await?.identity;
        let vault = site.vault(identity).await?;
        vault.actor(bearer.sub.as_str()).await.map_err(SiteError::from)?;
    }
    let state = config.state().map_err(SiteError::from)?;
    let issuer = Issuer::open(state).map_err(KeyError::from).map_err(SiteError::from)?;
    Ok(issuer.issue(bearer, clock::now(), lasts)?)
}
