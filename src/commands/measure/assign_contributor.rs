//! Say which organisation contributes.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::ContributorAssigned;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Name an organisation as a contributor.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignContributor {
    /// Of which measure.
    pub measure: MeasureId,
    /// Who, from when, and why.
    pub fact: ContributorAssigned,
}

impl Command for AssignContributor {
    const NAME: &'static str = "measure.assign_contributor";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, _: &Measure) -> Vec<EntityRef> {
        self.fact.post.into_iter().map(Into::into).collect()
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

    fn assign(organisation: &str, post: Option<PostId>) -> AssignContributor {
        let fact = ContributorAssigned {
            organisation: organisation.parse().unwrap(),
            post,
            from: "2022-04-01".parse().unwrap(),
            reason: reason(),
        };
        AssignContributor { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn organisations_contribute_side_by_side_with_a_post_where_one_is_known() {
        let board = assign("Health board", None);
        given([]).when(&board).then_refused("missing");
        given([adopted().into()]).when(&board).then_recorded(board.fact.clone());
        let history = [adopted().into(), board.fact.clone().into()];
        given(history.clone()).when(&board).then_unchanged();
        let fire = assign("Fire service", None);
        given(history.clone()).when(&fire).then_recorded(fire.fact.clone());
        let post = PostId::derived(&["p"]);
        let named = assign("Health board", Some(post));
        given(history.clone()).when(&named).then_refused("missing");
        let known = given(history).beside(post, [created().into()]);
        known.when(&named).then_recorded(named.fact.clone());
    }
}
