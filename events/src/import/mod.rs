//! The application of one file: received, applied or given up, and perhaps undone.
//!
//! Events: [`received`], [`applied`], [`rejected`], [`reversed`].

crate::registry::events! {
    /// What happened to the application of a file.
    Import {
        received::Received = "piperoll.import.received.v1" since "0.1.0",
        applied::Applied = "piperoll.import.applied.v1" since "0.1.0",
        rejected::Rejected = "piperoll.import.rejected.v1" since "0.1.0",
        reversed::Reversed = "piperoll.import.reversed.v1" since "0.1.0",
    }
}
