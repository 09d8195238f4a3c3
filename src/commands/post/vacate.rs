//! Say who holds a post no longer.

use piperoll_events::EntityRef;
use piperoll_events::ids::PostId;
use piperoll_events::post::Vacated;

use super::Post;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Leave the post.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vacate {
    /// Which post.
    pub post: PostId,
    /// Who, and from which day on.
    pub fact: Vacated,
}

impl Command for Vacate {
    const NAME: &'static str = "post.vacate";
    type Entity = Post;

    fn entity(&self) -> EntityRef {
        self.post.into()
    }

    fn decide(&self, post: &Post, _: &Ground<'_>) -> Result<Decision, Rejection> {
        post.exists()?;
        let (holder, on) = (self.fact.holder, self.fact.on);
        if post.holdings_of(holder).any(|held| held.span.contains(on)) {
            return Ok(Decision::record(self.fact.clone()));
        }
        if post.holdings_of(holder).any(|held| held.span.ended(on)) {
            return Ok(Decision::Unchanged);
        }
        Err(Rejection::NotHeld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::post::examples::{created, held, vacated};
    use crate::commands::spec::given;

    fn vacate(who: &str, on: &str) -> Vacate {
        Vacate { post: PostId::derived(&["x"]), fact: vacated(who, on) }
    }

    #[test]
    fn a_post_is_vacated_by_whoever_holds_it_then() {
        let leave = vacate("a", "2022-10-01");
        given([]).when(&leave).then_refused("missing");
        given([created().into()]).when(&leave).then_refused("not_held");
        let history = [created().into(), held("a", "2022-04-01", "2023-04-01").into()];
        given(history.clone()).when(&leave).then_recorded(leave.fact.clone());
        given(history.clone()).when(&vacate("b", "2022-10-01")).then_refused("not_held");
        given(history.clone()).when(&vacate("a", "2022-03-31")).then_refused("not_held");
        given(history.clone()).when(&vacate("a", "2023-04-02")).then_refused("not_held");
        given(history).when(&vacate("a", "2023-04-01")).then_unchanged();
    }

    #[test]
    fn a_post_vacated_is_held_no_longer_and_may_prove_never_to_have_been() {
        let first = held("a", "2022-04-01", "");
        let left = [created().into(), first.into(), vacated("a", "2022-10-01").into()];
        given(left.clone()).when(&vacate("a", "2022-10-01")).then_unchanged();
        given(left.clone()).when(&vacate("a", "2022-12-01")).then_refused("not_held");
        let never = vacate("a", "2022-04-01");
        given(left).when(&never).then_recorded(never.fact.clone());
    }
}
