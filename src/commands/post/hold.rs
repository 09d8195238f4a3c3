//! Say who holds a post.

use piperoll_events::EntityRef;
use piperoll_events::ids::PostId;
use piperoll_events::post::Held;

use super::{Holding, Post};
use crate::commands::span::Span;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Take up the post.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Which post.
    pub post: PostId,
    /// Who, on what basis, and when.
    pub fact: Held,
}

impl Command for Hold {
    const NAME: &'static str = "post.hold";
    type Entity = Post;

    fn entity(&self) -> EntityRef {
        self.post.into()
    }

    fn decide(&self, post: &Post, _: &Ground<'_>) -> Result<Decision, Rejection> {
        post.exists()?;
        let span = Span::asked(self.fact.from, self.fact.until)?;
        let same = |held: &Holding| held.basis == self.fact.basis && held.span == span;
        if post.holdings_of(self.fact.holder).any(same) {
            return Ok(Decision::Unchanged);
        }
        if post.holdings_of(self.fact.holder).any(|held| held.span.overlaps(span)) {
            return Err(Rejection::HeldAlready);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::post::examples::{created, held, vacated};
    use crate::commands::spec::given;
    use piperoll_events::post::held::Basis;

    fn hold(fact: Held) -> Hold {
        Hold { post: PostId::derived(&["x"]), fact }
    }

    #[test]
    fn one_person_holds_a_post_once_at_a_time() {
        let first = held("a", "2022-04-01", "");
        given([]).when(&hold(first.clone())).then_refused("missing");
        given([created().into()]).when(&hold(first.clone())).then_recorded(first.clone());
        let given = || given([created().into(), first.clone().into()]);
        given().when(&hold(first.clone())).then_unchanged();
        given().when(&hold(held("a", "2023-04-01", ""))).then_refused("held_already");
        let acting = Held { basis: Basis::Acting, ..first.clone() };
        given().when(&hold(acting)).then_refused("held_already");
        let before = held("a", "2021-04-01", "2022-04-01");
        given().when(&hold(before.clone())).then_recorded(before);
    }

    #[test]
    fn two_people_may_hold_a_post_at_once() {
        let other = held("b", "2022-06-01", "");
        let history = [created().into(), held("a", "2022-04-01", "").into()];
        given(history).when(&hold(other.clone())).then_recorded(other);
    }

    #[test]
    fn whoever_left_may_come_back() {
        let again = held("a", "2023-04-01", "");
        let first = held("a", "2022-04-01", "").into();
        let history = [created().into(), first, vacated("a", "2023-04-01").into()];
        given(history.clone()).when(&hold(again.clone())).then_recorded(again);
        given(history).when(&hold(held("a", "2023-03-31", ""))).then_refused("held_already");
    }

    #[test]
    fn a_time_that_ends_before_it_begins_is_refused() {
        for until in ["2022-04-01", "2022-03-31"] {
            let backwards = hold(held("a", "2022-04-01", until));
            given([created().into()]).when(&backwards).then_refused("malformed");
        }
    }
}
