//! What a reader hands over at once, and one reading shared by several workers.
//!
//! **Invariant:** of a shared reading every worker is handed every batch, in order, or the error that
//! ended it. The slowest sets the pace, so that what waits in memory does not grow; one that has ended
//! holds nobody up.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::Placed;
use super::run::SourceError;

/// Positions in order, none left out; handing it on copies nothing.
#[derive(Debug, Clone)]
pub struct Batch(Arc<Vec<Placed>>);

impl From<Vec<Placed>> for Batch {
    fn from(placed: Vec<Placed>) -> Self {
        Self(Arc::new(placed))
    }
}

impl Deref for Batch {
    type Target = [Placed];

    fn deref(&self) -> &[Placed] {
        &self.0
    }
}

/// What one worker of a shared reading is handed.
pub type Handed = stream::BoxStream<'static, Result<Batch, SourceError>>;

/// One reading for `workers` workers: what each is handed, and the work of handing over, to be run
/// beside them. That work ends when the reading has, or when nobody is left to be handed anything.
pub fn shared<S, B>(batches: S, workers: usize) -> (impl Future<Output = ()> + Send, Vec<Handed>)
where
    S: Stream<Item = Result<B, SourceError>> + Send,
    B: Into<Batch> + Send,
{
    let (mut senders, mut handed) = (Vec::new(), Vec::new());
    for _ in 0..workers {
        let (sender, receiver) = mpsc::channel(1);
        senders.push(sender);
        let receive = |mut receiver: mpsc::Receiver<_>| async move {
            receiver.recv().await.map(|batch| (batch, receiver))
        };
        handed.push(stream::unfold(receiver, receive).boxed());
    }
    let handing = async move {
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let batch = batch.map(Into::into).map_err(Arc::new);
            let mut heard = false;
            for sender in &senders {
                let batch = match &batch {
                    Ok(batch) => Ok(batch.clone()),
                    Err(error) => Err(SourceError::from(Shared(Arc::clone(error)))),
                };
                heard |= sender.send(batch).await.is_ok();
            }
            if !heard {
                return;
            }
        }
    };
    (handing, handed)
}

/// The error of a reading, as each of its workers is told it.
#[derive(Debug)]
struct Shared(Arc<SourceError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The error itself, not what it comes from: whoever has to know its kind looks here.
        Some(&**self.0)
    }
}
