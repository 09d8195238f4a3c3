//! Comparing: what is held, and what a file says at one instant, give what must be recorded.
//!
//! **Invariant:** pure, and at rest once applied: what a file says twice is recorded once. All that
//! one instant of a file says of one measure and period makes one submission event; definitions
//! come before figures, figures before targets, because the order of the record is the answer.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_events::ids::MeasureId;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::{Adopted, CodeAssigned, DefinitionSet};
use piperoll_events::reason::Reason;
use piperoll_events::text::Label;

use super::define::Parts;
use super::figures::{self, Drafts};
use super::held::Held;
use super::intent::Intent;
use super::reading::{Completeness, DefinitionPart, MeasureKey, ReadRow, Statement};
use super::scope::Scope;
use super::targets;

/// What one file says at one instant.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// The rows, in the order of the file.
    pub rows: &'a [&'a ReadRow],
    /// What absence means.
    pub complete_for: &'a Completeness,
    /// In how many significant digits figures agree that are one; absent: in all.
    pub same_digits: Option<u8>,
    /// The measures that files of the same mapping have fed so far.
    pub fed: &'a BTreeSet<MeasureId>,
    /// What is asserted of a measure that is met for the first time, by its key and its code.
    pub asserts: &'a dyn Fn(&MeasureKey, &str) -> Adopted,
    /// Whether the file's codes are what people call the measures at that instant.
    pub codes: Codes,
    /// The reason that changes bear.
    pub reason: &'a Reason,
}

/// Whether a file's codes are what people call the measures at that instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codes {
    /// They are: another code than the one held is a renumbering.
    #[default]
    InUse,
    /// They are a collector's own spelling and say nothing.
    CollectorsOwn,
}

/// What must be recorded, in order, and what became of the rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// What must be recorded; `row` is the first line that asks for it, absent where the file's
    /// silence does.
    pub wanted: Vec<Wanted>,
    /// What became of each row, in order.
    pub outcomes: Vec<(u64, Outcome)>,
    /// Cells and targets that the file no longer holds.
    pub withdrawn: u64,
    /// What the record has no place for: words, or a rating, without a figure.
    pub left_out: Vec<LeftOut>,
}

/// One thing to be recorded, with the line that asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The first line that asks for it.
    pub row: Option<u64>,
    /// What.
    pub intent: Intent,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It says what is held already.
    Unchanged,
    /// It declares that there is no figure.
    Declared,
    /// It changed something.
    Recorded,
}

/// Something that a row says and the record has no place for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// The line.
    pub line: u64,
    /// What, and why.
    pub what: &'static str,
}

impl Compared {
    pub(super) fn want(&mut self, row: Option<u64>, intent: Intent) {
        self.wanted.push(Wanted { row, intent });
    }
}

/// Works out what must be recorded so that what is held agrees with what the file says.
#[must_use]
pub fn compare(held: &Held, said: &Said<'_>) -> Compared {
    let mut found = Compared::default();
    let mut ids = BTreeMap::new();
    for (key, rows) in by_measure(said.rows) {
        let id = held.find(key).unwrap_or_else(|| held.id_for(key));
        ids.insert(key.clone(), id);
        structure(held, id, key, &rows, said, &mut found);
    }
    let scope = Scope::new(held, said, &ids);
    let drafts = Drafts::of(said.rows, &ids, said.same_digits);
    figures::compare(held, &drafts, &scope, said.reason, &mut found);
    targets::compare(held, said, &ids, &scope, &mut found);
    found.outcomes = outcomes(held, said, &ids, &drafts, &found);
    found
}

fn by_measure<'a>(rows: &[&'a ReadRow]) -> Vec<(&'a MeasureKey, Vec<&'a ReadRow>)> {
    let mut order: Vec<(&MeasureKey, Vec<&ReadRow>)> = Vec::new();
    let mut places: BTreeMap<&MeasureKey, usize> = BTreeMap::new();
    for row in rows {
        let place = *places.entry(&row.measure).or_insert(order.len());
        match order.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => order.push((&row.measure, vec![row])),
        }
    }
    order
}

