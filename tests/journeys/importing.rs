//! A file into a ledger in use: rehearsed, applied, applied again, undone; and not undone once
//! somebody has built on it.

use serde_json::Value;

use super::Body;
use crate::support::program::Servers;

const LAST: &str = "2024-02-09 performance return.csv";

/// Northmoor moved in but for its last file, which lies aside.
fn without_the_last(servers: &Servers) -> Body {
    let body = Body::new();
    std::fs::create_dir(body.file("aside")).unwrap();
    std::fs::rename(body.file(LAST), body.file("aside").join(LAST)).unwrap();
    servers.fine(&["move-in", &body.plan()]);
    body
}

/// The arguments that apply the last file.
fn import(body: &Body, more: &[&str]) -> Vec<String> {
    let (mapping, file) = (body.file("return.toml"), body.file("aside").join(LAST));
    let mut arguments: Vec<String> = ["import", "--ledger", &body.ledger, "--json", "--mapping"]
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    arguments.extend([mapping, file].map(|path| path.to_str().unwrap().to_owned()));
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    arguments
}

fn applied(servers: &Servers, body: &Body, more: &[&str]) -> Value {
    let arguments = import(body, more);
    servers.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The latest period and figure of invoices paid on time, and the position of the answer.
fn invoices(servers: &Servers, body: &Body, when: &[&str]) -> (String, String, u64) {
    let mut question = when.to_vec();
    question.push("scorecard");
    let answer = servers.json(&body.asked(&question));
    let lines = answer["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["measure"]["codes"][0]["code"] == "NM09").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let position = answer["as_at"]["position"].as_u64().unwrap();
    (text(&line["period"]), text(&line["headline"]["value"]), position)
}

fn rows(summary: &Value) -> (u64, u64, u64) {
    let rows = &summary["summary"]["files"][0]["rows"];
    let count = |name: &str| rows[name].as_u64().unwrap();
    (count("read"), count("recorded"), count("unchanged"))
}

#[test]
fn a_file_is_rehearsed_applied_once_and_undone_in_one_line() {
    let servers = Servers::shared();
    let body = without_the_last(&servers);
    let before = invoices(&servers, &body, &[]);
    assert_eq!((before.0.as_str(), before.1.as_str()), ("FY2023-Q2", "94.4"));

    let rehearsed = applied(&servers, &body, &["--dry-run"]);
    assert_eq!(rehearsed["recorded"], Value::Null);
    assert_eq!(invoices(&servers, &body, &[]), before);

    let first = applied(&servers, &body, &["--why", "the third quarter"]);
    assert_eq!(rows(&first), rows(&rehearsed));
    let after = invoices(&servers, &body, &[]);
    assert_eq!((after.0.as_str(), after.1.as_str()), ("FY2023-Q3", "96.3"));

    let again = applied(&servers, &body, &[]);
    let (read, recorded, unchanged) = rows(&again);
    assert_eq!((recorded, unchanged), (0, read));

    let id = first["import"].as_str().unwrap();
    let undo = ["import", "--ledger", &body.ledger, "--reverse", id, "--why", "sent by mistake"];
    servers.fine(&undo);
    let undone = invoices(&servers, &body, &[]);
    assert_eq!((&undone.0, &undone.1), (&before.0, &before.1));
    let then = after.2.to_string();
    assert_eq!(invoices(&servers, &body, &["--position", &then]), after);
}

#[test]
fn a_file_that_somebody_has_built_on_is_not_undone() {
    let servers = Servers::shared();
    let body = without_the_last(&servers);
    let first = applied(&servers, &body, &[]);
    body.edit(&format!("aside/{LAST}"), "Q3 2023/24,96.3,%", "Q3 2023/24,96.1,%");
    applied(&servers, &body, &[]);
    let id = first["import"].as_str().unwrap();
    let ran = servers.run(&["import", "--ledger", &body.ledger, "--reverse", id]);
    ran.refused_with("changed since");
    assert_eq!(invoices(&servers, &body, &[]).1, "96.1");
}
