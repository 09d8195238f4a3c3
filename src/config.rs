//! What is in force: flags and `PIPEROLL_*` variables, read here and nowhere else; and which of
//! OpenTelemetry's variables are heeded.

use std::path::PathBuf;
use std::time::Duration;

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

/// What OpenTelemetry's own variables say of exporting spans, as far as it is ours to read: addresses, headers,
/// samplers and the pace of batches are read by its library.
#[derive(Debug, Clone)]
pub struct Tracing {
    /// Whether a collector is named, and exporting not switched off.
    pub wanted: bool,
    /// Whether the service has been given a name.
    pub named: bool,
    /// How long one request to the collector may take.
    pub time: Duration,
    /// How many spans may wait for it.
    pub most_waiting: usize,
    protocol: Option<String>,
}

impl Tracing {
    /// Reads the variables.
    #[must_use]
    pub fn read() -> Self {
        let said = |name: &str| -> Option<String> {
            std::env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
        };
        let of_traces = |name: &str| {
            said(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| said(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let off = said("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER").is_some_and(|it| it == "none");
        let attributes = said("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let time = of_traces("TIMEOUT").and_then(|it| it.parse().ok()).unwrap_or(10_000);
        let most = said("OTEL_BSP_MAX_QUEUE_SIZE").and_then(|it| it.parse().ok());
        Self {
            wanted: of_traces("ENDPOINT").is_some() && !off,
            named: said("OTEL_SERVICE_NAME").is_some() || attributes.contains("service.name="),
            time: Duration::from_millis(time),
            most_waiting: most.filter(|most| *most > 0).unwrap_or(2_048),
            protocol: of_traces("PROTOCOL"),
        }
    }

    /// A protocol asked for that is not spoken here.
    #[must_use]
    pub fn other_protocol(&self) -> Option<&str> {
        self.protocol.as_deref().filter(|protocol| *protocol != "http/protobuf")
    }
}
