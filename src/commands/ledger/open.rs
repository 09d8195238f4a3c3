//! End the prologue: from here on what is recorded was witnessed.

use piperoll_events::EntityRef;
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::Opened;

use super::Ledger;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Open the ledger.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Open {
    /// Which.
    pub ledger: LedgerId,
    /// Events of the prologue that assert something.
    pub asserted: u64,
}

impl Command for Open {
    const NAME: &'static str = "ledger.open";
    type Entity = Ledger;

    fn entity(&self) -> EntityRef {
        self.ledger.into()
    }

    fn decide(&self, ledger: &Ledger, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if ledger.created().is_none() {
            return Err(Rejection::Missing("the ledger"));
        }
        if ledger.opened_at().is_some() {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(Opened { asserted: self.asserted }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::ledger::examples::created;
    use crate::commands::spec::given;

    #[test]
    fn a_ledger_opens_once_and_for_good() {
        let open = Open { ledger: LedgerId::derived(&["x"]), asserted: 7 };
        let opened = Opened { asserted: 7 };
        given([]).when(&open).then_refused("missing");
        given([created().into()]).when(&open).then_recorded(opened.clone());
        given([created().into(), opened.into()]).when(&open).then_unchanged();
    }
}
