//! Requests that mean no good, or are no requests: each has its code, none leaves a trace, none is a
//! fault of ours.

use serde_json::{Value, json};

use super::conventions::post;
use super::story::example;
use super::{MOST, Out, Served};

const POST: &str = "0123456789abcdef0123456789abcdef";
const MOST_BYTES: usize = 256 * 1024;

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// A post whose title is written as given.
fn titled(title: &str) -> Vec<u8> {
    String::from_utf8(bytes(&post("@"))).unwrap().replace("\"@\"", title).into_bytes()
}

fn nested(depth: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    format!("{{\"fact\":{open}{close}}}").into_bytes()
}

/// A body of exactly so many bytes.
fn long(bytes: usize) -> Vec<u8> {
    let mut body = titled("\"P\"");
    body.resize(bytes, b' ');
    body
}

#[test]
fn a_body_that_is_none_is_refused_with_its_code_and_leaves_nothing() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let path = served.at(&format!("/posts/{POST}/create"));
    let length = served.length();
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, "malformed_body"),
        (b"{".to_vec(), 400, "malformed_body"),
        (b"{} {}".to_vec(), 400, "malformed_body"),
        (b"{\"fact\":NaN}".to_vec(), 400, "malformed_body"),
        (b"\xEF\xBB\xBF{}".to_vec(), 400, "malformed_body"),
        (b"{\"fact\":\"\xFF\"}".to_vec(), 400, "malformed_body"),
        (b"[]".to_vec(), 400, "wrong_body"),
        (b"null".to_vec(), 400, "wrong_body"),
        (b"{}".to_vec(), 400, "wrong_body"),
        (b"{\"fact\":{},\"fact\":{}}".to_vec(), 400, "duplicate_name"),
        (b"{\"fact\":{\"a\":1,\"\\u0061\":2}}".to_vec(), 400, "duplicate_name"),
        (b"{\"fact\":1.5}".to_vec(), 400, "number_outside_profile"),
        (b"{\"fact\":1e400}".to_vec(), 400, "number_outside_profile"),
        (b"{\"fact\":99999999999999999999}".to_vec(), 400, "number_outside_profile"),
        (nested(64), 400, "nested_too_deeply"),
        (nested(60_000), 400, "nested_too_deeply"),
        (long(MOST_BYTES + 1), 413, "body_too_large"),
        (titled("\"a\\u0000b\""), 400, "wrong_body"),
        (titled("\"a\\u202eb\""), 400, "wrong_body"),
        (titled("\"a\u{202e}b\""), 400, "wrong_body"),
        (titled("\"a\\ud800b\""), 400, "malformed_body"),
        (titled("\"\""), 400, "wrong_body"),
        (titled("7"), 400, "wrong_body"),
        (titled(&format!("\"{}\"", "x".repeat(501))), 400, "wrong_body"),
        (bytes(&json!({ "fact": post("P")["fact"], "more": 1 })), 400, "wrong_body"),
        (bytes(&json!({ "fact": post("P")["fact"], "post": POST })), 400, "wrong_body"),
        (bytes(&json!({ "fact": post("P")["fact"], "ledger": "x" })), 400, "wrong_body"),
    ];
    for (body, status, code) in cases {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let headers = vec![("idempotency-key", "k")];
        let heard =
            served.send("POST", &path, &Out { token: Some(&token), headers, body: Some(body) });
        assert_eq!((heard.status, &heard.json()["code"]), (status, &json!(code)), "{shown}");
        heard.problem(status, code);
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let headers = vec![("idempotency-key", "k"), ("content-type", kind)];
        let out = Out { token: Some(&token), headers, body: Some(bytes(&post("P"))) };
        served.send("POST", &path, &out).problem(415, "unsupported_media_type");
    }
    assert_eq!(served.length(), length);
    // The longest that there may be, and another way to write the type.
    let headers =
        vec![("idempotency-key", "k"), ("content-type", "Application/JSON; charset=utf-8")];
    let out = Out { token: Some(&token), headers, body: Some(long(MOST_BYTES)) };
    served.send("POST", &path, &out).accepted();
    assert_eq!(served.length(), length + 1);
}

#[test]
fn a_path_reaches_nothing_but_what_it_names() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let length = served.length();
    let ask = |id: &str| {
        let path = served.at(&format!("/posts/{id}/create"));
        served.post(&token, &path, ("k", None), &post("P"))
    };
    for id in [
        "%2a",
        "%3e",
        "*",
        "a.b",
        "%2e%2e",
        "x%00y",
        "0123456789ABCDEF0123456789ABCDEF",
        "01234567-89ab-cdef-0123-456789abcdef",
        &"0".repeat(31),
        &"0".repeat(33),
        "%0d%0a",
        "0123456789abcdef0123456789abcde%20",
        "%E2%80%AE",
        "piperoll.other.post.x",
    ] {
        ask(id).problem(400, "malformed_id");
    }
    // What no route takes is read to its end all the same: the connection goes on with the next.
    for id in ["%ff", "a%2fb", "a/b", ""] {
        for _ in 0..50 {
            let heard = ask(id);
            assert!(matches!(heard.status, 400 | 404), "{id}: {heard:?}");
        }
    }
    for ledger in ["%2a", "other.ledger", "%3e", "NORTHMOOR", "a%20b", "%00"] {
        let path = format!("/api/v1/ledgers/{ledger}/scorecard");
        served.get(&token, &path).problem(404, "no_such_ledger");
    }
    for at in ["0", "999999", "18446744073709551615"] {
        let path = served.at(&format!("/events/{at}"));
        served.get(&token, &path).problem(404, "no_such_position");
    }
    for at in ["-1", "1.0", "x", "18446744073709551616", "%2a"] {
        let path = served.at(&format!("/events/{at}"));
        served.get(&token, &path).problem(400, "malformed_position");
    }
    for code in ["%27%3bdrop%20table", "%00", "%E2%80%AE", &"x".repeat(4000)] {
        let path = served.at(&format!("/measures/{code}"));
        served.get(&token, &path).problem(404, "no_such_measure");
    }
    let period = served.at("/measures/NM03/submissions/soon");
    served.get(&token, &period).problem(400, "malformed_period");
    assert_eq!(served.length(), length);
}

