//! Agree the value that progress is counted from.

use piperoll_events::EntityRef;
use piperoll_events::ids::{ActorId, MeasureId};
use piperoll_events::measure::BaselineSet;
use piperoll_events::reason::AuthorityKind;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection, Witness};

/// Set the baseline.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBaseline {
    /// Of which measure.
    pub measure: MeasureId,
    /// The baseline, with its reason and authority.
    pub fact: BaselineSet,
}

impl Command for SetBaseline {
    const NAME: &'static str = "measure.set_baseline";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        if measure.baseline == Some(self.fact.baseline) {
            return Ok(Decision::Unchanged);
        }
        if ground.witness == Witness::Here && self.is_own_proposal(measure, ground.person) {
            return Err(Rejection::OwnProposal);
        }
        measure.decided(ground, self.fact.clone())
    }
}

impl SetBaseline {
    /// Whether the person who proposed it, and nobody else did, would approve it. Who records what a
    /// body decided approves nothing.
    fn is_own_proposal(&self, measure: &Measure, person: ActorId) -> bool {
        let decided = self.fact.authority.as_ref().map(|authority| authority.kind);
        let same = measure.proposed.values().filter(|(it, _)| *it == self.fact.baseline);
        let mut proposers = same.map(|(_, proposer)| *proposer).peekable();
        decided != Some(AuthorityKind::BodyDecision)
            && proposers.peek().is_some()
            && proposers.all(|proposer| proposer == person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::{given, person};
    use piperoll_events::Authority;
    use piperoll_events::measure::BaselineProposed;
    use piperoll_events::measure::baseline_set::Baseline;

    #[test]
    fn a_baseline_is_set_where_it_differs() {
        let baseline =
            Baseline { period: "FY2019".parse().unwrap(), value: "41.5".parse().unwrap() };
        let set = SetBaseline {
            measure: MeasureId::derived(&["x"]),
            fact: BaselineSet { baseline, reason: reason(), authority: None },
        };
        given([]).when(&set).then_refused("missing");
        given([adopted().into()]).when(&set).then_recorded(set.fact.clone());
        given([adopted().into(), set.fact.clone().into()]).when(&set).then_unchanged();
    }

    #[test]
    fn who_proposed_a_baseline_does_not_approve_it_but_may_record_what_a_body_decided() {
        let baseline =
            Baseline { period: "FY2019".parse().unwrap(), value: "41.5".parse().unwrap() };
        let proposed = |source: &str| BaselineProposed {
            baseline,
            source: source.parse().ok(),
            reason: reason(),
        };
        let set = |authority| SetBaseline {
            measure: MeasureId::derived(&["x"]),
            fact: BaselineSet { baseline, reason: reason(), authority },
        };
        let by = |kind| Some(Authority::of(kind));
        // The writer of a history proposed what is in it.
        let own = || given([adopted().into(), proposed("").into()]).by(person("writer"));
        own().when(&set(None)).then_refused("own_proposal");
        let delegated = set(by(AuthorityKind::DelegatedDecision));
        own().when(&delegated).then_refused("own_proposal");
        let minuted = set(by(AuthorityKind::BodyDecision));
        own().when(&minuted).then_recorded(minuted.fact.clone());
        own().elsewhere().when(&delegated).then_recorded(delegated.fact.clone());
        own().by(person("another")).when(&delegated).then_recorded(delegated.fact.clone());
        let mut other = set(None);
        other.fact.baseline.value = "42".parse().unwrap();
        own().when(&other).then_recorded(other.fact.clone());
    }
}
