//! Announce a writer's key.

use piperoll_events::EntityRef;
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::KeyAdded;

use super::Ledger;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Announce the key.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AddKey {
    /// Whose ledger.
    pub ledger: LedgerId,
    /// The key.
    pub fact: KeyAdded,
}

impl Command for AddKey {
    const NAME: &'static str = "ledger.add_key";
    type Entity = Ledger;

    fn entity(&self) -> EntityRef {
        self.ledger.into()
    }

    fn decide(&self, ledger: &Ledger, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if ledger.has_key(self.fact.key_id.as_str()) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use piperoll_events::ledger::key_added::KeyAlgorithm;

    #[test]
    fn a_key_is_announced_once() {
        let fact = KeyAdded {
            key_id: "k1".parse().unwrap(),
            algorithm: KeyAlgorithm::Ed25519,
            public_key: "AAAA".to_owned(),
        };
        let add = AddKey { ledger: LedgerId::derived(&["x"]), fact: fact.clone() };
        given([]).when(&add).then_recorded(fact.clone());
        given([fact.into()]).when(&add).then_unchanged();
    }
}
