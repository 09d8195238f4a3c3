//! The application of one file: received, then applied or given up, and perhaps reversed.
//!
//! Commands: [`Receive`], [`Finish`], [`GiveUp`], [`Reverse`].

mod finish;
mod give_up;
mod receive;
mod reverse;

pub use finish::Finish;
pub use give_up::GiveUp;
pub use receive::Receive;
pub use reverse::Reverse;

use piperoll_events::Fact;
use piperoll_events::import::Import as ImportFact;
use piperoll_events::import::Received;

use super::{Entity, Occurred, Rejection};

/// The state of a file's application.
#[derive(Debug, Clone, Default)]
pub struct Import {
    received: Option<Received>,
    stage: Stage,
}

/// How far an application is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Before it was received.
    #[default]
    None,
    /// Received, not yet at its end.
    Received,
    /// All recorded.
    Applied,
    /// Given up halfway.
    Rejected,
    /// Undone.
    Reversed,
}

impl Import {
    /// How far it is.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    fn running(&self) -> Result<(), Rejection> {
        match self.stage {
            Stage::None => Err(Rejection::Missing("the import")),
            Stage::Received => Ok(()),
            Stage::Applied => Err(Rejection::ImportOver("applied")),
            Stage::Rejected => Err(Rejection::ImportOver("given up")),
            Stage::Reversed => Err(Rejection::ImportOver("reversed")),
        }
    }
}

impl Entity for Import {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        let Fact::Import(fact) = fact else { return };
        self.stage = match fact {
            ImportFact::Received(fact) => {
                self.received = Some(fact.clone());
                Stage::Received
            }
            ImportFact::Applied(_) => Stage::Applied,
            ImportFact::Rejected(_) => Stage::Rejected,
            ImportFact::Reversed(_) => Stage::Reversed,
        };
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::text::Digest;

    pub(crate) fn received() -> Received {
        Received {
            file_name: "q1.csv".parse().unwrap(),
            file_digest: Digest::new([1; 32]),
            bytes: 12,
            mapping_digest: Digest::new([2; 32]),
            rows: 3,
            encoding: "UTF-8".parse().unwrap(),
        }
    }
}
