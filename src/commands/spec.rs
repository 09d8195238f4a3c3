//! Given a history, when a command comes, then exactly this: the tests of every rule read so.

use std::fmt::Debug;

use piperoll_events::ids::ActorId;
use piperoll_events::{EntityRef, Fact, Position};

use super::{Command, Decision, Entity, Ground, Occurred, Rejection, State, Witness};

/// A history.
pub(crate) fn given(facts: impl IntoIterator<Item = Fact>) -> Given {
    Given {
        facts: facts.into_iter().collect(),
        witness: Witness::Here,
        person: person("somebody"),
        beside: Vec::new(),
    }
}

/// At a position, by the one who wrote the history.
fn occurred(position: u64) -> Occurred {
    Occurred { position: Position(position), person: person("writer") }
}

/// A person of that name.
pub(crate) fn person(name: &str) -> ActorId {
    ActorId::derived(&[name])
}

pub(crate) struct Given {
    facts: Vec<Fact>,
    witness: Witness,
    person: ActorId,
    beside: Vec<(EntityRef, State)>,
}

impl Given {
    /// Another entity with a history of its own.
    pub(crate) fn beside(
        mut self,
        entity: impl Into<EntityRef>,
        facts: impl IntoIterator<Item = Fact>,
    ) -> Self {
        let entity = entity.into();
        let mut state = State::new(entity.kind);
        for (position, fact) in (1..).zip(facts) {
            state.apply(occurred(position), &fact);
        }
        self.beside.push((entity, state));
        self
    }

    /// While the ledger is moving in.
    pub(crate) fn elsewhere(mut self) -> Self {
        self.witness = Witness::Elsewhere;
        self
    }

    /// Asked by this person.
    pub(crate) fn by(mut self, person: ActorId) -> Self {
        self.person = person;
        self
    }

    /// The command decided over this history; its events stand at positions 1, 2, 3 …
    pub(crate) fn when<C: Command>(&self, command: &C) -> Outcome {
        let mut state = C::Entity::default();
        for (position, fact) in (1..).zip(&self.facts) {
            state.apply(occurred(position), fact);
        }
        let relied_on = command.relies_on(&state);
        let beside: Vec<_> = self
            .beside
            .iter()
            .filter(|(entity, _)| self.witness == Witness::Here && relied_on.contains(entity))
            .map(|(entity, state)| (*entity, state))
            .collect();
        let ground = Ground { witness: self.witness, person: self.person, beside: &beside };
        Outcome(command.decide(&state, &ground))
    }
}

#[derive(Debug)]
pub(crate) struct Outcome(Result<Decision, Rejection>);

impl Outcome {
    #[track_caller]
    pub(crate) fn then_recorded(self, fact: impl Into<Fact> + Debug) {
        assert_eq!(self.0, Ok(Decision::Record(fact.into())));
    }

    #[track_caller]
    pub(crate) fn then_unchanged(self) {
        assert_eq!(self.0, Ok(Decision::Unchanged));
    }

    #[track_caller]
    pub(crate) fn then_refused(self, code: &str) {
        match self.0 {
            Err(rejection) => assert_eq!(rejection.code(), code, "{rejection}"),
            Ok(decision) => panic!("expected `{code}`, decided {decision:?}"),
        }
    }
}
