//! Roads between the three servers of a cluster: one of them can be cut off from the others.
//!
//! **Invariant:** a member knows no way to another but these, so what is cut is cut; bytes that were on
//! their way are late, not lost, as TCP has it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::held::carry;

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
        let ends = self.ends;
        let open = |cut: &Option<String>| !cut.as_deref().is_some_and(|cut| ends.contains(&cut));
        if self.cut.wait_for(open).await.is_err() {
            return;
        }
        // The other may be down; whoever asks hears that as it would without us.
        let Ok(to) = TcpStream::connect(self.server()).await else { return };
        let ((up, answers), (down, asks)) = (from.into_split(), to.into_split());
        let passed = |_: usize| ();
        let asked = carry((up, asks), (self.cut.clone(), open, passed));
        tokio::join!(asked, carry((down, answers), (self.cut, open, passed)));
    }

    /// Where the other listens. It may be another port after it was started again.
    fn server(&self) -> SocketAddr {
        let facts = std::fs::read(self.home.join("home.json")).unwrap();
        let facts: Value = serde_json::from_slice(&facts).unwrap();
        let name = self.ends[1].replace("nats", "route");
        let port = facts["ports"][&name].as_u64().unwrap();
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()))
    }
}
