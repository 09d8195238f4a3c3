//! A stream changed, deleted, made again, cut at either end, while service and projector run: each is
//! named within the guard's interval, nothing is written, and reading goes on.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use piperoll_projections::runtime::connect;
use serde_json::{Value, json};

use super::{configuration, configure, copy, delete};
use crate::routes::{Heard, MOST, Served};
use crate::support::program::{Servers, block_on, wait_until};
use crate::support::raw;

/// The guard looks every second here.
const GUARD: &[&str] = &["--guard-seconds", "1"];
const BOUND: Duration = Duration::from_secs(30);

/// A ledger that is served and written, its guard at work.
struct Watched {
    served: Served,
    token: String,
}

impl Watched {
    fn over(servers: Servers) -> Self {
        let served = Served::over(servers, GUARD);
        let token = served.token("Ann", MOST);
        let watched = Self { served, token };
        watched.act(1).accepted();
        watched.level();
        watched
    }

    fn ledger(&self) -> &str {
        &self.served.body.ledger
    }

    fn act(&self, n: u128) -> Heard {
        let id = format!("{n:032x}");
        let create = self.served.at(&format!("/posts/{id}/create"));
        let reason = json!({ "code": "none_recorded" });
        let post =
            json!({ "fact": { "title": { "en": "Clerk" }, "kind": "officer", "reason": reason } });
        self.served.post(&self.token, &create, (&id, None), &post)
    }

    /// Waits until the read models hold everything.
    fn level(&self) {
        let scorecard = format!("/scorecard?min_position={}", self.served.length());
        let begun = Instant::now();
        while self.served.get(&self.token, &self.served.at(&scorecard)).status != 200 {
            assert!(begun.elapsed() < BOUND, "the read models stay behind");
        }
    }

    fn read(&self) -> Value {
        self.served.get(&self.token, &self.served.at("/scorecard")).fine()
    }

    /// The guard names a field soon; nothing is written from then on, and reading gives what it gave.
    #[track_caller]
    fn closes(&self, field: &str, before: &Value) {
        let url = self.served.servers.setting("PIPEROLL_POSTGRES_URL");
        let text = "select count(*) from operations.guard_finding where ledger = $1 and field = $2";
        let named = || {
            block_on(async {
                let link = connect(url).await.unwrap();
                let there = "select to_regclass('operations.guard_finding') is not null";
                let there: bool = link.query_one(there, &[]).await.unwrap().get(0);
                if !there {
                    return false;
                }
                let row = link.query_one(text, &[&self.ledger(), &field]).await.unwrap();
                row.get::<_, i64>(0) > 0
            })
        };
        wait_until("the guard names it", BOUND, named);
        let length = self.length();
        for n in 100..110 {
            let refused = self.act(n);
            assert_eq!(refused.status, 503, "{refused:?}");
            // Where there is no stream, what the rule needs can't even be read.
            let code = if length.is_none() { "ledger_unavailable" } else { "ledger_closed" };
            refused.problem(503, code);
        }
        assert_eq!(self.length(), length);
        assert_eq!(self.read()["lines"], before["lines"]);
    }

    /// How long the stream is; none where there is no stream.
    fn length(&self) -> Option<u64> {
        block_on(async {
            let client = raw::client(&self.served.servers, "owner").await;
            raw::length(&client, self.ledger()).await
        })
    }

    /// What the doctor finds, with what to do about it.
    #[track_caller]
    fn doctor_names(&self, found: &str, remedy: &str) {
        let ran = self.served.servers.run(&["doctor", "--ledger", self.ledger()]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        let mut lines = ran.out.lines();
        let named = lines.find(|line| line.starts_with("FINDING") && line.contains(found));
        assert!(named.is_some(), "`{found}` is not named: {}", ran.out);
        let next = lines.next().unwrap_or_default();
        assert!(next.contains(remedy), "`{remedy}` does not stand in: {next}");
    }

    /// The projector has stopped, or stops soon, and says why.
    #[track_caller]
    fn projector_stops(&mut self, words: &str) {
        let (code, said) = self.served.take_projector().end(BOUND);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "`{words}` does not stand in: {said}");
    }
}

