//! A role: what one person may do with one part of a ledger, granted and ended by others.
//!
//! Events: [`granted`], [`ended`].

crate::registry::events! {
    /// What happened to a role.
    Role {
        granted::Granted = "piperoll.role.granted.v1" since "0.2.0",
        ended::Ended = "piperoll.role.ended.v1" since "0.2.0",
    }
}

use crate::ids::{ActorId, RoleId};
use granted::{RoleName, RoleScope};

impl RoleId {
    /// The role that `person` has as `role` for `scope`: one history, however often it is granted
    /// and ended.
    #[must_use]
    pub fn of(person: ActorId, role: RoleName, scope: &RoleScope) -> Self {
        let (kind, which) = match scope {
            RoleScope::Ledger => ("ledger", String::new()),
            RoleScope::Area(id) => ("area", id.to_string()),
            RoleScope::Measure(id) => ("measure", id.to_string()),
            RoleScope::Organisation(name) => ("organisation", name.to_string()),
        };
        Self::derived(&[&person.to_string(), role.as_str(), kind, &which])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_person_role_or_scope_is_another_role() {
        let person = |name: &str| ActorId::derived(&[name]);
        let organisation = |name: &str| RoleScope::Organisation(name.parse().unwrap());
        let one = RoleId::of(person("a"), RoleName::Clerk, &RoleScope::Ledger);
        assert_eq!(one, RoleId::of(person("a"), RoleName::Clerk, &RoleScope::Ledger));
        let others = [
            RoleId::of(person("b"), RoleName::Clerk, &RoleScope::Ledger),
            RoleId::of(person("a"), RoleName::Officer, &RoleScope::Ledger),
            RoleId::of(person("a"), RoleName::Clerk, &organisation("ledger")),
            RoleId::of(person("a"), RoleName::Clerk, &organisation("Health board")),
        ];
        let all: std::collections::BTreeSet<RoleId> = others.into_iter().chain([one]).collect();
        assert_eq!(all.len(), 5);
    }
}
