//! Say who has a duty no longer.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::DutyEnded;
use piperoll_events::measure::duty_ended::Duty;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// End the duty.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndDuty {
    /// Of which measure.
    pub measure: MeasureId,
    /// Whose, from which day on, and why.
    pub fact: DutyEnded,
}

impl Command for EndDuty {
    const NAME: &'static str = "measure.end_duty";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        let named = (self.fact.post.is_some(), self.fact.organisation.is_some());
        match (self.fact.duty, named) {
            (Duty::Accountable | Duty::Steward, (true, false)) | (Duty::Contributor, (_, true)) => {
            }
            (Duty::Contributor, _) => {
                return Err(Rejection::Malformed("a contributor is an organisation"));
            }
            _ => return Err(Rejection::Malformed("this duty is a post's, and no organisation's")),
        }
        let Some(since) = measure.duties.since(&(&self.fact).into()) else {
            return Err(Rejection::NoDuty);
        };
        if self.fact.on < since {
            return Err(Rejection::Malformed("a duty can't end before it begins"));
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::ids::PostId;
    use piperoll_events::measure::{ContributorAssigned, StewardAssigned};

    fn end(duty: Duty, post: Option<&str>, organisation: Option<&str>) -> EndDuty {
        let fact = DutyEnded {
            duty,
            post: post.map(|post| PostId::derived(&[post])),
            organisation: organisation.map(|name| name.parse().unwrap()),
            on: "2023-04-01".parse().unwrap(),
            reason: reason(),
        };
        EndDuty { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn a_duty_is_ended_by_whoever_has_it() {
        let from = "2022-04-01".parse().unwrap();
        let post = PostId::derived(&["p"]);
        let steward = StewardAssigned { post, from, reason: reason(), authority: None };
        let organisation = "Health board".parse().unwrap();
        let board = ContributorAssigned { organisation, post: None, from, reason: reason() };
        let history = [adopted().into(), steward.into(), board.into()];
        let given = || given(history.clone());
        let ended = end(Duty::Steward, Some("p"), None);
        given().when(&ended).then_recorded(ended.fact.clone());
        let board = end(Duty::Contributor, None, Some("Health board"));
        given().when(&board).then_recorded(board.fact.clone());
        given().when(&end(Duty::Accountable, Some("p"), None)).then_refused("no_duty");
        given().when(&end(Duty::Steward, Some("q"), None)).then_refused("no_duty");
        let mut early = ended;
        early.fact.on = "2022-03-31".parse().unwrap();
        given().when(&early).then_refused("malformed");
    }

    #[test]
    fn a_duty_that_was_ended_stands_no_more() {
        let (from, post) = ("2022-04-01".parse().unwrap(), PostId::derived(&["p"]));
        let steward = StewardAssigned { post, from, reason: reason(), authority: None };
        let ended = end(Duty::Steward, Some("p"), None);
        let history = [adopted().into(), steward.into(), ended.fact.clone().into()];
        given(history).when(&ended).then_refused("no_duty");
        given([]).when(&ended).then_refused("missing");
    }

    #[test]
    fn a_duty_is_named_by_what_has_it() {
        for wrong in [
            end(Duty::Accountable, None, None),
            end(Duty::Steward, Some("p"), Some("Health board")),
            end(Duty::Contributor, Some("p"), None),
        ] {
            given([adopted().into()]).when(&wrong).then_refused("malformed");
        }
    }
}
