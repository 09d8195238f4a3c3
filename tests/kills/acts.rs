//! Rounds under load: many clients act over HTTP while something befalls service, projector, NATS or
//! Postgres; then every answer that anybody got is laid beside the stream.

use std::collections::BTreeMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use piperoll_projections::READ_MODELS;
use serde_json::{Value, json};

use super::answers::{Asked, Heard, Stood, check};
use super::faults::{self, Blow, Fault, Means, Site};
use super::load::{Client, Load};
use super::round::Victim;
use super::{Seeded, in_turn, spoiling};
use crate::routes::story::example;
use crate::routes::{MOST, Served};
use crate::support::program::{Ends, Servers, block_on, number, wait_until, word};
use crate::support::{raw, small};

/// Clients with a measure of their own, and those that fight over one.
const ALONE: u64 = 12;
const FIGHTING: u64 = 4;
/// So many commands at least are acknowledged in a round.
const LEAST: u64 = 200;
/// So many of them at least once the victim is back.
const AFTER: u64 = 60;
/// After so many rounds there is another ledger: to read a long one whole takes longer every time.
const ROUNDS_A_LEDGER: u64 = 10;
/// The service's arguments; its guard looks often, so that a clock that is right again is soon seen.
pub(super) const SERVED: &[&str] = &["--guard-seconds", "1"];
const BOUND: Duration = Duration::from_mins(2);
const FRAMEWORK: &str = "0000000000000000000000000000f0aa";
const AREA: &str = "0000000000000000000000000000a0aa";

/// A ledger that goes on from round to round, and all that its clients were told.
struct Ground {
    /// Goes first: what lies beneath servers is taken from under them before they are removed.
    means: Means,
    served: Served,
    tokens: Vec<String>,
    measures: Vec<String>,
    asked: Vec<Asked>,
    /// Reads, and the bytes that they gave.
    given: Vec<(String, Vec<u8>)>,
}

impl Ground {
    fn new((servers, means): (Servers, Means)) -> Self {
        let served = Served::over(servers, SERVED);
        let tokens: Vec<String> =
            (0..4).map(|n| served.token(&format!("Client {n}"), MOST)).collect();
        let act = |path: &str, body: &Value| {
            let key = path.replace('/', "-");
            served.post(&tokens[0], &served.at(path), (&key, None), body).accepted();
        };
        act(
            &format!("/frameworks/{FRAMEWORK}/adopt"),
            &example("framework.adopted.v1.1", &json!({})),
        );
        let within = json!({ "framework": FRAMEWORK });
        act(&format!("/areas/{AREA}/add"), &example("area.added.v1", &within));
        let placed = json!({ "framework": FRAMEWORK, "places": [{ "area": AREA }] });
        let adopted = example("measure.adopted.v1.1", &placed);
        let measures: Vec<String> =
            (0..=ALONE).map(|n| format!("{:032x}", 0xE0_0000 + n)).collect();
        for measure in &measures {
            act(&format!("/measures/{measure}/adopt"), &adopted);
        }
        Self { served, tokens, measures, asked: Vec::new(), given: Vec::new(), means }
    }

    fn clients(&self, length: u64, (n, seed): (u64, u64)) -> Vec<Client> {
        let client = |client: u64| Client {
            name: format!("{n}-{client}"),
            token: self.tokens[(client % 4) as usize].clone(),
            measure: self.measures[client.min(ALONE) as usize].clone(),
            read_at: length,
            seeded: Seeded::new(seed ^ (client << 32)),
            level: (n * 100 + client) * 100_000,
        };
        (0..ALONE + FIGHTING).map(client).collect()
    }

    /// Asks as at a position that the read models have reached, and keeps what is given.
    fn keep_answers(&mut self) {
        let get = |path: &str| self.served.get(&self.tokens[0], &self.served.at(path));
        let at = get("/scorecard").fine()["as_at"]["position"].as_u64().unwrap();
        for path in [
            format!("/scorecard?position={at}"),
            format!("/measures/NM02?position={at}"),
            format!("/scorecard?position={}", at / 2),
            format!("/events/{at}"),
        ] {
            let heard = get(&path);
            heard.fine();
            self.given.push((path, heard.bytes));
        }
    }

    /// Which server that is, and what the lines of the drill call it. Of three NATS servers: the one that
    /// leads the ledger's stream or one that follows it.
    fn member(&self, seeded: &mut Seeded, victim: Victim) -> (String, &'static str) {
        let servers = &self.served.servers;
        match victim {
            Victim::Writer => return (String::new(), "service"),
            Victim::Projector => return (String::new(), "projector"),
            Victim::Postgres => return ("postgres".to_owned(), "postgres"),
            Victim::Nats => {}
        }
        if !servers.clustered() {
            return ("nats".to_owned(), "nats");
        }
        let ledger = &self.served.body.ledger;
        let (info, leader) = block_on(async {
            let client = raw::client(servers, "owner").await;
            (raw::info(&client, ledger).await, raw::leader(&client, ledger).await)
        });
        assert_eq!(info["config"]["num_replicas"], 3);
        if seeded.below(2) == 0 {
            return (format!("nats-{leader}"), "nats, the leader");
        }
        (format!("nats-{}", (leader + seeded.below(2)) % 3 + 1), "nats, a follower")
    }

