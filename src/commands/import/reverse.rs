//! Say that what a file recorded has been undone.

use piperoll_events::EntityRef;
use piperoll_events::ids::ImportId;
use piperoll_events::import::Reversed;
use piperoll_events::reason::Reason;

use super::{Import, Stage};
use crate::commands::{Command, Decision, Ground, Rejection};

/// End the reversal: the events that undo stand already.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Reverse {
    /// Which.
    pub import: ImportId,
    /// Why.
    pub reason: Reason,
    /// Events that undid something.
    pub events: u64,
}

impl Command for Reverse {
    const NAME: &'static str = "import.reverse";
    type Entity = Import;

    fn entity(&self) -> EntityRef {
        self.import.into()
    }

    fn decide(&self, import: &Import, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match import.stage {
            Stage::None => Err(Rejection::Missing("the import")),
            Stage::Reversed => Ok(Decision::Unchanged),
            Stage::Received | Stage::Applied | Stage::Rejected => {
                Ok(Decision::record(Reversed { reason: self.reason.clone(), events: self.events }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::examples::received;
    use crate::commands::spec::given;
    use piperoll_events::reason::ReasonCode;

    #[test]
    fn an_application_is_reversed_once() {
        let reason = Reason { code: ReasonCode::Duplicate, text: None };
        let command =
            Reverse { import: ImportId::derived(&["x"]), reason: reason.clone(), events: 2 };
        let reversed = Reversed { reason, events: 2 };
        given([]).when(&command).then_refused("missing");
        given([received().into()]).when(&command).then_recorded(reversed.clone());
        given([received().into(), reversed.into()]).when(&command).then_unchanged();
    }
}
