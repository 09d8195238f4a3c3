//! Take an area from the scorecard.

use piperoll_events::EntityRef;
use piperoll_events::area::Retired;
use piperoll_events::ids::AreaId;

use super::Area;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Retire the area.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// Which.
    pub area: AreaId,
    /// From which day on, and why.
    pub fact: Retired,
}

impl Command for Retire {
    const NAME: &'static str = "area.retire";
    type Entity = Area;

    fn entity(&self) -> EntityRef {
        self.area.into()
    }

    fn decide(&self, area: &Area, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if area.retired == Some(self.fact.from) {
            return Ok(Decision::Unchanged);
        }
        area.in_use()?;
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::area::examples::{added, reason};
    use crate::commands::spec::given;

    #[test]
    fn an_area_is_retired_once() {
        let retire = |from: &str| Retire {
            area: AreaId::derived(&["x"]),
            fact: Retired { from: from.parse().unwrap(), reason: reason() },
        };
        let first = retire("2025-04-01");
        given([]).when(&first).then_refused("missing");
        given([added().into()]).when(&first).then_recorded(first.fact.clone());
        let history = [added().into(), first.fact.clone().into()];
        given(history.clone()).when(&first).then_unchanged();
        given(history).when(&retire("2026-04-01")).then_refused("retired");
    }
}
