//! Call an area something else.

use piperoll_events::EntityRef;
use piperoll_events::area::Revised;
use piperoll_events::ids::AreaId;

use super::Area;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Revise the area.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revise {
    /// Which.
    pub area: AreaId,
    /// What stands from here on, whole.
    pub fact: Revised,
}

impl Command for Revise {
    const NAME: &'static str = "area.revise";
    type Entity = Area;

    fn entity(&self) -> EntityRef {
        self.area.into()
    }

    fn decide(&self, area: &Area, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let held = area.in_use()?;
        if held.framework != self.fact.framework {
            return Err(Rejection::Malformed(
                "an area stays in the framework that it was added to",
            ));
        }
        if (Revised { reason: self.fact.reason.clone(), ..held.clone() }) == self.fact {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::area::examples::{added, revised};
    use crate::commands::spec::given;
    use piperoll_events::area::Retired;
    use piperoll_events::ids::FrameworkId;

    #[test]
    fn an_area_is_revised_where_it_differs_and_while_it_is_in_use() {
        let revise = |fact: &Revised| Revise { area: AreaId::derived(&["x"]), fact: fact.clone() };
        let (same, other) = (revised("Fair work"), revised("Good work"));
        given([]).when(&revise(&other)).then_refused("missing");
        given([added().into()]).when(&revise(&same)).then_unchanged();
        given([added().into()]).when(&revise(&other)).then_recorded(other.clone());
        let history = [added().into(), other.clone().into()];
        given(history.clone()).when(&revise(&other)).then_unchanged();
        given(history).when(&revise(&same)).then_recorded(same);
        let moved = Revised { framework: FrameworkId::derived(&["g"]), ..other.clone() };
        given([added().into()]).when(&revise(&moved)).then_refused("malformed");
        let retired = Retired { from: "2025-04-01".parse().unwrap(), reason: other.reason.clone() };
        given([added().into(), retired.into()]).when(&revise(&other)).then_refused("retired");
    }
}
