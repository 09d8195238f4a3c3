//! Add an area to a framework.

use piperoll_events::EntityRef;
use piperoll_events::area::Added;
use piperoll_events::ids::AreaId;

use super::Area;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Add the area.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Which.
    pub area: AreaId,
    /// What is recorded of it.
    pub fact: Added,
}

impl Command for Add {
    const NAME: &'static str = "area.add";
    type Entity = Area;

    fn entity(&self) -> EntityRef {
        self.area.into()
    }

    fn decide(&self, area: &Area, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &area.added {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact => Ok(Decision::Unchanged),
            Some(_) => Err(Rejection::Exists("the area")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::spec::given;
    use piperoll_events::ids::FrameworkId;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::text::Words;

    #[test]
    fn an_area_is_added_once() {
        let fact = Added {
            framework: FrameworkId::derived(&["f"]),
            code: "1".parse().unwrap(),
            title: Words { en: "Fair work".parse().unwrap(), cy: None },
            reason: Reason { code: ReasonCode::AmbitionRaised, text: None },
        };
        let mut add = Add { area: AreaId::derived(&["x"]), fact: fact.clone() };
        given([]).when(&add).then_recorded(fact.clone());
        given([fact.clone().into()]).when(&add).then_unchanged();
        add.fact.code = "2".parse().unwrap();
        given([fact.into()]).when(&add).then_refused("exists");
    }
}
