//! Sizes, words and leftovers: what a file may be called, how long it may be, what may not stay.

use super::source::{self, lines_with};
use super::{Offence, judge};

const MOST_LINES: usize = 500;
const MOST_LINES_OF_A_FUNCTION: usize = 60;

#[test]
fn every_rust_file_opens_by_saying_what_it_is_for() {
    let mut offences = Vec::new();
    for file in source::rust() {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 20 {
            offences.push(Offence::new(&file, 1, format!("opens with `{first}`")));
        }
    }
    judge("every file opens with `//!` and one sentence on what it is for", &offences);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let mut offences = Vec::new();
    for file in source::files() {
        let script = file.path.starts_with("deploy/") && file.text.starts_with("#!");
        let judged = file.ends_with(&[".rs", ".py", ".sh", ".sql", ".toml", ".html", ".css"]);
        let lines = file.text.lines().count();
        if (judged || script) && lines > MOST_LINES {
            offences.push(Offence::new(&file, lines, format!("{lines} lines")));
        }
    }
    judge("files stop at 500 lines", &offences);
}

#[test]
fn no_function_is_longer_than_sixty_lines() {
    let mut offences = Vec::new();
    for file in source::rust() {
        let code = file.code();
        let lines: Vec<&str> = code.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            if lines_with(line, "fn").is_empty() || line.trim_end().ends_with(';') {
                continue;
            }
            // What rustfmt lays out closes a function with a brace under its first letter.
            let indent = line.len() - line.trim_start().len();
            let close = format!("{}}}", " ".repeat(indent));
            let end = lines[n..].iter().position(|l| l.trim_end() == close).unwrap_or(0);
            if end + 1 > MOST_LINES_OF_A_FUNCTION {
                offences.push(Offence::new(&file, n + 1, format!("{} lines", end + 1)));
            }
        }
    }
    judge("functions stop at 60 lines", &offences);
}

#[test]
fn no_file_or_folder_is_named_by_an_empty_word() {
    let banned =
        ["util", "utils", "common", "helper", "helpers", "model", "models", "misc", "manager"];
    let mut offences = Vec::new();
    for file in source::files() {
        for part in file.path.split('/') {
            if banned.contains(&part.split('.').next().unwrap_or_default()) {
                offences.push(Offence::new(&file, 1, format!("`{part}` says nothing")));
            }
        }
    }
    judge("no file or folder is named by an empty word", &offences);
}

#[test]
fn no_type_is_named_by_an_empty_word() {
    let banned =
        ["Manager", "Helper", "Util", "Utils", "Processor", "Service", "Info", "Data", "Impl"];
    let mut offences = Vec::new();
    for file in source::rust() {
        for (n, line) in file.code().lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            while let Some(word) = words.next() {
                if !["struct", "enum", "trait", "type", "union"].contains(&word) {
                    continue;
                }
                let name = words.next().unwrap_or_default();
                if banned.iter().any(|end| name.ends_with(end)) {
                    offences.push(Offence::new(&file, n + 1, format!("`{name}`")));
                }
            }
        }
    }
    judge("no type is named by an empty word", &offences);
}

