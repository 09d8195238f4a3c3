//! A step: added to a framework.
//!
//! Commands: [`Add`].

mod add;

pub use add::Add;

use piperoll_events::Fact;
use piperoll_events::step::{Added, Step as StepFact};

use super::{Entity, Occurred};

/// The state of a step.
#[derive(Debug, Clone, Default)]
pub struct Step {
    added: Option<Added>,
}

impl Entity for Step {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        if let Fact::Step(StepFact::Added(fact)) = fact {
            self.added = Some(fact.clone());
        }
    }
}
