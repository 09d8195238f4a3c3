//! Say which post answers for performance.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::AccountableAssigned;
use piperoll_events::measure::adopted::Subject;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Make a post accountable.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignAccountable {
    /// Of which measure.
    pub measure: MeasureId,
    /// Who, from when, and why.
    pub fact: AccountableAssigned,
}

impl Command for AssignAccountable {
    const NAME: &'static str = "measure.assign_accountable";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, _: &Measure) -> Vec<EntityRef> {
        vec![self.fact.post.into()]
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        let about = measure.adopted.as_ref().map(|adopted| adopted.measures);
        if about == Some(Subject::PopulationIndicator) {
            return Err(Rejection::NoAccountable);
        }
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

    fn assign(from: &str) -> AssignAccountable {
        let fact = AccountableAssigned {
            post: PostId::derived(&["p"]),
            from: from.parse().unwrap(),
            reason: reason(),
            authority: None,
        };
        AssignAccountable { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_post_that_exists_is_made_accountable_once() {
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
    fn nobody_alone_answers_for_a_population() {
        let mut indicator = adopted();
        indicator.measures = Subject::PopulationIndicator;
        let indicator =
            given([indicator.into()]).beside(PostId::derived(&["p"]), [created().into()]);
        let code = "no_accountable_for_population";
        indicator.when(&assign("2022-04-01")).then_refused(code);
        indicator.elsewhere().when(&assign("2022-04-01")).then_refused(code);
    }
}
