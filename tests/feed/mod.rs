//! Updates as their subscribers meet them: published through the program, read by hand, by the sample
//! subscriber in Python and over HTTP.

mod listening;
mod members;
mod publishing;
mod subscribing;
mod telling;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::journeys::Body;
use crate::support::program::{Running, Servers, block_on};
use crate::support::raw::{self, Message};
use crate::support::{ask_raw, python};

pub(crate) const BOUND: Duration = Duration::from_mins(1);

/// A body that has moved in, and its stream of updates.
pub(crate) struct Feed {
    pub(crate) servers: Servers,
    pub(crate) body: Body,
}

impl Feed {
    pub(crate) fn moved_in() -> Self {
        let servers = Servers::shared();
        let body = Body::moved_in(&servers);
        Self { servers, body }
    }

    /// Starts a publisher that goes on for ever.
    pub(crate) fn publisher(&self) -> Running {
        self.servers.start(&["publish", "--ledger", &self.body.ledger])
    }

    /// Publishes what there is; how many updates that took.
    #[track_caller]
    pub(crate) fn publish(&self) -> u64 {
        publish(&self.servers, &self.body.ledger)
    }

    /// Throws away what was published.
    pub(crate) fn begin_again(&self) {
        let ledger = &self.body.ledger;
        self.servers.fine(&["publish", "--ledger", ledger, "--make-stream", "--begin-again"]);
    }

    /// Every update, in order.
    pub(crate) fn updates(&self) -> Vec<Message> {
        updates(&self.servers, &self.body.ledger)
    }

    /// How many updates there are.
    pub(crate) fn length(&self) -> u64 {
        let name = format!("out_{}", self.body.ledger);
        block_on(async {
            let client = raw::client(&self.servers, "subscriber").await;
            raw::length(&client, &name).await.unwrap_or(0)
        })
    }

    /// What the owner of streams asks of the stream of updates.
    pub(crate) fn owner_asks(&self, verb: &str, question: &Value) -> Value {
        let subject = format!("$JS.OUTBOUND.API.STREAM.{verb}.piperoll_out_{}", self.body.ledger);
        block_on(async {
            let client = raw::client(&self.servers, "owner").await;
            if *question == json!(null) {
                let answer = client.request(subject, "".into()).await.unwrap();
                return serde_json::from_slice(&answer.payload).unwrap();
            }
            ask_raw(&client, subject, question).await
        })
    }
}

/// Publishes what there is of a ledger; how many updates that took.
#[track_caller]
pub(crate) fn publish(servers: &Servers, ledger: &str) -> u64 {
    let asked = ["publish", "--ledger", ledger, "--until-caught-up", "--json"];
    servers.json(&asked)["standing"]["published"].as_u64().unwrap()
}

/// Every update of a ledger, in order, as a subscriber reads them.
pub(crate) fn updates(servers: &Servers, ledger: &str) -> Vec<Message> {
    let name = format!("out_{ledger}");
    block_on(async {
        let client = raw::client(servers, "subscriber").await;
        let length = raw::length(&client, &name).await.unwrap();
        let one = |sequence| raw::read_one(&client, &name, sequence);
        stream::iter(1..=length).map(one).buffered(32).collect().await
    })
}

/// What of an update must be the same, whoever published it.
pub(crate) fn bytes(updates: &[Message]) -> Vec<(String, Vec<u8>)> {
    updates.iter().map(|it| (it.subject.clone(), it.body.clone())).collect()
}

/// What Python needs here, in the home of the test run; fetched when it is not there.
pub(crate) fn python() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| python::fetched("feed", "tests/feed/requirements.txt"))
}
