//! A role: what one person may do with one part of a ledger. Granted, ended, granted again.
//!
//! Nobody grants one to themself; the person is compared, not the account (DOMAIN rule 8).
//! Commands: [`Grant`], [`End`].

mod end;
mod grant;

pub use end::End;
pub use grant::Grant;

use chrono::NaiveDate;
use piperoll_events::Fact;
use piperoll_events::role::Role as RoleFact;

use super::span::Span;
use super::{Entity, Occurred};

/// The state of a role: when it counted, counts or will count.
#[derive(Debug, Clone, Default)]
pub struct Role {
    spans: Vec<Span>,
}

impl Role {
    /// Whether it counts on a day.
    #[must_use]
    pub fn counts(&self, day: NaiveDate) -> bool {
        self.spans.iter().any(|span| span.contains(day))
    }
}

impl Entity for Role {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        let Fact::Role(fact) = fact else { return };
        match fact {
            RoleFact::Granted(fact) => self.spans.push(Span::new(fact.from, fact.until)),
            RoleFact::Ended(fact) => self.spans.iter_mut().for_each(|span| span.end(fact.on)),
        }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use crate::commands::spec::person;
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::role::granted::{RoleName, RoleScope};
    use piperoll_events::role::{Ended, Granted};

    fn reason() -> Reason {
        Reason { code: ReasonCode::LawOrFundingChanged, text: None }
    }

    /// Granted to `who` from a day until before another; no end where that is no day.
    pub(crate) fn granted(who: &str, from: &str, until: &str) -> Granted {
        Granted {
            person: person(who),
            role: RoleName::Clerk,
            scope: RoleScope::Ledger,
            from: from.parse().unwrap(),
            until: until.parse().ok(),
            reason: reason(),
        }
    }

    pub(crate) fn ended(on: &str) -> Ended {
        Ended { on: on.parse().unwrap(), reason: reason() }
    }
}
