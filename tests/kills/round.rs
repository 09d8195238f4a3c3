//! One round: servers of its own, a move-in with a projector beside it, a kill, and the same command
//! until it says that it is done.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use piperoll_events::{Breakdown, Period};
use piperoll_projections::scorecard::{Filter, Reader, Scorecard};
use piperoll_projections::{Schema, runtime};
use serde_json::{Value, json};

use super::Seeded;
use super::checker::{Placing, check, receipts as read_receipts};
use super::plan::{LEDGER, Synthetic};
use crate::support::program::{Running, Servers, block_on, wait_until};
use crate::support::raw;

/// So many events at least are still to be recorded when something is killed.
const LEFT: u64 = 200;
/// What a kill by `deploy/local` may take, in events that are recorded meanwhile.
const SLACK: u64 = 2_000;
/// How often the same command is run at most.
const TRIES: usize = 6;
const BOUND: Duration = Duration::from_mins(2);

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Victim {
    Projector,
    Nats,
    Postgres,
    Writer,
}

impl Victim {
    pub(crate) const ALL: [Self; 4] = [Self::Projector, Self::Nats, Self::Postgres, Self::Writer];
}

/// Every cell by code, period and breakdown: its value.
type Cells = BTreeMap<(String, Period, Breakdown), String>;

/// What an unkilled move-in leaves behind.
pub(crate) struct Reference {
    length: u64,
    now: Cells,
    middle: Cells,
}

/// What a round came to.
pub(crate) struct Verified(Value);

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Reference {
    /// Moves in without killing anything.
    pub(crate) fn of(servers: &Servers, plan: &Synthetic) -> Self {
        servers.fine(&["move-in", plan.path().to_str().unwrap()]);
        let length = raw::read(servers, LEDGER).len() as u64;
        let (now, middle) = cells(servers, plan);
        let due: BTreeMap<_, _> = plan.values.clone();
        let found: BTreeMap<_, _> = now
            .iter()
            .map(|((code, period, _), value)| ((code.clone(), period.to_string()), value.clone()))
            .collect();
        assert_eq!(found, due, "even unkilled the cells are not those of the file");
        Self { length, now, middle }
    }

    /// How many events there are.
    pub(crate) const fn events(&self) -> u64 {
        self.length
    }
}

/// After how many receipts a round kills.
pub(crate) fn begin_to_kill(seeded: &mut Seeded, events: u64) -> u64 {
    1 + seeded.below(events - LEFT - SLACK)
}

