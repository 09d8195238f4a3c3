//! Apply a file of changes no further.

use piperoll_events::EntityRef;
use piperoll_events::framework::AmendmentGivenUp;
use piperoll_events::ids::FrameworkId;

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Give the amendment up.
#[derive(Debug, Clone, serde::Serialize)]
pub struct GiveUpAmendment {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The file, and why.
    pub fact: AmendmentGivenUp,
}

impl Command for GiveUpAmendment {
    const NAME: &'static str = "framework.give_up_amendment";
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
    use crate::commands::framework::examples::{adopted, begun};
    use crate::commands::framework::{BeginAmendment, examples};
    use crate::commands::spec::given;

    #[test]
    fn what_has_begun_is_given_up_and_another_file_may_begin() {
        let framework = FrameworkId::derived(&["x"]);
        let begun = begun(1);
        let fact =
            AmendmentGivenUp { file_digest: begun.file_digest, reason: begun.reason.clone() };
        let give_up = GiveUpAmendment { framework, fact: fact.clone() };
        given([adopted().into()]).when(&give_up).then_refused("no_amendment");
        given([adopted().into(), begun.clone().into()]).when(&give_up).then_recorded(fact.clone());
        let over = [adopted().into(), begun.into(), fact.into()];
        given(over.clone()).when(&give_up).then_refused("no_amendment");
        let next = BeginAmendment { framework, fact: examples::begun(2) };
        given(over).when(&next).then_recorded(examples::begun(2));
    }
}
