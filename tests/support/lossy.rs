//! A lossy road to NATS: it loses the answer to one message, as a broken network would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A road to NATS that can be told to lose an answer.
pub(crate) struct Lossy {
    /// NATS's addresses by this road, credentials and all.
    pub(crate) url: String,
    armed: Arc<AtomicBool>,
    _road: JoinSet<()>,
}

impl Lossy {
    /// A road to every server that `urls` names; when armed it loses the answer to the first message
    /// in whose bytes `mark` stands, whichever server that went to. Once cut off, a client may go on
    /// past the road: servers of a cluster tell it their own addresses.
    pub(crate) async fn to(urls: &str, mark: &'static [u8]) -> Self {
        let armed = Arc::new(AtomicBool::new(false));
        let mut road = JoinSet::new();
        let mut by_road = Vec::new();
        for url in urls.split(',') {
            let (user, server) = url.strip_prefix("nats://").unwrap().split_once('@').unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            by_road.push(format!("nats://{user}@{}", listener.local_addr().unwrap()));
            road.spawn(lane(listener, server.to_owned(), Arc::clone(&armed), mark));
        }
        Self { url: by_road.join(","), armed, _road: road }
    }

    /// From here on the next answer is lost.
    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Whether an answer was lost since.
    pub(crate) fn lost(&self) -> bool {
        !self.armed.load(Ordering::SeqCst)
    }
}

async fn lane(listener: TcpListener, server: String, armed: Arc<AtomicBool>, mark: &'static [u8]) {
    let mut travellers = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(&server).await.unwrap();
        travellers.spawn(carry(client, server, Arc::clone(&armed), mark));
    }
}

/// Carries bytes both ways; once the mark has passed with the road armed, the server's next words
/// are swallowed and both ends are cut. What was sent has been stored by then.
async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    armed: Arc<AtomicBool>,
    mark: &'static [u8],
) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let mut recent = Vec::new();
    let mut losing = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                if armed.load(Ordering::SeqCst) {
                    recent.extend_from_slice(&up[..length]);
                    losing |= recent.windows(mark.len()).any(|bytes| bytes == mark);
                }
                if server.write_all(&up[..length]).await.is_err() { return }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if losing {
                    armed.store(false, Ordering::SeqCst);
                    return;
                }
                if client.write_all(&down[..length]).await.is_err() { return }
            }
        }
    }
}
