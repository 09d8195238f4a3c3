//! Versions with the digests of their bodies: what a signature covers, exactly.
//!
//! **Invariant:** a digest is of the bytes as they were published, read from the leader.

use futures::stream::{self, StreamExt, TryStreamExt};
use piperoll_events::Position;
use piperoll_events::sign_off::Covered;
use piperoll_events::text::Digest;
use sha2::{Digest as _, Sha256};

use super::append::READS_AT_ONCE;
use super::connection::AskError;
use super::read::{Stored, Stream};

/// Why versions can't be covered.
#[derive(Debug, thiserror::Error)]
pub enum CoverError {
    /// Nothing stands there.
    #[error("nothing stands at {0}")]
    Nothing(Position),
    /// NATS can't be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl Stored {
    /// SHA-256 of the body as it was published.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::new(Sha256::digest(&self.body).into())
    }
}

impl Stream {
    /// Versions with the digests of their bodies, in the order given.
    ///
    /// # Errors
    /// See [`CoverError`].
    pub async fn covered(&self, positions: &[Position]) -> Result<Vec<Covered>, CoverError> {
        let cover = |position: Position| async move {
            let stored = self.find(position).await?.ok_or(CoverError::Nothing(position))?;
            Ok(Covered { position, digest: stored.digest() })
        };
        stream::iter(positions.iter().copied().map(cover))
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await
    }
}
