//! An objective: a top outcome of a framework.
//!
//! Events: [`added`], [`revised`], [`retired`].

crate::registry::events! {
    /// What happened to an objective.
    Objective {
        added::Added = "piperoll.objective.added.v1" since "0.1.0",
        revised::Revised = "piperoll.objective.revised.v1" since "0.3.0",
        retired::Retired = "piperoll.objective.retired.v1" since "0.3.0",
    }
}
