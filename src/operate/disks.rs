//! Is there room on the disks that everything stands on: lines of the doctor.
//!
//! **Invariant:** to find out, something is written beside the ledger and its read models, and taken away
//! again; it is never a part of either.

use std::path::Path;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::doctor::{AGAIN, Check, finding, fine, told, warning};
use super::site::{Site, Source};
use crate::ledger::Room;

/// The least free space of this machine's disk that is no finding, in bytes.
const LEAST_FREE: u64 = 2 * 1024 * 1024 * 1024;
/// A hundred KiB that are given back at the end of the transaction.
const WRITTEN_BESIDE: &str = "begin;
    create temporary table room on commit drop as
        select lpad(n::text, 1000, '0') as words from generate_series(1, 100) as n;
    commit";

/// The disk of the state folder.
pub(super) fn of_state(state: &Path) -> Check {
    let of = "disk of the state folder";
    match rustix::fs::statvfs(state) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let seen = format!("{} MiB free", free.checked_div(1024 * 1024).unwrap_or(0));
            if free >= LEAST_FREE {
                return fine(of, seen);
            }
            finding(of, seen, "make room: JetStream stops taking events when its disk is full")
        }
        Err(error) => warning(of, told(&error), "correct PIPEROLL_STATE"),
    }
}

/// The disk of Postgres.
pub(super) async fn of_postgres(link: &Client) -> Check {
    let of = "disk of postgres";
    match link.batch_execute(WRITTEN_BESIDE).await {
        Ok(()) => fine(of, "takes what is written"),
        Err(error) if error.code() == Some(&SqlState::DISK_FULL) => {
            finding(of, told(&error), "make room: it is full, and read models stay behind")
        }
        Err(error) => warning(of, told(&error), "run this again; see the log of Postgres"),
    }
}

/// The disk of the server that was asked of those that hold a ledger's stream.
pub(super) async fn of_nats(site: &Site, source: &Source) -> Check {
    let of = format!("{} disk of nats", site.name);
    match source.stream.room().await {
        Ok(Room::For(bytes)) => {
            fine(of, format!("takes what is written ({} KiB)", bytes.div_ceil(1024)))
        }
        Ok(Room::None(words)) => finding(
            of,
            words,
            "make room, then start that server again: a stream that could not be written takes nothing until then",
        ),
        Err(error) => warning(of, told(&error), AGAIN),
    }
}
