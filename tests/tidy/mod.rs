//! What files alone can tell: each rule of the house that can be read is a test here.
//!
//! **Invariant:** a rule is broken by a file and a line that the failure names, or it is excepted
//! below with a reason. An exception that excuses nothing fails, so the list can't outlive its
//! causes.

mod direction;
mod lists;
mod shape;
mod source;

use source::File;

/// A rule that a file may break, for a reason that stands here.
struct Exception {
    rule: &'static str,
    file: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    rule: "no type is named by an empty word",
    file: "events/src/envelope.rs",
    reason: "CloudEvents calls the attribute `data`; its two readings bear its name",
}];

/// What breaks a rule: where, and what was found there.
struct Offence {
    file: String,
    line: usize,
    found: String,
}

impl Offence {
    fn new(file: &File, line: usize, found: impl Into<String>) -> Self {
        Self { file: file.path.clone(), line, found: found.into() }
    }
}

/// Fails with every offence that nothing excepts, and with every exception that excuses none.
#[track_caller]
fn judge(rule: &str, offences: &[Offence]) {
    let excepted = |path: &str| EXCEPTIONS.iter().any(|e| e.rule == rule && e.file == path);
    let mut wrong: Vec<String> = offences
        .iter()
        .filter(|o| !excepted(&o.file))
        .map(|o| format!("{}:{}: {}", o.file, o.line, o.found))
        .collect();
    for exception in EXCEPTIONS.iter().filter(|e| e.rule == rule) {
        if !offences.iter().any(|o| o.file == exception.file) {
            wrong.push(format!(
                "{}: the exception is stale ({}); take it out of tests/tidy/mod.rs",
                exception.file, exception.reason
            ));
        }
    }
    assert!(wrong.is_empty(), "HOUSE: {rule}\n{}\n", wrong.join("\n"));
}
