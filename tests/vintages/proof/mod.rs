//! The proof: each real set moved in through the importer, and asked what it held at each vintage.
//!
//! **Invariant:** what is expected comes from the readers beside this folder, which share nothing
//! with the importer; what is found comes from the answers of a ledger that stands on real servers,
//! or, where many plans must be tried, from what the prologue leads to in memory.

mod asked;
mod hart;
mod hart_odd;
mod lgbf;
mod lgbf_odd;
mod memory;
mod moved;
mod ons;
mod ons_odd;
mod swaps;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use piperoll_events::{Breakdown, Period};

use super::reader::{CellKey, CellValue, Days, Field, Vintage, difference};

/// What a ledger held at one moment.
type Found = BTreeMap<CellKey, CellValue>;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn key(measure: String, days: Days, breakdown: &Breakdown, field: Field) -> CellKey {
    let tags = breakdown.tags().iter();
    let breakdown = tags.map(|tag| (tag.taxonomy.clone(), tag.code.clone())).collect();
    CellKey { measure, days, breakdown, field }
}

/// How what was found differs from each vintage, one line a cell.
fn differences(vintages: &[Vintage], found: &[Found]) -> Vec<String> {
    assert_eq!(vintages.len(), found.len());
    let each = vintages.iter().zip(found);
    each.flat_map(|(vintage, found)| difference(vintage, found)).collect()
}

/// Fails with the first differences.
#[track_caller]
fn assert_equal(vintages: &[Vintage], found: &[Found]) {
    let said = differences(vintages, found);
    let first: Vec<&String> = said.iter().take(20).collect();
    assert!(said.is_empty(), "{} differences: {first:#?}", said.len());
}
