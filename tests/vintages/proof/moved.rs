//! A set moved in through the real thing, under a ledger name of its own.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Parser as _;
use piperoll::asking::answer::Desk;
use piperoll::asking::moment::When;
use piperoll::cli::Cli;
use piperoll::config::Config;
use piperoll::moving::prologue::Summary;
use piperoll::moving::record::Told;
use piperoll::operate::moving_in::{Half, MoveIn};
use piperoll::operate::site::Site;
use piperoll_events::Quantity;
use piperoll_events::ids::{LedgerName, MeasureId};

use super::super::reader::{CellValue, Field};
use super::{Found, key};
use crate::support::{fresh_name, setting};

/// A ledger that holds a real set.
pub(super) struct Moved {
    pub(super) config: Config,
    pub(super) name: LedgerName,
    pub(super) summary: Summary,
}

/// Runs to the end on a runtime of its own: tests share what was moved in, not their runtimes.
pub(super) fn block<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(work)
}

/// A plan in a folder of its own, its ledger named `name`, with every mapping beside it.
pub(super) struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub(super) fn of(plan: &str, name: &LedgerName) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (plans, mappings) = (folder.path().join("plans"), folder.path().join("mappings"));
        std::fs::create_dir(&plans).unwrap();
        std::fs::create_dir(&mappings).unwrap();
        for entry in std::fs::read_dir(own("mappings")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), mappings.join(entry.file_name())).unwrap();
        }
        let (head, tail) = plan.split_once("\nname = \"").unwrap();
        let (_, tail) = tail.split_once('"').unwrap();
        let plan = format!("{head}\nname = \"{name}\"{tail}");
        std::fs::write(plans.join("plan.toml"), plan).unwrap();
        Self { folder }
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.folder.path().join("plans/plan.toml")
    }
}

/// A plan of this folder's tests.
pub(super) fn plan(name: &str) -> String {
    std::fs::read_to_string(own("plans").join(name)).unwrap()
}

fn own(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder)
}

/// Moves a plan in and tells what became of every file.
pub(super) fn move_in(set: &str, plan: &str, figures: &Path) -> Moved {
    let name = fresh_name();
    let folder = Folder::of(plan, &name);
    let state = PathBuf::from(setting("PIPEROLL_STATE")).join(name.as_str());
    std::fs::create_dir_all(&state).unwrap();
    // The servers come from the environment; the keys lie in a folder of this ledger's own.
    let words = ["piperoll", "--state", state.to_str().unwrap(), "schema"];
    let config = Cli::try_parse_from(words).unwrap().config;
    let moving = MoveIn::read(&folder.plan(), Some(figures)).unwrap_or_else(|e| panic!("{e}"));
    let told = Told { progress: &mut |_| (), receipt: &mut |_| () };
    let run = moving.run(&config, Half::GoOn, "the proof", told);
    let (recorded, summary) = block(run).unwrap_or_else(|e| panic!("{set}: {e}"));
    println!("{set}: {} events recorded", recorded.recorded);
    for file in &summary.files {
        let rows = file.rows;
        println!(
            "{set}: {}: {} rows read = {} recorded + {} unchanged + {} declared + {} refused",
            file.file, rows.read, rows.recorded, rows.unchanged, rows.declared, rows.refused
        );
        let sum = rows.recorded + rows.unchanged + rows.declared + rows.refused;
        assert_eq!(rows.read, sum, "{}", file.file);
    }
    Moved { config, name, summary }
}

impl Moved {
    pub(super) async fn desk(&self) -> Desk {
        Desk::open(&self.config, &self.name).await.unwrap()
    }

    pub(super) fn site(&self) -> Site {
        Site::new(&self.config, &self.name)
    }

    /// What the measures were called at that moment, in the words of a set's reader.
    pub(super) async fn names(
        desk: &Desk,
        when: When,
        name: fn(&str) -> String,
    ) -> std::collections::HashMap<MeasureId, String> {
        let board = desk.scorecard(when, None).await.unwrap();
        let lines = board.answer.lines.into_iter().map(|line| line.facts.measure);
        lines.map(|measure| (measure.measure, name(&measure.codes[0].code))).collect()
    }

    /// Every cell as at an instant.
    pub(super) async fn cells(
        desk: &Desk,
        instant: DateTime<Utc>,
        name: fn(&str) -> String,
    ) -> Found {
        let when = When::KnownAt(instant);
        let names = Self::names(desk, when, name).await;
        let mut found = Found::new();
        let take = |cell: piperoll_projections::scorecard::LedgerCell| {
            let parts = [
                (Field::Value, cell.value),
                (Field::Numerator, cell.numerator),
                (Field::Denominator, cell.denominator),
            ];
            let days = cell.period.days();
            let at = |field| key(names[&cell.measure].clone(), days, &cell.breakdown, field);
            let mut hold = |field, value| {
                assert!(found.insert(at(field), value).is_none(), "{} twice", at(field));
            };
            for (field, figure) in parts {
                if let Some(figure) = figure {
                    hold(field, number(figure));
                }
            }
            if let Some(status) = &cell.status_as_reported {
                hold(Field::Status, CellValue::Text(status.clone()));
            }
        };
        desk.cells(when, take).await.unwrap();
        found
    }
}

/// A quantity as the readers hold numbers.
pub(super) fn number(figure: Quantity) -> CellValue {
    CellValue::Number(figure.to_string().parse().unwrap())
}
