//! A road to a server that can be held up: connections stay, and nothing passes until it is let go.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A road to a server.
pub(crate) struct Held {
    /// The server's address by this road, credentials and all.
    pub(crate) url: String,
    open: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Held {
    /// A road to the server that `url` names.
    pub(crate) fn to(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (server, rest) = rest.split_once('/').unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("{user}@{}/{rest}", listener.local_addr().unwrap());
        let (open, opened) = watch::channel(true);
        let server = server.to_owned();
        runtime.spawn(async move {
            let mut travellers = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (up, answers) = client.into_split();
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (down, asks) = server.into_split();
                travellers.spawn(carry(up, asks, opened.clone(), |open| *open));
                travellers.spawn(carry(down, answers, opened.clone(), |open| *open));
            }
        });
        Self { url, open, _runtime: runtime }
    }

    /// Nothing passes from here on.
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    /// What waits goes on.
    pub(crate) fn let_go(&self) {
        self.open.send_replace(true);
    }
}

/// Carries bytes while the road is open; what was on its way when it was shut is late, not lost.
pub(super) async fn carry<T>(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut road: watch::Receiver<T>,
    open: impl Fn(&T) -> bool,
) {
    let mut bytes = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if road.wait_for(&open).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
