//! Say which post answers for the figure.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::StewardAssigned;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Make a post data steward.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignSteward {
    /// Of which measure.
    pub measure: MeasureId,
    /// Who, from when, and why.
    pub fact: StewardAssigned,
}

impl Command for AssignSteward {
    const NAME: &'static str = "measure.assign_steward";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, _: &Measure) -> Vec<EntityRef> {
        vec![self.fact.post.into()]
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.assign(ground, &(&self.fact).into(), self.fact.from, self.fact.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::post::examples::created;
    use crate::commands::spec::given;
    use piperoll_events::ids::PostId;
    use piperoll_events::measure::adopted::Subject;

    fn assign(from: &str) -> AssignSteward {
        let fact = StewardAssigned {
            post: PostId::derived(&["p"]),
            from: from.parse().unwrap(),
            reason: reason(),
            authority: None,
        };
        AssignSteward { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_post_that_exists_is_made_steward_once() {
        let post = PostId::derived(&["p"]);
        let first = assign("2022-04-01");
        given([]).beside(post, [created().into()]).when(&first).then_refused("missing");
        given([adopted().into()]).when(&first).then_refused("missing");
        given([adopted().into()]).beside(post, []).when(&first).then_refused("missing");
        given([adopted().into()]).elsewhere().when(&first).then_recorded(first.fact.clone());
        let known = given([adopted().into()]).beside(post, [created().into()]);
        known.when(&first).then_recorded(first.fact.clone());
        let assigned = [adopted().into(), first.fact.clone().into()];
        let assigned = given(assigned).beside(post, [created().into()]);
        assigned.when(&first).then_unchanged();
        let later = assign("2022-05-01");
        assigned.when(&later).then_recorded(later.fact.clone());
    }

    #[test]
    fn a_population_indicator_has_a_steward_like_any_other() {
        let mut indicator = adopted();
        indicator.measures = Subject::PopulationIndicator;
        let (post, steward) = (PostId::derived(&["p"]), assign("2022-04-01"));
        let given = given([indicator.into()]).beside(post, [created().into()]);
        given.when(&steward).then_recorded(steward.fact.clone());
    }
}
