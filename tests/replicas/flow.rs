//! Acts that go on while something happens: what was answered, and whether the ledger says so.
//!
//! **Invariant:** an act is asked again under its key until it is accepted, so it must be there once, at
//! the position that was answered.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::routes::{MOST, Served};
use crate::support::program::{Ends, wait_until};
use crate::support::raw;

/// How many act at once.
const CLIENTS: u128 = 4;
/// How long an act may be put off.
const BOUND: Duration = Duration::from_secs(40);

/// How the ledger is served: the guard looks every second, and nobody acts too fast.
pub(crate) const UNHURRIED: &[&str] = &["--guard-seconds", "1", "--per-second", "100000"];

/// Acts on their way.
pub(crate) struct Flow<'a> {
    served: &'a Served,
    token: String,
    over: AtomicBool,
    acted: Mutex<BTreeMap<String, u64>>,
}

/// Does something while posts are created; then sees that each that was acknowledged stands once in the
/// ledger and that nothing else came.
#[track_caller]
pub(crate) fn during<T>(served: &Served, work: impl FnOnce(&Flow<'_>) -> T) -> T {
    let length = served.length();
    let token = served.token("Ann", MOST);
    let flow = Flow { served, token, over: AtomicBool::new(false), acted: Mutex::default() };
    let done = std::thread::scope(|scope| {
        let flow = &flow;
        let clients = (0..CLIENTS).map(|client| scope.spawn(move || flow.act(client)));
        let clients: Vec<_> = clients.collect();
        let ended = Ends(&flow.over);
        let done = work(flow);
        drop(ended);
        for client in clients {
            client.join().unwrap();
        }
        done
    });
    flow.verify(length);
    done
}

impl Flow<'_> {
    /// Waits until so many more were acknowledged.
    #[track_caller]
    pub(crate) fn goes_on(&self, more: usize) {
        let enough = self.acted.lock().unwrap().len() + more;
        wait_until("acts go on", BOUND, || self.acted.lock().unwrap().len() >= enough);
    }

    fn act(&self, client: u128) {
        let reason = json!({ "code": "none_recorded" });
        let post = json!({ "fact":
            { "title": { "en": "Clerk" }, "kind": "officer", "reason": reason } });
        for n in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("{:032x}", (0xF10 << 64) + (client << 32) + n);
            let path = self.served.at(&format!("/posts/{id}/create"));
            let mut position = None;
            wait_until("an act is accepted", BOUND, || {
                let heard = self.served.post(&self.token, &path, (&id, None), &post);
                match heard.status {
                    202 => position = heard.json()["position"].as_u64(),
                    // The guard has no part in this: the stream is what it was.
                    503 => assert_ne!(heard.json()["code"], "ledger_closed", "{heard:?}"),
                    _ => unreachable!("{heard:?}"),
                }
                position.is_some()
            });
            self.acted.lock().unwrap().insert(id, position.unwrap());
        }
    }

    #[track_caller]
    fn verify(&self, length: u64) {
        let acted = self.acted.lock().unwrap();
        let told = acted.values().copied().max().unwrap_or_default();
        let stand = raw::read_past(&self.served.servers, &self.served.body.ledger, told);
        let stand = stand.iter().filter(|message| message.position > length);
        let stand: Vec<(String, u64)> = stand
            .map(|message| {
                let (_, id) = message.subject.rsplit_once('.').unwrap();
                (id.to_owned(), message.position)
            })
            .collect();
        assert_eq!(stand.len(), acted.len(), "something was lost or doubled");
        assert_eq!(stand.into_iter().collect::<BTreeMap<_, _>>(), *acted);
    }
}