/// Adoption, definition and code of one measure.
fn structure(
    held: &Held,
    id: MeasureId,
    key: &MeasureKey,
    rows: &[&ReadRow],
    said: &Said<'_>,
    found: &mut Compared,
) {
    let mut parts = Parts::default();
    rows.iter().flat_map(|row| &row.statements).for_each(|statement| parts.hear(statement));
    let defines = |row: &&&ReadRow| row.statements.iter().any(is_definition);
    let line = |row: Option<&&ReadRow>| row.map(|row| row.line);
    let first = line(rows.first());
    // A withdrawn row bears the code that goes; the code that stays is that of the last other row.
    let named = rows.iter().rev().find(|row| speaks_of_it(row)).or(rows.last());
    let Some(measure) = held.measure(id) else {
        if !rows.iter().any(|row| speaks_of_it(row)) {
            return;
        }
        let code = named.map_or(key.as_str(), |row| called(row));
        let fact = parts.adopted((said.asserts)(key, code));
        return found.want(first, Intent::measure_fact(id, fact));
    };
    if parts.title().is_some_and(|title| title != measure.title) {
        let line = line(rows.iter().find(defines)).unwrap_or(0);
        found.left_out.push(LeftOut { line, what: "another title than the one at adoption" });
    }
    let definition = parts.applied_to(&measure.definition);
    if definition != measure.definition {
        let reason = said.reason.clone();
        let fact = DefinitionSet { definition, reason, authority: None, change: None };
        found.want(line(rows.iter().find(defines)).or(first), Intent::measure_fact(id, fact));
    }
    if let (Codes::InUse, Some(row)) = (said.codes, named)
        && let Ok(code) = called(row).trim().parse::<Label>()
        && let Some(current) = measure.codes.last()
        && !measure.codes.iter().any(|held| held.code == code)
    {
        let code = Code { scheme: current.scheme.clone(), code, from: None };
        let fact = CodeAssigned { code, reason: said.reason.clone() };
        found.want(Some(row.line), Intent::measure_fact(id, fact));
    }
}

/// What people call a row's measure. A part of a code that feeds several measures is no name of
/// its own in the file; the key is.
pub(super) fn called(row: &ReadRow) -> &str {
    let key = row.measure.as_str();
    if key.contains('/') { key } else { &row.code_as_written }
}

fn speaks_of_it(row: &ReadRow) -> bool {
    row.statements.iter().any(figures::gives)
}

/// Whether a list of changes says that a part of a definition is another one now.
fn changes_a_definition(statement: &Statement) -> bool {
    matches!(statement, Statement::Definition { part, now, before }
        if *part != DefinitionPart::Title && !before.is_silent() && now != before)
}

fn is_definition(statement: &Statement) -> bool {
    matches!(statement, Statement::Unit { .. } | Statement::Definition { .. })
}

fn outcomes(
    held: &Held,
    said: &Said<'_>,
    ids: &BTreeMap<MeasureKey, MeasureId>,
    drafts: &Drafts,
    found: &Compared,
) -> Vec<(u64, Outcome)> {
    let says_none = |statement: &Statement| matches!(statement, Statement::NoValue { .. });
    let mut asked: BTreeMap<u64, Vec<&Intent>> = BTreeMap::new();
    let mut defined = BTreeSet::new();
    for wanted in &found.wanted {
        defined.extend(wanted.intent.measure().filter(|_| wanted.intent.defines()));
        if let Some(row) = wanted.row {
            asked.entry(row).or_default().push(&wanted.intent);
        }
    }
    let outcome = |row: &ReadRow| {
        let declared = row.statements.iter().any(says_none);
        let asked = asked.get(&row.line).into_iter().flatten();
        let recorded = asked.into_iter().any(|intent| !(declared && only_declares(intent)));
        // Several rows of one instant may each change a part of the one definition.
        let defines = row.statements.iter().any(changes_a_definition)
            && ids.get(&row.measure).is_some_and(|id| defined.contains(id));
        let moved = ids.get(&row.measure).is_some_and(|id| {
            row.statements.iter().any(|statement| drafts.moved(held, *id, statement))
        });
        if recorded || moved || defines {
            Outcome::Recorded
        } else if declared {
            Outcome::Declared
        } else {
            Outcome::Unchanged
        }
    };
    said.rows.iter().map(|row| (row.line, outcome(row))).collect()
}

