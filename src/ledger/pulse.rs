//! Whether the server that a connection leads to is of use, and which of several is gone to next.
//!
//! **Invariant:** a server is left only for what it did since the connection to it began. One that is cut
//! off from the others of its cluster takes connections and answers pings all the same, so neither counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Event, ReconnectToServer, Server, ServerInfo};

/// A server of several that has answered nothing for so long is left for another. A cluster may take as
/// long to choose a leader.
const LEFT_AFTER: Duration = Duration::from_secs(4);

/// When that was seen last.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<Beat>>);

#[derive(Debug)]
struct Beat {
    /// When the server was of use last, or the connection to it began.
    last: Instant,
    connected: bool,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Beat { last: Instant::now(), connected: true })))
    }

    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was of use just now.
    pub(super) fn beat(&self) {
        self.lock().last = Instant::now();
    }

    /// Hears of a connection that begins or ends.
    pub(super) fn hear(&self, event: &Event) {
        match event {
            Event::Connected => self.connected(true),
            Event::Disconnected => self.connected(false),
            _ => {}
        }
    }

    /// What failed before a connection began says nothing of the server that it leads to.
    fn connected(&self, connected: bool) {
        *self.lock() = Beat { last: Instant::now(), connected };
    }

    /// Whether it is time to give the server up. Says so once.
    pub(super) fn stopped(&self) -> bool {
        let mut beat = self.lock();
        let stopped = beat.connected && beat.last.elapsed() >= LEFT_AFTER;
        beat.connected &= !stopped;
        stopped
    }
}

/// One that answered when it was tried last, and not the one that was left where there is another such.
/// At the first connection the client chooses by itself.
pub(super) fn another(pool: &[Server], left: &ServerInfo) -> Option<ReconnectToServer> {
    let was_left = |it: &Server| it.addr.host() == left.host && it.addr.port() == left.port;
    let began = !left.server_id.is_empty();
    let next = pool.iter().filter(|_| began).min_by_key(|it| (it.failed_attempts, was_left(it)))?;
    Some(ReconnectToServer { addr: next.addr.clone(), delay: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_left_or_did_not_answer_comes_last() {
        let server = |(port, failed_attempts): (u16, usize)| Server {
            addr: format!("nats://a:{port}").parse().unwrap(),
            failed_attempts,
            did_connect: false,
            is_discovered: false,
            last_error: None,
        };
        let (host, server_id) = ("a".to_owned(), "id".to_owned());
        let left = ServerInfo { server_id, host, port: 2, ..ServerInfo::default() };
        let next = |failed: [usize; 3]| {
            let pool: Vec<Server> = [1, 2, 3].into_iter().zip(failed).map(server).collect();
            another(&pool, &left).map(|next| next.addr.port())
        };
        assert_eq!([[0, 0, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1]].map(next), [1, 3, 2, 1].map(Some));
        assert!(
            another(&[server((1, 0))], &ServerInfo::default()).is_none(),
            "nobody was left yet"
        );
    }

    #[test]
    fn what_failed_before_a_connection_says_nothing_of_it() {
        let pulse = Pulse::new();
        let long_ago = || pulse.lock().last -= LEFT_AFTER;
        assert!(!pulse.stopped());
        long_ago();
        assert_eq!([pulse.stopped(), pulse.stopped()], [true, false], "given up once");
        pulse.connected(true);
        assert!(!pulse.stopped(), "the next has had no time");
        pulse.connected(false);
        long_ago();
        assert!(!pulse.stopped(), "there is none to be given up");
    }
}