#[test]
fn a_quantity_is_taken_as_it_is_written_or_not_at_all() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let measure = served.get(&token, &served.at("/measures/NM02")).fine();
    let measure = measure["line"]["measure"]["measure"].as_str().unwrap().to_owned();
    let path = served.at(&format!("/measures/{measure}/submissions/FY2024-Q2/submit"));
    let length = served.length();
    let ask = |value: Value| {
        let body = json!({ "cells": [{ "value": value }] });
        served.post(&token, &path, ("k", None), &body)
    };
    for value in [
        json!("NaN"),
        json!("1e5"),
        json!("1,000"),
        json!(" 1"),
        json!("+1"),
        json!(""),
        json!("9".repeat(60)),
        json!("0.".to_owned() + &"1".repeat(60)),
        json!(1),
        json!(true),
        json!("\u{0661}"),
        json!("1\u{0}"),
    ] {
        ask(value.clone()).problem(400, "wrong_body");
    }
    ask(json!(1.5)).problem(400, "number_outside_profile");
    let words =
        json!({ "cells": [{ "value": "1" }], "commentary": { "sealed": {}, "digest": "0" } });
    served.post(&token, &path, ("k", None), &words).problem(400, "wrong_body");
    assert_eq!(served.length(), length);
    let value = "-0.10";
    ask(json!(value)).accepted();
    assert_eq!(served.length(), length + 1);
}

#[test]
fn another_ledgers_ids_tokens_and_cursors_are_nothing_here_and_leave_nothing() {
    let (theirs, ours) = (Served::new(), Served::new());
    let (ann, bob) = (theirs.token("Ann", MOST), ours.token("Bob", MOST));
    let id = |n: u32| format!("{n:032x}");
    let (framework, area, measure) = (id(0xFA), id(0xAA), id(0xEA));
    let within = json!({ "framework": framework, "places": [{ "area": area }] });
    let acts = [
        (format!("/frameworks/{framework}/adopt"), example("framework.adopted.v1.1", &json!({}))),
        (
            format!("/areas/{area}/add"),
            example("area.added.v1", &json!({ "framework": framework })),
        ),
        (format!("/measures/{measure}/adopt"), example("measure.adopted.v1.1", &within)),
        (format!("/posts/{POST}/create"), post("Clerk")),
    ];
    for (n, (path, body)) in acts.iter().enumerate() {
        theirs.post(&ann, &theirs.at(path), (&format!("k{n}"), None), body).accepted();
    }
    let lengths = || (theirs.length(), ours.length());
    let before = lengths();
    // What stands there is unknown here.
    let hold = json!({ "fact": { "holder": POST, "basis": "acting", "from": "2024-01-01",
        "reason": { "code": "none_recorded" } } });
    let change = json!({ "key": { "period": "FY2022", "tier": "expected" },
        "new": { "shape": "standing", "level": { "at": "1" } },
        "reason": { "code": "source_revised" },
        "authority": { "kind": "body_decision", "body": "Council", "decided_on": "2022-05-19",
            "reference": "Minute 14" } });
    let refused = [
        (format!("/measures/{measure}/change-target"), &change, "no_target"),
        (format!("/posts/{POST}/hold"), &hold, "missing"),
    ];
    for (path, body, code) in refused {
        ours.post(&bob, &ours.at(&path), (&path, Some(1)), body).problem(422, code);
    }
    ours.get(&bob, &ours.at(&format!("/measures/{measure}"))).problem(404, "no_such_measure");
    // Whoever is let in there is not let in here, nor the other way round.
    ours.post(&ann, &ours.at(&acts[3].0), ("k", None), &acts[3].1).problem(404, "no_such_ledger");
    ours.get(&ann, &ours.at("/scorecard")).problem(404, "no_such_ledger");
    // Where a list goes on there is nowhere here.
    let list = theirs.get(&ann, &theirs.at("/events?limit=2")).fine();
    let cursor = list["next"].as_str().unwrap();
    let on = ours.at(&format!("/events?limit=2&cursor={cursor}"));
    ours.get(&bob, &on).problem(400, "unknown_cursor");
    assert_eq!(lengths(), before);
    // A request played again is the fact that it was, whoever sends it a second time.
    for (n, (path, body)) in acts.iter().enumerate() {
        let again = theirs.post(&ann, &theirs.at(path), (&format!("k{n}"), None), body);
        assert_eq!(again.accepted()["outcome"], "repeated");
    }
    assert_eq!(lengths(), before);
}
