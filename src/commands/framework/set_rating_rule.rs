//! Rate by another rule from here on.

use piperoll_events::EntityRef;
use piperoll_events::decision_right::ChangeSubject;
use piperoll_events::framework::RatingRuleSet;
use piperoll_events::ids::FrameworkId;

use super::{Framework, check_rule};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the rating rule.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRatingRule {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The rule, with its reason and authority.
    pub fact: RatingRuleSet,
}

impl Command for SetRatingRule {
    const NAME: &'static str = "framework.set_rating_rule";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        check_rule(&self.fact.rule, framework.scale.as_ref())?;
        if framework.rule.as_ref() == Some(&self.fact.rule) {
            return Ok(Decision::Unchanged);
        }
        let authority = self.fact.authority.as_ref();
        framework.lets(ground, ChangeSubject::RatingRule, authority)?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, approval, right_set};
    use crate::commands::spec::given;
    use piperoll_events::rating::Ends;
    use piperoll_events::reason::{Reason, ReasonCode};

    #[test]
    fn a_rule_is_set_where_it_differs() {
        let rule = adopted().rating_rule.unwrap();
        let reason = Reason { code: ReasonCode::AmbitionRaised, text: None };
        let mut set = SetRatingRule {
            framework: FrameworkId::derived(&["x"]),
            fact: RatingRuleSet { rule, reason, authority: None },
        };
        given([]).when(&set).then_refused("missing");
        given([adopted().into()]).when(&set).then_unchanged();
        set.fact.rule.ends = Ends::Exclusive;
        given([adopted().into()]).when(&set).then_recorded(set.fact.clone());
        let table = right_set(ChangeSubject::RatingRule);
        let history = [adopted().into(), table.into()];
        given(history.clone()).when(&set).then_refused("authority_needed");
        set.fact.authority = Some(approval());
        given(history).when(&set).then_recorded(set.fact.clone());
        set.fact.rule.tolerance = None;
        given([adopted().into()]).when(&set).then_refused("malformed");
    }
}
