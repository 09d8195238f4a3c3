//! However long a ledger is, its read models are made anew, and caught up, within the same memory.
//!
//! **Invariant:** what is measured is a process of its own, which does nothing else; Linux keeps
//! the account.

use std::time::Duration;

use piperoll::operate::bench::invented::{Invented, Size};
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
    let measures = u32::try_from(figures / 100).unwrap();
    let size = Size { measures, periods: 25, versions: 4 };
    let invented = Invented::write(folder.path(), name.clone(), size).unwrap();
    servers.fine(&["move-in", invented.plan.to_str().unwrap()]);
}
