//! Call a framework something else, or let it apply to other days.

use piperoll_events::EntityRef;
use piperoll_events::framework::Revised;
use piperoll_events::ids::FrameworkId;

use super::{Framework, Named};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Revise the framework.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revise {
    /// Which.
    pub framework: FrameworkId,
    /// What stands from here on, with its reason and authority.
    pub fact: Revised,
}

impl Command for Revise {
    const NAME: &'static str = "framework.revise";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let held = framework.named.as_ref().ok_or(Rejection::Missing("the framework"))?;
        let Revised { title, from, until, .. } = &self.fact;
        if until.is_some_and(|until| until < *from) {
            return Err(Rejection::Malformed("the framework ends before it begins"));
        }
        if *held == (Named { title: title.clone(), from: *from, until: *until }) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::adopted;
    use crate::commands::spec::given;

    #[test]
    fn a_framework_is_revised_where_it_differs_and_ends_after_it_begins() {
        let held = adopted();
        let same = Revised {
            title: held.title,
            from: held.from,
            until: held.until,
            reason: held.reason,
            authority: None,
        };
        let revise =
            |fact: &Revised| Revise { framework: FrameworkId::derived(&["x"]), fact: fact.clone() };
        given([]).when(&revise(&same)).then_refused("missing");
        given([adopted().into()]).when(&revise(&same)).then_unchanged();
        let longer = Revised { until: "2026-03-31".parse().ok(), ..same.clone() };
        given([adopted().into()]).when(&revise(&longer)).then_recorded(longer.clone());
        let history = [adopted().into(), longer.clone().into()];
        given(history.clone()).when(&revise(&longer)).then_unchanged();
        given(history).when(&revise(&same)).then_recorded(same.clone());
        let backwards = Revised { until: "2020-03-31".parse().ok(), ..same };
        given([adopted().into()]).when(&revise(&backwards)).then_refused("malformed");
    }
}
