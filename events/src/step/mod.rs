//! A step: a planned action towards an objective; a council calls it an intervention.
//!
//! Events: [`added`].

crate::registry::events! {
    /// What happened to a step.
    Step {
        added::Added = "piperoll.step.added.v1" since "0.1.0",
    }
}
