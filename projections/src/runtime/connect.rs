//! Connections to Postgres: one for a worker, a pool for readers.

use std::ops::{Deref, DerefMut};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::task::JoinSet;
use tokio_postgres::{Client, Config, NoTls};

use super::RuntimeError;

/// Session settings. Compiling a query of a few milliseconds costs more than it saves, and rows
/// compared as text must not depend on where the server stands.
const OPTIONS: &str = "-c jit=off -c timezone=UTC -c datestyle=ISO -c client_min_messages=warning";

/// One connection, which ends when this is dropped.
pub struct Link {
    client: Client,
    _driver: JoinSet<()>,
}

impl Deref for Link {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Link {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Of readers besides: their statements are lookups by key, planned once for each connection;
/// planning them anew costs as much as asking.
const READING: &str = "-c plan_cache_mode=force_generic_plan";

fn config(url: &str, more: &str) -> Result<Config, RuntimeError> {
    let mut config: Config = url
        .parse()
        .map_err(|error: tokio_postgres::Error| RuntimeError::Address(error.to_string()))?;
    let options = [config.get_options().unwrap_or_default(), OPTIONS, more].join(" ");
    config.options(options.trim().to_owned()).application_name("piperoll");
    Ok(config)
}

/// Opens a connection.
///
/// # Errors
/// A malformed address, or nobody there.
pub async fn connect(url: &str) -> Result<Link, RuntimeError> {
    let (client, connection) = config(url, "")?.connect(NoTls).await?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to postgres ended");
        }
    });
    Ok(Link { client, _driver: driver })
}

/// A pool of connections for readers.
///
/// # Errors
/// A malformed address.
pub fn pool(url: &str, size: usize) -> Result<Pool, RuntimeError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config(url, READING)?, NoTls, recycling);
    Pool::builder(manager)
        .max_size(size)
        .build()
        .map_err(|error| RuntimeError::Address(error.to_string()))
}
