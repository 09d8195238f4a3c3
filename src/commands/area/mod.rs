//! An area: added to a framework.
//!
//! Commands: [`Add`].

mod add;

pub use add::Add;

use piperoll_events::Fact;
use piperoll_events::area::{Added, Area as AreaFact};

use super::{Entity, Occurred};

/// The state of an area.
#[derive(Debug, Clone, Default)]
pub struct Area {
    added: Option<Added>,
}

impl Entity for Area {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        if let Fact::Area(AreaFact::Added(fact)) = fact {
            self.added = Some(fact.clone());
        }
    }
}
