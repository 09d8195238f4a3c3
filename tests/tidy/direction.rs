//! Who may use what: `events ← projections ← src ← tests`, and few rooms that reach the outside.

use super::source::{self, File, lines_with};
use super::{Offence, judge};

/// Something that stands in few rooms: what, where it may stand, and what goes wrong elsewhere.
struct Room {
    word: &'static str,
    under: &'static [&'static str],
    why: &'static str,
}

const POSTGRES: &[&str] =
    &["projections/", "src/evidence/", "src/identity/", "src/publish/", "src/operate/", "tests/"];

const ROOMS: &[Room] = &[
    Room {
        word: "async_nats",
        under: &["src/ledger/", "src/publish/", "tests/"],
        why: "an append outside `ledger/` would go without its guard",
    },
    Room { word: "tokio_postgres", under: POSTGRES, why: "SQL is kept where its schema is" },
    Room { word: "deadpool_postgres", under: POSTGRES, why: "SQL is kept where its schema is" },
    Room {
        word: "opentelemetry",
        under: &["src/traces/"],
        why: "what a span may say is seen to in one place",
    },
    Room {
        word: "opentelemetry_sdk",
        under: &["src/traces/"],
        why: "what a span may say is seen to in one place",
    },
    Room { word: "axum", under: &["src/api/", "src/web/"], why: "rules know no transport" },
    Room {
        word: "std::env",
        under: &[
            "src/config.rs",
            "src/main.rs",
            "tests/support/",
            "tests/vintages/reader.rs",
            "tests/laws/",
        ],
        why: "settings are read in one place",
    },
    Room { word: "Utc::now", under: &["src/clock.rs"], why: "time is an argument" },
    Room { word: "SystemTime::now", under: &["src/clock.rs"], why: "time is an argument" },
    Room { word: "now_v7", under: &["src/ids.rs"], why: "ids are arguments" },
    Room { word: "getrandom", under: &["src/ids.rs"], why: "randomness is an argument" },
    Room { word: "anyhow", under: &["src/main.rs", "src/cli/"], why: "errors have kinds" },
    Room { word: "tokio::spawn", under: &[], why: "somebody awaits every task" },
    Room {
        word: "piperoll_projections",
        under: &["projections/", "src/", "tests/"],
        why: "the event format knows no reader",
    },
];

/// The words that a folder may not use, whatever else it does.
const CLOSED: &[(&str, &[&str])] = &[
    ("events/", &["piperoll", "piperoll_projections", "tokio", "async_nats", "tokio_postgres"]),
    ("projections/", &["piperoll", "async_nats"]),
    ("tests/naive/", &["piperoll", "piperoll_events", "piperoll_projections"]),
    ("tests/vintages/reader.rs", OURS),
    ("tests/vintages/ons.rs", OURS),
    ("tests/vintages/lgbf.rs", OURS),
    ("tests/vintages/hart.rs", OURS),
];

const OURS: &[&str] = &["piperoll", "piperoll_events", "piperoll_projections"];

#[test]
fn what_reaches_the_outside_stands_in_its_room() {
    let mut offences = Vec::new();
    for file in source::rust() {
        let code = file.code();
        for room in ROOMS {
            if room.under.iter().any(|under| file.path.starts_with(under)) {
                continue;
            }
            for line in lines_with(&code, room.word) {
                offences.push(Offence::new(&file, line, format!("`{}`: {}", room.word, room.why)));
            }
        }
    }
    judge("what reaches the outside stands in its room", &offences);
}

#[test]
fn the_program_reads_nothing_but_its_arguments_from_the_environment() {
    let mut offences = Vec::new();
    for file in source::rust().iter().filter(|f| f.path == "src/main.rs") {
        for (n, line) in file.code().lines().enumerate() {
            if line.contains("std::env") && !line.contains("std::env::args") {
                offences.push(Offence::new(file, n + 1, line.trim()));
            }
        }
    }
    judge("main.rs reads nothing but its arguments from the environment", &offences);
}

