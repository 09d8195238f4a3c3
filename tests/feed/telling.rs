//! What updates say of the demo's stories, and what others' programs say of the updates.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{publish, python, updates};
use crate::support::program::Servers;
use crate::support::raw::Message;
use crate::support::setting;

/// AsyncAPI's own schema of its documents, in the home of the test run.
fn specs() -> std::path::PathBuf {
    let place = Path::new(&setting("PIPEROLL_HOME")).join("asyncapi");
    std::fs::create_dir_all(&place).unwrap();
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(Path::new("tests/feed").join(name), place.join(name)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(&place)
        .output()
        .unwrap_or_else(|error| panic!("node with npm is needed: {error}"));
    let said = String::from_utf8_lossy(&npm.stderr);
    assert!(npm.status.success(), "npm must fetch tests/feed/package-lock.json: {said}");
    place.join("node_modules/@asyncapi/specs")
}

#[test]
fn the_demos_stories_are_told_and_others_programs_take_every_update() {
    let servers = Servers::own("feed");
    servers.fine(&["demo"]);
    let mut all = String::new();
    for ledger in ["northmoor", "severnside"] {
        assert!(publish(&servers, ledger) > 0);
        for update in updates(&servers, ledger) {
            all += std::str::from_utf8(&update.body).unwrap();
            all += "\n";
        }
    }
    // No person, no commentary, nothing that was sealed, no reason in words.
    for never in ["ciphertext", "\"actor\"", "\"holder\"", "command_id", "rationale"] {
        assert!(!all.contains(never), "an update holds {never}");
    }
    others_take(&all);
    the_lowered_target_moves_the_rating(&updates(&servers, "northmoor"));
    the_revised_figure_lapses_its_signatures(&updates(&servers, "northmoor"));
}

fn others_take(all: &str) {
    let (place, specs) = (python(), specs());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("updates.ndjson");
    std::fs::write(&file, all).unwrap();
    let judged = Command::new("python3")
        .arg("tests/feed/judge.py")
        .arg(&file)
        .arg("src/publish/asyncapi.json")
        .arg(specs)
        .env("PYTHONPATH", place)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{said}");
    let good: Value = serde_json::from_slice(&judged.stdout).unwrap();
    let kinds = ["structure", "measure", "definition", "figure", "target", "sign_off", "rating"];
    for kind in kinds {
        let count = good[format!("piperoll.update.{kind}.v1")].as_u64();
        assert!(count > Some(0), "no update of {kind}: {good}");
    }
    println!("updates of the demo that the CloudEvents SDK and jsonschema took: {good}");
}

/// The `data` of updates of a kind about a measure and a period, with their positions.
fn told(updates: &[Message], kind: &str, code: &str, period: &str) -> Vec<(u64, Value)> {
    let wanted = format!("piperoll.update.{kind}.v1");
    let bodies = updates.iter().map(Message::json).filter(|body| {
        let data = &body["data"];
        body["type"] == wanted
            && data["measure"]["code"] == code
            && data["period"]["code"] == period
    });
    bodies
        .map(|body| (body["position"].as_str().unwrap().parse().unwrap(), body["data"].clone()))
        .collect()
}

/// Story: a target lowered when its result was known, and put back.
fn the_lowered_target_moves_the_rating(updates: &[Message]) {
    let targets = told(updates, "target", "NM02", "FY2023-Q3");
    let ratings = told(updates, "rating", "NM02", "FY2023-Q3");
    let levels: Vec<_> = ratings
        .iter()
        .map(|(_, data)| (data["was"]["level"].clone(), data["rating"]["level"].clone()))
        .collect();
    let [amber, green] = ["amber", "green"].map(|level| json!(level));
    let last = &levels[levels.len() - 2..];
    assert_eq!(last, [(amber.clone(), green.clone()), (green, amber)], "{levels:?}");
    let (at, lowered) = &ratings[ratings.len() - 2];
    assert_eq!(lowered["rests_on"]["target"], *at, "the target that moved it");
    assert_eq!(lowered["recorded"]["post"], "Head of Environment");
    assert_eq!(lowered["recorded"]["asserted"], false);
    assert_eq!(lowered["rating"]["words"]["en"], "On track");
    assert!(targets.iter().any(|(position, data)| position == at && data["state"] == "in_force"));
}

/// Story: a figure signed at both stages and revised after that.
fn the_revised_figure_lapses_its_signatures(updates: &[Message]) {
    let signed = told(updates, "sign_off", "NM09", "FY2023-Q4");
    let states: Vec<_> = signed
        .iter()
        .map(|(_, data)| (data["stage"].as_str().unwrap(), data["state"].as_str().unwrap()))
        .collect();
    let due = [
        ("verified", "current"),
        ("accepted", "current"),
        ("verified", "lapsed"),
        ("accepted", "lapsed"),
    ];
    assert_eq!(states, due);
    let (at, lapsed) = &signed[3];
    assert_eq!((&lapsed["ended_by"], &lapsed["lapsed_by"]), (&json!(at), &json!("figures")));
    let revised = told(updates, "figure", "NM09", "FY2023-Q4");
    assert_eq!(revised.last().unwrap().0, *at, "the figure that lapsed them");
    assert_eq!(signed[0].1["post_title"]["en"], "Finance Data Steward");
}
