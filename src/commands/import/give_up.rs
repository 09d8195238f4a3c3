//! Stop applying a file halfway.

use piperoll_events::EntityRef;
use piperoll_events::ids::ImportId;
use piperoll_events::import::Rejected;
use piperoll_events::reason::Reason;

use super::{Import, Stage};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Give the application up.
#[derive(Debug, Clone, serde::Serialize)]
pub struct GiveUp {
    /// Which.
    pub import: ImportId,
    /// Why.
    pub reason: Reason,
}

impl Command for GiveUp {
    const NAME: &'static str = "import.give_up";
    type Entity = Import;

    fn entity(&self) -> EntityRef {
        self.import.into()
    }

    fn decide(&self, import: &Import, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if import.stage == Stage::Rejected {
            return Ok(Decision::Unchanged);
        }
        import.running()?;
        Ok(Decision::record(Rejected { reason: self.reason.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::examples::received;
    use crate::commands::spec::given;
    use piperoll_events::reason::ReasonCode;

    #[test]
    fn only_a_running_application_can_be_given_up() {
        let reason = Reason { code: ReasonCode::Error, text: None };
        let command = GiveUp { import: ImportId::derived(&["x"]), reason: reason.clone() };
        let rejected = Rejected { reason };
        given([received().into()]).when(&command).then_recorded(rejected.clone());
        given([received().into(), rejected.into()]).when(&command).then_unchanged();
        given([]).when(&command).then_refused("missing");
    }
}
