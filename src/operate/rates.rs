//! How fast a ledger is written and read, and how far its updates have come: lines of the doctor.
//!
//! **Invariant:** nothing is written to find out, and what can't be seen is told as that, never as nought.

use std::time::Instant;

use chrono::TimeDelta;
use piperoll_events::Position;

use super::doctor::{AGAIN, Check, fine, told, warning};
use super::site::{Site, Source};
use crate::clock;
use crate::ledger::{AskError, Role, Until};

/// How many events are read to see how fast that is.
const READ: u64 = 5_000;

/// Looks at a ledger's rates.
pub(super) async fn look(site: &Site, source: &Source) -> Vec<Check> {
    let head = match source.stream.head().await {
        Ok(head) => head,
        Err(error) => return vec![warning(format!("{} pace", site.name), told(&error), AGAIN)],
    };
    let mut checks = vec![writing(site, source, head).await, reading(site, source, head).await];
    checks.extend(updates(site, source, head).await);
    checks
}

async fn writing(site: &Site, source: &Source, head: Position) -> Check {
    let of = format!("{} writing", site.name);
    let seen = async {
        let minute = since(source, head, TimeDelta::minutes(1)).await?;
        let hour = since(source, head, TimeDelta::hours(1)).await?;
        Ok::<_, AskError>((minute, hour))
    };
    match seen.await {
        Ok((minute, hour)) => {
            fine(of, format!("{minute} events in the last minute, {hour} in the last hour"))
        }
        Err(error) => warning(of, told(&error), AGAIN),
    }
}

/// How many events were written this long ago or later. Their times follow their order, so the first of
/// them is found by halving.
async fn since(source: &Source, head: Position, ago: TimeDelta) -> Result<u64, AskError> {
    let Some(from) = clock::now().checked_sub_signed(ago) else { return Ok(head.0) };
    let (mut earlier, mut later) = (0, head.0.saturating_add(1));
    while later.saturating_sub(earlier) > 1 {
        let middle = earlier.midpoint(later);
        if source.time_of(Position(middle)).await?.is_some_and(|time| time >= from) {
            later = middle;
        } else {
            earlier = middle;
        }
    }
    Ok(head.0.saturating_sub(earlier))
}

async fn reading(site: &Site, source: &Source, head: Position) -> Check {
    let of = format!("{} reading", site.name);
    let began = Instant::now();
    let mut following = source.follow(Position(head.0.saturating_sub(READ)), Until::Head);
    let mut read: u128 = 0;
    while let Some(placed) = following.next().await {
        match placed {
            Ok(placed) => {
                read = read.saturating_add(placed.len().try_into().unwrap_or(u128::MAX));
            }
            Err(error) => return warning(of, told(&error), AGAIN),
        }
    }
    let spent = began.elapsed().as_micros().max(1);
    let rate = read.saturating_mul(1_000_000).checked_div(spent).unwrap_or(0);
    let spent_ms = spent.div_ceil(1_000);
    fine(of, format!("the last {read} events in {spent_ms} ms, {rate} a second"))
}

/// How many events came after the one that the last update tells of. Some tell nobody anything, so that they
/// wait is no finding. Nothing to say where there is no update, or no publisher's credential.
async fn updates(site: &Site, source: &Source, head: Position) -> Option<Check> {
    site.config.nats_publisher_url.as_ref()?;
    let outbound = site.outbound(Role::Publisher).await.ok()?;
    let (last, _) = outbound.reached(source.identity.ledger_id).await.ok()?.last?;
    let of = format!("{} updates behind", site.name);
    let after = head.0.saturating_sub(last.position.0);
    if after == 0 {
        return Some(fine(of, format!("level with the ledger at {head}")));
    }
    Some(match source.time_of(last.position.next()).await {
        Ok(time) => {
            let age = time.map(|time| clock::now().signed_duration_since(time).num_seconds());
            let age = age.map(|age| format!(", the first {age} s ago")).unwrap_or_default();
            fine(of, format!("{after} events since the last that was told of{age}"))
        }
        Err(error) => warning(of, told(&error), AGAIN),
    })
}
