//! A post: created once; then people hold it and vacate it, and it delegates its work for a time.
//!
//! Several may hold it at once, and all of them are shown; one person holds it once at a time.
//! Commands: [`Create`], [`Hold`], [`Vacate`], [`Delegate`].

mod create;
mod delegate;
mod hold;
mod vacate;

pub use create::Create;
pub use delegate::Delegate;
pub use hold::Hold;
pub use vacate::Vacate;

use piperoll_events::Fact;
use piperoll_events::ids::{ActorId, PostId};
use piperoll_events::post::held::Basis;
use piperoll_events::post::{Created, Post as PostFact};

use super::span::Span;
use super::{Entity, Ground, Occurred, Rejection, Witness};

/// The state of a post.
#[derive(Debug, Clone, Default)]
pub struct Post {
    created: Option<Created>,
    holdings: Vec<Holding>,
    delegations: Vec<(PostId, Span)>,
}

/// One person's time in a post, as it stands.
#[derive(Debug, Clone)]
struct Holding {
    holder: ActorId,
    basis: Basis,
    span: Span,
}

impl Post {
    fn exists(&self) -> Result<(), Rejection> {
        if self.created.is_some() { Ok(()) } else { Err(Rejection::Missing("the post")) }
    }

    fn holdings_of(&self, holder: ActorId) -> impl Iterator<Item = &Holding> {
        self.holdings.iter().filter(move |holding| holding.holder == holder)
    }

    /// Whether a post that another rule relies on exists. While a ledger moves in, a file may name
    /// one that it doesn't tell of.
    pub(super) fn known(ground: &Ground<'_>, post: PostId) -> Result<(), Rejection> {
        match ground.find::<Self>(post) {
            Some(post) => post.exists(),
            None if ground.witness == Witness::Elsewhere => Ok(()),
            None => Err(Rejection::Missing("the post")),
        }
    }
}

impl Entity for Post {
    fn apply(&mut self, _: Occurred, fact: &Fact) {
        let Fact::Post(fact) = fact else { return };
        match fact {
            PostFact::Created(fact) => self.created = Some(fact.clone()),
            PostFact::Held(fact) => self.holdings.push(Holding {
                holder: fact.holder,
                basis: fact.basis,
                span: Span::new(fact.from, fact.until),
            }),
            PostFact::Vacated(fact) => {
                let theirs = |holding: &&mut Holding| holding.holder == fact.holder;
                for holding in self.holdings.iter_mut().filter(theirs) {
                    holding.span.end(fact.on);
                }
            }
            PostFact::Delegated(fact) => {
                self.delegations.push((fact.to, Span::new(fact.from, fact.until)));
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use crate::commands::spec::person;
    use piperoll_events::post::created::PostKind;
    use piperoll_events::post::{Held, Vacated};
    use piperoll_events::reason::{Reason, ReasonCode};
    use piperoll_events::text::Words;

    pub(crate) fn reason() -> Reason {
        Reason { code: ReasonCode::LawOrFundingChanged, text: None }
    }

    pub(crate) fn created() -> Created {
        Created {
            title: Words { en: "Director of Housing".parse().unwrap(), cy: None },
            kind: PostKind::Officer,
            organisation: None,
            reason: reason(),
        }
    }

    /// Held by `who` from a day until before another; no end where that is no day.
    pub(crate) fn held(who: &str, from: &str, until: &str) -> Held {
        Held {
            holder: person(who),
            basis: Basis::Substantive,
            from: from.parse().unwrap(),
            until: until.parse().ok(),
            reason: reason(),
        }
    }

    pub(crate) fn vacated(who: &str, on: &str) -> Vacated {
        Vacated { holder: person(who), on: on.parse().unwrap(), reason: reason() }
    }
}
