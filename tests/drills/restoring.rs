//! Everything is wiped, servers and keys, and put back: equal byte for byte, and it goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::connect;
use serde_json::{Value, json};

use super::{copy, messages};
use crate::routes::story::Teller;
use crate::routes::{MOST, Served};
use crate::support::program::{Servers, block_on};

const BOUND: Duration = Duration::from_mins(1);

/// What must be equal afterwards.
#[derive(Debug, PartialEq)]
struct Seen {
    messages: Vec<(u64, String, Vec<String>, Vec<u8>)>,
    rows: BTreeMap<String, (i64, String)>,
    answers: BTreeMap<String, Value>,
    updates: (Value, Value),
}

impl Seen {
    fn of(servers: &Servers, ledger: &str) -> Self {
        let publish = ["publish", "--ledger", ledger, "--until-caught-up", "--json"];
        let standing = servers.json(&publish)["standing"].take();
        Self {
            messages: messages(servers, ledger),
            rows: rows(servers, ledger),
            answers: answers(servers, ledger),
            updates: (standing["sequence"].clone(), standing["position"].clone()),
        }
    }
}

/// Every table of every read model: how many rows, and a digest of them. The cursor says which stream
/// was read, and that is another.
fn rows(servers: &Servers, ledger: &str) -> BTreeMap<String, (i64, String)> {
    block_on(async {
        let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
        let mut found = BTreeMap::new();
        for model in READ_MODELS {
            let schema = format!("{ledger}_{}", model.name());
            let text = "select relname::text from pg_class c join pg_namespace n
                on n.oid = relnamespace where relkind = 'r' and nspname = $1
                and relname <> 'cursor' order by 1";
            for table in link.query(text, &[&schema]).await.unwrap() {
                let table = format!("{schema}.{}", table.get::<_, String>(0));
                let text = format!(
                    "select count(*), coalesce(md5(string_agg(t::text, '|' order by t::text)), '')
                     from {table} t"
                );
                let row = link.query_one(&text, &[]).await.unwrap();
                found.insert(table, (row.get(0), row.get(1)));
            }
        }
        assert!(found.len() > 20, "{found:?}");
        found
    })
}

fn answers(servers: &Servers, ledger: &str) -> BTreeMap<String, Value> {
    let asked: &[&[&str]] = &[
        &["as-at", "scorecard"],
        &["as-at", "--known-at", "2022-09-01", "scorecard"],
        &["as-at", "submission", "NM02", "FY2022-Q1"],
        &["as-at", "submission", "NM07", "FY2022-Q2"],
        &["as-at", "submission", "NM10", "FY2023-Q2"],
        &["ask", "changes", "--from", "2020-01-01", "--to", "2090-01-01"],
        &["ask", "targets-made-easier", "--from", "2020-01-01", "--to", "2090-01-01"],
        &["ask", "signed-by", "NM09", "FY2023-Q4"],
    ];
    let answer = |words: &&[&str]| {
        let arguments = [&[words[0], "--ledger", ledger, "--json"][..], &words[1..]].concat();
        (words.join(" "), servers.json(&arguments))
    };
    asked.iter().map(answer).collect()
}

/// Deletes the key of the words about a figure, as an erasure does.
fn erase(servers: &Servers, ledger: &str, code: &str, period: &str) {
    let asked = ["as-at", "--ledger", ledger, "--json", "submission", code, period];
    let answer = servers.json(&asked).to_string();
    let at = answer.find("\"key_id\":\"").unwrap() + 10;
    let key = &answer[at..at + 32];
    let gone = block_on(async {
        let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
        let text = format!("delete from vault.text_key where key_id = '{key}'::uuid");
        link.execute(&text, &[]).await.unwrap()
    });
    assert_eq!(gone, 1, "{key}");
}

/// The backup of a ledger, in the order that deploy/backup.md names.
struct Backup {
    folder: tempfile::TempDir,
}

impl Backup {
    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn of(servers: &Servers, ledger: &str) -> Self {
        let backup = Self { folder: tempfile::tempdir().unwrap() };
        let file = |name| backup.file(name);
        servers.fine(&["export", "--ledger", ledger, "--to", &file("ndjson")]);
        servers.fine(&["vault", "backup", "--ledger", ledger, "--to", &file("vault")]);
        let erased = servers.fine(&["vault", "check", "--ledger", ledger, "--keys"]);
        std::fs::write(file("erased"), erased).unwrap();
        std::fs::create_dir(file("state")).unwrap();
        copy(&state(servers), Path::new(&file("state")));
        backup
    }

