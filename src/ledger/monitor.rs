//! What the servers say of themselves: their version, and whether they sync every write.
//!
//! **Invariant:** a monitor that can't be reached proves nothing, so it is a warning and never a
//! difference.

use std::time::Duration;

use piperoll_events::ledger::configuration_observed::Difference;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::differences::difference;

/// The oldest NATS server whose promises were tested.
const OLDEST_SERVER: [u64; 3] = [2, 15, 0];
/// How long a monitor may take, and how much it may say.
const MONITOR_PATIENCE: Duration = Duration::from_secs(2);
const MONITOR_MOST_BYTES: u64 = 4 * 1024 * 1024;

pub(super) async fn varz(monitor: &str) -> Result<Value, String> {
    let answer = ask(monitor, "/varz").await?;
    body(&answer)
        .filter(|_| answer.get(8..13) == Some(b" 200 "))
        .ok_or_else(|| "does not answer as a NATS monitor does".to_owned())
}

/// Whether everything that a server holds is as far as it must be; else what is not, in its own words.
pub(crate) async fn health(monitor: &str) -> Result<(), String> {
    // What is not well comes with another status than 200.
    let answer = body(&ask(monitor, "/healthz").await?).unwrap_or_default();
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    match text("status").as_deref() {
        Some("ok") => Ok(()),
        Some(other) => Err(format!("says: {}", text("error").as_deref().unwrap_or(other))),
        None => Err("does not answer as a NATS monitor does".to_owned()),
    }
}

/// One request in the plainest HTTP there is (1.0: no chunks, closed when complete).
async fn ask(monitor: &str, path: &str) -> Result<Vec<u8>, String> {
    let at = monitor.strip_prefix("http://").ok_or("is not an `http://` address")?;
    let at = at.trim_end_matches('/');
    let ask = async {
        let mut connection = TcpStream::connect(at).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {at}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        connection.take(MONITOR_MOST_BYTES).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    tokio::time::timeout(MONITOR_PATIENCE, ask)
        .await
        .map_err(|_| format!("gave no answer within {} s", MONITOR_PATIENCE.as_secs()))?
        .map_err(|error| format!("can't be reached: {error}"))
}

fn body(answer: &[u8]) -> Option<Value> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    serde_json::from_slice(answer.get(end.saturating_add(4)..)?).ok()
}

pub(super) fn server_differences(monitor: &str, varz: &Value) -> Vec<Difference> {
    let version = varz.get("version").and_then(Value::as_str).unwrap_or_default();
    let at = monitor.trim_start_matches("http://").trim_end_matches('/');
    let mut differences =
        Vec::from_iter(version_difference(&format!("server_version of {at}"), version));
    // Shown only when it is on.
    if varz.pointer("/jetstream/config/sync_always") != Some(&Value::Bool(true)) {
        differences.push(difference(&format!("sync_always of {at}"), "true", "false"));
    }
    differences
}

pub(super) fn version_difference(field: &str, version: &str) -> Option<Difference> {
    let numbers = version.split(['.', '-']).take(3).map(|n| n.parse().unwrap_or(0_u64));
    let old = numbers.lt(OLDEST_SERVER);
    let [major, minor, patch] = OLDEST_SERVER;
    old.then(|| difference(field, &format!("{major}.{minor}.{patch} or later"), version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_old_server_is_named_and_a_later_one_is_not() {
        for old in ["2.14.9", "2.9.0", "1.99.99", "", "2"] {
            assert!(version_difference("server_version", old).is_some(), "{old}");
        }
        for good in ["2.15.0", "2.15.1-RC.2", "2.16.0", "3.0.0"] {
            assert!(version_difference("server_version", good).is_none(), "{good}");
        }
    }

    #[test]
    fn a_server_that_does_not_sync_every_write_is_named() {
        let varz = json!({ "version": "2.15.1", "jetstream": { "config": {} } });
        let found = server_differences("http://127.0.0.1:8222", &varz);
        assert_eq!(found, [difference("sync_always of 127.0.0.1:8222", "true", "false")]);
    }
}