/// A declaration, and the adoption of a measure of which nothing else is known.
const fn only_declares(intent: &Intent) -> bool {
    matches!(intent, Intent::Declare { .. } | Intent::Plain { .. })
}

#[cfg(test)]
mod tests {
    use piperoll_events::measure::TargetWithdrawn;
    use piperoll_events::submission::no_value_declared::NoValue;
    use piperoll_events::{Breakdown, Cell, Target};
    use proptest::prelude::*;

    use super::super::plan::none_recorded;
    use super::super::spec::{
        adopted, after, figure, held, id, intents, key, p, q, row, said, says, snapshot, target,
        worded,
    };
    use super::*;

    const CHANGES: Completeness = Completeness::Changes;

    fn cell(value: &str) -> Cell {
        Cell::of(Breakdown::HEADLINE, q(value))
    }

    fn submit(measure: &str, period: &str, value: &str) -> Intent {
        let (measure, period, cells) = (id(measure), p(period), vec![cell(value)]);
        Intent::Submit { measure, period, cells, rating: None, words: None }
    }

    fn withdraw(measure: &str, period: Option<&str>) -> Intent {
        Intent::Withdraw { measure: id(measure), period: period.map(p), reason: none_recorded() }
    }

    fn one(period: &str, value: &str) -> Held {
        after(held(), &[row(2, "A", vec![figure(period, Some(value))])], &CHANGES)
    }

    #[test]
    fn a_measure_met_for_the_first_time_is_adopted_before_its_figures() {
        let found = says(&held(), &[row(2, "A", vec![figure("2021", Some("1"))])], &CHANGES);
        let adopt = Intent::measure_fact(id("A"), adopted("A"));
        assert_eq!(intents(&found), [adopt, submit("A", "2021", "1")]);
        assert_eq!(found.outcomes, [(2, Outcome::Recorded)]);
    }

    #[test]
    fn the_same_number_written_otherwise_is_no_change() {
        let found =
            says(&one("2021", "1.0"), &[row(2, "A", vec![figure("2021", Some("1"))])], &CHANGES);
        assert_eq!(intents(&found), []);
        assert_eq!(found.outcomes, [(2, Outcome::Unchanged)]);
    }

    #[test]
    fn a_changed_figure_is_revised_and_bears_that_no_reason_is_on_record() {
        let found =
            says(&one("2021", "1"), &[row(2, "A", vec![figure("2021", Some("2"))])], &CHANGES);
        let (measure, period) = (id("A"), p("2021"));
        let revise = Intent::Revise {
            measure,
            period,
            changed: vec![cell("2")],
            removed: Vec::new(),
            rating: None,
            reason: none_recorded(),
        };
        assert_eq!(intents(&found), [revise]);
    }

    #[test]
    fn values_come_before_targets_though_the_rows_mix_them() {
        let rows = [
            row(2, "A", vec![figure("2021", Some("1")), target("2021", Some("5"))]),
            row(3, "B", vec![figure("2021", Some("2"))]),
        ];
        let found = says(&held(), &rows, &CHANGES);
        let types: Vec<&str> = found.wanted.iter().map(|it| it.intent.event_type()).collect();
        assert_eq!(
            types,
            [
                "piperoll.measure.adopted.v1",
                "piperoll.measure.adopted.v1",
                "piperoll.submission.submitted.v1",
                "piperoll.submission.submitted.v1",
                "piperoll.measure.target_set.v1",
            ]
        );
    }

