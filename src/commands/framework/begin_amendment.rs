//! Begin to apply a file of changes that has passed its checks.

use piperoll_events::EntityRef;
use piperoll_events::framework::AmendmentBegun;
use piperoll_events::ids::FrameworkId;

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Begin the amendment.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BeginAmendment {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The file, with reason and authority.
    pub fact: AmendmentBegun,
}

impl Command for BeginAmendment {
    const NAME: &'static str = "framework.begin_amendment";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        match &framework.underway {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact.file_digest => Ok(Decision::Unchanged),
            Some(held) => Err(Rejection::AmendmentUnderway(*held)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, amended, begun};
    use crate::commands::spec::given;

    #[test]
    fn one_file_is_applied_at_a_time() {
        let begin = |n| BeginAmendment { framework: FrameworkId::derived(&["x"]), fact: begun(n) };
        given([]).when(&begin(1)).then_refused("missing");
        given([adopted().into()]).when(&begin(1)).then_recorded(begun(1));
        let underway = [adopted().into(), begun(1).into()];
        given(underway.clone()).when(&begin(1)).then_unchanged();
        given(underway).when(&begin(2)).then_refused("amendment_underway");
        let over = [adopted().into(), begun(1).into(), amended(1).into()];
        given(over).when(&begin(2)).then_recorded(begun(2));
    }
}
