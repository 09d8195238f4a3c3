//! An objective: added to a framework.
//!
//! Commands: [`Add`].

mod add;

pub use add::Add;

use piperoll_events::Fact;
use piperoll_events::objective::{Added, Objective as ObjectiveFact};

use super::{Entity, Occurred};

/// The state of an objective.
#[derive(Debug, Clone, Default)]
pub struct Objective {
    added: Option<Added>,
}

impl Entity for Objective {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        if let Fact::Objective(ObjectiveFact::Added(fact)) = fact {
            self.added = Some(fact.clone());
        }
    }
}
