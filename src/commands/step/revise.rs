//! Plan a step otherwise.

use piperoll_events::EntityRef;
use piperoll_events::ids::StepId;
use piperoll_events::step::Revised;

use super::Step;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Revise the step.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revise {
    /// Which.
    pub step: StepId,
    /// What stands from here on, whole.
    pub fact: Revised,
}

impl Command for Revise {
    const NAME: &'static str = "step.revise";
    type Entity = Step;

    fn entity(&self) -> EntityRef {
        self.step.into()
    }

    fn decide(&self, step: &Step, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let held = step.in_use()?;
        if held.framework != self.fact.framework {
            return Err(Rejection::Malformed("a step stays in the framework that it was added to"));
        }
        if (Revised { reason: self.fact.reason.clone(), ..held.clone() }) == self.fact {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::step::examples::{added, revised};
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::step::Retired;

    #[test]
    fn a_step_is_revised_where_it_differs_and_while_it_is_in_use() {
        let revise = |fact: &Revised| Revise { step: StepId::derived(&["x"]), fact: fact.clone() };
        let (same, other) = (revised("Fair work"), revised("Good work"));
        given([]).when(&revise(&other)).then_refused("missing");
        given([added().into()]).when(&revise(&same)).then_unchanged();
        given([added().into()]).when(&revise(&other)).then_recorded(other.clone());
        let history = [added().into(), other.clone().into()];
        given(history.clone()).when(&revise(&other)).then_unchanged();
        given(history).when(&revise(&same)).then_recorded(same);
        let moved = Revised { framework: FrameworkId::derived(&["g"]), ..other.clone() };
        given([added().into()]).when(&revise(&moved)).then_refused("malformed");
        let retired = Retired { from: "2025-04-01".parse().unwrap(), reason: other.reason.clone() };
        given([added().into(), retired.into()]).when(&revise(&other)).then_refused("retired");
    }
}
