//! Roads between the three servers of a cluster: one of them can be cut off from the others.
//!
//! **Invariant:** a member knows no way to another but these, so what is cut is cut; bytes that were on
//! their way are late, not lost, as TCP has it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

const MEMBERS: [&str; 3] = ["nats-1", "nats-2", "nats-3"];

/// The roads of one cluster.
pub(crate) struct Roads {
    /// By which port each member reaches each other, as `deploy/local start --roads` takes it.
    pub(crate) ports: Value,
    /// Who is cut off.
    cut: watch::Sender<Option<String>>,
    _runtime: Runtime,
}

/// One road, from a member to another.
#[derive(Clone)]
struct Road {
    ends: [&'static str; 2],
    home: PathBuf,
    cut: watch::Receiver<Option<String>>,
}

impl Roads {
    /// Roads between the members of the cluster that will be in a home.
    pub(crate) fn of(home: &Path) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (cut, seen) = watch::channel(None);
        let mut ports = json!({});
        for from in MEMBERS {
            for to in MEMBERS.into_iter().filter(|to| *to != from) {
                let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
                ports[from][to] = json!(listener.local_addr().unwrap().port());
                let road = Road { ends: [from, to], home: home.to_owned(), cut: seen.clone() };
                runtime.spawn(road.serve(listener));
            }
        }
        Self { ports, cut, _runtime: runtime }
    }

    /// Nothing passes between a member and the others from here on.
    pub(crate) fn cut(&self, member: &str) {
        self.cut.send_replace(Some(member.to_owned()));
    }

    /// What waits goes on.
    pub(crate) fn heal(&self) {
        self.cut.send_replace(None);
    }
}

impl Road {
    async fn serve(self, listener: TcpListener) {
        let mut travellers = JoinSet::new();
        loop {
            let (from, _) = listener.accept().await.unwrap();
            travellers.spawn(self.clone().lead(from));
        }
    }

    async fn lead(mut self, from: TcpStream) {
        if self.opened().await.is_none() {
            return;
        }
        // The other may be down; whoever asks hears that as it would without us.
        let Ok(to) = TcpStream::connect(self.server()).await else { return };
        let ((up, answers), (down, asks)) = (from.into_split(), to.into_split());
        let back = self.clone();
        tokio::join!(self.carry(up, asks), back.carry(down, answers));
    }

    /// Waits until neither end is cut off.
    async fn opened(&mut self) -> Option<()> {
        let ends = self.ends;
        let open = |cut: &Option<String>| !cut.as_deref().is_some_and(|cut| ends.contains(&cut));
        self.cut.wait_for(open).await.ok().map(|_| ())
    }

    /// Where the other listens. It may be another port after it was started again.
    fn server(&self) -> SocketAddr {
        let facts = std::fs::read(self.home.join("home.json")).unwrap();
        let facts: Value = serde_json::from_slice(&facts).unwrap();
        let name = self.ends[1].replace("nats", "route");
        let port = facts["ports"][&name].as_u64().unwrap();
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()))
    }

    async fn carry(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut bytes = vec![0; 65536];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            if self.opened().await.is_none() || to.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    }
}
