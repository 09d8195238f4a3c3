//! A server whose servers go away and come back: it says so, blames nobody, and goes on by itself.

use std::time::{Duration, Instant};

use super::conventions::post;
use super::{Heard, MOST, Out, Served};
use crate::support::held::Held;
use crate::support::program::Servers;

const BOUND: Duration = Duration::from_mins(1);

#[test]
fn what_is_away_is_named_nothing_is_our_fault_and_all_goes_on_when_it_is_back() {
    let served = Served::over(Servers::own("outage"), &[]);
    let token = served.token("Ann", MOST);
    let acts = |n: u8| {
        let id = format!("{n:032x}");
        let create = served.at(&format!("/posts/{id}/create"));
        served.post(&token, &create, (&id, None), &post("Clerk"))
    };
    let asks = || served.get(&token, &served.at("/scorecard"));
    let open = |path: &str| served.send("GET", path, &Out::default());
    asks().fine();
    acts(1).accepted();
    open("/readyz").fine();
    for (n, server) in (2..).zip(["postgres", "nats"]) {
        served.servers.kill(server);
        let told = ready_until(open, |parts| parts[server]["state"] == "not_ready");
        // Without Postgres nothing can be done; without NATS what stands is still read.
        assert_eq!(told.status, if server == "postgres" { 503 } else { 200 }, "{told:?}");
        let parts = told.json()["parts"].clone();
        let part = |name: &str| parts[format!("{}/{name}", served.body.ledger)]["state"].clone();
        assert_eq!(part("writing"), "not_ready", "{parts}");
        let reading = if server == "postgres" { "not_ready" } else { "ready" };
        assert_eq!(part("reading"), reading, "{parts}");
        let down = format!("piperoll_dependency_up{{dependency=\"{server}\"}} 0");
        let numbers = String::from_utf8(open("/metrics").bytes).unwrap();
        assert!(numbers.lines().any(|line| line == down), "{numbers}");
        open("/livez").fine();
        let put_off = until(503, || acts(n));
        let code = put_off.json()["code"].as_str().unwrap().to_owned();
        put_off.problem(503, &code);
        assert!(put_off.header("retry-after").is_some(), "{put_off:?}");
        if server == "postgres" {
            until(503, asks).problem(503, "database_unavailable");
        } else {
            asks().fine();
        }
        served.servers.up();
        ready_until(open, |parts| parts["nats"]["state"] == parts["postgres"]["state"]);
        until(200, || open("/readyz"));
        // Whatever became of the request that was put off, repeated it is one fact.
        until(202, || acts(n));
        until(200, asks);
    }
    let events = served.get(&token, &served.at("/events?limit=500")).fine();
    let created = |event: &&serde_json::Value| event["event"]["type"] == "piperoll.post.created.v1";
    assert_eq!(events["items"].as_array().unwrap().iter().filter(created).count(), 3);
}

#[test]
fn a_postgres_that_says_nothing_is_named_puts_everything_off_in_time_and_is_waited_for() {
    let road = Held::to(Servers::shared().setting("PIPEROLL_POSTGRES_URL"));
    let servers = Servers::shared().by("PIPEROLL_POSTGRES_URL", &road.url);
    let served = Served::over(servers, &["--request-ms", "6000"]);
    let token = served.token("Ann", MOST);
    let create = served.at("/posts/0123456789abcdef0123456789abcdef/create");
    let act = || served.post(&token, &create, ("held", None), &post("Clerk"));
    let asks = || served.get(&token, &served.at("/scorecard"));
    let open = |path: &str| served.send("GET", path, &Out::default());
    asks().fine();
    ready_until(open, |parts| parts["postgres"]["state"] == "ready");
    let length = served.length();
    road.hold();
    for put_off in [asks(), act()] {
        put_off.problem(503, "took_too_long");
        assert!(put_off.header("retry-after").is_some(), "{put_off:?}");
    }
    let unready = ready_until(open, |parts| parts["postgres"]["state"] == "not_ready");
    let problem = unready.problem(503, "not_ready");
    assert_eq!(problem["parts"]["nats"]["state"], "ready", "{problem}");
    open("/livez").fine();
    let numbers = String::from_utf8(open("/metrics").bytes).unwrap();
    let down = "piperoll_dependency_up{dependency=\"postgres\"} 0";
    assert!(numbers.lines().any(|line| line == down), "{numbers}");
    road.let_go();
    until(200, || open("/readyz"));
    until(202, act);
    until(200, asks);
    assert_eq!(served.length(), length + 1, "the act that was put off and repeated is one fact");
}

/// Asks how it stands until the parts are as wanted.
#[track_caller]
pub(crate) fn ready_until(
    open: impl Fn(&str) -> Heard,
    wanted: impl Fn(&serde_json::Value) -> bool,
) -> Heard {
    let begun = Instant::now();
    loop {
        let heard = open("/readyz");
        if wanted(&heard.json()["parts"]) {
            return heard;
        }
        assert!(begun.elapsed() < BOUND, "never: {heard:?}");
    }
}

/// Asks again until the answer has a status; none in between may be a fault of ours.
#[track_caller]
fn until(status: u16, ask: impl Fn() -> Heard) -> Heard {
    let begun = Instant::now();
    loop {
        let heard = ask();
        if heard.status == status {
            return heard;
        }
        assert_ne!(heard.status, 500, "{heard:?}");
        assert!(begun.elapsed() < BOUND, "never {status}: {heard:?}");
    }
}
