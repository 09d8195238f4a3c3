//! The doctor: everything that Piperoll depends on, looked at; each finding says what to do.

use std::path::Path;

use piperoll_projections::runtime::{Lag, Rejects, connect};
use piperoll_projections::{READ_MODELS, Schema};
use serde::Serialize;

use super::disks;
use super::guarding::{Found, found};
use super::projecting;
use super::rates;
use super::site::{Site, SiteError, Source};
use crate::clock;
use crate::config::Config;
use crate::identity::secret;
use crate::ledger::{Closed, Connection, Follower, Guard, Replication, Role, may_change_streams};
use crate::publish::outbound::OutboundError;

/// The oldest Postgres whose features suffice.
const OLDEST_POSTGRES: i32 = 150_000;
/// How far Postgres's clock may be off this machine's, in milliseconds.
const MOST_SKEW_MS: i64 = 2_000;
/// What to do where nobody answered, or somebody is about to.
pub(super) const AGAIN: &str = "run this again; if it stays so, see the log of NATS";
/// What to do where nobody answers for a ledger.
const NO_MAJORITY: &str = "start the NATS servers that are down: of three, two have to be there";

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub of: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do about it; empty when all is well.
    pub remedy: String,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It could not be seen, or will matter soon.
    Warning,
    /// Not as it should be.
    Finding,
}

/// Looks at the servers, the keys and the disk, and at each of the ledgers named.
pub async fn examine(config: &Config, sites: &[Site]) -> Vec<Check> {
    let mut checks = settings(config);
    checks.extend(nats(config).await);
    checks.extend(postgres(config).await);
    checks.extend(config.state.as_deref().map(keys));
    checks.extend(config.state.as_deref().map(disks::of_state));
    for site in sites {
        checks.extend(ledger(site).await);
    }
    checks
}

pub(super) fn fine(of: impl Into<String>, seen: impl Into<String>) -> Check {
    Check { of: of.into(), verdict: Verdict::Fine, seen: seen.into(), remedy: String::new() }
}

pub(super) fn finding(
    of: impl Into<String>,
    seen: impl Into<String>,
    remedy: impl Into<String>,
) -> Check {
    let verdict = Verdict::Finding;
    Check { of: of.into(), verdict, seen: seen.into(), remedy: remedy.into() }
}

pub(super) fn warning(
    of: impl Into<String>,
    seen: impl Into<String>,
    remedy: impl Into<String>,
) -> Check {
    Check { verdict: Verdict::Warning, ..finding(of, seen, remedy) }
}

/// An error and its causes in one line.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn settings(config: &Config) -> Vec<Check> {
    let settings = [
        ("PIPEROLL_NATS_WRITER_URL", config.nats_writer_url.is_some()),
        ("PIPEROLL_NATS_READER_URL", config.nats_reader_url.is_some()),
        ("PIPEROLL_NATS_MONITOR_URL", !config.nats_monitor_url.is_empty()),
        ("PIPEROLL_POSTGRES_URL", config.postgres_url.is_some()),
        ("PIPEROLL_STATE", config.state.is_some()),
    ];
    let missing: Vec<_> = settings.iter().filter(|(_, set)| !set).map(|(name, _)| *name).collect();
    let owner = match config.nats_owner_url {
        Some(_) => warning(
            "owner credential",
            "within reach of this process",
            "keep it offline in production; only creating a ledger needs it",
        ),
        None => fine("owner credential", "not within reach"),
    };
    let all = if missing.is_empty() {
        fine("settings", "all given")
    } else {
        let remedy = "set it, or run: eval \"$(deploy/local env)\"";
        finding("settings", format!("missing: {}", missing.join(", ")), remedy)
    };
    vec![all, owner]
}

async fn nats(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    for (role, url) in [
        (Role::Writer, &config.nats_writer_url),
        (Role::Reader, &config.nats_reader_url),
        (Role::Publisher, &config.nats_publisher_url),
        (Role::Subscriber, &config.nats_subscriber_url),
    ] {
        let Some(url) = url else { continue };
        let of = format!("nats as {}", role.as_str());
        let connection = match Connection::open(role, url).await {
            Ok(connection) => connection,
            Err(error) => {
                let remedy = "start it (deploy/local start), or correct the address";
                checks.push(finding(of, told(&error), remedy));
                continue;
            }
        };
        checks.push(match may_change_streams(&connection).await {
            Ok(false) => {
                fine(of, format!("version {}, may not change streams", connection.server_version()))
            }
            Ok(true) => finding(
                of,
                "may change or delete streams",
                "take `$JS.API.STREAM.*` from this user; see deploy/nats.conf",
            ),
            Err(error) => warning(of, told(&error), AGAIN),
        });
    }
    checks
}

