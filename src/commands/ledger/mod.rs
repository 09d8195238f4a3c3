//! The ledger itself: created, moved in, opened; its keys and its configuration.
//!
//! A ledger is created once. Until it opens, history is asserted into it from files; opening is
//! for good. Commands: [`Create`], [`AddKey`], [`Open`], [`ObserveConfiguration`].

mod add_key;
mod create;
mod observe_configuration;
mod open;

pub use add_key::AddKey;
pub use create::Create;
pub use observe_configuration::ObserveConfiguration;
pub use open::Open;

use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::ledger::{Created, Ledger as LedgerFact};
use piperoll_events::text::{Digest, Label};
use piperoll_events::{Fact, Position};

use super::{Entity, Occurred};

/// The state of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    created: Option<Created>,
    opened_at: Option<Position>,
    keys: Vec<Label>,
    accepted: Vec<Difference>,
}

impl Ledger {
    /// Where it was opened; until then its history is asserted from files.
    #[must_use]
    pub const fn opened_at(&self) -> Option<Position> {
        self.opened_at
    }

    /// The plan it is moved in by.
    #[must_use]
    pub fn plan_digest(&self) -> Option<Digest> {
        self.created.as_ref()?.plan_digest
    }

    /// What the ledger was created with.
    #[must_use]
    pub const fn created(&self) -> Option<&Created> {
        self.created.as_ref()
    }

    /// Whether a writer's key was announced.
    #[must_use]
    pub fn has_key(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| key.as_str() == key_id)
    }

    /// Differences of the stream that somebody decided to live with.
    #[must_use]
    pub fn accepted(&self) -> &[Difference] {
        &self.accepted
    }
}

impl Entity for Ledger {
    fn apply(&mut self, at: Occurred, fact: &Fact) {
        let position = at.position;
        let Fact::Ledger(fact) = fact else { return };
        match fact {
            LedgerFact::Created(fact) => self.created = Some(fact.clone()),
            LedgerFact::Opened(_) => self.opened_at = Some(position),
            LedgerFact::KeyAdded(fact) => self.keys.push(fact.key_id.clone()),
            LedgerFact::ConfigurationObserved(fact) => {
                self.accepted.clone_from(&fact.differences);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::ledger::created::{BodyKind, Reality};
    use piperoll_events::text::Words;

    pub(crate) fn created() -> Created {
        Created {
            name: "northmoor".parse().unwrap(),
            title: Words { en: "Northmoor Council".parse().unwrap(), cy: None },
            body_kind: BodyKind::Council,
            reality: Reality::Illustrative,
            plan_digest: None,
        }
    }
}
