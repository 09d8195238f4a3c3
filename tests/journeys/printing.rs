//! What is printed: help with examples, schemas, and no complaint when nobody reads on.

use std::collections::BTreeSet;
use std::process::Command;

use super::Body;
use crate::support::program::Servers;

/// The subcommands that a help page lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = commands.take_while(|line| !line.is_empty());
    let named = entries.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_page_of_help_has_an_example() {
    let servers = Servers::shared();
    let (mut without, mut seen) = (BTreeSet::new(), 0);
    let mut waiting = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let mut asked: Vec<&str> = path.iter().map(String::as_str).collect();
        asked.push("--help");
        let help = servers.fine(&asked);
        seen += 1;
        if !help.contains("Example") {
            without.insert(path.join(" "));
        }
        for name in listed(&help) {
            let mut below: Vec<String> = path.clone();
            below.push(name);
            waiting.push(below);
        }
    }
    assert!(seen > 15, "only {seen} pages were found");
    assert_eq!(without, BTreeSet::new(), "pages without an example");
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let program = env!("CARGO_BIN_EXE_piperoll");
    for asked in [
        format!("events list --ledger {} --limit 1000", body.ledger),
        format!("events list --ledger {} --limit 1000 --json", body.ledger),
        format!("as-at --ledger {} scorecard --json", body.ledger),
        "schema".to_owned(),
        "schema piperoll.measure.adopted.v1".to_owned(),
    ] {
        let script = format!("set -o pipefail; {program} {asked} | head -1");
        let mut command = Command::new("bash");
        command.args(["-c", &script]).envs(servers.settings());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{asked}: {said}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    }
}

#[test]
fn every_schema_that_is_listed_is_printed() {
    let servers = Servers::shared();
    let names = servers.fine(&["schema"]);
    assert!(names.lines().count() > 20);
    for name in names.lines() {
        let schema = servers.json(&["schema", name]);
        assert!(schema["$schema"].is_string(), "{name}: {schema}");
    }
    let ran = servers.run(&["schema", "piperoll.measure.adored.v1"]);
    ran.refused_with("`piperoll schema` lists them");
}
