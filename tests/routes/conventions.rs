//! What every client may rely on: keys, positions, tags, cursors, tokens, and the end of a server.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Heard, MOST, Out, Served};

const POST: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "1123456789abcdef0123456789abcdef";

/// A post of that title.
pub(super) fn post(title: &str) -> Value {
    let reason = json!({ "code": "none_recorded" });
    json!({ "fact": { "title": { "en": title }, "kind": "officer", "reason": reason } })
}

/// The measure's id behind a code.
fn measure(served: &Served, token: &str) -> String {
    let answer = served.get(token, &served.at("/measures/NM02")).fine();
    answer["line"]["measure"]["measure"].as_str().unwrap().to_owned()
}

fn change(at: &str) -> Value {
    json!({ "key": { "period": "FY2023-Q3", "tier": "expected" },
        "new": { "shape": "point", "level": { "at": at } },
        "reason": { "code": "error" } })
}

#[test]
fn a_key_repeated_gives_the_first_answer_and_a_key_used_otherwise_is_refused() {
    let served = Served::new();
    let (ann, bob) = (served.token("Ann", MOST), served.token("Bob", MOST));
    let create = served.at(&format!("/posts/{POST}/create"));
    let ask = |token: &str, path: &str, key: &str, body: &Value| {
        served.post(token, path, (key, None), body)
    };
    let length = served.length();
    let first = ask(&ann, &create, "k1", &post("Clerk")).accepted();
    assert_eq!(first["outcome"], "recorded");
    for _ in 0..3 {
        let again = ask(&ann, &create, "k1", &post("Clerk")).accepted();
        let same = |name: &str| again[name] == first[name];
        assert!(again["outcome"] == "repeated" && same("position") && same("event_id"), "{again}");
    }
    // Another body, another thing, another verb.
    ask(&ann, &create, "k1", &post("Other")).problem(409, "idempotency_key_reused");
    let other = served.at(&format!("/posts/{OTHER}/create"));
    ask(&ann, &other, "k1", &post("Clerk")).problem(409, "idempotency_key_reused");
    let hold = served.at(&format!("/posts/{POST}/hold"));
    let held = json!({ "fact": { "holder": POST, "basis": "acting", "from": "2024-01-01",
        "reason": { "code": "none_recorded" } } });
    ask(&ann, &hold, "k1", &held).problem(409, "idempotency_key_reused");
    assert_eq!(served.length(), length + 1);
    // A key is one person's: another's request of the same name is another request.
    assert_eq!(ask(&bob, &create, "k1", &post("Clerk")).accepted()["outcome"], "unchanged");
    ask(&bob, &create, "k2", &post("Other")).problem(422, "exists");
    assert_eq!(served.length(), length + 1);
    let body = Some(serde_json::to_vec(&post("Clerk")).unwrap());
    for (keys, code) in [
        (vec![], "idempotency_key_needed"),
        (vec!["a", "b"], "idempotency_key_needed"),
        (vec![""], "malformed_idempotency_key"),
        (vec!["a b"], "malformed_idempotency_key"),
        (vec![&*"k".repeat(201)], "malformed_idempotency_key"),
    ] {
        let headers = keys.iter().map(|key| ("idempotency-key", *key)).collect();
        let out = Out { token: Some(&ann), headers, body: body.clone() };
        served.send("POST", &create, &out).problem(400, code);
    }
    assert_eq!(served.length(), length + 1);
}

#[test]
fn a_key_used_for_many_things_at_once_stands_for_one_of_them() {
    let served = Served::new();
    let ann = served.token("Ann", MOST);
    let length = served.length();
    let rounds: u64 = 8;
    for round in 0..rounds {
        let key = format!("at once {round}").replace(' ', "-");
        let heard: Vec<Heard> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..16_u64)
                .map(|n| {
                    // Every thing is asked for twice.
                    let id = format!("{:032x}", 0xC0_0000 + round * 100 + n / 2);
                    let (served, ann, key) = (&served, &ann, &key);
                    scope.spawn(move || {
                        let path = served.at(&format!("/posts/{id}/create"));
                        served.post(ann, &path, (key, None), &post("Clerk"))
                    })
                })
                .collect();
            asked.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let accepted = heard.iter().filter(|it| it.status == 202).count();
        assert_eq!(accepted, 2, "{heard:?}");
        for refused in heard.iter().filter(|it| it.status != 202) {
            refused.problem(409, "idempotency_key_reused");
        }
    }
    assert_eq!(served.length(), length + rounds);
}

