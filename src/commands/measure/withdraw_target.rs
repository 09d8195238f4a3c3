//! Aim at nothing any more.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetWithdrawn;
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::target::TargetCase;
use piperoll_events::{EntityRef, TargetKey};

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Withdraw the target.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawTarget {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which target.
    pub key: TargetKey,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
    /// The case made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<TargetCase>,
}

impl Command for WithdrawTarget {
    const NAME: &'static str = "measure.withdraw_target";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        let Some(held) = measure.targets.get(&self.key) else {
            return Err(Rejection::NoTarget);
        };
        measure.decided(
            ground,
            TargetWithdrawn {
                key: self.key.clone(),
                old: held.target.clone(),
                reason: self.reason.clone(),
                authority: self.authority.clone(),
                case: self.case.clone(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::spec::given;

    #[test]
    fn a_withdrawn_target_names_what_stood_and_stands_no_more() {
        let withdraw = WithdrawTarget {
            measure: MeasureId::derived(&["x"]),
            key: key("FY2021"),
            reason: reason(),
            authority: None,
            case: None,
        };
        let withdrawn = TargetWithdrawn {
            key: key("FY2021"),
            old: standing("97"),
            reason: reason(),
            authority: None,
            case: None,
        };
        given([adopted().into()]).when(&withdraw).then_recorded(withdrawn.clone());
        given([adopted().into(), withdrawn.into()]).when(&withdraw).then_refused("no_target");
    }
}
