//! The served document against the served answers: another program makes requests of what the document
//! says, good ones and bad ones, and compares what comes back.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{MOST, Served};
use crate::support::python;

/// How long requests are made.
const SECONDS: &str = "40";

const CHECKS: &str = "not_a_server_error,content_type_conformance,response_schema_conformance,\
                      status_code_conformance,response_headers_conformance";

/// Values that exist, so that requests reach more than an empty answer.
fn settings(served: &Served, folder: &Path) -> PathBuf {
    let ledger = &served.body.ledger;
    let text = format!(
        "[parameters]\n\"path.ledger\" = \"{ledger}\"\n\n[[operations]]\ninclude-method = \"GET\"\n\
         parameters = {{ \"path.ledger\" = \"{ledger}\", \"path.measure\" = \"NM03\", \
         \"path.period\" = \"FY2021-Q4\", \"path.position\" = 3, \"query.measure\" = \"NM09\", \
         \"query.period\" = \"FY2021-Q4\" }}\n"
    );
    let path = folder.join("schemathesis.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn what_is_served_is_what_the_document_says_for_requests_that_another_program_makes_up() {
    let place = python::fetched("schemathesis", "tests/routes/requirements.txt");
    let served = Served::with(&["--per-second", "100000"]);
    let token = served.token("Ann", MOST);
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new("python3")
        .args(["-m", "schemathesis.cli"])
        .arg("--config-file")
        .arg(settings(&served, folder.path()))
        .arg("run")
        .arg(format!("{}/api/openapi.json", served.base))
        .args(["--header", &format!("Authorization: Bearer {token}"), "--checks", CHECKS])
        // It has no end by itself; tests/feed asks it.
        .args(["--exclude-operation-id", "follow_updates"])
        .args(["--phases", "coverage,fuzzing", "--max-time", SECONDS, "--no-color"])
        .args(["--continue-on-failure", "--generation-deterministic"])
        .env("PYTHONPATH", &place)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let cases = said.lines().find(|line| line.contains(" generated, ")).unwrap().trim();
    let made: u32 = cases.split(' ').next().unwrap().replace(',', "").parse().unwrap();
    // A busy machine makes some hundreds, a quiet one some thousands.
    assert!(made >= 100, "too few requests were made: {cases}");
    println!("schemathesis: {cases}");
}