#[test]
fn of_two_who_change_what_they_read_at_one_position_one_wins_and_the_other_is_told() {
    let served = Served::new();
    let tokens = [served.token("Ann", MOST), served.token("Bob", MOST)];
    let path = served.at(&format!("/measures/{}/change-target", measure(&served, &tokens[0])));
    served
        .post(&tokens[0], &path, ("none", None), &change("1"))
        .problem(428, "precondition_needed");
    for round in 0..12 {
        let read_at = served.length();
        let start = Barrier::new(2);
        let write = |n: usize| {
            let body = change(&format!("{}", 100 + 2 * round + n));
            let key = format!("round-{round}-{n}");
            start.wait();
            served.post(&tokens[n], &path, (&key, Some(read_at)), &body)
        };
        let both: Vec<Heard> = std::thread::scope(|scope| {
            let writers = [0, 1].map(|n| scope.spawn(move || write(n)));
            writers.map(|writer| writer.join().unwrap()).into()
        });
        let (won, lost): (Vec<_>, Vec<_>) = both.iter().partition(|heard| heard.status == 202);
        assert_eq!((won.len(), lost.len()), (1, 1), "round {round}: {both:?}");
        let problem = lost[0].problem(412, "stale");
        assert_eq!(problem["position"], won[0].accepted()["position"]);
        assert_eq!(served.length(), read_at + 1);
    }
    // What came after another thing makes nobody stale; the own act repeated is no staleness.
    let read_at = served.length();
    served.post(&tokens[0], &served.at(&format!("/posts/{POST}/create")), ("p", None), &post("P"));
    let once = served.post(&tokens[0], &path, ("own", Some(read_at)), &change("7")).accepted();
    let again = served.post(&tokens[0], &path, ("own", Some(read_at)), &change("7")).accepted();
    assert_eq!((&again["outcome"], &again["position"]), (&json!("repeated"), &once["position"]));
    let beyond = served.length() + 1;
    let heard = served.post(&tokens[0], &path, ("x", Some(beyond)), &change("8"));
    heard.problem(400, "no_such_position");
    for written in ["12", "*", "W/\"12\"", "\"12\", \"13\"", "\"-1\"", "\"\"", "\"1e3\""] {
        let headers = vec![("idempotency-key", "y"), ("if-match", written)];
        let body = Some(serde_json::to_vec(&change("9")).unwrap());
        let out = Out { token: Some(&tokens[0]), headers, body };
        served.send("POST", &path, &out).problem(400, "malformed_precondition");
    }
}

