//! Aim at nothing any more.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetWithdrawn;
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::{EntityRef, TargetKey};

use super::Measure;
use crate::commands::{Command, Decision, Rejection};

/// Withdraw the target.
#[derive(Debug, Clone, serde::Serialize)]
pub struct WithdrawTarget {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which target.
    pub key: TargetKey,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
}

impl Command for WithdrawTarget {
    const NAME: &'static str = "measure.withdraw_target";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure) -> Result<Decision, Rejection> {
        let Some(old) = measure.targets.get(&self.key) else {
            return Err(Rejection::NoTarget);
        };
        Ok(Decision::record(TargetWithdrawn {
            key: self.key.clone(),
            old: old.clone(),
            reason: self.reason.clone(),
            authority: self.authority.clone(),
        }))
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
        };
        let withdrawn = TargetWithdrawn {
            key: key("FY2021"),
            old: standing("97"),
            reason: reason(),
            authority: None,
        };
        given([adopted().into()]).when(&withdraw).then_recorded(withdrawn.clone());
        given([adopted().into(), withdrawn.into()]).when(&withdraw).then_refused("no_target");
    }
}
