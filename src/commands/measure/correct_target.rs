//! Put right what the record says of a target.

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::TargetCorrected;
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::{EntityRef, Position, Target, TargetKey};

use super::{Measure, check_target};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Correct the target: what was aimed at stays what it was, the record of it was wrong.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectTarget {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which target.
    pub key: TargetKey,
    /// Where the wrong version was recorded: it must be the one that stands.
    pub corrects: Position,
    /// What the record should have said.
    pub new: Target,
    /// How it came to be wrong.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
}

impl Command for CorrectTarget {
    const NAME: &'static str = "measure.correct_target";
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
        check_target(&self.key, &self.new)?;
        if held.target == self.new {
            return Ok(Decision::Unchanged);
        }
        if held.position != self.corrects {
            return Err(Rejection::OtherContent);
        }
        measure.decided(
            ground,
            TargetCorrected {
                key: self.key.clone(),
                corrects: self.corrects,
                old: held.target.clone(),
                new: self.new.clone(),
                reason: self.reason.clone(),
                authority: self.authority.clone(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, key, reason, standing};
    use crate::commands::spec::given;

    fn correct(corrects: u64, at: &str) -> CorrectTarget {
        CorrectTarget {
            measure: MeasureId::derived(&["x"]),
            key: key("FY2021"),
            corrects: Position(corrects),
            new: standing(at),
            reason: reason(),
            authority: None,
        }
    }

    #[test]
    fn a_correction_names_the_version_that_it_puts_right() {
        let corrected = TargetCorrected {
            key: key("FY2021"),
            corrects: Position(1),
            old: standing("97"),
            new: standing("79"),
            reason: reason(),
            authority: None,
        };
        let adopted = adopted();
        given([adopted.clone().into()]).when(&correct(1, "79")).then_recorded(corrected.clone());
        given([adopted.clone().into()]).when(&correct(1, "97.0")).then_unchanged();
        given([adopted.clone().into(), corrected.clone().into()])
            .when(&correct(2, "97"))
            .then_recorded(TargetCorrected {
                corrects: Position(2),
                old: standing("79"),
                new: standing("97"),
                ..corrected.clone()
            });
        given([adopted.into(), corrected.into()])
            .when(&correct(1, "70"))
            .then_refused("other_content");
        given([]).when(&correct(1, "79")).then_refused("no_target");
    }
}
