//! An area: a group of a balanced scorecard.
//!
//! Events: [`added`], [`revised`], [`retired`].

crate::registry::events! {
    /// What happened to an area.
    Area {
        added::Added = "piperoll.area.added.v1" since "0.1.0",
        revised::Revised = "piperoll.area.revised.v1" since "0.3.0",
        retired::Retired = "piperoll.area.retired.v1" since "0.3.0",
    }
}
