//! The ground that journeys stand on: real servers, a ledger of its own for each test.

pub(crate) mod disturbed;
pub(crate) mod held;
pub(crate) mod invented;
pub(crate) mod lossy;
pub(crate) mod program;
pub(crate) mod python;
pub(crate) mod raw;
pub(crate) mod roads;
pub(crate) mod small;

use std::time::Duration;

use piperoll::ledger::{
    Acting, Connection, Founding, Gate, Guard, Identity, Ledger, Replicas, Role, Stream, Verifier,
    WriterKey, bootstrap,
};
use piperoll::{clock, ids};
use piperoll_events::Channel;
use piperoll_events::ids::LedgerName;

/// One ledger that nobody else uses, and the three credentials.
pub(crate) struct Ground {
    pub(crate) name: LedgerName,
    pub(crate) owner: Connection,
    pub(crate) writer: Connection,
    pub(crate) reader: Connection,
    pub(crate) identity: Identity,
    pub(crate) key: WriterKey,
    pub(crate) verifier: Verifier,
    monitors: String,
    /// Holds the keys; removed with the ground.
    pub(crate) state: tempfile::TempDir,
}

/// A setting, or a failure that says how to get it.
pub(crate) fn setting(name: &str) -> String {
    let value = std::env::var_os(name).and_then(|value| value.into_string().ok());
    value.unwrap_or_else(|| panic!("{name} is not set: run `tests/run`, which starts the servers"))
}

/// A name that no other ledger has.
pub(crate) fn fresh_name() -> LedgerName {
    format!("t{}", hex::encode(ids::random::<6>().unwrap())).parse().unwrap()
}

/// A fresh ledger, its stream made and empty.
pub(crate) async fn ground() -> Ground {
    ground_on(&program::Servers::shared()).await
}

/// The same on servers of one's own, with as many replicas as they can hold.
pub(crate) async fn ground_on(servers: &program::Servers) -> Ground {
    let name = fresh_name();
    let owner = connect(Role::Owner, servers.setting("PIPEROLL_NATS_OWNER_URL")).await;
    let founding = Founding {
        ledger_id: ids::ledger_id().unwrap(),
        genesis: clock::now(),
        replicas: Replicas::most(&owner),
    };
    let identity = bootstrap(&owner, &name, founding).await.unwrap();
    let state = tempfile::tempdir().unwrap();
    let key = WriterKey::open(state.path()).unwrap();
    Ground {
        name,
        owner,
        writer: connect(Role::Writer, servers.setting("PIPEROLL_NATS_WRITER_URL")).await,
        reader: connect(Role::Reader, servers.setting("PIPEROLL_NATS_READER_URL")).await,
        identity,
        monitors: servers.setting("PIPEROLL_NATS_MONITOR_URL").to_owned(),
        key,
        verifier: Verifier::open(state.path()).unwrap(),
        state,
    }
}

async fn connect(role: Role, url: &str) -> Connection {
    let connection = Connection::open(role, url).await.unwrap();
    connection.with_patience(Duration::from_secs(20))
}

impl Ground {
    /// A guard over the stream, as the writer sees it.
    pub(crate) fn guard(&self) -> Guard {
        let monitors = self.monitors.split(',').map(str::to_owned).collect();
        Guard::new(self.stream(&self.writer), self.identity, monitors)
    }

    /// The stream through a connection.
    pub(crate) fn stream(&self, connection: &Connection) -> Stream {
        Stream::new(connection.clone(), self.name.clone())
    }

    /// A writer with nothing in memory, its gate open.
    pub(crate) async fn ledger(&self) -> Ledger {
        let guard = self.guard();
        let findings = guard.inspect().await.unwrap();
        assert_eq!(findings.closed, None, "{findings:?}");
        self.ledger_behind(guard.gate()).await
    }

    /// A writer behind a gate.
    pub(crate) async fn ledger_behind(&self, gate: Gate) -> Ledger {
        self.ledger_over(&self.writer, gate).await
    }

    /// A writer over another connection.
    pub(crate) async fn ledger_over(&self, connection: &Connection, gate: Gate) -> Ledger {
        let stream = self.stream(connection);
        Ledger::open(stream, self.key.clone(), self.verifier.clone(), gate).await.unwrap()
    }
}

/// Somebody acting under a fresh command id.
pub(crate) fn acting() -> Acting {
    Acting::new(ids::actor_id().unwrap(), Channel::Api, ids::command_id().unwrap())
}

/// NATS by hand, past everything that `ledger/` takes care of.
pub(crate) async fn raw_client(role: &str) -> async_nats::Client {
    raw::client(&program::Servers::shared(), role).await
}

/// Asks NATS by hand; its answer as JSON.
pub(crate) async fn ask_raw(
    client: &async_nats::Client,
    subject: String,
    question: &serde_json::Value,
) -> serde_json::Value {
    let answer = client.request(subject, question.to_string().into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}