    fn put_back(&self, servers: &Servers, ledger: &str) {
        copy(Path::new(&self.file("state")), &state(servers));
        let (vault, erased) = (self.file("vault"), self.file("erased"));
        servers.fine(&["vault", "restore", "--ledger", ledger, &vault, "--erased", &erased]);
        servers.fine(&["restore", "--ledger", ledger, &self.file("ndjson")]);
        for model in READ_MODELS {
            servers.fine(&["projections", "rebuild", model.name(), "--ledger", ledger]);
        }
        servers.fine(&["publish", "--ledger", ledger, "--make-stream"]);
    }
}

fn state(servers: &Servers) -> PathBuf {
    PathBuf::from(servers.setting("PIPEROLL_STATE"))
}

fn post(title: &str) -> Value {
    let reason = json!({ "code": "none_recorded" });
    json!({ "fact": { "title": { "en": title }, "kind": "officer", "reason": reason } })
}

#[test]
fn everything_is_wiped_and_put_back_and_goes_on() {
    let mut served = Served::over(Servers::own("wiped"), &[]);
    Teller::new(&served).tell_all();
    let (ledger, id) = (served.body.ledger.clone(), "00000000000000000000000000000d11");
    let create = served.at(&format!("/posts/{id}/create"));
    let token = served.token("Ann", MOST);
    let first = served.post(&token, &create, ("the-first", None), &post("Clerk")).accepted();
    erase(&served.servers, &ledger, "NM07", "FY2022-Q2");
    let level = || {
        let head = served.length();
        let scorecard = served.at(&format!("/scorecard?min_position={head}"));
        served.get(&token, &scorecard).fine();
    };
    level();
    served.stop_projecting();
    for model in READ_MODELS {
        served.servers.fine(&["projections", "rebuild", model.name(), "--ledger", &ledger]);
    }
    served.servers.fine(&["publish", "--ledger", &ledger, "--make-stream"]);
    let before = Seen::of(&served.servers, &ledger);
    let texts = served.servers.json(&["vault", "check", "--ledger", &ledger, "--json"]);
    assert_eq!(texts["closed"].as_array().unwrap().len(), 1, "{texts}");
    assert!(before.answers["as-at submission NM02 FY2022-Q1"]["commentary"].is_string());
    let backup = Backup::of(&served.servers, &ledger);
    served.take_program().kill();
    drop(served);

    let servers = Servers::own("wiped");
    servers.run(&["doctor", "--ledger", &ledger]).refused_with("move the body in");
    backup.put_back(&servers, &ledger);
    assert_eq!(Seen::of(&servers, &ledger), before);
    assert_eq!(servers.json(&["vault", "check", "--ledger", &ledger, "--json"]), texts);
    let shown = servers.json(&["events", "show", "--ledger", &ledger, "7", "--json"]);
    assert!(shown["headers"]["Piperoll-Signature"].is_string());
    goes_on(servers, &ledger, (id, first, before.messages.len()));
}

/// The service over what was restored: closed until it is named, then as if nothing had been.
fn goes_on(servers: Servers, ledger: &str, (id, first, head): (&str, Value, usize)) {
    let accept = |why: &str| {
        ["accept", "--ledger", ledger, "--difference", "created", "--why", why].map(str::to_owned)
    };
    let mut served = Served::restored(servers, ledger);
    let token = served.token("Ann", MOST);
    let create = served.at(&format!("/posts/{id}/create"));
    let other = "00000000000000000000000000000d12";
    let second = served.at(&format!("/posts/{other}/create"));
    let shut = served.post(&token, &second, ("the-second", None), &post("Deputy"));
    shut.problem(503, "ledger_closed");
    served.get(&token, &served.at("/scorecard")).fine();
    assert_eq!(served.length(), head as u64);
    let accept = accept("restored from the backup of the drill");
    served.servers.fine(&accept.each_ref().map(String::as_str));
    served.take_program().kill();
    served.serve(&[]);
    // An old key is still the same act, and another thing under it is still refused.
    let again = served.post(&token, &create, ("the-first", None), &post("Clerk")).accepted();
    assert_eq!((&again["outcome"], &again["position"]), (&json!("repeated"), &first["position"]));
    let reused = served.post(&token, &second, ("the-first", None), &post("Deputy"));
    assert_eq!(reused.status, 409, "{reused:?}");
    let made = served.post(&token, &second, ("the-second", None), &post("Deputy")).accepted();
    assert_eq!(made["position"], head + 2);
    let fresh = served.at(&format!("/posts/{other}/create"));
    let stale = served.post(&token, &fresh, ("the-third", None), &post("Other"));
    assert!(stale.status >= 400 && stale.status < 500, "{stale:?}");
    let doctor = || served.servers.run(&["doctor", "--ledger", ledger]);
    crate::support::program::wait_until("the doctor is content", BOUND, || {
        doctor().code == Some(0)
    });
    assert!(doctor().out.contains("accepted on the record"), "{}", doctor().out);
}