#[test]
fn no_machine_of_ours_and_no_registry_is_named() {
    // Taken apart, so that this file does not name them.
    let machines = [["/ho", "me/"], ["/Us", "ers/"], ["/wo", "rk/"], ["/ro", "ot/"]];
    let registries = [
        ["registry.npm", "js.org"],
        ["pypi", ".org"],
        ["python", "hosted.org"],
        ["index.crates", ".io"],
        ["static.crates", ".io"],
        ["arti", "factory"],
        ["index", "-url"],
        ["ghcr", ".io"],
        ["INDEX", "_URL="],
    ];
    let mut offences = Vec::new();
    for file in source::files().iter().filter(|f| f.path != "Cargo.lock") {
        for (n, line) in file.text.lines().enumerate() {
            for name in machines.iter().map(|parts| parts.concat()) {
                let named = line.match_indices(&name).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}>*".contains(c))
                });
                if named {
                    offences.push(Offence::new(file, n + 1, format!("names `{name}…`")));
                }
            }
            for name in registries.iter().map(|parts| parts.concat()) {
                if line.contains(&name) {
                    offences.push(Offence::new(file, n + 1, format!("names `{name}`")));
                }
            }
        }
    }
    for file in source::files().iter().filter(|f| f.path == "Cargo.lock") {
        for (n, line) in file.text.lines().enumerate() {
            let known = line.contains("registry+https://github.com/rust-lang/crates.io-index");
            if line.starts_with("source = ") && !known {
                offences.push(Offence::new(file, n + 1, line));
            }
        }
    }
    judge("no path of a machine, no host of a registry", &offences);
}

#[test]
fn nothing_is_left_to_do_without_an_issue() {
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|parts| parts.concat());
    let mut offences = Vec::new();
    for file in source::files().iter().filter(|f| !f.ends_with(&[".json", ".lock"])) {
        for word in &words {
            for line in lines_with(&file.text, word) {
                let text = file.text.lines().nth(line - 1).unwrap_or_default();
                if !text.contains(&format!("{word}(#")) {
                    offences.push(Offence::new(file, line, text.trim()));
                }
            }
        }
    }
    judge("nothing is left to do without an issue", &offences);
}

#[test]
fn no_code_stands_commented_out() {
    let starts =
        ["let ", "use ", "pub ", "fn ", "#[", "mod ", "impl ", "return ", "assert", "self."];
    let ends = [";", "{", "}", "})", ");", "},"];
    let mut offences = Vec::new();
    for file in source::rust() {
        for (n, line) in file.comments().lines().enumerate() {
            let Some(said) = line.trim().strip_prefix("//") else {
                continue;
            };
            let plain = !said.starts_with('/') && !said.starts_with('!');
            let said = said.trim();
            let code = ends.iter().any(|end| said.ends_with(end))
                && (starts.iter().any(|start| said.starts_with(start))
                    || said.len() < 3
                    || said.contains('('));
            if plain && code {
                offences.push(Offence::new(&file, n + 1, said));
            }
        }
    }
    for file in source::files().iter().filter(|f| f.ends_with(&[".py"])) {
        for (n, line) in file.text.lines().enumerate() {
            let Some(said) = line.trim().strip_prefix("# ") else {
                continue;
            };
            if ["import ", "def ", "return ", "print(", "if "].iter().any(|s| said.starts_with(s))
                && said.ends_with([':', ')'])
            {
                offences.push(Offence::new(file, n + 1, said));
            }
        }
    }
    judge("no code stands commented out", &offences);
}

#[test]
fn no_test_is_skipped_expects_a_crash_or_sleeps() {
    let mut offences = Vec::new();
    for file in source::rust() {
        for (n, line) in file.code().lines().enumerate() {
            let skipped = line.contains("#[ignore") || line.contains("#[should_panic");
            let sleeps = file.path.starts_with("tests/") && !lines_with(line, "sleep").is_empty();
            if skipped || sleeps {
                offences.push(Offence::new(&file, n + 1, line.trim()));
            }
        }
    }
    judge("no test is skipped, expects a crash or sleeps", &offences);
}

#[test]
fn what_silences_a_lint_says_why() {
    let mut offences = Vec::new();
    for file in source::rust() {
        let code = file.code();
        for marker in ["#[allow(", "#[expect(", "#![allow(", "#![expect("] {
            for (at, _) in code.match_indices(marker) {
                let end = code[at..].find(")]").map_or(code.len(), |n| at + n);
                if !code[at..end].contains("reason") {
                    let line = code[..at].lines().count().max(1);
                    offences.push(Offence::new(&file, line, "silences a lint without a reason"));
                }
            }
        }
    }
    judge("what silences a lint says why", &offences);
}