#[test]
fn an_answer_is_asked_for_once_and_then_only_whether_it_is_the_same() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let path = served.at("/scorecard?known_at=2022-06-01");
    let first = served.get(&token, &path);
    assert_eq!(first.fine()["as_at"]["instant"], "2022-06-01T22:59:59.999999Z");
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let tag = first.header("etag").unwrap();
    let with = |path: &str, tags: &str| {
        let out =
            Out { token: Some(&token), headers: vec![("if-none-match", tags)], ..Out::default() };
        served.send("GET", path, &out)
    };
    for tags in [tag, &format!("\"x\", {tag}"), &format!("W/{tag}"), "*"] {
        let same = with(&path, tags);
        assert_eq!((same.status, same.bytes.len(), same.header("etag")), (304, 0, Some(tag)));
    }
    assert_eq!(with(&path, "\"x\"").status, 200);
    assert_eq!(with(&served.at("/scorecard?known_at=2022-09-01"), tag).status, 200);
    // A date, an instant and a position that mean the same moment.
    let position = first.json()["as_at"]["position"].clone();
    let by_position = served.get(&token, &served.at(&format!("/scorecard?position={position}")));
    assert_eq!(by_position.fine()["lines"], first.json()["lines"]);
    let by_instant = served.at("/scorecard?known_at=2022-06-01T22:59:59.999999Z");
    assert_eq!(served.get(&token, &by_instant).header("etag"), Some(tag));
    for (asked, code) in [
        ("known_at=2022-06-01&position=3", "two_moments"),
        ("known_at=yesterday", "malformed_parameter"),
        ("known_at=2022-06-01&known_at=2022-06-02", "malformed_parameter"),
        ("position=-1", "malformed_parameter"),
        ("position=1.5", "malformed_parameter"),
        ("knownat=2022-06-01", "unknown_parameter"),
        ("period=FY20", "malformed_parameter"),
    ] {
        served.get(&token, &served.at(&format!("/scorecard?{asked}"))).problem(400, code);
    }
    served.get(&token, &served.at("/scorecard?position=999999")).problem(404, "no_such_position");
    served.get(&token, &served.at("/measures/NM99")).problem(404, "no_such_measure");
    let none = served.at("/measures/NM03/submissions/FY1999-Q1");
    served.get(&token, &none).problem(404, "no_such_submission");
    let backwards = "/questions/targets-made-easier?from=2024-01-02&to=2024-01-01";
    served.get(&token, &served.at(backwards)).problem(400, "backwards");
    let other = served.send("DELETE", &path, &Out { token: Some(&token), ..Out::default() });
    other.problem(405, "method_not_allowed");
    assert_eq!(other.header("allow"), Some("GET, HEAD"));
    served.get(&token, "/api/v2/ledgers").problem(404, "no_such_address");
}

#[test]
fn pages_see_the_list_as_the_first_of_them_saw_it_while_it_grows() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let length = served.length();
    let mut path = served.at("/events?limit=90");
    let (mut seen, mut n) = (Vec::new(), 0_u8);
    loop {
        let page = served.get(&token, &path).fine();
        assert_eq!(page["position"], length);
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().all(|it| it["signature"] == "verified" && it["reject"].is_null()));
        seen.extend(items.iter().map(|it| it["position"].as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = served.at(&format!("/events?limit=90&cursor={next}"));
        n += 1;
        let id = format!("{n:032x}");
        let create = served.at(&format!("/posts/{id}/create"));
        served.post(&token, &create, (&id, None), &post("Between")).accepted();
    }
    assert_eq!(seen, (1..=length).collect::<Vec<_>>());
    assert!(served.length() > length);
    // Measures by code, in two pages; a cursor of one list opens no other.
    let all = served.get(&token, &served.at("/measures")).fine();
    let first = served.get(&token, &served.at("/measures?limit=4")).fine();
    let cursor = first["next"].as_str().unwrap();
    let rest = served.get(&token, &served.at(&format!("/measures?cursor={cursor}"))).fine();
    let both: Vec<&Value> =
        [&first, &rest].iter().flat_map(|it| it["items"].as_array().unwrap()).collect();
    assert_eq!(both, all["items"].as_array().unwrap().iter().collect::<Vec<_>>());
    let forged = format!("A{}", &cursor[1..].replace('A', "B"));
    for path in [
        format!("/events?cursor={cursor}"),
        format!("/measures?cursor={forged}"),
        "/measures?cursor=x".to_owned(),
    ] {
        served.get(&token, &served.at(&path)).problem(400, "unknown_cursor");
    }
    let moment = format!("/measures?cursor={cursor}&position=3");
    served.get(&token, &served.at(&moment)).problem(400, "two_moments");
    for limit in ["0", "501", "-1", "x", "99999999999999999999"] {
        let path = served.at(&format!("/events?limit={limit}"));
        served.get(&token, &path).problem(400, "malformed_parameter");
    }
}

