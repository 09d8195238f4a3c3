//! What a decision stands on beside its entity's own history: who asks, and other entities as they
//! were read just before.
//!
//! **Invariant:** what is here may be outdated by the time the event stands. A rule that uses it is
//! named in the event (`relied_on`) and judged again at the event's own position (DOMAIN rule 7).

use piperoll_events::EntityRef;
use piperoll_events::ids::ActorId;

use super::{OfState, State};

/// Whether an act is witnessed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The ledger is open, and the act is judged by its rules.
    Here,
    /// The ledger is moving in: a file says that this happened elsewhere, under rules of then.
    Elsewhere,
}

/// What a decision stands on beside its entity's own history.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Whether the act is witnessed here.
    pub witness: Witness,
    /// The person who asks: the one on whose behalf, where there is one.
    pub person: ActorId,
    /// The entities that the rule relies on, as far as they exist.
    pub beside: &'a [(EntityRef, &'a State)],
}

impl<'a> Ground<'a> {
    /// Another entity that the rule relies on.
    #[must_use]
    pub fn find<E: OfState>(&self, entity: impl Into<EntityRef>) -> Option<&'a E> {
        let wanted = entity.into();
        let (_, state) = self.beside.iter().find(|(entity, _)| *entity == wanted)?;
        E::of_state(state)
    }
}
