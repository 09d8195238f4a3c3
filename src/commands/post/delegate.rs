//! Let another post do the work of one for a time.

use piperoll_events::EntityRef;
use piperoll_events::ids::PostId;
use piperoll_events::post::Delegated;

use super::Post;
use crate::commands::span::Span;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Delegate the work of the post.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// Which post.
    pub post: PostId,
    /// To which post, and when.
    pub fact: Delegated,
}

impl Command for Delegate {
    const NAME: &'static str = "post.delegate";
    type Entity = Post;

    fn entity(&self) -> EntityRef {
        self.post.into()
    }

    fn relies_on(&self, _: &Post) -> Vec<EntityRef> {
        vec![self.fact.to.into()]
    }

    fn decide(&self, post: &Post, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        post.exists()?;
        if self.fact.to == self.post {
            return Err(Rejection::Malformed("a post can't delegate to itself"));
        }
        let span = Span::asked(self.fact.from, self.fact.until)?;
        Post::known(ground, self.fact.to)?;
        if post.delegations.contains(&(self.fact.to, span)) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::post::examples::{created, reason};
    use crate::commands::spec::given;

    fn delegate(to: &str, until: &str) -> Delegate {
        let fact = Delegated {
            to: PostId::derived(&[to]),
            from: "2022-04-01".parse().unwrap(),
            until: until.parse().ok(),
            reason: reason(),
        };
        Delegate { post: PostId::derived(&["x"]), fact }
    }

    #[test]
    fn a_post_delegates_to_another_that_exists_and_not_to_itself() {
        let other = PostId::derived(&["y"]);
        let (to, history) = (delegate("y", "2022-10-01"), [created().into()]);
        given([]).beside(other, history.clone()).when(&to).then_refused("missing");
        given(history.clone()).when(&to).then_refused("missing");
        let known = given(history.clone()).beside(other, history.clone());
        known.when(&to).then_recorded(to.fact.clone());
        known.when(&delegate("x", "2022-10-01")).then_refused("malformed");
        known.when(&delegate("y", "2022-04-01")).then_refused("malformed");
        given(history.clone()).elsewhere().when(&to).then_recorded(to.fact.clone());
        let delegated = [created().into(), to.fact.clone().into()];
        given(delegated).beside(other, history).when(&to).then_unchanged();
    }
}
