//! Say who may decide a change from here on.

use piperoll_events::EntityRef;
use piperoll_events::decision_right::ChangeSubject;
use piperoll_events::framework::DecisionRightSet;
use piperoll_events::ids::FrameworkId;

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set a row of the table of decision rights, or take it out.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDecisionRight {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The row, with its reason and authority.
    pub fact: DecisionRightSet,
}

impl Command for SetDecisionRight {
    const NAME: &'static str = "framework.set_decision_right";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        let right = &self.fact.right;
        match framework.rights.find(&right.code) {
            Some(held) if self.fact.state.is_in_force() && held == right => {
                return Ok(Decision::Unchanged);
            }
            None if !self.fact.state.is_in_force() => return Ok(Decision::Unchanged),
            _ => {}
        }
        let authority = self.fact.authority.as_ref();
        framework.lets(ground, ChangeSubject::DecisionRight, authority)?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, approval, right_set};
    use crate::commands::spec::given;
    use piperoll_events::framework::decision_right_set::RightState;

    fn set(fact: DecisionRightSet) -> SetDecisionRight {
        SetDecisionRight { framework: FrameworkId::derived(&["x"]), fact }
    }

    #[test]
    fn a_row_is_set_where_it_differs_and_taken_out_where_it_stands() {
        let targets = right_set(ChangeSubject::Target);
        let first = set(targets.clone());
        given([]).when(&first).then_refused("missing");
        given([adopted().into()]).when(&first).then_recorded(targets.clone());
        given([adopted().into(), targets.clone().into()]).when(&first).then_unchanged();
        let out = DecisionRightSet { state: RightState::Withdrawn, ..targets.clone() };
        given([adopted().into()]).when(&set(out.clone())).then_unchanged();
        given([adopted().into(), targets.into()]).when(&set(out.clone())).then_recorded(out);
    }

    #[test]
    fn the_table_guards_itself_once_a_row_speaks_of_it() {
        let itself = right_set(ChangeSubject::DecisionRight);
        let history = [adopted().into(), itself.clone().into()];
        let out = DecisionRightSet { state: RightState::Withdrawn, ..itself };
        given(history.clone()).when(&set(out.clone())).then_refused("authority_needed");
        given(history.clone()).elsewhere().when(&set(out.clone())).then_recorded(out.clone());
        let decided = DecisionRightSet { authority: Some(approval()), ..out };
        given(history).when(&set(decided.clone())).then_recorded(decided);
    }
}
