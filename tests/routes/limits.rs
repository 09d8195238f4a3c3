//! How much is served: how fast one person may ask, how long a request may take, how many at once; and
//! the numbers that tell of it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::conventions::post;
use super::{Heard, MOST, Out, Served};
use crate::journeys::examining::keep_for;

#[test]
fn whoever_asks_too_fast_waits_and_others_do_not() {
    let served = Served::with(&["--per-second", "1"]);
    let (ann, bob) = (served.token("Ann", MOST), served.token("Bob", MOST));
    let path = served.at("/questions");
    let slowed = loop {
        let heard = served.get(&ann, &path);
        if heard.status != 200 {
            break heard;
        }
    };
    slowed.problem(429, "too_fast");
    let wait: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    served.get(&bob, &path).fine();
}

#[test]
fn what_is_too_much_or_takes_too_long_is_put_off_and_the_service_still_says_that_it_lives() {
    let mut served = Served::new();
    let token = served.token("Ann", MOST);
    let path = served.at("/scorecard");
    for (flag, code) in [("--at-once", "busy"), ("--request-ms", "took_too_long")] {
        served.take_program().kill();
        served.serve(&[flag, "0"]);
        let put_off = served.get(&token, &path);
        put_off.problem(503, code);
        assert_eq!(put_off.header("retry-after"), Some("1"));
        if flag == "--at-once" {
            served.send("GET", "/livez", &Out::default()).fine();
        }
    }
}

#[test]
fn the_numbers_name_templates_and_outcomes_and_nobody() {
    let served = Served::new();
    let token = served.token("Ann Uncommon", MOST);
    served.get(&token, &served.at("/scorecard?known_at=2022-06-01")).fine();
    let id = "0123456789abcdef0123456789abcdef";
    let create = served.at(&format!("/posts/{id}/create"));
    served.post(&token, &create, ("k", None), &post("Clerk")).accepted();
    served.post(&token, &create, ("k", None), &post("Clerk")).accepted();
    served.post(&token, &create, ("l", None), &post("Other")).problem(422, "exists");
    let heard = served.send("GET", "/metrics", &Out::default());
    assert_eq!(heard.status, 200);
    assert!(heard.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(heard.bytes).unwrap();
    let template = "/api/v1/ledgers/{ledger}/scorecard";
    let has =
        |parts: &[&str]| text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    let asked =
        ["http_server_request_duration_seconds_count", "\"GET\"", template, "\"200\"", " 1"];
    assert!(has(&asked), "{text}");
    for outcome in ["recorded", "repeated", "rejected"] {
        assert!(has(&["piperoll_acts_total", "post.create", outcome, " 1"]), "{text}");
    }
    for name in ["Uncommon", id] {
        assert!(!text.contains(name), "`{name}` stands in the numbers");
    }
    let label = format!("ledger=\"{}\"", served.body.ledger);
    let elsewhere = text.replace(&label, "").contains(&*served.body.ledger);
    assert!(text.contains(&label) && !elsewhere, "a ledger is named by its label alone: {text}");
    let ready = served.send("GET", "/readyz", &Out::default()).fine();
    let part = &ready["parts"][format!("{}/scorecard", served.body.ledger)];
    assert_eq!(part["state"], json!("ready"));
}

#[test]
fn too_many_acts_are_put_off_by_name_and_reads_go_on() {
    let served = Served::with(&["--acts-at-once", "0"]);
    let token = served.token("Ann", MOST);
    let create = served.at("/posts/0123456789abcdef0123456789abcdef/create");
    let length = served.length();
    let put_off = served.post(&token, &create, ("k", None), &post("Clerk"));
    put_off.problem(503, "too_many_acts");
    assert_eq!(put_off.header("retry-after"), Some("1"));
    assert_eq!(served.length(), length);
    served.get(&token, &served.at("/scorecard")).fine();
    let numbers = String::from_utf8(served.send("GET", "/metrics", &Out::default()).bytes);
    let counted = "piperoll_requests_refused_total{reason=\"too_many_acts\"} 1";
    assert!(numbers.unwrap().lines().any(|line| line == counted));
}

/// Acts again and again, each time otherwise, until the answer is one of this status.
fn act_until(served: &Served, token: &str, name: &str, status: u16) -> Heard {
    let begun = Instant::now();
    for n in 0.. {
        let id = format!("{n:032x}");
        let create = served.at(&format!("/posts/{id}/create"));
        let heard = served.post(token, &create, (&format!("{name}-{n}"), None), &post(name));
        if heard.status == status {
            return heard;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "never {status}: {heard:?}");
    }
    unreachable!("it is asked for ever")
}

#[test]
fn a_stream_changed_while_it_is_served_is_written_no_more_and_still_read_until_it_is_put_right() {
    let served = Served::with(&["--guard-seconds", "1"]);
    let token = served.token("Ann", MOST);
    act_until(&served, &token, "Before", 202);
    keep_for(&served.servers, &served.body, 86_400_000_000_000);
    let closed = act_until(&served, &token, "Changed", 503);
    let problem = closed.problem(503, "ledger_closed");
    assert!(!problem.to_string().contains("max_age"), "it tells of what stands behind: {problem}");
    let length = served.length();
    let ready = served.send("GET", "/readyz", &Out::default()).fine();
    let part = |name: &str| ready["parts"][format!("{}/{name}", served.body.ledger)].clone();
    assert_eq!(part("guard")["guard"], json!("closed"), "{ready}");
    assert_eq!(part("guard")["findings"], json!(["max_age"]));
    assert_eq!(part("writing")["state"], json!("not_ready"));
    assert_eq!(part("reading")["state"], json!("ready"));
    let numbers = served.send("GET", "/metrics", &Out::default());
    let numbers = String::from_utf8(numbers.bytes).unwrap();
    let shut = format!("piperoll_guard_open{{ledger=\"{}\"}} 0", served.body.ledger);
    assert!(numbers.lines().any(|line| line == shut), "{numbers}");
    let create = served.at("/posts/0123456789abcdef0123456789abcdef/create");
    served.post(&token, &create, ("closed", None), &post("P")).problem(503, "ledger_closed");
    assert_eq!(served.length(), length);
    served.get(&token, &served.at("/scorecard")).fine();
    keep_for(&served.servers, &served.body, 0);
    let begun = Instant::now();
    while served.post(&token, &create, ("closed", None), &post("P")).status != 202 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it stays closed");
    }
    assert_eq!(served.length(), length + 1);
}
