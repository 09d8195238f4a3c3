//! Say that a figure is doing otherwise than the rule makes it.

use piperoll_events::decision_right::{Change, ChangeSubject};
use piperoll_events::ids::{FrameworkId, MeasureId, SubmissionId};
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::submission::RatingOverridden;
use piperoll_events::text::Label;
use piperoll_events::{EntityRef, Period, Position};

use super::Submission;
use crate::commands::framework::Framework;
use crate::commands::{Command, Decision, Ground, Rejection, Witness};

/// Override a rating, as long as its inputs are in force.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideRating {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about.
    pub period: Period,
    /// The framework, whose scale has the level.
    pub framework: FrameworkId,
    /// What the rule makes it; absent: no level.
    pub computed: Option<Label>,
    /// What it is said to be.
    pub stated: Label,
    /// The versions that the rule was applied to, the figure's among them.
    pub inputs: Vec<Position>,
    /// Why.
    pub reason: Reason,
    /// Who decided: what the framework asks for another rule, an override needs too.
    pub authority: Option<Authority>,
}

impl Command for OverrideRating {
    const NAME: &'static str = "submission.override_rating";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, Some(self.period)).into()
    }

    fn relies_on(&self, _: &Submission) -> Vec<EntityRef> {
        vec![self.framework.into()]
    }

    fn decide(&self, submission: &Submission, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        submission.figures_from(None)?;
        let shown = |at| self.inputs.contains(&at);
        if !submission.said_at().is_some_and(shown) {
            return Err(Rejection::OtherContent);
        }
        if self.computed.as_ref() == Some(&self.stated) {
            return Err(Rejection::Malformed("an override says otherwise than the rule"));
        }
        match ground.find::<Framework>(self.framework) {
            Some(framework) if framework.has_level(&self.stated) => {
                let authority = self.authority.as_ref();
                framework.allows(Change::material(ChangeSubject::RatingRule, authority))?;
            }
            Some(_) => return Err(Rejection::Malformed("the scale has no such level")),
            None if ground.witness == Witness::Elsewhere => {}
            None => return Err(Rejection::Missing("the framework")),
        }
        let fact = RatingOverridden {
            measure: self.measure,
            period: self.period,
            computed: self.computed.clone(),
            stated: self.stated.clone(),
            inputs: self.inputs.clone(),
            reason: self.reason.clone(),
            authority: self.authority.clone(),
        };
        let same = |held: &RatingOverridden| {
            held.stated == fact.stated
                && held.inputs == fact.inputs
                && held.computed == fact.computed
        };
        if submission.overridden.as_deref().is_some_and(same) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(fact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, approval, right_set};
    use crate::commands::measure::examples::reason;
    use crate::commands::spec::given;
    use crate::commands::submission::examples::{measure, period, submitted};

    fn framework() -> FrameworkId {
        FrameworkId::derived(&["f"])
    }

    fn override_with(stated: &str, inputs: &[u64]) -> OverrideRating {
        OverrideRating {
            measure: measure(),
            period: period(),
            framework: framework(),
            computed: "red".parse().ok(),
            stated: stated.parse().unwrap(),
            inputs: inputs.iter().copied().map(Position).collect(),
            reason: reason(),
            authority: None,
        }
    }

    fn fact(of: &OverrideRating) -> RatingOverridden {
        RatingOverridden {
            measure: measure(),
            period: period(),
            computed: of.computed.clone(),
            stated: of.stated.clone(),
            inputs: of.inputs.clone(),
            reason: reason(),
            authority: of.authority.clone(),
        }
    }

    #[test]
    fn an_override_names_the_figure_that_stands_and_a_level_of_the_scale() {
        let given = |more: Vec<piperoll_events::Fact>| {
            let history = std::iter::once(submitted().into()).chain(more);
            given(history).beside(framework(), [adopted().into()])
        };
        let amber = override_with("amber", &[1]);
        given(Vec::new()).when(&amber).then_recorded(fact(&amber));
        given(vec![fact(&amber).into()]).when(&amber).then_unchanged();
        given(Vec::new()).when(&override_with("amber", &[9])).then_refused("other_content");
        given(Vec::new()).when(&override_with("purple", &[1])).then_refused("malformed");
        given(Vec::new()).when(&override_with("red", &[1])).then_refused("malformed");
    }

    #[test]
    fn an_override_needs_what_another_rule_would_need() {
        let table = right_set(ChangeSubject::RatingRule);
        let given = || {
            let framework_history = [adopted().into(), table.clone().into()];
            given([submitted().into()]).beside(framework(), framework_history)
        };
        let mut amber = override_with("amber", &[1]);
        given().when(&amber).then_refused("authority_needed");
        amber.authority = Some(approval());
        given().when(&amber).then_recorded(fact(&amber));
    }
}