#[test]
fn a_stream_that_is_changed_closes_and_opens_when_it_is_put_right() {
    let watched = Watched::over(Servers::shared());
    let before = watched.read();
    let good = configuration(&watched.served.servers, watched.ledger());
    let mut changed = good.clone();
    changed["max_age"] = json!(86_400_000_000_000_u64);
    configure(&watched.served.servers, watched.ledger(), "UPDATE", &changed);
    watched.closes("max_age", &before);
    watched.doctor_names("max_age", "piperoll accept");
    configure(&watched.served.servers, watched.ledger(), "UPDATE", &good);
    let begun = Instant::now();
    while watched.act(4).status != 202 {
        assert!(begun.elapsed() < BOUND, "writing stays closed");
    }
    watched.level();
}

#[test]
fn a_stream_that_is_deleted_or_made_again_is_named_and_nothing_is_written() {
    let mut watched = Watched::over(Servers::shared());
    let before = watched.read();
    let good = configuration(&watched.served.servers, watched.ledger());
    delete(&watched.served.servers, watched.ledger());
    watched.closes("stream", &before);
    watched.doctor_names("stream", "restore it from its backup");
    configure(&watched.served.servers, watched.ledger(), "CREATE", &good);
    watched.closes("created", &before);
    assert_eq!(watched.length(), Some(0));
    watched.doctor_names("scorecard", "compare the stream with its copy");
    watched.projector_stops("its stream was made anew");
}

#[test]
fn a_stream_that_lost_its_beginning_is_named_and_nothing_is_written() {
    let watched = Watched::over(Servers::shared());
    let before = watched.read();
    let good = configuration(&watched.served.servers, watched.ledger());
    let mut changed = good.clone();
    changed["max_msgs"] = json!(100);
    changed["discard"] = json!("old");
    configure(&watched.served.servers, watched.ledger(), "UPDATE", &changed);
    configure(&watched.served.servers, watched.ledger(), "UPDATE", &good);
    watched.closes("first_position", &before);
    watched.doctor_names("first_position", "restore the ledger from its backup");
    let mut watched = watched;
    // Whoever reads anew sees it at once; who follows live has read what is gone.
    watched.served.stop_projecting();
    watched.served.project();
    watched.projector_stops("position 1 is missing");
}

#[test]
fn a_stream_whose_end_is_lost_is_named_and_nothing_is_written() {
    let mut watched = Watched::over(Servers::own("behind"));
    let state = PathBuf::from(watched.served.servers.setting("PIPEROLL_STATE"));
    // Of each server, its store and where a copy of it lies.
    let member = |name: &&str| {
        let home = state.parent().unwrap().join(name);
        (home.join("jetstream"), home.join("aside"))
    };
    let stores: Vec<_> = watched.served.servers.members().iter().map(member).collect();
    watched.served.servers.kill("nats");
    for (store, aside) in &stores {
        std::fs::create_dir(aside).unwrap();
        copy(store, aside);
    }
    watched.served.servers.up();
    let begun = Instant::now();
    while watched.act(5).status != 202 {
        assert!(begun.elapsed() < BOUND, "writing does not go on");
    }
    watched.level();
    let before = watched.read();
    // The disks of an hour ago: the same stream, made at the same instant, and shorter.
    watched.served.servers.kill("nats");
    for (store, aside) in &stores {
        std::fs::remove_dir_all(store).unwrap();
        std::fs::rename(aside, store).unwrap();
    }
    watched.served.servers.up();
    watched.closes("last_position", &before);
    watched.doctor_names("scorecard", "compare the stream with its copy");
    watched.projector_stops("its end is lost");
}
