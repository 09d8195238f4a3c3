//! An objective: a top outcome of a framework.
//!
//! Events: [`added`].

crate::registry::events! {
    /// What happened to an objective.
    Objective {
        added::Added = "piperoll.objective.added.v1" since "0.1.0",
    }
}
