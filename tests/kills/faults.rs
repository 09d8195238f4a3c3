//! What befalls a server while clients act, what is said of it meanwhile, and how it comes back.
//!
//! **Invariant:** a fault is over only when it was noticed: by `/readyz`, or, where the service is to go
//! on, by acts that were acknowledged while it lasted.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use piperoll::clock;
use piperoll_projections::runtime::connect;
use serde_json::{Value, json};

use super::acts::SERVED;
use super::load::Load;
use super::round::Victim;
use super::{Seeded, in_turn};
use crate::routes::outage::ready_until;
use crate::routes::{Out, Served};
use crate::support::disturbed::Disturbed;
use crate::support::program::{Servers, block_on, number, signal, wait_until};
use crate::support::roads::Roads;
use crate::support::small::Small;
use crate::support::{ask_raw, raw};

/// So many acts are acknowledged while a fault lasts that the service is to bear.
const MEANWHILE: u64 = 60;
const BOUND: Duration = Duration::from_mins(1);
const HOUR: i64 = 3600;
/// An acknowledgement takes milliseconds.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// What befalls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Ended as by a crash (SIGKILL).
    Killed,
    /// Ended in good order.
    Stopped,
    /// It stands still (SIGSTOP), its connections open.
    Paused,
    /// Each write to its disk takes so much longer, twenty milliseconds unless told otherwise.
    Slow,
    /// Its disk has no byte left.
    Full,
    /// Its clock is set forward.
    Ahead,
    /// Its clock is set back.
    Behind,
    /// It is cut off from the other servers of its cluster, not from its clients.
    Cut,
}

/// What lies beneath or between the servers of a drill.
#[derive(Default)]
pub(crate) struct Means {
    disturbed: Option<Disturbed>,
    roads: Option<Roads>,
    small: Vec<(Victim, Small)>,
}

/// What befalls whom.
pub(crate) struct Blow<'a> {
    pub(crate) fault: Fault,
    pub(crate) victim: Victim,
    /// What `deploy/local` calls it.
    pub(crate) server: &'a str,
    /// Of somebody who reads meanwhile.
    pub(crate) token: &'a str,
}

impl Fault {
    /// What the lines of a drill call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Slow => "slow disk",
            Self::Full => "disk full",
            Self::Ahead => "clock an hour ahead",
            Self::Behind => "clock an hour behind",
            Self::Cut => "cut off",
        }
    }
}