/// One round. Fails with what is lost, doubled or changed.
pub(crate) fn run(
    n: u64,
    victim: Victim,
    after: u64,
    plan: &Synthetic,
    reference: &Reference,
) -> Verified {
    let servers = Servers::own(&format!("kill-{n}"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts");
    let project = ["project", "--ledger", LEDGER];
    let mut projector = servers.start(&project);
    let writer = move_in(&servers, plan, &file);
    wait_until("enough receipts", BOUND, || count(&file) >= after);
    let mut tries = Vec::new();
    let at_kill = match victim {
        Victim::Projector => {
            projector.kill();
            let at_kill = count(&file);
            projector = servers.start(&project);
            tries.push(ended(writer));
            at_kill
        }
        Victim::Writer => {
            writer.kill();
            tries.push(json!("killed"));
            count(&file)
        }
        Victim::Nats | Victim::Postgres => {
            servers.kill(if victim == Victim::Nats { "nats" } else { "postgres" });
            let at_kill = count(&file);
            servers.up();
            tries.push(ended(writer));
            at_kill
        }
    };
    let left = reference.length - at_kill;
    assert!(left >= LEFT, "round {n}: only {left} events were left at the kill");
    while tries.last() != Some(&json!(0)) {
        assert!(tries.len() < TRIES, "round {n}, {victim:?}: {tries:?}");
        tries.push(ended(move_in(&servers, plan, &file)));
    }
    assert!(!projector.ended(), "the projector gave up: {:?}", projector.end(BOUND));
    let receipts = std::fs::read_to_string(&file).unwrap();
    verify(&servers, plan, reference, &read_receipts(&receipts));
    drop(projector);
    Verified(json!({
        "round": n, "victim": format!("{victim:?}").to_lowercase(), "receipts_at_the_kill": at_kill,
        "still_to_record": left, "tries": tries, "verified": reference.length,
    }))
}

fn move_in(servers: &Servers, plan: &Synthetic, receipts: &Path) -> Running {
    let (plan, receipts) = (plan.path(), receipts.to_str().unwrap());
    servers.start(&["move-in", plan.to_str().unwrap(), "--receipts", receipts])
}

/// How a try ended: its exit code, and what it said where that was no good end.
fn ended(writer: Running) -> Value {
    match writer.end(BOUND) {
        (Some(0), _) => json!(0),
        (code, said) => json!({ "exit": code, "said": said.trim() }),
    }
}

fn count(receipts: &Path) -> u64 {
    let bytes = std::fs::read(receipts).unwrap_or_default();
    // A line that is being written has no end yet, and is not counted.
    String::from_utf8(bytes).unwrap().matches('\n').count() as u64
}

fn verify(servers: &Servers, plan: &Synthetic, reference: &Reference, receipts: &[Placing]) {
    let messages = raw::read(servers, LEDGER);
    let stream: Vec<Placing> =
        messages.iter().map(|message| (message.command_id(), message.position)).collect();
    assert_eq!(check(receipts, &stream), Vec::<String>::new());
    assert_eq!(stream.len() as u64, reference.length);
    let (now, middle) = cells(servers, plan);
    assert!(now == reference.now, "the cells differ from an unkilled move-in's");
    assert!(middle == reference.middle, "the cells of {} differ", plan.middle);
    for ((code, period), words) in plan.words.iter().step_by(97) {
        let asked = ["as-at", "--ledger", LEDGER, "submission", code, period, "--json"];
        assert_eq!(servers.json(&asked)["commentary"], json!(words));
    }
    let rebuilt =
        servers.json(&["projections", "rebuild", "scorecard", "--ledger", LEDGER, "--json"]);
    assert_eq!(rebuilt["comparison"]["differences"], json!([]), "{rebuilt}");
    assert_eq!(rebuilt["swapped"], json!(true));
}

/// The cells as they stand, and as they stood in the middle.
fn cells(servers: &Servers, plan: &Synthetic) -> (Cells, Cells) {
    let asked = ["as-at", "--ledger", LEDGER, "--known-at", &plan.middle, "scorecard", "--json"];
    let middle = servers.json(&asked)["as_at"]["position"].as_u64().unwrap();
    block_on(async {
        let pool = runtime::pool(servers.setting("PIPEROLL_POSTGRES_URL"), 2).unwrap();
        let schema = Schema::live(&LEDGER.parse().unwrap(), &Scorecard);
        let reader = Reader::new(pool, schema);
        let now = reader.cursor().await.unwrap().position;
        let now = cells_at(&reader, now).await;
        (now, cells_at(&reader, piperoll_events::Position(middle)).await)
    })
}

async fn cells_at(reader: &Reader, at: piperoll_events::Position) -> Cells {
    let measures = reader.measures(at, &Filter::default()).await.unwrap();
    let code = |measure| {
        let line = measures.iter().find(|line| line.measure == measure).unwrap();
        line.codes[0].code.clone()
    };
    let mut cells = Cells::new();
    let take = |cell: piperoll_projections::scorecard::LedgerCell| {
        let value = cell.value.map(|value| value.to_string()).unwrap_or_default();
        let key = (code(cell.measure), cell.period, cell.breakdown);
        assert_eq!(cells.insert(key, value), None, "a cell stands twice");
    };
    reader.all_cells(at, take).await.unwrap();
    cells
}