async fn postgres(config: &Config) -> Vec<Check> {
    let Some(url) = &config.postgres_url else { return Vec::new() };
    let remedy = "start it (deploy/local start), or correct PIPEROLL_POSTGRES_URL";
    let link = match connect(url).await {
        Ok(link) => link,
        Err(error) => return vec![finding("postgres", told(&error), remedy)],
    };
    let text =
        "select current_setting('server_version_num')::int, current_setting('server_version'),
        current_setting('fsync'), current_setting('synchronous_commit'),
        current_setting('full_page_writes'), current_setting('server_encoding'),
        current_setting('autovacuum'), clock_timestamp()";
    let asked = clock::now();
    let row = match link.query_one(text, &[]).await {
        Ok(row) => row,
        Err(error) => return vec![finding("postgres", told(&error), remedy)],
    };
    let mut checks = Vec::new();
    let number: i32 = row.try_get(0).unwrap_or(0);
    let version: String = row.try_get(1).unwrap_or_default();
    checks.push(if number >= OLDEST_POSTGRES {
        fine("postgres version", version)
    } else {
        finding("postgres version", version, "update to Postgres 15 or later")
    });
    for (column, name, wanted) in [
        (2, "fsync", "on"),
        (3, "synchronous_commit", "on"),
        (4, "full_page_writes", "on"),
        (5, "server_encoding", "UTF8"),
        (6, "autovacuum", "on"),
    ] {
        let found: String = row.try_get(column).unwrap_or_default();
        let of = format!("postgres {name}");
        checks.push(if found == wanted {
            fine(of, found)
        } else {
            finding(of, found, format!("set `{name} = {wanted}` in postgresql.conf and restart"))
        });
    }
    if let Ok(theirs) = row.try_get::<_, chrono::DateTime<chrono::Utc>>(7) {
        let off = theirs.signed_duration_since(asked).num_milliseconds();
        checks.push(clock_check("clock of postgres", off));
    }
    checks.push(disks::of_postgres(&link).await);
    checks
}

fn clock_check(of: &str, off_ms: i64) -> Check {
    let seen = format!("{off_ms} ms from this machine's");
    if off_ms.abs() <= MOST_SKEW_MS {
        return fine(of, seen);
    }
    finding(of, seen, "set the clocks by NTP; a writer more than 2 s off refuses to write")
}

fn keys(state: &Path) -> Check {
    let folder = state.join("keys");
    if !folder.exists() {
        let remedy = "nothing to do: the first writer makes them";
        return warning("keys", format!("none in `{}` yet", folder.display()), remedy);
    }
    match secret::closed(&folder, 0o700) {
        Ok(()) => fine("keys", format!("closed to others in `{}`", folder.display())),
        Err(error) => finding("keys", told(&error), "close the folder, and ask who has read it"),
    }
}

async fn ledger(site: &Site) -> Vec<Check> {
    let of = |what: &str| format!("{} {what}", site.name);
    let source = match site.source().await {
        Ok(source) => source,
        Err(SiteError::Ask(error)) if error.passes() => {
            return vec![finding(of("stream"), told(&error), NO_MAJORITY)];
        }
        Err(error) => return vec![finding(of("stream"), told(&error), no_stream(site).await)],
    };
    let mut checks = stream(site, &source).await;
    checks.push(match source.stream.replication().await {
        Ok(found) => replicas(site, "", &found, source.stream.connection()),
        Err(error) => warning(of("replicas"), told(&error), AGAIN),
    });
    checks.extend(past_findings(site).await);
    checks.extend(updates(site, &source).await);
    for model in READ_MODELS {
        checks.push(read_model(site, &source, *model).await);
        checks.extend(rejects(site, *model).await);
    }
    checks.push(disks::of_nats(site, &source).await);
    checks.extend(rates::look(site, &source).await);
    checks
}

/// What to do where there is no stream: rows of it say that there was one.
async fn no_stream(site: &Site) -> &'static str {
    for model in READ_MODELS {
        if matches!(projecting::cursor(site, *model).await, Ok(Some(_))) {
            return "its read models stand, so it was there: restore it from its backup (piperoll restore)";
        }
    }
    "move the body in, or correct the name"
}

