//! Given a history, when a command comes, then exactly this: the tests of every rule read so.

use std::fmt::Debug;

use piperoll_events::{Fact, Position};

use super::{Command, Decision, Entity, Rejection};

/// A history.
pub(crate) fn given(facts: impl IntoIterator<Item = Fact>) -> Given {
    Given(facts.into_iter().collect())
}

pub(crate) struct Given(Vec<Fact>);

impl Given {
    /// The command decided over this history; its events stand at positions 1, 2, 3 …
    pub(crate) fn when<C: Command>(&self, command: &C) -> Outcome {
        let mut state = C::Entity::default();
        for (position, fact) in (1..).zip(&self.0) {
            state.apply(Position(position), fact);
        }
        Outcome(command.decide(&state))
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