    #[test]
    fn what_a_snapshot_holds_no_more_is_withdrawn_and_a_list_of_changes_takes_nothing_back() {
        let rows = [row(
            2,
            "A",
            vec![figure("2021", Some("1")), figure("2022", Some("2")), target("2022", Some("9"))],
        )];
        let held = after(held(), &rows, &snapshot());
        let next = [row(2, "A", vec![figure("2022", Some("2"))])];
        assert_eq!(intents(&says(&held, &next, &CHANGES)), []);
        let found = says(&held, &next, &snapshot());
        let gone = TargetWithdrawn {
            key: key("2022"),
            old: Target::standing(q("9")),
            reason: none_recorded(),
            authority: None,
            case: None,
        };
        let gone = Intent::measure_fact(id("A"), gone);
        assert_eq!(intents(&found), [withdraw("A", Some("2021")), gone]);
        assert_eq!(found.withdrawn, 2);
    }

    #[test]
    fn a_blank_takes_a_figure_back_and_its_return_begins_anew() {
        let blank = [row(2, "A", vec![figure("2021", None)])];
        let held = one("2021", "0");
        assert_eq!(intents(&says(&held, &blank, &CHANGES)), [withdraw("A", Some("2021"))]);
        let held = after(held, &blank, &CHANGES);
        let back = [row(2, "A", vec![figure("2021", Some("0"))])];
        assert_eq!(intents(&says(&held, &back, &CHANGES)), [submit("A", "2021", "0")]);
    }

    #[test]
    fn a_figure_moved_from_one_spelling_of_a_code_to_another_stays_and_the_code_is_assigned() {
        let held = after(held(), &[row(2, "A1", vec![figure("2021", Some("1"))])], &CHANGES);
        let mut given = row(3, "A1", vec![figure("2021", Some("1"))]);
        given.code_as_written = "A01".to_owned();
        let gone = row(4, "A1", vec![figure("2021", None)]);
        let found = says(&held, &[given, gone], &CHANGES);
        let code =
            Code { scheme: "local".parse().unwrap(), code: "A01".parse().unwrap(), from: None };
        let assigned = CodeAssigned { code, reason: none_recorded() };
        assert_eq!(intents(&found), [Intent::measure_fact(id("A1"), assigned)]);
        assert_eq!(found.outcomes, [(3, Outcome::Recorded), (4, Outcome::Unchanged)]);
    }

    #[test]
    fn a_declared_absence_ends_when_figures_come() {
        let none = Statement::NoValue { period: None, state: NoValue::AwaitingSource };
        let rows = [row(2, "A", vec![none])];
        let found = says(&held(), &rows, &CHANGES);
        assert_eq!(found.outcomes, [(2, Outcome::Declared)]);
        let held = after(held(), &rows, &CHANGES);
        let rows = [row(2, "A", vec![figure("2021", Some("1"))])];
        let found = says(&held, &rows, &CHANGES);
        assert_eq!(intents(&found), [withdraw("A", None), submit("A", "2021", "1")]);
    }

    #[test]
    fn figures_that_give_way_to_a_declaration_are_withdrawn_first() {
        let state = NoValue::Discontinued;
        let rows = [row(2, "A", vec![Statement::NoValue { period: Some(p("2021")), state }])];
        let found = says(&one("2021", "1"), &rows, &CHANGES);
        let declare = Intent::Declare { measure: id("A"), period: Some(p("2021")), state };
        assert_eq!(intents(&found), [withdraw("A", Some("2021")), declare]);
    }

    #[test]
    fn words_alone_are_commentary_and_words_without_a_figure_are_left_out() {
        let held = after(held(), &[row(2, "A", vec![worded("2021", "1", "so")])], &CHANGES);
        let found = says(&held, &[row(2, "A", vec![worded("2021", "1", "thus")])], &CHANGES);
        let words = Some("thus".parse().unwrap());
        let explain = Intent::Explain { measure: id("A"), period: p("2021"), words };
        assert_eq!(intents(&found), [explain]);
        let Statement::Figure(mut bare) = worded("2022", "1", "but") else { unreachable!() };
        bare.value = super::super::reading::Said::Nothing;
        let found = says(&held, &[row(2, "A", vec![Statement::Figure(bare)])], &CHANGES);
        assert_eq!((intents(&found).len(), found.left_out.len()), (0, 1));
    }

