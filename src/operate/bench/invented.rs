//! A file of changes of any size, with its mapping and its plan: invented, and the same each time.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use piperoll_events::ids::LedgerName;
use serde::Serialize;

/// How large the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Measures.
    pub measures: u32,
    /// Monthly reference periods of each.
    pub periods: u32,
    /// Versions of each figure.
    pub versions: u32,
}

/// The file on disk.
#[derive(Debug, Clone)]
pub struct Invented {
    /// The ledger's name.
    pub name: LedgerName,
    /// The plan.
    pub plan: PathBuf,
    /// How large.
    pub size: Size,
}

impl Size {
    /// About so many figures with their versions: four versions of 120 periods, or of fewer where
    /// there would not be the measures for a scorecard of 400.
    #[must_use]
    pub fn of(versions: u32) -> Self {
        let measures = (versions / 480).max(400);
        let periods = versions.checked_div(measures.saturating_mul(4)).unwrap_or(0).max(1);
        Self { measures, periods, versions: 4 }
    }

    /// Rows of the file.
    #[must_use]
    pub fn rows(self) -> u64 {
        u64::from(self.measures)
            .saturating_mul(self.periods.into())
            .saturating_mul(self.versions.into())
    }
}

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
default = "targeted"
[asserted.polarity]
default = "higher_is_better"
"#;

const PLAN: &str = r##"
[ledger]
name = "NAME"
title = { en = "Bench (illustrative)" }
body_kind = "council"
reality = "illustrative"
[framework]
title = { en = "Bench" }
from = "2010-04-01"
known_at = "2010-01-01"
[framework.scale]
levels = [
  { code = "green", words = { en = "On track" }, shape = "circle", colour = "#00703c", track = "on" },
  { code = "red", words = { en = "Off track" }, shape = "square", colour = "#b00020", track = "off" },
]
[framework.rating_rule]
met = "green"
missed = "red"
compare = "exact"
ends = "inclusive"
[[file]]
path = "changes.csv"
mapping = "mapping.toml"
"##;

impl Invented {
    /// Writes file, mapping and plan of the ledger called `name` into `folder`.
    ///
    /// # Errors
    /// The folder can't be written.
    #[expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]
    pub fn write(folder: &Path, name: LedgerName, size: Size) -> std::io::Result<Self> {
        std::fs::write(folder.join("mapping.toml"), MAPPING)?;
        let plan = folder.join("plan.toml");
        std::fs::write(&plan, PLAN.replace("NAME", name.as_str()))?;
        let mut file = BufWriter::new(std::fs::File::create(folder.join("changes.csv"))?);
        writeln!(file, "code,period,value,known_at")?;
        for version in 0..size.versions {
            for period in 0..size.periods {
                let (year, month) = (2010 + (period + 3) / 12, 1 + (period + 3) % 12);
                // Each figure is known the year after, each new version a year later still.
                let known = format!("{}-{month:02}-15T09:00:00Z", year + 1 + version);
                for measure in 0..size.measures {
                    let value = 40 + (measure * 7 + period * 3 + version * 11) % 50;
                    writeln!(file, "M{measure:05},{year}-{month:02},{value}.{version},{known}")?;
                }
            }
        }
        file.flush()?;
        Ok(Self { name, plan, size })
    }
}
