//! What operators fear: everything lost and put back; a stream changed, deleted, cut behind the
//! service's back. Through the program as it runs.

mod memory;
mod refusing;
mod restoring;
mod streams;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::ask_raw;
use crate::support::program::{Servers, block_on};
use crate::support::raw;

/// Deletes a ledger's stream by hand, as the owner can.
pub(crate) fn delete(servers: &Servers, ledger: &str) {
    block_on(async {
        let client = raw::client(servers, "owner").await;
        let subject = format!("$JS.API.STREAM.DELETE.piperoll_{ledger}");
        let answer = client.request(subject, Vec::new().into()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert_eq!(answer["success"], true, "{answer}");
    });
}

/// How a ledger's stream is configured.
pub(crate) fn configuration(servers: &Servers, ledger: &str) -> Value {
    block_on(async {
        let client = raw::client(servers, "owner").await;
        let subject = format!("$JS.API.STREAM.INFO.piperoll_{ledger}");
        ask_raw(&client, subject, &json!({})).await["config"].take()
    })
}

/// Makes or changes a stream by hand: `CREATE` or `UPDATE`.
pub(crate) fn configure(servers: &Servers, ledger: &str, verb: &str, config: &Value) {
    block_on(async {
        let client = raw::client(servers, "owner").await;
        let subject = format!("$JS.API.STREAM.{verb}.piperoll_{ledger}");
        let answer = ask_raw(&client, subject, config).await;
        assert_eq!(answer["error"], Value::Null, "{config}");
    });
}

/// Copies a folder with everything in it, owners and modes as well.
pub(crate) fn copy(from: &Path, to: &Path) {
    let from = format!("{}/.", from.display());
    let copied = Command::new("cp").args(["-a", &from]).arg(to).status().unwrap();
    assert!(copied.success(), "{from} could not be copied");
}

/// A ledger's messages but for the order of headers, which means nothing.
pub(crate) fn messages(
    servers: &Servers,
    ledger: &str,
) -> Vec<(u64, String, Vec<String>, Vec<u8>)> {
    let messages = raw::read(servers, ledger).into_iter();
    let plain = |message: raw::Message| {
        let mut headers: Vec<String> = message.headers.lines().map(str::to_owned).collect();
        headers.sort();
        (message.position, message.subject, headers, message.body)
    };
    messages.map(plain).collect()
}
