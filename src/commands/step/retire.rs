//! Do a step no longer.

use piperoll_events::EntityRef;
use piperoll_events::ids::StepId;
use piperoll_events::step::Retired;

use super::Step;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Retire the step.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// Which.
    pub step: StepId,
    /// From which day on, and why.
    pub fact: Retired,
}

impl Command for Retire {
    const NAME: &'static str = "step.retire";
    type Entity = Step;

    fn entity(&self) -> EntityRef {
        self.step.into()
    }

    fn decide(&self, step: &Step, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if step.retired == Some(self.fact.from) {
            return Ok(Decision::Unchanged);
        }
        step.in_use()?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use crate::commands::step::examples::{added, reason};

    #[test]
    fn a_step_is_retired_once() {
        let retire = |from: &str| Retire {
            step: StepId::derived(&["x"]),
            fact: Retired { from: from.parse().unwrap(), reason: reason() },
        };
        let first = retire("2025-04-01");
        given([]).when(&first).then_refused("missing");
        given([added().into()]).when(&first).then_recorded(first.fact.clone());
        let history = [added().into(), first.fact.clone().into()];
        given(history.clone()).when(&first).then_unchanged();
        given(history).when(&retire("2026-04-01")).then_refused("retired");
    }
}