#[test]
fn who_has_written_reads_it_or_is_told_to_wait() {
    let mut served = Served::new();
    let token = served.token("Ann", MOST);
    served.get(&token, &served.at("/scorecard")).fine();
    served.stop_projecting();
    let create = served.at(&format!("/posts/{POST}/create"));
    let at = served.post(&token, &create, ("k", None), &post("P")).accepted()["position"].clone();
    let read = served.at(&format!("/scorecard?min_position={at}"));
    let begun = Instant::now();
    let behind = served.get(&token, &read);
    let problem = behind.problem(503, "still_behind");
    assert!(begun.elapsed() >= Duration::from_secs(2), "it did not wait");
    assert_eq!(problem["position"].as_u64().unwrap() + 1, at.as_u64().unwrap());
    assert_eq!(behind.header("retry-after"), Some("1"));
    let exactly = served.at(&format!("/scorecard?position={at}"));
    served.get(&token, &exactly).problem(503, "still_behind");
    served.project();
    let begun = Instant::now();
    while served.get(&token, &read).status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the projector does not catch up");
    }
    assert_eq!(served.get(&token, &exactly).fine()["as_at"]["position"], at);
}

#[test]
fn a_token_that_does_not_count_opens_nothing() {
    let served = Served::new();
    let good = served.token("Ann", MOST);
    let path = served.at("/scorecard");
    let [header, claims, code] = [0, 1, 2].map(|n| good.split('.').nth(n).unwrap());
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let cut = format!("{header}.{claims}.");
    let other = format!("{header}.{claims}.{}", code.chars().rev().collect::<String>());
    for token in [&*none, &cut, &other, "x", ".."] {
        let refused = served.get(token, &path);
        assert_eq!(refused.status, 401, "{token}");
        assert!(refused.header("www-authenticate").is_some());
    }
    for scheme in ["Basic eDp5", "Bearer", "", &good] {
        let out = Out { headers: vec![("authorization", scheme)], ..Out::default() };
        assert_eq!(served.send("GET", &path, &out).status, 401, "{scheme}");
    }
    let ledger = &served.body.ledger;
    let old = ["token", "--ledger", ledger, "--name", "Ann", "--role", "officer", "--minutes", "0"];
    let old = served.servers.fine(&old).trim().to_owned();
    let begun = Instant::now();
    loop {
        let heard = served.get(&old, &path);
        if heard.status == 401 {
            heard.problem(401, "token_expired");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it never expires");
    }
    // Readable by an auditor, and nobody's to change by one.
    let auditor = served.token("Aud", &["internal_auditor"]);
    served.get(&auditor, &path).fine();
    let create = served.at(&format!("/posts/{POST}/create"));
    served.post(&auditor, &create, ("k", None), &post("P")).problem(403, "not_allowed");
    // What a role may not read is withheld, and that is said.
    let figure = format!("/measures/{}/submissions/FY2024-Q2", measure(&served, &good));
    let body = json!({ "cells": [{ "value": "40.1" }], "commentary": "Not for everybody." });
    let submit = served.at(&format!("{figure}/submit"));
    let at = served.post(&good, &submit, ("s", None), &body).accepted()["position"].clone();
    let keeper = served.token("Kay", &["framework_admin"]);
    let read = served.at(&format!("{figure}?min_position={at}"));
    let opened = json!({ "state": "open", "text": "Not for everybody." });
    assert_eq!(served.get(&good, &read).fine()["commentary"], opened);
    let kept = served.get(&keeper, &read);
    assert_eq!(kept.fine()["commentary"], json!({ "state": "withheld" }));
    assert!(!String::from_utf8_lossy(&kept.bytes).contains("everybody"));
}

#[test]
fn a_server_that_is_asked_to_stop_ends_well() {
    let mut served = Served::new();
    let token = served.token("Ann", MOST);
    served.get(&token, &served.at("/scorecard")).fine();
    let program = served.take_program();
    program.terminate();
    let (code, said) = program.end(Duration::from_secs(20));
    assert_eq!((code, &*said), (Some(0), ""));
}
