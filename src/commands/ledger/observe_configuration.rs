//! Go on although the stream differs from what a ledger needs.

use piperoll_events::EntityRef;
use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::ConfigurationObserved;

use super::Ledger;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Accept what differs, with a reason.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ObserveConfiguration {
    /// Whose stream.
    pub ledger: LedgerId,
    /// What differs and why that is accepted.
    pub fact: ConfigurationObserved,
}

impl Command for ObserveConfiguration {
    const NAME: &'static str = "ledger.observe_configuration";
    type Entity = Ledger;

    fn entity(&self) -> EntityRef {
        self.ledger.into()
    }

    fn decide(&self, ledger: &Ledger, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if self.fact.differences.is_empty() {
            return Err(Rejection::Malformed("no difference is named"));
        }
        if ledger.accepted() == self.fact.differences {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use piperoll_events::ledger::configuration_observed::Difference;
    use piperoll_events::reason::{Reason, ReasonCode};

    #[test]
    fn a_difference_is_accepted_once_and_must_be_named() {
        let mut command = ObserveConfiguration {
            ledger: LedgerId::derived(&["x"]),
            fact: ConfigurationObserved {
                differences: vec![Difference {
                    field: "max_age".parse().unwrap(),
                    expected: "0".parse().unwrap(),
                    found: "3600".parse().unwrap(),
                }],
                reason: Reason { code: ReasonCode::Emergency, text: None },
            },
        };
        given([]).when(&command).then_recorded(command.fact.clone());
        given([command.fact.clone().into()]).when(&command).then_unchanged();
        command.fact.differences.clear();
        given([]).when(&command).then_refused("malformed");
    }
}
