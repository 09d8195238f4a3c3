//! An area: a group of a balanced scorecard.
//!
//! Events: [`added`].

crate::registry::events! {
    /// What happened to an area.
    Area {
        added::Added = "piperoll.area.added.v1" since "0.1.0",
    }
}
