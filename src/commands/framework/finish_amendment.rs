//! All of a file of changes is recorded: say so.

use piperoll_events::EntityRef;
use piperoll_events::framework::Amended;
use piperoll_events::ids::FrameworkId;

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// End the amendment.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FinishAmendment {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The file, with reason and authority.
    pub fact: Amended,
}

impl Command for FinishAmendment {
    const NAME: &'static str = "framework.finish_amendment";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, _: &Ground<'_>) -> Result<Decision, Rejection> {
        framework.is_underway(self.fact.file_digest)?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, amended, begun};
    use crate::commands::spec::given;

    #[test]
    fn what_has_begun_ends_and_nothing_else_does() {
        let finish =
            |n| FinishAmendment { framework: FrameworkId::derived(&["x"]), fact: amended(n) };
        given([adopted().into()]).when(&finish(1)).then_refused("no_amendment");
        let underway = [adopted().into(), begun(1).into()];
        given(underway.clone()).when(&finish(1)).then_recorded(amended(1));
        given(underway).when(&finish(2)).then_refused("amendment_underway");
        let over = [adopted().into(), begun(1).into(), amended(1).into()];
        given(over).when(&finish(1)).then_refused("no_amendment");
    }
}
