//! A body that takes some seconds to move in: a list of changes over two hundred instants.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::Seeded;

/// The ledger's name, and the measures, instants and versions of a figure.
pub(crate) const LEDGER: &str = "drill";
const MEASURES: u64 = 24;
const INSTANTS: u64 = 200;
const VERSIONS: u64 = 4;

const PLAN: &str = r#"
[ledger]
name = "drill"
title = { en = "A body that is killed (illustrative)" }
body_kind = "council"
reality = "illustrative"

[framework]
title = { en = "Everything at once" }
from = "1970-01-01"

[[objective]]
code = "1"
title = { en = "Nothing is lost" }

[[file]]
path = "changes.csv"
mapping = "changes.toml"
"#;

const MAPPING: &str = r#"
[file]

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
forms = ["financial_quarter"]

[change]
kind = { columns = ["change"], given = ["given"], gone = ["gone"] }

[[figure]]
value = { columns = ["value"] }
commentary = { columns = ["words"], blank = "nothing" }

[odd]
leave = ["same_as_last_period"]

[asserted]
level = "operational"
measures = "performance_measure"
treatment = { default = "tracker" }
polarity = { default = "higher_is_better" }
"#;

/// The plan on disk, and what must stand when it has been moved in.
pub(crate) struct Synthetic {
    folder: tempfile::TempDir,
    /// The last value of every code and period.
    pub(crate) values: BTreeMap<(String, String), String>,
    /// The last words of every code and period that has some.
    pub(crate) words: BTreeMap<(String, String), String>,
    /// An instant in the middle.
    pub(crate) middle: String,
}

impl Synthetic {
    /// Writes plan, mapping and figures to a folder of their own.
    pub(crate) fn write() -> Self {
        let mut plan = Self {
            folder: tempfile::tempdir().unwrap(),
            values: BTreeMap::new(),
            words: BTreeMap::new(),
            middle: instant(INSTANTS / 2),
        };
        let file = |name: &str| plan.folder.path().join(name);
        let (text, mapping) = (file("plan.toml"), file("changes.toml"));
        let figures = file("changes.csv");
        std::fs::write(text, PLAN).unwrap();
        std::fs::write(mapping, MAPPING).unwrap();
        let changes = plan.changes();
        std::fs::write(figures, changes).unwrap();
        plan
    }

    /// Where the plan lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("plan.toml")
    }

    /// Every figure is given, then revised three times; a third of the figures have words.
    fn changes(&mut self) -> String {
        let mut seeded = Seeded::new(7);
        let mut text = "known_at,change,code,period,value,words\n".to_owned();
        for n in 0..INSTANTS {
            let (known_at, period) = (instant(n), quarter(n / VERSIONS));
            for measure in 1..=MEASURES {
                let code = format!("K{measure:02}");
                let key = (code.clone(), period.clone());
                let value = (50 + 10 * (n % VERSIONS) + seeded.below(10)).to_string();
                let words = if measure % 3 == 0 {
                    format!("{code} as it was seen at {known_at}.")
                } else {
                    String::new()
                };
                let (year, quarter) = period.split_once("-Q").unwrap();
                let first: u32 = year[2..].parse().unwrap();
                let written = format!("Q{quarter} {first}/{:02}", (first + 1) % 100);
                writeln!(text, "{known_at},given,{code},{written},{value},{words}").unwrap();
                self.values.insert(key.clone(), value);
                if !words.is_empty() {
                    self.words.insert(key, words);
                }
            }
        }
        text
    }
}

fn instant(n: u64) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2011, 1, 1).unwrap();
    let day = day.checked_add_days(chrono::Days::new(n * 20)).unwrap();
    format!("{day}T09:30:00Z")
}

fn quarter(n: u64) -> String {
    format!("FY{}-Q{}", 2008 + n / 4, n % 4 + 1)
}
