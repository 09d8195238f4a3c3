//! Let a person use more doors.

use piperoll_events::EntityRef;
use piperoll_events::ids::RoleId;
use piperoll_events::role::Granted;

use super::Role;
use crate::commands::span::Span;
use crate::commands::{Command, Decision, Ground, Rejection, Witness};

/// Grant the role. Person, role and scope say which one it is.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// To whom, which, for what and when.
    pub fact: Granted,
}

impl Command for Grant {
    const NAME: &'static str = "role.grant";
    type Entity = Role;

    fn entity(&self) -> EntityRef {
        RoleId::of(self.fact.person, self.fact.role, &self.fact.scope).into()
    }

    fn decide(&self, role: &Role, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if ground.witness == Witness::Here && ground.person == self.fact.person {
            return Err(Rejection::OwnGrant);
        }
        let asked = Span::asked(self.fact.from, self.fact.until)?;
        if role.spans.contains(&asked) {
            return Ok(Decision::Unchanged);
        }
        if role.spans.iter().any(|span| span.overlaps(asked)) {
            return Err(Rejection::RoleStands);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::role::examples::{ended, granted};
    use crate::commands::spec::given;

    fn grant(who: &str, from: &str, until: &str) -> Grant {
        Grant { fact: granted(who, from, until) }
    }

    #[test]
    fn nobody_grants_a_role_to_themself() {
        // Who asks is somebody.
        let own = grant("somebody", "2022-04-01", "");
        given([]).when(&own).then_refused("own_grant");
        given([]).elsewhere().when(&own).then_recorded(own.fact.clone());
        let other = grant("a", "2022-04-01", "");
        given([]).when(&other).then_recorded(other.fact.clone());
    }

    #[test]
    fn a_role_that_stands_is_not_granted_again_before_its_end() {
        let first = granted("a", "2022-04-01", "");
        let stands = given([first.clone().into()]);
        stands.when(&Grant { fact: first.clone() }).then_unchanged();
        stands.when(&grant("a", "2023-04-01", "")).then_refused("role_stands");
        let over = given([first.into(), ended("2023-04-01").into()]);
        let again = grant("a", "2023-04-01", "2024-04-01");
        over.when(&again).then_recorded(again.fact.clone());
        over.when(&grant("a", "2023-03-31", "")).then_refused("role_stands");
        over.when(&grant("a", "2023-04-01", "2023-04-01")).then_refused("malformed");
    }
}
