//! The sample subscriber in Python: killed, run again, shown a gap; and is its copy the read model?

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use piperoll::asking::answer::Desk;
use piperoll::asking::moment::When;
use piperoll::asking::questions::signed_by::{self, State};
use piperoll_events::{Period, Position};
use piperoll_projections::scorecard::TargetHappened;
use serde_json::{Value, json};

use super::{BOUND, Feed, publish, python};
use crate::kills::Seeded;
use crate::support::program::{Servers, block_on, config, number, wait_until};
use crate::support::raw;

/// The subscriber, over a copy of its own.
pub(super) struct Subscriber<'a> {
    servers: &'a Servers,
    ledger: &'a str,
    folder: tempfile::TempDir,
}

impl<'a> Subscriber<'a> {
    pub(super) fn new(servers: &'a Servers, ledger: &'a str) -> Self {
        Self { servers, ledger, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("python3");
        command.arg("deploy/consumer/consumer.py").arg("--copy").arg(self.copy()).args(arguments);
        command.env("PYTHONPATH", python()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(self.servers.settings());
        command
    }

    fn copy(&self) -> std::path::PathBuf {
        self.folder.path().join("copy.sqlite3")
    }

    fn follow(&self) -> Output {
        let follow = ["follow", "--ledger", self.ledger, "--until-caught-up", "--quiet"];
        self.command(&follow).output().unwrap()
    }

    #[track_caller]
    pub(super) fn catch_up(&self) {
        let ran = self.follow();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// A table of the copy.
    pub(super) fn shown(&self, table: &str) -> Value {
        let ran = self.command(&["show", table, "--json"]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// Every table, whole.
    pub(super) fn dump(&self) -> Vec<Value> {
        let tables =
            ["structure", "measure", "definition", "figure", "target", "sign_off", "rating"];
        tables.map(|table| self.shown(table)).into()
    }
}

type Key = Vec<String>;
type Table = BTreeMap<Key, Value>;

/// Rows by their key, with what is compared of them.
fn table(shown: &Value, key: &[&str], told: &[&str]) -> Table {
    let pick = |row: &Value, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| row[*name].clone()).collect()
    };
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |row: &Value| {
        let key = pick(row, key).into_iter().map(text).collect();
        (key, json!(pick(row, told)))
    };
    shown["rows"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_copy_is_what_the_read_model_says_at_its_position() {
    let servers = Servers::own("copies");
    servers.fine(&["demo"]);
    for ledger in ["northmoor", "severnside"] {
        publish(&servers, ledger);
        let subscriber = Subscriber::new(&servers, ledger);
        subscriber.catch_up();
        let at = Position(subscriber.shown("figure")["position"].as_u64().unwrap());
        let desk = block_on(Desk::open(&config(&servers), &ledger.parse().unwrap())).unwrap();
        let due = block_on(Due::read(&desk, at));
        let cells = ["measure", "period", "breakdown"];
        let shown = subscriber.shown("figure");
        assert_eq!(table(&shown, &cells, &["value", "no_value"]), due.figures, "{ledger}");
        let shown = subscriber.shown("rating");
        assert_eq!(table(&shown, &["measure", "period"], &["rating"]), due.ratings, "{ledger}");
        let shown = subscriber.shown("target");
        let key = ["measure", "period", "breakdown", "tier"];
        assert_eq!(table(&shown, &key, &["at", "upto"]), due.targets, "{ledger}");
        let shown = subscriber.shown("sign_off");
        let key = ["measure", "period", "given_at"];
        assert_eq!(
            table(&shown, &key, &["stage", "state", "ended_by"]),
            due.signatures,
            "{ledger}"
        );
        assert!(!due.signatures.is_empty() && !due.ratings.is_empty());
        println!(
            "{ledger} at {at}: {} figures, {} ratings, {} targets, {} signatures equal",
            due.figures.len(),
            due.ratings.len(),
            due.targets.len(),
            due.signatures.len()
        );
    }
}

/// What the read model says.
#[derive(Default)]
struct Due {
    figures: Table,
    ratings: Table,
    targets: Table,
    signatures: Table,
}

impl Due {
    async fn read(desk: &Desk, at: Position) -> Self {
        let mut due = Self::default();
        let when = When::At(at);
        for line in desk.measures(when).await.unwrap().1 {
            let id = line.measure.to_string();
            let answer = desk.measure(&id, when).await.unwrap().answer;
            for target in &answer.targets {
                let key = &target.key;
                let tier = serde_json::to_value(key.tier).unwrap();
                let tier = tier.as_str().unwrap().to_owned();
                let key = vec![id.clone(), key.period.to_string(), key.breakdown.to_string(), tier];
                if target.happened == TargetHappened::Withdrawn {
                    due.targets.remove(&key);
                } else {
                    let level = target.target.level;
                    due.targets
                        .insert(key, json!([level.map(|it| it.at), level.and_then(|it| it.to)]));
                }
            }
            for point in &answer.series {
                due.submission(desk, &id, Some(point.period), when).await;
            }
            due.submission(desk, &id, None, when).await;
        }
        due
    }

    async fn submission(&mut self, desk: &Desk, id: &str, period: Option<Period>, when: When) {
        let Ok(answer) = desk.submission(id, period, when).await else { return };
        let answer = answer.answer;
        let text = period.map(|period| period.to_string()).unwrap_or_default();
        let headline = &answer.submission.headline;
        if headline.no_value.is_some() {
            let key = vec![id.to_owned(), text.clone(), String::new()];
            self.figures.insert(key, json!([null, headline.no_value]));
        }
        for cell in &answer.submission.cells {
            let key = vec![id.to_owned(), text.clone(), cell.breakdown.to_string()];
            self.figures.insert(key, json!([cell.value, null]));
        }
        let Some(period) = period else { return };
        let rating = serde_json::to_value(&answer.line.rating).unwrap();
        let rating = rating.get("level").unwrap_or(&rating["rating"]).clone();
        self.ratings.insert(vec![id.to_owned(), text.clone()], json!([rating]));
        let asked = signed_by::Asked { measure: id.to_owned(), period };
        for row in desk.signed_by(asked, when).await.unwrap().rows {
            let Some(given_at) = row.position.filter(|_| row.state != State::Outstanding) else {
                continue;
            };
            let key = vec![id.to_owned(), text.clone(), given_at.to_string()];
            self.signatures.insert(key, json!([row.stage, row.state, row.ended_by]));
        }
    }
}

#[test]
fn a_subscriber_killed_again_and_again_ends_with_the_copy_of_one_that_was_not() {
    let feed = Feed::moved_in();
    feed.publish();
    let (servers, ledger) = (&feed.servers, &feed.body.ledger);
    let (calm, killed) = (Subscriber::new(servers, ledger), Subscriber::new(servers, ledger));
    calm.catch_up();
    let mut seeded = Seeded::new(number("PIPEROLL_KILL_SEED", 1));
    for _ in 0..number("PIPEROLL_FEED_KILLS", 8) {
        // What it says goes line by line, so a line that stands was applied.
        let said = killed.folder.path().join("said");
        let mut command = killed.command(&["follow", "--ledger", ledger]);
        command.env("PYTHONUNBUFFERED", "1");
        command.stdout(std::fs::File::create(&said).unwrap()).stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        let lines = 1 + seeded.below(feed.length() / 8);
        wait_until("some updates are applied", BOUND, || {
            lines_of(&said) >= lines || killed_copy_is_full(&killed, &feed)
        });
        running.kill().unwrap();
        running.wait().unwrap();
    }
    killed.catch_up();
    assert_eq!(killed.dump(), calm.dump());
}

#[test]
fn servers_that_go_away_and_come_back_leave_a_whole_copy() {
    let servers = Servers::own("feed-away");
    let body = crate::journeys::Body::moved_in(&servers);
    let ledger = &body.ledger;
    let published = || {
        let name = format!("out_{ledger}");
        block_on(async {
            let client = raw::client(&servers, "subscriber").await;
            raw::length(&client, &name).await.unwrap_or(0)
        })
    };
    let whole = publish(&servers, ledger);
    servers.fine(&["publish", "--ledger", ledger, "--make-stream", "--begin-again"]);
    let subscriber = Subscriber::new(&servers, ledger);
    let mut publisher = servers.start(&["publish", "--ledger", ledger]);
    wait_until("some updates", BOUND, || published() > 20);
    let follow = ["follow", "--ledger", ledger, "--quiet"];
    let mut following = subscriber.command(&follow).stderr(Stdio::null()).spawn().unwrap();
    for server in ["nats", "postgres"] {
        servers.kill(server);
        servers.up();
    }
    wait_until("all updates", BOUND, || published() == whole);
    wait_until("the copy is whole", BOUND, || {
        let shown = subscriber.command(&["show", "rating", "--json"]).output().unwrap();
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap_or_default();
        shown["sequence"].as_u64() == Some(whole)
    });
    assert!(!publisher.ended() && following.try_wait().unwrap().is_none(), "one gave up");
    following.kill().unwrap();
    following.wait().unwrap();
    let calm = Subscriber::new(&servers, ledger);
    calm.catch_up();
    assert_eq!(subscriber.dump(), calm.dump());
}

fn lines_of(path: &Path) -> u64 {
    std::fs::read_to_string(path).unwrap_or_default().matches('\n').count() as u64
}

fn killed_copy_is_full(subscriber: &Subscriber<'_>, feed: &Feed) -> bool {
    let shown = subscriber.command(&["show", "rating", "--json"]).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap_or_default();
    shown["sequence"].as_u64() == Some(feed.length())
}

#[test]
fn a_gap_and_a_stream_made_again_are_noticed_and_said() {
    let feed = Feed::moved_in();
    feed.publish();
    let (servers, ledger) = (&feed.servers, &feed.body.ledger);
    let before = Subscriber::new(servers, ledger);
    before.catch_up();
    // Deleting is denied, so whoever wants a gap thins the stream out.
    let mut config = feed.owner_asks("INFO", &json!({}))["config"].clone();
    config["max_msgs_per_subject"] = json!(1);
    config["discard"] = json!("old");
    let thinned = feed.owner_asks("UPDATE", &config);
    assert!(thinned.get("error").is_none(), "{thinned}");
    let ran = Subscriber::new(servers, ledger).follow();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("is missing") && said.contains("tell its operator"), "{said}");
    // The doctor names what made it possible.
    let doctor = servers.run(&["doctor", "--ledger", ledger]);
    assert!(doctor.out.contains("max_msgs_per_subject"), "{}", doctor.out);
    feed.begin_again();
    feed.publish();
    let ran = before.follow();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("was made again"), "{said}");
    let after = Subscriber::new(servers, ledger);
    after.catch_up();
    assert_eq!(after.dump(), before.dump(), "published anew, it says the same");
}