    /// One round; what it came to.
    fn round(&mut self, n: u64, seeded: &mut Seeded, (fault, victim): (Fault, Victim)) -> Value {
        let begun = Instant::now();
        self.keep_answers();
        let length = self.served.length();
        let (server, part) = self.member(seeded, victim);
        let load = Load {
            base: RwLock::new(self.served.base.clone()),
            path: self.served.at("/measures"),
            acknowledged: AtomicU64::new(0),
            over: AtomicBool::new(false),
        };
        let struck_after = 1 + seeded.below(LEAST - AFTER);
        let clients = self.clients(length, (n, seeded.below(u64::MAX)));
        let load = &load;
        let count = || load.acknowledged.load(Ordering::Relaxed);
        let (served, means, token) = (&mut self.served, &self.means, &*self.tokens[0]);
        let asked: Vec<Asked> = std::thread::scope(|scope| {
            let over = Ends(&load.over);
            let running: Vec<_> =
                clients.into_iter().map(|client| scope.spawn(|| client.run(load))).collect();
            wait_until("acts before the fault", BOUND, || count() >= struck_after);
            Blow { fault, victim, server: &server, token }.fall(served, means, load);
            let enough = LEAST.max(count() + AFTER);
            wait_until("acts after the fault", BOUND, || count() >= enough);
            drop(over);
            running.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &asked {
            if let Some(Heard::Refused(_, code)) = one.heard.last() {
                *refused.entry(code).or_default() += 1;
                // Whoever is alone with a measure is never overtaken there.
                let fought = self.measures.last() == Some(&one.measure);
                let due = code == "no_target" || (code == "stale" && fought);
                assert!(due, "refused with `{code}`: {one:?}");
            }
        }
        let refused = json!(refused);
        let in_vain: usize = asked.iter().map(Asked::in_vain).sum();
        self.asked.extend(asked);
        let events = self.verify();
        json!({
            "round": n, "victim": part, "fault": fault.name(), "struck_after": struck_after,
            "acknowledged": count(), "refused": refused, "sent_in_vain_and_again": in_vain,
            "verified": { "events": events, "requests": self.asked.len(),
                "answers_given_again": self.given.len(), "rebuilt": READ_MODELS.len() },
            "seconds": begun.elapsed().as_secs(),
        })
    }

    /// The stream, as far as anybody was told that it reaches.
    fn stream(&self) -> Vec<Stood> {
        let told = self.asked.iter().filter_map(Asked::accepted_at).max().unwrap_or_default();
        let Served { servers, body, .. } = &self.served;
        raw::read_past(servers, &body.ledger, told).iter().map(Stood::of).collect()
    }

    /// Everything so far, not this round's alone; how many events there are.
    fn verify(&self) -> usize {
        let ledger = &self.served.body.ledger;
        let servers = &self.served.servers;
        let stream = self.stream();
        assert_eq!(check(&self.asked, &stream), Vec::<String>::new());
        for model in READ_MODELS {
            let asked = ["projections", "rebuild", model.name(), "--ledger", ledger];
            let rebuilt = servers.json(&[&asked[..], &["--drop-old", "--json"]].concat());
            assert_eq!(rebuilt["comparison"]["differences"], json!([]), "{rebuilt}");
        }
        for (path, bytes) in &self.given {
            let again = self.served.get(&self.tokens[0], &self.served.at(path));
            again.fine();
            assert!(again.bytes == *bytes, "{path} is answered otherwise than before");
        }
        stream.len()
    }
}

const KILLED: &[(Fault, Victim)] = &[
    (Fault::Killed, Victim::Projector),
    (Fault::Killed, Victim::Nats),
    (Fault::Killed, Victim::Postgres),
    (Fault::Killed, Victim::Writer),
];

#[test]
fn nothing_is_lost_or_doubled_under_load_whoever_is_killed() {
    rounds((|| (Servers::own("kill-acts"), Means::default()), KILLED), 10);
}

#[test]
fn nothing_is_lost_or_doubled_on_three_replicas_whoever_is_killed() {
    rounds((|| (Servers::own_cluster("kill-cluster"), Means::default()), KILLED), 4);
}

#[test]
fn nothing_is_lost_or_doubled_whatever_befalls_a_server() {
    rounds(faults::ONE, 10);
}

#[test]
fn nothing_is_lost_or_doubled_whatever_befalls_one_of_three() {
    rounds(faults::THREE, 3);
}

#[test]
fn nothing_is_lost_or_doubled_when_a_disk_is_full() {
    if small::apart("kills::acts::nothing_is_lost_or_doubled_when_a_disk_is_full") {
        rounds(faults::FULL, 2);
    }
}

fn rounds((servers, may): Site, usual: u64) {
    let rounds = number("PIPEROLL_KILL_ROUNDS", usual);
    let seed = number("PIPEROLL_KILL_SEED", 1);
    let mut seeded = Seeded::new(seed);
    let only = word("PIPEROLL_FAULT");
    let may: Vec<_> = may.iter().filter(|(it, _)| it.name().starts_with(&only)).copied().collect();
    assert!(!may.is_empty(), "`{only}` is no fault that can be tried here");
    let mut ground = Ground::new(servers());
    for (n, blow) in (1..=rounds).zip(in_turn(&mut seeded, &may, rounds)) {
        if n > 1 && n % ROUNDS_A_LEDGER == 1 {
            drop(ground);
            ground = Ground::new(servers());
        }
        let mut line = ground.round(n, &mut seeded, blow);
        line["seed"] = json!(seed);
        println!("{line}");
    }
    spoiling::every_way_is_found(&ground.asked, &ground.stream());
}
