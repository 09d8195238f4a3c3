//! The server killed between a request and its answer: whoever asks again leaves one fact.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::conventions::post;
use super::{MOST, Served};
use crate::support::raw;

/// How a round kills the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// As soon as the request is on its way.
    Sent,
    /// As soon as the event stands in the ledger.
    Recorded,
    /// With the first byte of the answer.
    Answered,
}

#[test]
fn a_request_repeated_after_its_server_was_killed_is_one_fact() {
    let mut served = Served::new();
    let token = served.token("Ann", MOST);
    for (n, when) in [When::Sent, When::Recorded, When::Answered, When::Sent].iter().enumerate() {
        let id = format!("{n:032x}");
        let path = served.at(&format!("/posts/{id}/create"));
        let body = post("Killed");
        let length = served.length();
        served.get(&token, &served.at("/events/1")).fine();
        send_and_kill(&mut served, &token, (&path, &id), &body, (*when, length));
        served.serve(&[]);
        let again = served.post(&token, &path, (&id, None), &body).accepted();
        let outcome = again["outcome"].as_str().unwrap();
        let allowed: &[&str] = match when {
            When::Sent => &["recorded", "repeated"],
            When::Recorded | When::Answered => &["repeated"],
        };
        assert!(allowed.contains(&outcome), "{when:?}: {again}");
        assert_eq!(served.length(), length + 1, "{when:?}");
        let stream = raw::read(&served.servers, &served.body.ledger);
        let subject = format!("piperoll.{}.post.{id}", served.body.ledger);
        assert_eq!(stream.iter().filter(|message| message.subject == subject).count(), 1);
    }
}

/// Sends a request by hand and kills the server before the answer is read.
fn send_and_kill(
    served: &mut Served,
    token: &str,
    (path, key): (&str, &str),
    body: &Value,
    (when, length): (When, u64),
) {
    let body = serde_json::to_vec(body).unwrap();
    let host = served.base.strip_prefix("http://").unwrap().to_owned();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&host).unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let begun = Instant::now();
    match when {
        When::Sent => {}
        When::Recorded => {
            while served.length() == length {
                assert!(begun.elapsed() < Duration::from_secs(20), "nothing is recorded");
            }
        }
        When::Answered => {
            stream.read_exact(&mut [0; 1]).unwrap();
        }
    }
    served.take_program().kill();
}
