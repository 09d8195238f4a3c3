//! Add a step to a framework.

use piperoll_events::EntityRef;
use piperoll_events::ids::StepId;
use piperoll_events::step::Added;

use super::Step;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Add the step.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Which.
    pub step: StepId,
    /// What is recorded of it.
    pub fact: Added,
}

impl Command for Add {
    const NAME: &'static str = "step.add";
    type Entity = Step;

    fn entity(&self) -> EntityRef {
        self.step.into()
    }

    fn decide(&self, step: &Step, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &step.added {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact => Ok(Decision::Unchanged),
            Some(_) => Err(Rejection::Exists("the step")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::text::Words;

    #[test]
    fn a_step_is_added_once() {
        let fact = Added {
            framework: FrameworkId::derived(&["f"]),
            code: "1".parse().unwrap(),
            title: Words { en: "Fair work".parse().unwrap(), cy: None },
            objective: None,
            level: piperoll_events::step::added::StepLevel::Local,
            lead: None,
            reason: Reason { code: ReasonCode::AmbitionRaised, text: None },
        };
        let mut add = Add { step: StepId::derived(&["x"]), fact: fact.clone() };
        given([]).when(&add).then_recorded(fact.clone());
        given([fact.clone().into()]).when(&add).then_unchanged();
        add.fact.code = "2".parse().unwrap();
        given([fact.into()]).when(&add).then_refused("exists");
    }
}
