//! A step: a planned action towards an objective; a council calls it an intervention.
//!
//! Events: [`added`], [`revised`], [`retired`].

crate::registry::events! {
    /// What happened to a step.
    Step {
        added::Added = "piperoll.step.added.v1" since "0.1.0",
        revised::Revised = "piperoll.step.revised.v1" since "0.3.0",
        retired::Retired = "piperoll.step.retired.v1" since "0.3.0",
    }
}