/// Servers, and what may befall whom there.
pub(crate) type Site = (fn() -> (Servers, Means), &'static [(Fault, Victim)]);

/// One NATS server; each of both servers stopped, paused, slowed, misled about the time.
pub(crate) const ONE: Site = (
    || {
        let (servers, disturbed) = Servers::own_disturbed("faults");
        (servers, Means { disturbed: Some(disturbed), ..Means::default() })
    },
    &[
        (Fault::Stopped, Victim::Nats),
        (Fault::Stopped, Victim::Postgres),
        (Fault::Paused, Victim::Nats),
        (Fault::Paused, Victim::Postgres),
        (Fault::Slow, Victim::Nats),
        (Fault::Slow, Victim::Postgres),
        (Fault::Ahead, Victim::Nats),
        (Fault::Ahead, Victim::Postgres),
        (Fault::Behind, Victim::Nats),
        (Fault::Behind, Victim::Postgres),
    ],
);

/// Three NATS servers; one of them cut off, paused or stopped.
pub(crate) const THREE: Site = (
    || {
        let (servers, roads) = Servers::own_divided("parted");
        (servers, Means { roads: Some(roads), ..Means::default() })
    },
    &[(Fault::Cut, Victim::Nats), (Fault::Paused, Victim::Nats), (Fault::Stopped, Victim::Nats)],
);

/// One NATS server; the disk of one of both servers is full.
pub(crate) const FULL: Site = (
    || {
        let servers = Servers::own_single("full");
        let small = vec![
            (Victim::Nats, Small::beneath(&servers, "nats", 24)),
            (Victim::Postgres, Small::beneath(&servers, "postgres", 160)),
        ];
        (servers, Means { small, ..Means::default() })
    },
    &[(Fault::Full, Victim::Nats), (Fault::Full, Victim::Postgres)],
);

impl Blow<'_> {
    /// Strikes, looks on, and lifts again what does not end by itself.
    pub(crate) fn fall(&self, served: &mut Served, means: &Means, load: &Load) {
        match self.fault {
            Fault::Killed => self.kill(served, load),
            Fault::Stopped => {
                served.servers.stop(self.server);
                self.look_on(served, load);
                served.servers.up();
            }
            Fault::Paused => {
                let processes = served.servers.processes(self.server);
                signal("STOP", &processes);
                self.look_on(served, load);
                signal("CONT", &processes);
            }
            Fault::Slow => {
                let disturbed = means.disturbed.as_ref().unwrap();
                let milliseconds = number("PIPEROLL_SLOW_MS", 20);
                disturbed.slow_disk(self.program(), milliseconds);
                self.is_slow(served, Duration::from_millis(milliseconds));
                go_on(load);
                disturbed.rest();
            }
            Fault::Full => self.fill(served, means),
            Fault::Ahead => self.mislead(served, means, load, HOUR),
            Fault::Behind => self.mislead(served, means, load, -HOUR),
            Fault::Cut => {
                let roads = means.roads.as_ref().unwrap();
                self.cut(served, roads);
                go_on(load);
                roads.heal();
            }
        }
    }

    /// Ends the victim as a crash would, and brings it back as a supervisor does.
    fn kill(&self, served: &mut Served, load: &Load) {
        match self.victim {
            Victim::Writer => {
                served.take_program().kill();
                served.serve(SERVED);
                load.base.write().unwrap().clone_from(&served.base);
            }
            Victim::Projector => {
                served.stop_projecting();
                served.project();
            }
            Victim::Nats | Victim::Postgres => {
                served.servers.kill(self.server);
                served.servers.up();
            }
        }
    }

    /// Of one server: until its absence is told. Two of three go on without the third.
    fn look_on(&self, served: &Served, load: &Load) {
        if served.servers.clustered() && self.victim == Victim::Nats {
            return go_on(load);
        }
        let told = |parts: &Value| parts[self.server]["state"] == "not_ready";
        let reads = self.victim == Victim::Nats;
        self.tell(served, told, reads);
    }

    /// NATS's clock is compared with the writer's, and writing closes; Postgres's is asked by nobody.
    fn mislead(&self, served: &Served, means: &Means, load: &Load, seconds: i64) {
        let disturbed = means.disturbed.as_ref().unwrap();
        disturbed.set_clock(self.program(), seconds);
        if self.victim == Victim::Nats {
            let guard = format!("{}/guard", served.body.ledger);
            self.tell(served, |parts| parts[&guard]["findings"][0] == "clock", true);
        } else {
            let ahead = block_on(async {
                let link = connect(served.servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
                let row = link.query_one("select clock_timestamp()", &[]).await.unwrap();
                row.get::<_, DateTime<Utc>>(0) - clock::now()
            });
            assert!((ahead.num_seconds() - seconds).abs() < HOUR / 2, "{ahead}: not misled");
            go_on(load);
        }
        disturbed.rest();
    }

    /// A write that is to be on the disk takes as long as it should: the drill is no drill otherwise.
    fn is_slow(&self, served: &Served, least: Duration) {
        let begun = Instant::now();
        block_on(async {
            if self.victim == Victim::Nats {
                let client = raw::client(&served.servers, "owner").await;
                store_beside(&client, 1).await;
            } else {
                let link = connect(served.servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
                link.batch_execute("create temporary table slow ()").await.unwrap();
            }
        });
        assert!(begun.elapsed() >= least, "{:?}: not slow", begun.elapsed());
    }

    /// Cuts it off. It acknowledges nothing from then on, to a stream beside the ledger either: what it
    /// takes in may be stored after all once it is healed.
    fn cut(&self, served: &Served, roads: &Roads) {
        let place = served.servers.about(self.server)["port"].as_u64().unwrap();
        block_on(async {
            let client = raw::client_at(&served.servers, "owner", place).await;
            store_beside(&client, 3).await;
            roads.cut(self.server);
            let answer = client.request("beside", "cut off".into());
            if let Ok(Ok(answer)) = tokio::time::timeout(HEARD_WITHIN, answer).await {
                let said: Value = serde_json::from_slice(&answer.payload).unwrap();
                assert!(said["error"].is_object(), "one that is cut off says {said}");
            }
        });
    }

    /// Until it is told that nothing can be written; then there is room again.
    fn fill(&self, served: &Served, means: &Means) {
        let (_, small) = means.small.iter().find(|(of, _)| *of == self.victim).unwrap();
        small.fill();
        let writing = format!("{}/writing", served.body.ledger);
        self.tell(served, |parts| parts[&writing]["state"] == "not_ready", true);
        let told = format!("piperoll_acts_put_off{{ledger=\"{}\"}} 1", served.body.ledger);
        // An act that found a little room tells otherwise until the next is put off.
        wait_until("a number tells it", BOUND, || {
            let numbers = served.send("GET", "/metrics", &Out::default()).bytes;
            String::from_utf8(numbers).unwrap().lines().any(|line| line == told)
        });
        let ran = served.servers.run(&["doctor", "--ledger", &served.body.ledger]);
        let named = |line: &str| line.starts_with("FINDING") && line.contains(self.disk());
        assert!(ran.out.lines().any(named), "{}", ran.out);
        small.empty();
        if self.victim == Victim::Nats {
            // A stream that could not be written takes nothing more until its server is started again.
            served.servers.stop(self.server);
            served.servers.up();
        }
    }

    /// What the doctor calls its disk.
    const fn disk(&self) -> &'static str {
        match self.victim {
            Victim::Nats => "disk of nats",
            _ => "disk of postgres",
        }
    }

    const fn program(&self) -> &'static str {
        match self.victim {
            Victim::Nats => "nats-server",
            _ => "postgres",
        }
    }

    /// Until `/readyz` says so; and what stands is read on, where it can be.
    fn tell(&self, served: &Served, told: impl Fn(&Value) -> bool, reads: bool) {
        let open = |path: &str| served.send("GET", path, &Out::default());
        ready_until(open, told);
        open("/livez").fine();
        let asked = served.get(self.token, &served.at("/scorecard"));
        assert_eq!(asked.status, if reads { 200 } else { 503 }, "{asked:?}");
    }
}

