//! Say that a post is there.

use piperoll_events::EntityRef;
use piperoll_events::ids::PostId;
use piperoll_events::post::Created;

use super::Post;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Create the post.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Which post.
    pub post: PostId,
    /// What is recorded of it.
    pub fact: Created,
}

impl Command for Create {
    const NAME: &'static str = "post.create";
    type Entity = Post;

    fn entity(&self) -> EntityRef {
        self.post.into()
    }

    fn decide(&self, post: &Post, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &post.created {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact => Ok(Decision::Unchanged),
            Some(_) => Err(Rejection::Exists("the post")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::post::examples::created;
    use crate::commands::spec::given;

    #[test]
    fn a_post_is_created_once() {
        let mut create = Create { post: PostId::derived(&["x"]), fact: created() };
        given([]).when(&create).then_recorded(created());
        given([created().into()]).when(&create).then_unchanged();
        create.fact.organisation = "Health board".parse().ok();
        given([created().into()]).when(&create).then_refused("exists");
    }
}
