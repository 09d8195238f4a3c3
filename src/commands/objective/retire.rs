//! Aim at an objective no longer.

use piperoll_events::EntityRef;
use piperoll_events::ids::ObjectiveId;
use piperoll_events::objective::Retired;

use super::Objective;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Retire the objective.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// Which.
    pub objective: ObjectiveId,
    /// From which day on, and why.
    pub fact: Retired,
}

impl Command for Retire {
    const NAME: &'static str = "objective.retire";
    type Entity = Objective;

    fn entity(&self) -> EntityRef {
        self.objective.into()
    }

    fn decide(&self, objective: &Objective, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if objective.retired == Some(self.fact.from) {
            return Ok(Decision::Unchanged);
        }
        objective.in_use()?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::objective::examples::{added, reason};
    use crate::commands::spec::given;

    #[test]
    fn an_objective_is_retired_once() {
        let retire = |from: &str| Retire {
            objective: ObjectiveId::derived(&["x"]),
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
