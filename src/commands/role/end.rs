//! Let a person use fewer doors.

use piperoll_events::EntityRef;
use piperoll_events::ids::RoleId;
use piperoll_events::role::Ended;

use super::Role;
use crate::commands::{Command, Decision, Ground, Rejection};

/// End the role.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Which role.
    pub role: RoleId,
    /// From which day on, and why.
    pub fact: Ended,
}

impl Command for End {
    const NAME: &'static str = "role.end";
    type Entity = Role;

    fn entity(&self) -> EntityRef {
        self.role.into()
    }

    fn decide(&self, role: &Role, _: &Ground<'_>) -> Result<Decision, Rejection> {
        let on = self.fact.on;
        if role.spans.iter().any(|span| span.contains(on)) {
            return Ok(Decision::record(self.fact.clone()));
        }
        if role.spans.iter().any(|span| span.ended(on)) {
            return Ok(Decision::Unchanged);
        }
        Err(Rejection::NoRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::role::examples::{ended, granted};
    use crate::commands::spec::given;

    #[test]
    fn a_role_is_ended_where_it_stands() {
        let first = granted("a", "2022-04-01", "2023-04-01");
        let end = |on: &str| End { role: RoleId::derived(&["x"]), fact: ended(on) };
        given([]).when(&end("2022-10-01")).then_refused("no_role");
        let stands = given([first.clone().into()]);
        stands.when(&end("2022-10-01")).then_recorded(ended("2022-10-01"));
        stands.when(&end("2023-04-01")).then_unchanged();
        stands.when(&end("2022-03-31")).then_refused("no_role");
        let over = given([first.into(), ended("2022-10-01").into()]);
        over.when(&end("2022-10-01")).then_unchanged();
        over.when(&end("2022-12-01")).then_refused("no_role");
    }
}