/// Who holds a stream of the ledger: its own, or that of its updates.
fn replicas(site: &Site, which: &str, found: &Replication, connection: &Connection) -> Check {
    let of = format!("{}{which} replicas", site.name);
    let Some(leader) = &found.leader else {
        return finding(of, "nobody leads: nothing can be written", NO_MAJORITY);
    };
    let named = |of: fn(&Follower) -> bool| {
        let all = found.followers.iter().filter(|it| of(it));
        all.map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let level = found.followers.iter().filter(|it| it.is_level()).count().saturating_add(1);
    let seen = format!("{level} of {} are level, {leader} leads", found.replicas);
    let (away, behind) = (named(Follower::is_away), named(|it| !it.is_away() && !it.current));
    if !away.is_empty() {
        let remedy = "start it again: with one more gone nothing can be written";
        return finding(of, format!("{seen}, {away} is away"), remedy);
    }
    if !found.is_complete() {
        let behind =
            if behind.is_empty() { "one is missing" } else { &format!("{behind} is behind") };
        return warning(of, format!("{seen}, {behind}"), AGAIN);
    }
    if found.replicas == 1 && connection.is_clustered() {
        let remedy = format!("piperoll replicas --ledger {} --to 3", site.name);
        let seen = format!("{leader} alone holds it, of a cluster: without that server it is gone");
        return finding(of, seen, remedy);
    }
    let others = named(|_| true);
    fine(
        of,
        if others.is_empty() {
            "1, on a server alone".to_owned()
        } else {
            format!("{seen}, followed by {others}")
        },
    )
}

/// What guards found before, put right since or not.
async fn past_findings(site: &Site) -> Option<Check> {
    let link = connect(site.config.postgres_url.as_deref()?).await.ok()?;
    let of = format!("{} guard", site.name);
    let again = "run this again; if it stays so, see the log of Postgres";
    Some(match found(&link, &site.name).await {
        Ok(None) => fine(of, "never found the stream to differ"),
        Ok(Some(Found { count, last_at, last: [field, expected, found] })) => warning(
            of,
            format!(
                "{count} differences so far; the last, {last_at}: `{field}` was `{found}` where `{expected}` is needed"
            ),
            "see operations.guard_finding, and that each was put right or accepted on the record",
        ),
        Err(error) => warning(of, told(&error), again),
    })
}

/// The stream of updates; nothing to say where no publisher's credential is given.
async fn updates(site: &Site, source: &Source) -> Vec<Check> {
    if site.config.nats_publisher_url.is_none() {
        return Vec::new();
    }
    let of = format!("{} updates", site.name);
    let outbound = match site.outbound(Role::Publisher).await {
        Ok(outbound) => outbound,
        Err(error) => return vec![finding(of, told(&error), "start NATS, or correct the address")],
    };
    let looked = async {
        Ok::<_, OutboundError>((
            outbound.differences().await?,
            outbound.reached(source.identity.ledger_id).await?,
        ))
    };
    let (differences, reached) = match looked.await {
        Ok(looked) => looked,
        Err(error @ OutboundError::Missing(_)) => {
            let remedy = format!("piperoll publish --ledger {} --make-stream", site.name);
            return vec![warning(of, told(&error), remedy)];
        }
        Err(error) => return vec![finding(of, told(&error), "as it says")],
    };
    let held = match outbound.replication().await {
        Ok(found) => replicas(site, " updates", &found, outbound.connection()),
        Err(error) => warning(of.clone(), told(&error), AGAIN),
    };
    let differs = differences.iter().map(|it| {
        let seen = format!("`{}` is `{}` where `{}` is needed", it.field, it.found, it.expected);
        finding(of.clone(), seen, "subscribers may have lost updates; the owner puts it right")
    });
    let mut checks: Vec<Check> = differs.collect();
    checks.push(held);
    checks.push(match reached.last {
        Some((placing, _)) => {
            let seen = format!(
                "{} published, the last from position {}",
                reached.sequence, placing.position
            );
            fine(of, seen)
        }
        None => warning(of, "none published yet", "run `piperoll publish` for this ledger"),
    });
    checks
}

/// What a read model stepped over; nothing to say where it was never made.
async fn rejects(
    site: &Site,
    model: &'static dyn piperoll_projections::Projection,
) -> Option<Check> {
    let link = connect(site.config.postgres_url.as_deref()?).await.ok()?;
    let schema = Schema::live(&site.name, model);
    let rejects = Rejects::read(&*link, &schema).await.ok()?;
    let of = format!("{schema} rejects");
    Some(match rejects.last {
        None => fine(of, "every entry of the ledger is authentic"),
        Some(last) => finding(
            of,
            format!(
                "{} entries are not authentic; the last at position {} ({}): {}",
                rejects.count, last.position, last.reason, last.detail
            ),
            format!(
                "find out who wrote them: piperoll events show --ledger {} {}",
                site.name, last.position
            ),
        ),
    })
}

async fn stream(site: &Site, source: &Source) -> Vec<Check> {
    let of = |what: &str| format!("{} {what}", site.name);
    let again = "run this again; if it stays so, see the log";
    let monitors = site.config.nats_monitor_url.clone();
    let accepted = match source.examiner().accepted().await {
        Ok(accepted) => accepted,
        Err(error) => return vec![warning(of("stream"), told(&error), again)],
    };
    let guard = Guard::new(source.stream.clone(), source.identity, monitors).accepting(&accepted);
    let found = match guard.inspect().await {
        Ok(found) => found,
        Err(error) => return vec![warning(of("stream"), told(&error), again)],
    };
    let open = match &found.closed {
        Some(Closed::Differs(open)) => open.as_slice(),
        _ => &[],
    };
    let mut checks = Vec::new();
    for difference in &found.differences {
        let (field, seen) = (of(difference.field.as_str()), &difference.found);
        let seen = format!("`{seen}` where `{}` is needed", difference.expected);
        checks.push(if open.contains(difference) {
            finding(field, seen, differs(difference.field.as_str()))
        } else {
            fine(field, format!("{seen}; accepted on the record"))
        });
    }
    for text in &found.warnings {
        checks.push(warning(
            of("monitor"),
            text.clone(),
            "start that server, or correct PIPEROLL_NATS_MONITOR_URL",
        ));
    }
    if checks.is_empty() {
        checks.push(fine(of("stream"), "configured as a ledger needs it, durable on every write"));
    }
    checks.push(clock_check(&of("clock of nats"), found.clock_ahead_ms.saturating_neg()));
    checks
}

/// What to do about a field of a stream that differs.
fn differs(field: &str) -> &'static str {
    match field {
        "restore" => "let it end: run `piperoll restore` again with the same file",
        "created" => {
            "if it was restored: piperoll accept --difference created; if nobody did so, compare it with its copy"
        }
        "first_position" | "messages" | "last_position" => {
            "events are lost: stop writing, keep what is left aside, and restore the ledger from its backup"
        }
        _ => {
            "writing is closed until the owner puts it right, or somebody accepts it on the record: piperoll accept"
        }
    }
}

