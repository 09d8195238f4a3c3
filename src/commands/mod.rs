//! Commands: what somebody asks for, decided by pure rules over one entity's history.
//!
//! **Invariant:** a decision depends on the command, the entity's state and its [`Ground`] alone.
//! Time, identity and randomness are arguments; what reaches the outside lives in `ledger/`.
//!
//! One folder is one entity (`mod.rs`: its life, its state, `apply`), one file one command.

pub mod area;
pub mod framework;
mod ground;
pub mod import;
pub mod ledger;
pub mod measure;
pub mod objective;
pub mod post;
mod rejection;
pub mod role;
mod span;
#[cfg(test)]
mod spec;
pub mod step;
pub mod submission;
mod words;

use piperoll_events::ids::ActorId;
use piperoll_events::{EntityKind, EntityRef, Fact, Position, Record};

pub use ground::{Ground, Witness};
pub use rejection::Rejection;
pub use words::SealedWords;

/// What a rule says of a command that it accepts.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a decision is taken apart at once")]
pub enum Decision {
    /// This happened.
    Record(Fact),
    /// It is so already.
    Unchanged,
}

impl Decision {
    /// A fact to be recorded.
    pub fn record(fact: impl Into<Fact>) -> Self {
        Self::Record(fact.into())
    }
}

/// Where a fact stands and who is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurred {
    /// Its place.
    pub position: Position,
    /// The person: the one on whose behalf, where there is one.
    pub person: ActorId,
}

impl Occurred {
    /// Where an event stands, and who is behind it.
    #[must_use]
    pub fn of(position: Position, record: &Record) -> Self {
        Self { position, person: record.person() }
    }
}

/// The folded history of one entity.
pub trait Entity: Default + Clone + Send + Sync {
    /// Takes in one more fact. It happened, so there is nothing to refuse.
    fn apply(&mut self, at: Occurred, fact: &Fact);
}

/// One request about one entity.
pub trait Command: serde::Serialize + Send + Sync {
    /// `<entity>.<verb>`: part of the request digest.
    const NAME: &'static str;

    /// The entity whose history decides.
    type Entity: OfState;

    /// Which one.
    fn entity(&self) -> EntityRef;

    /// The other entities whose versions the rule uses. They are not guarded: the event names what
    /// it relied on, and is judged again at its own position.
    fn relies_on(&self, _: &Self::Entity) -> Vec<EntityRef> {
        Vec::new()
    }

    /// The rule.
    ///
    /// # Errors
    /// A rejection with a stable code, when the rule says no.
    fn decide(&self, state: &Self::Entity, ground: &Ground<'_>) -> Result<Decision, Rejection>;
}

/// Any command, its type forgotten.
pub trait Request: Send + Sync {
    /// Which entity it is about.
    fn entity(&self) -> EntityRef;

    /// The other entities whose versions the rule uses.
    fn relies_on(&self, state: &State) -> Vec<EntityRef>;

    /// The rule, over a state of any kind.
    ///
    /// # Errors
    /// A rejection with a stable code, when the rule says no.
    fn decide(&self, state: &State, ground: &Ground<'_>) -> Result<Decision, Rejection>;

    /// The bytes that the request digest is taken of; sealed texts stand in them as keyed digests.
    fn canonical(&self) -> Vec<u8>;
}

impl<C: Command> Request for C {
    fn entity(&self) -> EntityRef {
        Command::entity(self)
    }

    fn relies_on(&self, state: &State) -> Vec<EntityRef> {
        C::Entity::of_state(state).map(|it| Command::relies_on(self, it)).unwrap_or_default()
    }

    fn decide(&self, state: &State, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        match C::Entity::of_state(state) {
            Some(entity) => Command::decide(self, entity, ground),
            None => Err(Rejection::WrongEntity),
        }
    }

    fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(&(C::NAME, self)).unwrap_or_default()
    }
}

macro_rules! states {
    ($($kind:ident => $entity:path),* $(,)?) => {
        /// The folded history of an entity of any kind. Boxed, so that the many small ones take no
        /// more room than they need.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "each is documented in its entity's folder")]
        pub enum State { $($kind(Box<$entity>)),* }

        impl State {
            /// An entity of this kind before its first event.
            #[must_use]
            pub fn new(kind: EntityKind) -> Self {
                match kind { $(EntityKind::$kind => Self::$kind(Box::default())),* }
            }

            /// Takes in one more fact.
            pub fn apply(&mut self, at: Occurred, fact: &Fact) {
                match self { $(Self::$kind(entity) => entity.apply(at, fact)),* }
            }
        }

        $(impl OfState for $entity {
            fn of_state(state: &State) -> Option<&Self> {
                match state { State::$kind(entity) => Some(entity), _ => None }
            }
        })*
    };
}

/// How an entity finds itself in a [`State`]; the list below writes it.
pub trait OfState: Entity {
    /// This entity's part of a state.
    fn of_state(state: &State) -> Option<&Self>;
}

states! {
    Ledger => ledger::Ledger,
    Import => import::Import,
    Framework => framework::Framework,
    Objective => objective::Objective,
    Step => step::Step,
    Area => area::Area,
    Measure => measure::Measure,
    Submission => submission::Submission,
    Post => post::Post,
    Role => role::Role,
}
