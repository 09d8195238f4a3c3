//! A ledger's stream as NATS holds it, read by hand and past everything of ours.

use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::program::{Servers, block_on};

/// How long one answer may take, and how long there may be none.
const PATIENCE: Duration = Duration::from_millis(250);
const BOUND: Duration = Duration::from_secs(30);

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) position: u64,
    pub(crate) subject: String,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The request that it came from.
    pub(crate) fn command_id(&self) -> String {
        let id = &self.json()["data"]["record"]["command_id"];
        id.as_str().unwrap().to_owned()
    }

    /// One of its headers.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ str| line.strip_prefix(name)?.strip_prefix(':').map(str::len);
        let line = self.headers.lines().find(|line| value(line).is_some())?;
        Some(line[name.len() + 1..].trim())
    }
}

/// A connection as one of the users, by hand.
pub(crate) async fn client(servers: &Servers, user: &str) -> async_nats::Client {
    let name = format!("PIPEROLL_NATS_{}_URL", user.to_uppercase());
    let urls = servers.setting(&name).split(',');
    connect(user, urls.map(|url| url.parse().unwrap()).collect()).await
}

/// The same to the server on one port and no other.
pub(crate) async fn client_at(servers: &Servers, user: &str, port: u64) -> async_nats::Client {
    let name = format!("PIPEROLL_NATS_{}_URL", user.to_uppercase());
    let place = format!(":{port}");
    let url = servers.setting(&name).split(',').find(|url| url.ends_with(&place)).unwrap();
    connect(user, vec![url.parse().unwrap()]).await
}

async fn connect(user: &str, all: Vec<async_nats::ServerAddr>) -> async_nats::Client {
    let (name, password) = (all[0].username().unwrap(), all[0].password().unwrap());
    async_nats::ConnectOptions::with_user_and_password(name.to_owned(), password.to_owned())
        .custom_inbox_prefix(format!("_INBOX_{user}"))
        .ignore_discovered_servers()
        .connect(&all[..])
        .await
        .unwrap()
}

/// How many messages a ledger's stream holds; none: there is no stream.
pub(crate) async fn length(client: &async_nats::Client, ledger: &str) -> Option<u64> {
    info(client, ledger).await["state"]["last_seq"].as_u64()
}

/// What NATS says of a ledger's stream: all of it, or that there is none. Three servers say nothing of a
/// stream, or that they can't say, while it is made and while it has no leader.
pub(crate) async fn info(client: &async_nats::Client, ledger: &str) -> Value {
    const NO_STREAM: u64 = 10_059;
    let begun = Instant::now();
    loop {
        let subject = format!("$JS.API.STREAM.INFO.piperoll_{ledger}");
        let answer = ask_once(client, subject, &json!({})).await;
        if answer.get("error").is_none() || answer["error"]["err_code"] == NO_STREAM {
            return answer;
        }
        assert!(begun.elapsed() < BOUND, "nothing is said of {ledger}: {answer}");
    }
}

/// The number of the server (`nats-1` is 1) that leads a ledger's stream, once one does.
pub(crate) async fn leader(client: &async_nats::Client, ledger: &str) -> u64 {
    let begun = Instant::now();
    loop {
        let info = info(client, ledger).await;
        if let Some((_, number)) =
            info["cluster"]["leader"].as_str().and_then(|name| name.rsplit_once('-'))
        {
            return number.parse().unwrap();
        }
        assert!(begun.elapsed() < BOUND, "nobody leads {ledger}: {info}");
    }
}

/// Every message of a ledger's stream, in order.
pub(crate) fn read(servers: &Servers, ledger: &str) -> Vec<Message> {
    read_past(servers, ledger, 0)
}

/// The same once the stream reaches a position of which somebody was told: a leader that was just chosen
/// has still to take in what the one before acknowledged.
pub(crate) fn read_past(servers: &Servers, ledger: &str, told: u64) -> Vec<Message> {
    block_on(async {
        let client = client(servers, "owner").await;
        let begun = Instant::now();
        let length = loop {
            let length = length(&client, ledger).await.unwrap();
            if length >= told {
                break length;
            }
            assert!(begun.elapsed() < BOUND, "{ledger} ends at {length}, and {told} was told");
        };
        let one = |position| read_one(&client, ledger, position);
        stream::iter(1..=length).map(one).buffered(32).collect().await
    })
}

/// One message, which has to be there: waited for while the servers can't say or have it on its way.
pub(crate) async fn read_one(client: &async_nats::Client, ledger: &str, position: u64) -> Message {
    let begun = Instant::now();
    let answer = loop {
        let subject = format!("$JS.API.STREAM.MSG.GET.piperoll_{ledger}");
        let answer = ask_once(client, subject, &json!({ "seq": position })).await;
        if answer.get("message").is_some() {
            break answer;
        }
        assert!(begun.elapsed() < BOUND, "position {position} of {ledger}: {answer}");
    };
    let message = &answer["message"];
    let bytes = |name: &str| {
        let text = message[name].as_str().unwrap_or_default();
        BASE64_STANDARD.decode(text).unwrap()
    };
    Message {
        position: message["seq"].as_u64().unwrap(),
        subject: message["subject"].as_str().unwrap().to_owned(),
        headers: String::from_utf8(bytes("hdrs")).unwrap(),
        body: bytes("data"),
    }
}

/// Asks NATS once; where nobody answers in time, that is the answer's error.
async fn ask_once(client: &async_nats::Client, subject: String, question: &Value) -> Value {
    let question = question.to_string().into();
    let ask = async_nats::Request::new().payload(question).timeout(Some(PATIENCE));
    match client.send_request(subject, ask).await {
        Ok(answer) => serde_json::from_slice(&answer.payload).unwrap(),
        Err(error) => json!({ "error": error.to_string() }),
    }
}