async fn read_model(
    site: &Site,
    source: &Source,
    model: &'static dyn piperoll_projections::Projection,
) -> Check {
    let of = Schema::live(&site.name, model).to_string();
    let again = "run this again; if it stays so, see the log";
    let head = match source.stream.head().await {
        Ok(head) => head,
        Err(error) => return warning(of, told(&error), again),
    };
    let cursor = match projecting::cursor(site, model).await {
        Ok(Some(cursor)) => cursor,
        Ok(None) => return warning(of, "never made", "run `piperoll project` for this ledger"),
        Err(error) => return finding(of, told(&error), again),
    };
    if let Err(error) = projecting::fits(site, source, model).await {
        let remedy = "compare the stream with its copy, then: piperoll projections rebuild";
        return finding(of, told(&error), remedy);
    }
    let waiting = match source.time_of(cursor.position.next()).await {
        Ok(time) => time.map(|time| clock::now().signed_duration_since(time)),
        Err(error) => return warning(of, told(&error), again),
    };
    match Lag::between(cursor.position, head, waiting) {
        Lag::Level {} => fine(of, format!("level with the ledger at {head}")),
        Lag::Behind { events, seconds } => {
            let seconds = seconds.map(|seconds| format!(", {seconds} s")).unwrap_or_default();
            let remedy = "run `piperoll project` for this ledger";
            warning(of, format!("{events} events{seconds} behind"), remedy)
        }
        Lag::Ahead { events } => finding(
            of,
            format!("{events} events ahead of the ledger, whose end is lost"),
            "stop writing and compare the stream with its copy",
        ),
    }
}