#[test]
fn dependencies_point_one_way_only() {
    let mut offences = Vec::new();
    for file in source::rust() {
        let code = file.code();
        for (_, words) in CLOSED.iter().filter(|(folder, _)| file.path.starts_with(folder)) {
            for word in *words {
                for line in lines_with(&code, &format!("{word}::")) {
                    offences.push(Offence::new(&file, line, format!("uses `{word}`")));
                }
            }
        }
    }
    for (manifest, words) in
        [("events/Cargo.toml", CLOSED[0].1), ("projections/Cargo.toml", CLOSED[1].1)]
    {
        for file in source::files().iter().filter(|f| f.path == manifest) {
            for word in words {
                let name = word.replace('_', "-");
                for (n, line) in file.text.lines().enumerate() {
                    if line.starts_with(&format!("{name}."))
                        || line.starts_with(&format!("{name} "))
                    {
                        offences.push(Offence::new(file, n + 1, format!("depends on `{name}`")));
                    }
                }
            }
        }
    }
    judge("events ← projections ← src ← tests", &offences);
}

#[test]
fn commands_use_the_event_format_serde_and_the_standard_library() {
    // A date is a value of the event format, and an error needs its derive; `Utc::now` has its room.
    // Commands come through the API as well, so their shape can be said.
    let allowed = ["std", "core", "piperoll_events", "serde", "schemars", "thiserror", "chrono"];
    let mut offences = Vec::new();
    let crates = crates();
    for file in source::rust().iter().filter(|f| f.path.starts_with("src/commands/")) {
        let code = file.code();
        for name in crates.iter().filter(|name| !allowed.contains(&name.as_str())) {
            // What stands under `#[cfg(test)]` may use what tests use.
            let tests =
                code.find("#[cfg(test)]").map_or(usize::MAX, |at| code[..at].lines().count());
            for line in lines_with(&code, &format!("{name}::")).into_iter().filter(|l| *l <= tests)
            {
                offences.push(Offence::new(file, line, format!("uses `{name}`")));
            }
        }
        for (n, line) in code.lines().enumerate() {
            let stray = line.match_indices("crate::").any(|(at, _)| {
                !line[at..].starts_with("crate::commands") && !line[..at].ends_with('$')
            });
            if stray {
                offences.push(Offence::new(file, n + 1, line.trim()));
            }
        }
    }
    judge("commands use the event format, serde and the standard library", &offences);
}

#[test]
fn the_naive_evaluator_and_the_reader_of_vintages_use_little_and_nothing_of_ours() {
    let allowed = ["std", "serde_json", "chrono", "rust_decimal", "csv", "super", "self", "crate"];
    let mut offences = Vec::new();
    let own = |f: &&File| CLOSED.iter().skip(2).any(|(folder, _)| f.path.starts_with(folder));
    for file in source::rust().iter().filter(own) {
        let room = file.path.trim_start_matches("tests/").split('/').next().unwrap_or_default();
        for (n, line) in file.code().lines().enumerate() {
            let Some(rest) = line.trim_start().strip_prefix("use ") else {
                continue;
            };
            let first = rest.split([':', ';', ' ']).next().unwrap_or_default();
            let away = first == "crate" && !rest.starts_with(&format!("crate::{room}"));
            // A `use` of a module beside it begins with that module's name.
            let beside =
                source::root().join(&file.path).with_file_name(format!("{first}.rs")).exists();
            if away || (!allowed.contains(&first) && !beside) {
                offences.push(Offence::new(file, n + 1, line.trim()));
            }
        }
        for word in OURS.iter().flat_map(|w| lines_with(&file.code(), w)) {
            offences.push(Offence::new(file, word, "names a crate of ours"));
        }
    }
    judge("the second opinion shares no code with the first", &offences);
}

#[test]
fn versions_stand_in_the_root_manifest_only() {
    let mut offences = Vec::new();
    for file in source::files().iter().filter(|f| f.path.ends_with("/Cargo.toml")) {
        let mut inside = false;
        for (n, line) in file.text.lines().enumerate() {
            if line.starts_with('[') {
                inside = line.contains("dependencies");
            } else if inside && !line.trim().is_empty() && !line.contains("workspace = true") {
                offences.push(Offence::new(file, n + 1, line));
            }
        }
        if !file.text.contains("[lints]\nworkspace = true") {
            offences.push(Offence::new(file, 1, "does not take the workspace's lints"));
        }
    }
    judge("versions and lints stand in the root Cargo.toml", &offences);
}

/// The crates that anything in the workspace depends on, as code spells them.
fn crates() -> Vec<String> {
    let manifest = std::fs::read_to_string(source::root().join("Cargo.toml")).unwrap();
    let listed = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let listed = listed.split("\n[").next().unwrap();
    let names = listed.lines().filter_map(|line| line.split_once(" = "));
    let found: Vec<String> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(found.contains(&"tokio".to_owned()), "the list of dependencies was not found");
    found
}
