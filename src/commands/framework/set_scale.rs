//! Say in other words how a figure is doing, from here on.

use piperoll_events::EntityRef;
use piperoll_events::decision_right::ChangeSubject;
use piperoll_events::framework::ScaleSet;
use piperoll_events::ids::FrameworkId;

use super::{Framework, check_rule};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the scale, with the rule that speaks in its levels.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetScale {
    /// Of which framework.
    pub framework: FrameworkId,
    /// Scale and rule, with reason and authority.
    pub fact: ScaleSet,
}

impl Command for SetScale {
    const NAME: &'static str = "framework.set_scale";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        let ScaleSet { scale, rating_rule, authority, .. } = &self.fact;
        let code = |n: usize| scale.levels.get(n).map(|level| &level.code);
        if (0..scale.levels.len()).any(|n| (0..n).any(|earlier| code(earlier) == code(n))) {
            return Err(Rejection::Malformed("two levels of the scale have one code"));
        }
        if scale.levels.len() < 2 {
            return Err(Rejection::Malformed("a scale has two levels at least"));
        }
        if let Some(rule) = rating_rule {
            check_rule(rule, Some(scale))?;
        }
        if framework.scale.as_ref() == Some(scale) && framework.rule == *rating_rule {
            return Ok(Decision::Unchanged);
        }
        framework.lets(ground, ChangeSubject::RatingRule, authority.as_ref())?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, approval, right_set};
    use crate::commands::spec::given;

    fn set(change: impl FnOnce(&mut ScaleSet)) -> SetScale {
        let held = adopted();
        let mut fact = ScaleSet {
            scale: held.scale.unwrap(),
            rating_rule: held.rating_rule,
            reason: held.reason,
            authority: None,
        };
        change(&mut fact);
        SetScale { framework: FrameworkId::derived(&["x"]), fact }
    }

    #[test]
    fn a_scale_is_set_where_it_differs_and_by_whom_the_table_lets() {
        given([]).when(&set(|_| ())).then_refused("missing");
        given([adopted().into()]).when(&set(|_| ())).then_unchanged();
        let gold = |fact: &mut ScaleSet| fact.scale.levels[0].colour = "#ffd700".parse().unwrap();
        let other = set(gold);
        given([adopted().into()]).when(&other).then_recorded(other.fact.clone());
        given([adopted().into(), other.fact.clone().into()]).when(&other).then_unchanged();
        let unrated = set(|fact| fact.rating_rule = None);
        given([adopted().into()]).when(&unrated).then_recorded(unrated.fact.clone());
        let history = [adopted().into(), right_set(ChangeSubject::RatingRule).into()];
        given(history.clone()).when(&other).then_refused("authority_needed");
        let decided = SetScale {
            fact: ScaleSet { authority: Some(approval()), ..other.fact.clone() },
            ..other
        };
        given(history).when(&decided).then_recorded(decided.fact.clone());
    }

    #[test]
    fn a_scale_that_its_rule_can_not_speak_in_is_refused() {
        let refused =
            |set: &SetScale| given([adopted().into()]).when(set).then_refused("malformed");
        refused(&set(|fact| fact.scale.levels[0].code = "gold".parse().unwrap()));
        refused(&set(|fact| fact.scale.levels[2].code = "green".parse().unwrap()));
        refused(&set(|fact| {
            fact.scale.levels.truncate(1);
            fact.rating_rule = None;
        }));
    }
}
