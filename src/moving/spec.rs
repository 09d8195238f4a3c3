//! Small files and what is held, for tests that read as sentences.

use std::collections::BTreeSet;

use piperoll_events::ids::{FrameworkId, LedgerId, MeasureId};
use piperoll_events::measure::Adopted;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::text::Words;
use piperoll_events::{Breakdown, Definition, Period, Polarity, Quantity, Target, TargetKey, Tier};

use super::compare::{Codes, Compared, Said as FileSays, compare};
use super::held::Held;
use super::intent::Intent;
use super::plan::none_recorded;
use super::reading::{
    BreakdownScope, Completeness, Extent, Figure, MeasureKey, MeasureScope, PeriodScope, ReadRow,
    Said, SnapshotPart, Statement,
};

pub(super) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(super) fn p(text: &str) -> Period {
    text.parse().unwrap()
}

pub(super) fn said<T>(value: Option<T>) -> Said<T> {
    value.map_or(Said::Nothing, Said::Value)
}

/// A row that gives a figure, or says that there is none.
pub(super) fn figure(period: &str, value: Option<&str>) -> Statement {
    let mut figure = Figure::silent(p(period), Breakdown::HEADLINE);
    figure.value = said(value.map(q));
    Statement::Figure(Box::new(figure))
}

/// The same with words.
pub(super) fn worded(period: &str, value: &str, words: &str) -> Statement {
    let mut figure = Figure::silent(p(period), Breakdown::HEADLINE);
    figure.value = Said::Value(q(value));
    figure.commentary = Said::Value(words.parse().unwrap());
    Statement::Figure(Box::new(figure))
}

pub(super) fn key(period: &str) -> TargetKey {
    TargetKey { period: p(period), breakdown: Breakdown::HEADLINE, tier: Tier::Expected }
}

pub(super) fn target(period: &str, at: Option<&str>) -> Statement {
    Statement::Target { key: key(period), target: at.map(|at| Target::standing(q(at))) }
}

pub(super) fn row(line: u64, measure: &str, statements: Vec<Statement>) -> ReadRow {
    ReadRow {
        line,
        known_at: None,
        measure: MeasureKey::new(measure),
        code_as_written: measure.to_owned(),
        statements,
    }
}

/// Complete for everything of the measures fed so far.
pub(super) fn snapshot() -> Completeness {
    Completeness::Snapshot(Extent {
        measures: MeasureScope::Fed,
        periods: PeriodScope::All,
        breakdowns: BreakdownScope::All,
        parts: vec![SnapshotPart::Figures, SnapshotPart::Targets],
    })
}

pub(super) fn held() -> Held {
    Held::new(LedgerId::derived(&["spec"]))
}

pub(super) fn id(measure: &str) -> MeasureId {
    held().id_for(&MeasureKey::new(measure))
}

pub(super) fn adopted(code: &str) -> Adopted {
    Adopted {
        framework: FrameworkId::derived(&["spec"]),
        title: Words { en: code.parse().unwrap(), cy: None },
        treatment: Treatment::Targeted,
        level: MeasureLevel::Strategic,
        measures: Subject::PerformanceMeasure,
        definition: Definition::bare(Polarity::HigherIsBetter {}),
        codes: vec![Code {
            scheme: "local".parse().unwrap(),
            code: code.parse().unwrap(),
            from: None,
        }],
        baseline: None,
        targets: Vec::new(),
        places: Vec::new(),
        reason: none_recorded(),
        authority: None,
    }
}

/// What the rows ask for.
pub(super) fn says(held: &Held, rows: &[ReadRow], complete_for: &Completeness) -> Compared {
    let rows: Vec<&ReadRow> = rows.iter().collect();
    let fed: BTreeSet<MeasureId> = held.measures().collect();
    let said = FileSays {
        rows: &rows,
        complete_for,
        same_digits: None,
        fed: &fed,
        asserts: &|_, code| adopted(code),
        codes: Codes::InUse,
        reason: &none_recorded(),
    };
    compare(held, &said)
}

/// What is held once the rows are recorded.
pub(super) fn after(mut held: Held, rows: &[ReadRow], complete_for: &Completeness) -> Held {
    for wanted in says(&held, rows, complete_for).wanted {
        held.take(&wanted.intent);
    }
    held
}

pub(super) fn intents(compared: &Compared) -> Vec<Intent> {
    compared.wanted.iter().map(|wanted| wanted.intent.clone()).collect()
}