    #[test]
    fn a_rating_outlives_its_figure_and_goes_with_the_last_that_stands() {
        let rated = |value: Option<&str>, rating: Option<&str>| {
            let Statement::Figure(mut it) = figure("2021", value) else { unreachable!() };
            it.rating_as_reported = said(rating.map(|text| text.parse().unwrap()));
            [row(2, "A", vec![Statement::Figure(it)])]
        };
        let held = after(held(), &rated(Some("0"), Some("lr")), &CHANGES);
        let found = says(&held, &rated(None, Some("lr")), &CHANGES);
        let bare = Intent::Revise {
            measure: id("A"),
            period: p("2021"),
            changed: Vec::new(),
            removed: vec![Breakdown::HEADLINE],
            rating: None,
            reason: none_recorded(),
        };
        assert_eq!((intents(&found), found.left_out.len()), (vec![bare], 0));
        let held = after(held, &rated(None, Some("lr")), &CHANGES);
        assert_eq!(intents(&says(&held, &rated(None, Some("lr")), &CHANGES)), []);
        let found = says(&held, &rated(None, None), &CHANGES);
        assert_eq!(intents(&found), [withdraw("A", Some("2021"))]);
    }

    #[test]
    fn another_unit_is_another_definition_before_the_figures_in_it() {
        let unit = Statement::Unit { unit: "share".parse().unwrap() };
        let rows = [row(2, "A", vec![unit, figure("2021", Some("0.931"))])];
        let found = says(&one("2021", "93.1"), &rows, &CHANGES);
        let types: Vec<&str> = found.wanted.iter().map(|it| it.intent.event_type()).collect();
        assert_eq!(types, ["piperoll.measure.definition_set.v1", "piperoll.submission.revised.v1"]);
    }

    /// A measure and a year.
    type Of = (u8, u16);
    /// A figure and a target.
    type Says = (Option<i64>, Option<i64>);
    type Sheet = BTreeMap<Of, Says>;

    fn sheets() -> impl Strategy<Value = Sheet> {
        let cell = (proptest::option::of(-9_i64..9), proptest::option::of(0_i64..9));
        proptest::collection::btree_map((0_u8..4, 2020_u16..2024), cell, 0..12)
    }

    fn rows(sheet: &Sheet) -> Vec<ReadRow> {
        let text = |n: &Option<i64>| n.map(|n| n.to_string());
        let says = |((measure, year), (value, aim)): (&Of, &Says)| {
            let (year, aim, value) = (year.to_string(), text(aim), text(value));
            vec![figure(&year, value.as_deref()), target(&year, aim.as_deref())]
                .into_iter()
                .map(|it| (format!("M{measure}"), it))
                .collect::<Vec<_>>()
        };
        let all = sheet.iter().flat_map(says);
        all.zip(2..).map(|((measure, it), line)| row(line, &measure, vec![it])).collect()
    }

    fn holds(held: &Held, sheet: &Sheet) {
        for measure in 0..4 {
            for year in 2020..2024 {
                let (value, aim) = sheet.get(&(measure, year)).copied().unwrap_or_default();
                let of = id(&format!("M{measure}"));
                let period = p(&year.to_string());
                let figures = held.figures(of, period);
                let got = figures.and_then(|it| it.cells.find(&Breakdown::HEADLINE)?.value);
                assert_eq!(got, value.map(|n| q(&n.to_string())));
                let got = held.measure(of).and_then(|it| it.targets.get(&key(&year.to_string())));
                assert_eq!(got, aim.map(|n| Target::standing(q(&n.to_string()))).as_ref());
            }
        }
    }

    proptest! {
        #[test]
        fn after_a_snapshot_exactly_it_is_held_and_a_second_time_changes_nothing(
            sheets in proptest::collection::vec(sheets(), 1..5)
        ) {
            let mut now = held();
            for sheet in &sheets {
                let rows = rows(sheet);
                now = after(now, &rows, &snapshot());
                holds(&now, sheet);
                let again = says(&now, &rows, &snapshot());
                prop_assert_eq!(intents(&again), []);
                prop_assert!(again.outcomes.iter().all(|(_, it)| *it == Outcome::Unchanged));
            }
        }
    }
}
