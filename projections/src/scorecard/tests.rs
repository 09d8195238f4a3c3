//! Given facts, then rows.

use chrono::DateTime;
use piperoll_events::ids::{ActorId, CommandId, EventId, LedgerId, MeasureId, SubmissionId};
use piperoll_events::measure::target_changed::TargetChanged;
use piperoll_events::measure::target_set::TargetSet;
use piperoll_events::measure::target_withdrawn::TargetWithdrawn;
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::revised::Revised;
use piperoll_events::submission::submitted::Submitted;
use piperoll_events::submission::withdrawn::Withdrawn;
use piperoll_events::target::{Level, Point, TargetShape};
use piperoll_events::text::Digest;
use piperoll_events::{
    Breakdown, Cell, Channel, EntityRef, Event, Fact, Period, Position, Quantity, Reason, Record,
    Revision, Target, TargetKey, Tier,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::folds::{self, breakdown_key};
use super::rows::{Histories, SubmissionRow, TargetRow};
use super::words::State;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;
use crate::score::{Candidate, govern};

fn fold(events: &[(Position, Event)]) -> Histories {
    folds::fold(events.iter().map(|(position, event)| (*position, event)))
}

fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn p(text: &str) -> Period {
    text.parse().unwrap()
}

fn sex(code: &str) -> Breakdown {
    let text = format!(r#"[{{"taxonomy":"sex","code":"{code}"}}]"#);
    serde_json::from_str(&text).unwrap()
}

fn measure() -> MeasureId {
    MeasureId::derived(&["m"])
}

fn reason() -> Reason {
    Reason { code: ReasonCode::SourceRevised, text: None }
}

fn at(position: u64, revision: u64, entity: EntityRef, fact: impl Into<Fact>) -> (Position, Event) {
    let record = Record {
        revision: Revision(revision),
        previous: None,
        actor: ActorId::derived(&["a"]),
        post: None,
        on_behalf_of: None,
        role: None,
        channel: Channel::Api,
        command_id: CommandId::derived(&["c"]),
        request_digest: Digest::new([0; 32]),
        correlation: None,
        causation: None,
        nonce: "0".repeat(32),
        relied_on: Vec::new(),
        asserted: None,
    };
    let event = Event {
        id: EventId::derived(&["e"]),
        ledger: LedgerId::derived(&["l"]),
        entity,
        time: DateTime::from_timestamp(0, 0).unwrap(),
        record,
        fact: fact.into(),
    };
    (Position(position), event)
}

fn submission() -> EntityRef {
    SubmissionId::of(measure(), Some(p("2021-Q1"))).into()
}

fn submitted(position: u64, revision: u64, cells: Vec<Cell>) -> (Position, Event) {
    let (rating_as_reported, commentary) = (None, None);
    let (measure, period) = (measure(), p("2021-Q1"));
    let fact = Submitted { measure, period, cells, rating_as_reported, commentary };
    at(position, revision, submission(), fact)
}

fn revised(position: u64, changed: Vec<Cell>, removed: Vec<Breakdown>) -> (Position, Event) {
    let fact = Revised {
        measure: measure(),
        period: p("2021-Q1"),
        content_from: Position(5),
        changed,
        removed,
        rating_as_reported: None,
        reason: reason(),
    };
    at(position, 2, submission(), fact)
}

fn headline(position: u64, state: State, value: Option<&str>) -> SubmissionRow {
    SubmissionRow {
        period: Key::of(p("2021-Q1")),
        measure: measure().uuid(),
        position: Position(position),
        content_from: Position(5),
        state: state.number(),
        no_value: None,
        expected_on: None,
        value: value.map(q),
        numerator: None,
        denominator: None,
        status: None,
        asserted: false,
    }
}

/// The cells as (position, breakdown, removed, value).
fn cells(rows: &Histories) -> Vec<(u64, Uuid, bool, Option<Quantity>)> {
    rows.cell.iter().map(|c| (c.position.0, c.breakdown, c.removed, c.value)).collect()
}

#[test]
fn a_submission_becomes_a_headline_its_cells_and_a_period_heard_of() {
    let given = [Cell::of(Breakdown::HEADLINE, q("97.40")), Cell::of(sex("f"), q("1"))];
    let rows = fold(&[submitted(5, 1, given.to_vec())]);
    assert_eq!(rows.submission, [headline(5, State::Value, Some("97.40"))]);
    assert_eq!(cells(&rows), [(5, breakdown_key(&sex("f")), false, Some(q("1")))]);
    assert_eq!(rows.reported.iter().map(|r| r.period).collect::<Vec<_>>(), [Key::of(p("2021-Q1"))]);
    assert_eq!(rows.breakdown.len(), 1);
    assert_eq!(rows.submission_note.len(), 1);
}

#[test]
fn a_revision_that_leaves_the_headline_alone_makes_no_row_for_it() {
    let rows = fold(&[revised(9, vec![Cell::of(sex("f"), q("2"))], vec![sex("m")])]);
    assert_eq!(rows.submission, []);
    let (f, m) = (breakdown_key(&sex("f")), breakdown_key(&sex("m")));
    assert_eq!(cells(&rows), [(9, m, true, None), (9, f, false, Some(q("2")))]);
    assert_eq!(rows.reported, []);
}

#[test]
fn a_headline_taken_away_leaves_figures_by_breakdown_alone() {
    let rows = fold(&[revised(9, Vec::new(), vec![Breakdown::HEADLINE])]);
    assert_eq!(rows.submission, [headline(9, State::NoHeadline, None)]);
}

#[test]
fn taking_content_back_is_one_row_however_many_cells_it_had() {
    let (measure, period, content_from) = (measure(), Some(p("2021-Q1")), Position(5));
    let fact = Withdrawn { measure, period, content_from, reason: reason() };
    let rows = fold(&[at(9, 3, submission(), fact)]);
    assert_eq!(rows.submission, [headline(9, State::Withdrawn, None)]);
    assert_eq!(cells(&rows), []);
}

#[test]
fn a_breakdown_named_twice_in_one_event_counts_once_as_it_stood_last() {
    let twice = [Cell::of(sex("f"), q("1")), Cell::of(sex("f"), q("2"))];
    let rows = fold(&[submitted(5, 1, twice.to_vec())]);
    assert_eq!(cells(&rows), [(5, breakdown_key(&sex("f")), false, Some(q("2")))]);
    assert_eq!(rows.submission, [headline(5, State::NoHeadline, None)]);
}

fn key(span: &str) -> TargetKey {
    TargetKey { period: p(span), breakdown: Breakdown::HEADLINE, tier: Tier::Expected }
}

fn path(points: &[(&str, &str)]) -> Target {
    let point = |(period, at): &(&str, &str)| Point {
        period: p(period),
        level: Level { at: q(at), to: None },
    };
    let points = points.iter().map(point).collect();
    Target { shape: TargetShape::Profile, level: None, points, words: None }
}

/// Target rows as (position, key, taken away, value).
fn named(rows: &Histories) -> Vec<(u64, Key, bool, Option<Quantity>)> {
    rows.target.iter().map(|t| (t.position.0, t.period, t.withdrawn, t.low)).collect()
}

#[test]
fn points_that_a_path_no_longer_names_are_taken_away() {
    let old = path(&[("2021-Q1", "1"), ("2021-Q2", "2")]);
    let new = path(&[("2021-Q2", "3")]);
    let (reason, authority) = (reason(), None);
    let fact = TargetChanged { key: key("2021"), old, new, reason, authority, case: None };
    let rows = fold(&[at(7, 2, measure().into(), fact)]);
    let (first, second) = (Key::of(p("2021-Q1")), Key::of(p("2021-Q2")));
    assert_eq!(named(&rows), [(7, second, false, Some(q("3"))), (7, first, true, None)]);
}

#[test]
fn a_standing_target_of_an_odd_span_is_found_under_any_period() {
    let (target, reason) = (Target::standing(q("4")), reason());
    let fact = TargetSet { key: key("2021..2023"), target, reason, authority: None, case: None };
    let rows = fold(&[at(7, 2, measure().into(), fact)]);
    let own = Key::of(p("2021..2023"));
    let four = Some(q("4"));
    assert_eq!(named(&rows), [(7, Key::ALL, false, four), (7, own, false, four)]);
}

#[test]
fn a_target_withdrawn_takes_every_key_away_that_it_had() {
    let (old, reason) = (Target::standing(q("4")), reason());
    let fact = TargetWithdrawn { key: key("2021-05"), old, reason, authority: None, case: None };
    let rows = fold(&[at(7, 2, measure().into(), fact)]);
    assert_eq!(named(&rows), [(7, Key::ALL, true, None), (7, Key::of(p("2021-05")), true, None)]);
}

fn candidates(rows: &[TargetRow], keys: &[Key]) -> Vec<Candidate> {
    let held = rows.iter().filter(|row| !row.withdrawn && keys.contains(&row.period));
    held.map(|row| Candidate {
        names: row.period.period(),
        span: row.span.period().unwrap(),
        shape: TargetShape::from_number(row.shape).unwrap(),
        level: row.low.map(|at| Level { at, to: row.high }),
        position: row.position,
        asserted: row.asserted,
    })
    .collect()
}

fn period() -> impl Strategy<Value = Period> {
    let texts = [
        "2021",
        "2021-H1",
        "2021-Q1",
        "2021-Q2",
        "2021-04",
        "2021-05",
        "2021-W17",
        "FY2021",
        "FY2021-H1",
        "FY2021-Q1",
        "AY2020",
        "2020..2021",
        "2021-04-06..2021-06-05",
        "2022",
    ];
    prop::sample::select(texts.map(p).to_vec())
}

fn target() -> impl Strategy<Value = Target> {
    let shape = prop::sample::select(vec![
        TargetShape::Standing,
        TargetShape::Profile,
        TargetShape::Point,
        TargetShape::LongTerm,
    ]);
    let value = || (0_i64..9).prop_map(|n| Level { at: Quantity::new(Decimal::from(n)), to: None });
    let points = prop::collection::vec((period(), value()), 0..4).prop_map(|points| {
        points.into_iter().map(|(period, level)| Point { period, level }).collect::<Vec<_>>()
    });
    (shape, prop::option::of(value()), points).prop_map(|(shape, level, points)| Target {
        shape,
        level,
        points,
        words: None,
    })
}

proptest! {
    /// The tables and the format agree on what a target says of any period.
    #[test]
    fn looking_a_period_up_gives_what_the_target_says(span in period(), target in target(), asked in period()) {
        let key = TargetKey { period: span, ..key("2021") };
        let said = target.level_for(span, asked);
        let fact = TargetSet { key, target, reason: reason(), authority: None, case: None };
        let rows = fold(&[at(7, 2, measure().into(), fact)]);
        let keys: Vec<Key> =
            asked.containers().into_iter().map(Key::of).chain([Key::ALL]).collect();
        let found = govern(asked, candidates(&rows.target, &keys)).and_then(|found| found.level);
        prop_assert_eq!(found, said);
    }

    #[test]
    fn how_events_fall_into_batches_makes_no_difference(values in prop::collection::vec((0_i64..9, any::<bool>()), 1..9), cut in 0_usize..9) {
        let events: Vec<_> = values.iter().enumerate().map(|(n, (value, headline))| {
            let breakdown = if *headline { Breakdown::HEADLINE } else { sex("f") };
            let cell = Cell::of(breakdown, Quantity::new(Decimal::from(*value)));
            revised(u64::try_from(n).unwrap() + 6, vec![cell], Vec::new())
        }).collect();
        let cut = cut.min(events.len());
        let whole = fold(&events);
        let (one, two) = (fold(&events[..cut]), fold(&events[cut..]));
        prop_assert_eq!(whole.submission, [one.submission, two.submission].concat());
        prop_assert_eq!(whole.cell, [one.cell, two.cell].concat());
        prop_assert_eq!(whole.submission_note, [one.submission_note, two.submission_note].concat());
    }
}
