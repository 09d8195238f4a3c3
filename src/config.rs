//! What is in force: flags and `PIPEROLL_*` variables, read here and nowhere else.

use std::path::PathBuf;

use clap::Args;

/// Where the servers are and where the keys lie. Every flag may be given as a variable.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// NATS, as the owner of streams; needed only to create, replicate or throw away a ledger.
    #[arg(long, env = "PIPEROLL_NATS_OWNER_URL", hide_env_values = true, global = true)]
    pub nats_owner_url: Option<String>,
    /// NATS, as a writer.
    #[arg(long, env = "PIPEROLL_NATS_WRITER_URL", hide_env_values = true, global = true)]
    pub nats_writer_url: Option<String>,
    /// NATS, as a reader: projectors and checks.
    #[arg(long, env = "PIPEROLL_NATS_READER_URL", hide_env_values = true, global = true)]
    pub nats_reader_url: Option<String>,
    /// NATS, as the publisher of updates.
    #[arg(long, env = "PIPEROLL_NATS_PUBLISHER_URL", hide_env_values = true, global = true)]
    pub nats_publisher_url: Option<String>,
    /// NATS, as a subscriber to updates: the HTTP role hands them on.
    #[arg(long, env = "PIPEROLL_NATS_SUBSCRIBER_URL", hide_env_values = true, global = true)]
    pub nats_subscriber_url: Option<String>,
    /// NATS's monitoring address, `http://…`; several with commas.
    #[arg(long, env = "PIPEROLL_NATS_MONITOR_URL", value_delimiter = ',', global = true)]
    pub nats_monitor_url: Vec<String>,
    /// Postgres.
    #[arg(long, env = "PIPEROLL_POSTGRES_URL", hide_env_values = true, global = true)]
    pub postgres_url: Option<String>,
    /// How often the guard inspects a stream that is being written, in seconds.
    #[arg(long, env = "PIPEROLL_GUARD_SECONDS", default_value_t = 60, global = true)]
    pub guard_seconds: u64,
    /// The folder of the signing keys and the vault's key.
    #[arg(long, env = "PIPEROLL_STATE", global = true)]
    pub state: Option<PathBuf>,
}

/// A setting that is needed and missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{flag} is not set; give it, or set {variable}, or run: eval \"$(deploy/local env)\"")]
pub struct Missing {
    /// The flag.
    pub flag: &'static str,
    /// The variable.
    pub variable: &'static str,
}

macro_rules! needed {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $flag:literal, $variable:literal;)*) => {
        impl Config {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// The setting is missing.
            pub fn $name(&self) -> Result<&$type, Missing> {
                self.$name.as_deref().ok_or(Missing { flag: $flag, variable: $variable })
            }
        )*}
    };
}

needed! {
    /// NATS, as the owner of streams.
    nats_owner_url: str = "--nats-owner-url", "PIPEROLL_NATS_OWNER_URL";
    /// NATS, as a writer.
    nats_writer_url: str = "--nats-writer-url", "PIPEROLL_NATS_WRITER_URL";
    /// NATS, as a reader.
    nats_reader_url: str = "--nats-reader-url", "PIPEROLL_NATS_READER_URL";
    /// NATS, as the publisher of updates.
    nats_publisher_url: str = "--nats-publisher-url", "PIPEROLL_NATS_PUBLISHER_URL";
    /// NATS, as a subscriber to updates.
    nats_subscriber_url: str = "--nats-subscriber-url", "PIPEROLL_NATS_SUBSCRIBER_URL";
    /// Postgres.
    postgres_url: str = "--postgres-url", "PIPEROLL_POSTGRES_URL";
    /// The folder of the keys.
    state: std::path::Path = "--state", "PIPEROLL_STATE";
}
