//! A post: what duties attach to. People hold it from a day to a day, and it may delegate.
//!
//! Events: [`created`], [`held`], [`vacated`], [`delegated`].

crate::registry::events! {
    /// What happened to a post.
    Post {
        created::Created = "piperoll.post.created.v1" since "0.2.0",
        held::Held = "piperoll.post.held.v1" since "0.2.0",
        vacated::Vacated = "piperoll.post.vacated.v1" since "0.2.0",
        delegated::Delegated = "piperoll.post.delegated.v1" since "0.2.0",
    }
}
