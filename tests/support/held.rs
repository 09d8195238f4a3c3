//! A road to a server that can be held up: connections stay, and nothing passes until it is let go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// A road to the server that `url` names, the first where it names several.
    pub(crate) fn to(url: &str) -> Self {
        Self::up_to(url, usize::MAX)
    }

    /// The same, held by itself once so many bytes went up it.
    pub(crate) fn up_to(url: &str, most: usize) -> Self {
        let (user, rest) = url.split(',').next().unwrap().split_once('@').unwrap();
        let end = rest.find('/').unwrap_or(rest.len());
        let (server, rest) = rest.split_at(end);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("{user}@{}{rest}", listener.local_addr().unwrap());
        let (open, opened) = watch::channel(true);
        let (server, shut, gone) = (server.to_owned(), open.clone(), Arc::new(AtomicUsize::new(0)));
        runtime.spawn(async move {
            let mut travellers = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (up, answers) = client.into_split();
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (down, asks) = server.into_split();
                let (shut, gone) = (shut.clone(), Arc::clone(&gone));
                let count = move |length: usize| {
                    if gone.fetch_add(length, Ordering::SeqCst).saturating_add(length) >= most {
                        shut.send_replace(false);
                    }
                };
                let is_open = |open: &bool| *open;
                travellers.spawn(carry((up, asks), (opened.clone(), is_open, count)));
                travellers.spawn(carry((down, answers), (opened.clone(), is_open, |_| ())));
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

/// Carries bytes while the road is open; what was on its way when it was shut is late, not lost. `passed`
/// is told how many passed.
pub(super) async fn carry<T>(
    (mut from, mut to): (OwnedReadHalf, OwnedWriteHalf),
    (mut road, open, passed): (watch::Receiver<T>, impl Fn(&T) -> bool, impl Fn(usize)),
) {
    let mut bytes = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if road.wait_for(&open).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
        passed(length);
    }
}
