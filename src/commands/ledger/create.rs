//! Begin a body's record.

use piperoll_events::EntityRef;
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::Created;

use super::Ledger;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Create the ledger.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Create {
    /// Which.
    pub ledger: LedgerId,
    /// What is recorded of it.
    pub fact: Created,
}

impl Command for Create {
    const NAME: &'static str = "ledger.create";
    type Entity = Ledger;

    fn entity(&self) -> EntityRef {
        self.ledger.into()
    }

    fn decide(&self, ledger: &Ledger, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match ledger.created() {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact => Ok(Decision::Unchanged),
            Some(_) => Err(Rejection::Exists("the ledger")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::ledger::examples::created;
    use crate::commands::spec::given;

    fn create() -> Create {
        Create { ledger: LedgerId::derived(&["x"]), fact: created() }
    }

    #[test]
    fn a_ledger_is_created_once() {
        given([]).when(&create()).then_recorded(created());
        given([created().into()]).when(&create()).then_unchanged();
    }

    #[test]
    fn a_ledger_cannot_be_created_again_as_something_else() {
        let mut other = create();
        other.fact.name = "southmoor".parse().unwrap();
        given([created().into()]).when(&other).then_refused("exists");
    }
}
