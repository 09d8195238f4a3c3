//! However long a ledger is, its read models are made anew, and caught up, within the same memory.
//!
//! **Invariant:** what is measured is a process of its own, which does nothing else; Linux keeps
//! the account.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use piperoll::operate::projecting;
use piperoll::operate::site::Site;
use piperoll_events::ids::LedgerName;
use piperoll_projections::READ_MODELS;

use crate::support::fresh_name;
use crate::support::program::{self, Servers, block_on, number, wait_until};

/// Figures of the ledger: four times as many as can wait between reading and writing. With
/// `PIPEROLL_LONG_LEDGER` more, and the bounds stay.
const FIGURES: u64 = 200_000;
/// The most that a rebuild may take, and a projector that catches up, in KiB. It is what waits: some 50,000
/// events for each reading, of which a rebuild has one for all read models and a projector one for each.
/// An event kept takes a KiB, and so would be seen.
const MOST: Peaks = Peaks { rebuilding: 320 * 1024, catching_up: 416 * 1024 };
/// How long any of it may take.
const BOUND: Duration = Duration::from_mins(20);

const MAPPING: &str = r#"
[file]
form = "csv"
[holds]
kind = "changes"
[known_at]
from = "column"
columns = ["known_at"]
format = "rfc3339"
[code]
columns = ["code"]
[period]
columns = ["period"]
forms = ["written"]
[[figure]]
value = { columns = ["value"] }
[odd]
leave = ["ten_times", "hundred_times", "same_as_last_period", "zero_after_non_zero"]
[asserted]
level = "strategic"
measures = "performance_measure"
[asserted.treatment]
default = "tracker"
[asserted.polarity]
default = "higher_is_better"
"#;

const PLAN: &str = r#"
[ledger]
name = "NAME"
title = { en = "Long" }
body_kind = "council"
reality = "illustrative"
[framework]
title = { en = "Long" }
from = "2010-04-01"
known_at = "2010-01-01"
[[file]]
path = "changes.csv"
mapping = "mapping.toml"
"#;

/// The most memory that was held at any time, in KiB.
#[derive(Debug, Clone, Copy)]
struct Peaks {
    rebuilding: u64,
    catching_up: u64,
}

#[test]
fn a_long_ledger_takes_no_more_memory_than_what_waits_to_be_written() {
    let servers = Servers::shared();
    let found = peaks(&servers, number("PIPEROLL_LONG_LEDGER", FIGURES));
    println!("{found:?} KiB");
    assert!(found.rebuilding <= MOST.rebuilding, "rebuilding: {found:?} KiB");
    assert!(found.catching_up <= MOST.catching_up, "catching up: {found:?} KiB");
}

fn peaks(servers: &Servers, figures: u64) -> Peaks {
    let name = fresh_name();
    move_in(servers, &name, figures);
    let ledger = name.as_str();
    let mut rebuild = servers.start(&["projections", "rebuild", "--ledger", ledger]);
    let mut rebuilding = 0;
    wait_until("the rebuild ends", BOUND, || {
        rebuilding = rebuild.most_memory().unwrap_or(rebuilding);
        rebuild.ended()
    });
    let (code, said) = rebuild.end(BOUND);
    assert_eq!(code, Some(0), "{said}");
    let site = Site::new(&program::config(servers), &name);
    block_on(projecting::forget(&site)).unwrap();
    let project = servers.start(&["project", "--ledger", ledger]);
    wait_until("the read models are caught up", BOUND, || caught_up(&site, figures));
    let catching_up = project.most_memory().unwrap();
    Peaks { rebuilding, catching_up }
}

fn caught_up(site: &Site, figures: u64) -> bool {
    READ_MODELS.iter().all(|model| {
        let cursor = block_on(projecting::cursor(site, *model)).unwrap();
        cursor.is_some_and(|cursor| cursor.position.0 >= figures)
    })
}

/// A body moves in with so many figures: 25 months of each measure, each of them in four versions.
fn move_in(servers: &Servers, name: &LedgerName, figures: u64) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("plan.toml", &PLAN.replace("NAME", name.as_str()));
    write("mapping.toml", MAPPING);
    write("changes.csv", &changes(figures));
    let plan = Path::new(folder.path()).join("plan.toml");
    servers.fine(&["move-in", plan.to_str().unwrap()]);
}

fn changes(figures: u64) -> String {
    let mut text = "code,period,value,known_at\n".to_owned();
    for version in 0..4 {
        for period in 0..25 {
            let (year, month) = (2010 + period / 12, 1 + period % 12);
            // Each figure is known the year after, each further version a year later still.
            let known = format!("{}-{month:02}-15T09:00:00Z", year + 1 + version);
            for measure in 0..figures / 100 {
                let value = 40 + (measure * 7 + period * 3 + version * 11) % 50;
                writeln!(text, "M{measure:05},{year}-{month:02},{value}.{version},{known}")
                    .unwrap();
            }
        }
    }
    text
}
