//! The ledger itself: its beginning, its opening, its keys and its configuration.
//!
//! Events: [`created`], [`opened`], [`key_added`], [`configuration_observed`].

crate::registry::events! {
    /// What happened to the ledger itself.
    Ledger {
        created::Created = "piperoll.ledger.created.v1" since "0.1.0",
        opened::Opened = "piperoll.ledger.opened.v1" since "0.1.0",
        key_added::KeyAdded = "piperoll.ledger.key_added.v1" since "0.1.0",
        configuration_observed::ConfigurationObserved =
            "piperoll.ledger.configuration_observed.v1" since "0.1.0",
    }
}