/// Stores a message in a stream beside the ledger.
async fn store_beside(client: &async_nats::Client, replicas: u8) {
    let beside = json!({ "name": "beside", "subjects": ["beside"], "num_replicas": replicas });
    ask_raw(client, "$JS.API.STREAM.CREATE.beside".to_owned(), &beside).await;
    let begun = Instant::now();
    // It has a leader before every server knows that it listens.
    let heard = loop {
        if let Ok(answer) = client.request("beside", "{}".into()).await {
            break serde_json::from_slice::<Value>(&answer.payload).unwrap();
        }
        assert!(begun.elapsed() < BOUND, "nobody listens");
    };
    assert!(heard["seq"].is_u64(), "{heard}");
}

/// Until enough was acknowledged while the fault lasts.
fn go_on(load: &Load) {
    let due = load.acknowledged.load(Ordering::Relaxed) + MEANWHILE;
    let enough = || load.acknowledged.load(Ordering::Relaxed) >= due;
    wait_until("acts while the fault lasts", BOUND, enough);
}

#[test]
fn every_blow_falls_once_before_any_falls_again() {
    let (_, may) = ONE;
    let mut seen: BTreeMap<&(Fault, Victim), u64> = BTreeMap::new();
    let order = in_turn(&mut Seeded::new(3), may, 2 * may.len() as u64);
    for blow in &order[..may.len()] {
        *seen.entry(blow).or_default() += 1;
    }
    assert!(seen.len() == may.len() && order.len() == 2 * may.len());
}
